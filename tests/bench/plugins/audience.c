/*
 * audience: every connection is a member of one topic, and what one says is published to all. The
 * plugin of the broadcast benchmark. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int audience_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	return sl_subscribe(conn, "audience", 0);
}

static int audience_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_publish(conn, "audience", msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(audience, sl_no_args, .connect = audience_connect, .message = audience_message);
