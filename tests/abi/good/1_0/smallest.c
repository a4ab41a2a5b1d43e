/* The least that a plugin is, with nothing injected. SPDX-License-Identifier: MIT */
#include <socklet.h>

static int smallest_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(smallest, sl_no_args, .message = smallest_message);
