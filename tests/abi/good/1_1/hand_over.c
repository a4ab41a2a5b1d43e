/*
 * A plugin that takes connections of its last version over. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct counter_1 {
	int64_t count;
};
struct counter {
	int64_t count, bytes;
};

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	struct counter *counter = (struct counter *)sl_state(conn);

	(void)args;
	counter->count++;
	counter->bytes += (int64_t)message->data.len;
	return SL_OK;
}

static int hand_over(struct sl_conn *conn, const void *old_state, uint32_t old_layout,
	size_t old_size, void *state)
{
	const struct counter_1 *old = (const struct counter_1 *)old_state;

	(void)conn;
	if (old_layout != 1 || old_size != sizeof(*old))
		return SL_FAILED;
	((struct counter *)state)->count = old->count;
	return SL_OK;
}

SL_PLUGIN(hand_over, sl_no_args, .state_size = sizeof(struct counter), .message = message,
	.layout = 2, .hand_over = hand_over);
