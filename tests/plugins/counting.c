/* Counts what it is told to, by names of the peer's choice. SPDX-License-Identifier: MIT */
#include <socklet.h>

#include <stdio.h>

static int counting_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	char name[128];

	(void)args;
	snprintf(name, sizeof(name), "%.*s", SL_STR(msg->data));
	sl_log(conn, SL_LOG_DEBUG, "counting %s", name);
	return sl_sendf(conn, "%d", sl_count(sl_plugin_of(conn), name, 2));
}

SL_PLUGIN(counting, sl_no_args, .message = counting_message);
