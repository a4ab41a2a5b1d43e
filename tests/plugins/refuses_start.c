/* Its start callback always says no. SPDX-License-Identifier: MIT */
#include <socklet.h>

static int refuse(struct sl_plugin *plugin)
{
	(void)plugin;
	return SL_FAILED;
}

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	return sl_send(conn, message->type, message->data.ptr, message->data.len);
}

SL_PLUGIN(refuses_start, sl_no_args, .start = refuse, .message = message);
