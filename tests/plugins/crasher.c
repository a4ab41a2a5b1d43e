/*
 * Ends its process in the callback and in the way that its path names.
 * SPDX-License-Identifier: MIT
 */
#include "crash_ways.h"

#include <socklet.h>
#include <unistd.h>

struct crasher_args {
	const char *in, *how;
	struct sl_opt_text brought;
};
SL_ARGS(crasher_args, SL_FIELD(in), SL_FIELD(how), SL_FIELD(brought));

static void crash_if_in(const struct crasher_args *args, const char *callback)
{
	if (strcmp(args->in, callback) == 0)
		crash(args->how);
}

struct bringer_args {
	const char *how;
};
SL_ARGS(bringer_args, SL_FIELD(how));

static int bringer(
	struct sl_conn *conn, const struct bringer_args *args, struct sl_opt_text *result)
{
	(void)conn;
	crash(args->how);
	result->set = 0;
	return SL_OK;
}
SL_PROVIDER(bringer, bringer_args, struct sl_opt_text);

static void crasher_on_timer(struct sl_conn *conn, void *data)
{
	(void)conn;
	crash_if_in(data, "timer");
}

static void crasher_work(void *data)
{
	crash_if_in(data, "work");
}

static void crasher_done(struct sl_conn *conn, void *data)
{
	(void)conn;
	crash_if_in(data, "done");
}

static int crasher_connect(struct sl_conn *conn, const struct crasher_args *args)
{
	/* Outlives its connection: no story of this plugin has a second act. */
	struct crasher_args *copy = sl_alloc(conn, sizeof(*copy));

	*copy = *args;
	crash_if_in(args, "connect");
	if (strcmp(args->in, "timer") == 0)
		sl_conn_timer(conn, 1, 0, crasher_on_timer, copy);
	if (strcmp(args->in, "work") == 0 || strcmp(args->in, "done") == 0)
		return sl_offload(conn, crasher_work, crasher_done, NULL, copy);
	return SL_OK;
}

static int crasher_message(
	struct sl_conn *conn, const struct crasher_args *args, const struct sl_message *msg)
{
	(void)msg;
	sl_sendf(conn, "%ld", (long)getpid());
	sl_log(conn, SL_LOG_INFO, "process %ld", (long)getpid());
	crash_if_in(args, "message");
	return SL_OK;
}

static void crasher_disconnect(
	struct sl_conn *conn, const struct crasher_args *args, const struct sl_end *end)
{
	(void)conn;
	(void)end;
	crash_if_in(args, "disconnect");
}

SL_PLUGIN(crasher, crasher_args, .connect = crasher_connect, .message = crasher_message,
	.disconnect = crasher_disconnect, .providers = {&bringer_provider});
