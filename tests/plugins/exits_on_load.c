/*
 * Ends the process that opens it, with a good status: a constructor that calls exit.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdlib.h>

__attribute__((constructor)) static void on_load(void)
{
	exit(0);
}

static int exits_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(exits_on_load, sl_no_args, .message = exits_message);
