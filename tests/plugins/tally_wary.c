/*
 * Begins what it must not, then refuses; and closes who is called "unwanted".
 * SPDX-License-Identifier: MIT
 */
#define VERSION "wary"
#define LAYOUT  1
#include "tally_plugin.h"

static int wary_hand_over(struct sl_conn *conn, const void *old_state, uint32_t old_layout,
	size_t old_size, void *state)
{
	const struct tally_args *args = (const struct tally_args *)sl_conn_args(conn);

	if (strcmp(args->name, "unwanted") == 0) {
		sl_close(conn, 4000, "unwanted");
		return tally_hand_over(conn, old_state, old_layout, old_size, state);
	}
	sl_conn_timer(conn, 1, 1, nothing, NULL);
	if (sl_offload(conn, no_work, say_done, NULL, NULL) == SL_OK)
		return SL_OK;
	return SL_FAILED;
}

TALLY(.layout = 1, .hand_over = wary_hand_over);
