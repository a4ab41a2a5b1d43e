/*
 * A plugin that sends as much as its peer takes, and tells what was dropped.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct ticker {
	uint64_t left;
};

static void go_on(struct sl_conn *conn)
{
	struct ticker *ticker = (struct ticker *)sl_state(conn);

	while (ticker->left > 0 && sl_queued(conn) < sl_queue_limit(conn) / 2) {
		int result = sl_send_keyed(conn, ticker->left % 4 + 1, SL_TEXT, "tick", 4);

		if (result != SL_OK && result != SL_DROPPED)
			return;
		ticker->left--;
	}
}

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	struct ticker *ticker = (struct ticker *)sl_state(conn);

	(void)args;
	ticker->left += message->data.len;
	go_on(conn);
	return SL_OK;
}

static void disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	(void)args;
	(void)end;
	if (sl_dropped(conn) > 0)
		sl_log(conn, SL_LOG_INFO, "%llu dropped", (unsigned long long)sl_dropped(conn));
}

static void drained(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	go_on(conn);
}

SL_PLUGIN(back_pressure, sl_no_args, .state_size = sizeof(struct ticker), .message = message,
	.disconnect = disconnect, .drained = drained);
