/*
 * Sends the peer much more than it may want: "N" gives N messages of 64 KiB, "queued" the bytes
 * waiting; says "drained" when all has left. SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <string.h>

struct flood_state {
	bool is_flooding;
};

static int flood_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	static const char block[65536];
	struct flood_state *state = sl_state(conn);
	int count = 0;

	(void)args;
	if (msg->data.len == 6 && memcmp(msg->data.ptr, "queued", 6) == 0)
		return sl_sendf(conn, "queued=%s", sl_queued(conn) ? "some" : "none");
	for (size_t i = 0; i < msg->data.len; i++)
		count = count * 10 + (msg->data.ptr[i] - '0');
	state->is_flooding = true;
	for (int i = 0; i < count; i++) {
		if (sl_send(conn, SL_BINARY, block, sizeof(block)) != SL_OK)
			break;
	}
	return SL_OK;
}

static void flood_drained(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct flood_state *state = sl_state(conn);

	(void)args;
	if (state->is_flooding) {
		state->is_flooding = false;
		sl_sendf(conn, "drained");
	}
}

SL_PLUGIN(flood, sl_no_args, .state_size = sizeof(struct flood_state), .message = flood_message,
	.drained = flood_drained);
