/*
 * crowd: every connection is a member of one topic, and what one says is published to all. The
 * plugin of the broadcast benchmark. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int crowd_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	return sl_subscribe(conn, "crowd", 0);
}

static int crowd_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_publish(conn, "crowd", msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(crowd, sl_no_args, .connect = crowd_connect, .message = crowd_message);
