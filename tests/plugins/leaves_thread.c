/*
 * Starts a thread and does not end it: it ends once the file is there that the option `until`
 * names, without one never. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <socklet.h>
#include <unistd.h>

struct leaves_thread_options {
	struct sl_opt_text until;
};
SL_ARGS(leaves_thread_options, SL_FIELD(until));

static char until[4096];

static void *wait_for_file(void *data)
{
	(void)data;
	while (until[0] == '\0' || access(until, F_OK) != 0)
		usleep(5000);
	return NULL;
}

static int leaves_thread_start(struct sl_plugin *plugin)
{
	const struct leaves_thread_options *options = sl_options(plugin);
	pthread_t thread;

	for (size_t i = 0; options->until.set && i + 1 < sizeof(until); i++)
		if ((until[i] = options->until.value[i]) == '\0')
			break;
	return pthread_create(&thread, NULL, wait_for_file, NULL) == 0 &&
			       pthread_detach(thread) == 0
		       ? SL_OK
		       : -1;
}

static int leaves_thread_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_sendf(conn, "thread: %.*s", SL_STR(msg->data));
}

SL_PLUGIN(leaves_thread, sl_no_args, .options = leaves_thread_options_table,
	.start = leaves_thread_start, .message = leaves_thread_message);
