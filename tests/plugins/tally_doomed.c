/*
 * Crashes when it is to take a connection over. SPDX-License-Identifier: MIT
 */
#include "crash_ways.h"

#define VERSION "doomed"
#define LAYOUT  1
#include "tally_plugin.h"

static int doomed_hand_over(struct sl_conn *conn, const void *old_state, uint32_t old_layout,
	size_t old_size, void *state)
{
	write_nowhere();
	return tally_hand_over(conn, old_state, old_layout, old_size, state);
}

TALLY(.layout = 1, .hand_over = doomed_hand_over);
