/*
 * A provider that sends work to the thread pool and does not wait for it: the work's code is not
 * that of the connection's plugin. SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdlib.h>
#include <time.h>

struct busy_args {
	struct sl_opt_int ms;
};
SL_ARGS(busy_args, SL_FIELD(ms));

static void busy_work(void *data)
{
	long *ms = data;
	struct timespec rest = {*ms / 1000, *ms % 1000 * 1000000};

	nanosleep(&rest, NULL);
	*ms = -1; /* after the sleep there must still be code to come back to */
}

static void busy_done(struct sl_conn *conn, void *data)
{
	sl_sendf(conn, "work done");
	free(data);
}

static int busy(struct sl_conn *conn, const struct busy_args *args, const char **result)
{
	long *ms = malloc(sizeof(*ms));

	if (!ms)
		return SL_FAILED;
	*ms = (long)args->ms.value;
	if (sl_offload(conn, busy_work, busy_done, free, ms) != SL_OK)
		free(ms);
	*result = "accept";
	return SL_OK;
}
SL_PROVIDER(busy, busy_args, const char *);

static int errand_provider_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)conn;
	(void)args;
	(void)msg;
	return SL_OK;
}

SL_PLUGIN(errand_provider, sl_no_args, .providers = {&busy_provider},
	.message = errand_provider_message);
