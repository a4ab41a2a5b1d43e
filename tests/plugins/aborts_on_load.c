/*
 * Ends the process that opens it, by a signal: a constructor that calls abort.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdlib.h>

__attribute__((constructor)) static void on_load(void)
{
	abort();
}

static int aborts_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(aborts_on_load, sl_no_args, .message = aborts_message);
