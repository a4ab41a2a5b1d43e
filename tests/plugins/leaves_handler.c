/* Takes a signal that nobody has, and keeps it when it stops. SPDX-License-Identifier: MIT */
#include <signal.h>
#include <socklet.h>

static void on_signal(int number)
{
	(void)number;
}

static int leaves_handler_start(struct sl_plugin *plugin)
{
	struct sigaction now, action = {.sa_handler = on_signal};

	(void)plugin;
	if (sigaction(SIGURG, NULL, &now) != 0)
		return -1;
	return now.sa_handler != SIG_DFL || sigaction(SIGURG, &action, NULL) == 0 ? SL_OK : -1;
}

static int leaves_handler_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_sendf(conn, "handler: %.*s", SL_STR(msg->data));
}

SL_PLUGIN(leaves_handler, sl_no_args, .start = leaves_handler_start,
	.message = leaves_handler_message);
