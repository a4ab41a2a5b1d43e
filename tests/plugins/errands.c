/*
 * Work on the thread pool: a message "sleep N" sleeps N ms there and is answered after it, also
 * before the handshake (query `wait`). What comes back to nobody is dropped and counted.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdlib.h>
#include <time.h>

struct errands_args {
	struct sl_opt_int wait;
};
SL_ARGS(errands_args, SL_FIELD(wait));

struct errands_plugin {
	int done, dropped;
};
struct errand {
	struct errands_plugin *all;
	long sleep_ms;
	bool is_handshake;
};

static void errand_work(void *data)
{
	const struct errand *errand = data;
	struct timespec rest = {errand->sleep_ms / 1000, errand->sleep_ms % 1000 * 1000000};

	nanosleep(&rest, NULL);
}

static void errand_done(struct sl_conn *conn, void *data)
{
	struct errand *errand = data;

	errand->all->done++;
	if (errand->is_handshake)
		sl_accept(conn, NULL);
	sl_sendf(conn, "slept %ld", errand->sleep_ms);
	free(errand);
}

static void errand_drop(void *data)
{
	struct errand *errand = data;

	errand->all->dropped++;
	free(errand);
}

static int errand_begin(struct sl_conn *conn, long sleep_ms, bool is_handshake)
{
	struct errand *errand = malloc(sizeof(*errand));
	int result;

	if (!errand)
		return SL_FAILED;
	*errand = (struct errand){sl_plugin_state(sl_plugin_of(conn)), sleep_ms, is_handshake};
	result = sl_offload(conn, errand_work, errand_done, errand_drop, errand);
	if (result != SL_OK)
		free(errand);
	return result;
}

static int errands_connect(struct sl_conn *conn, const struct errands_args *args)
{
	if (!args->wait.set)
		return SL_OK;
	return errand_begin(conn, (long)args->wait.value, true) == SL_OK ? SL_LATER : SL_FAILED;
}

static int errands_message(
	struct sl_conn *conn, const struct errands_args *args, const struct sl_message *msg)
{
	const struct errands_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	if (msg->data.len == 5)
		return sl_sendf(conn, "done=%d dropped=%d", all->done, all->dropped);
	/* "sleep N"; a text ends where the data do, so copy the digits. */
	char digits[16] = "";

	for (size_t i = 6; i < msg->data.len && i < 6 + sizeof(digits) - 1; i++)
		digits[i - 6] = msg->data.ptr[i];
	return errand_begin(conn, strtol(digits, NULL, 10), false) == SL_FULL
		       ? sl_sendf(conn, "full")
		       : SL_OK;
}

SL_PLUGIN(errands, errands_args, .plugin_state_size = sizeof(struct errands_plugin),
	.connect = errands_connect, .message = errands_message);
