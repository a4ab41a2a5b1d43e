/* Ends its process in start. SPDX-License-Identifier: MIT */
#include "crash_ways.h"

#include <socklet.h>

static int crash_start(struct sl_plugin *plugin)
{
	(void)plugin;
	crash("null");
	return SL_OK;
}

static int crash_start_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(crash_start, sl_no_args, .start = crash_start, .message = crash_start_message);
