/*
 * A plugin whose connections are present in a topic. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	sl_subscribe(conn, "$presence/chat", 0);
	return sl_present(conn, "chat", "ann");
}

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	if (message->data.len == 0)
		return sl_present(conn, "chat", NULL);
	return sl_send_present(conn, "chat");
}

SL_PLUGIN(presence, sl_no_args, .connect = connect, .message = message);
