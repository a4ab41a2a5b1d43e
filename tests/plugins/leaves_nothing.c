/*
 * Uses what others leave behind, and leaves nothing: a thread that it joins, a handler that it
 * takes away, an atexit function, which the loader runs when it unloads. SPDX-License-Identifier:
 * MIT
 */
#include <pthread.h>
#include <signal.h>
#include <socklet.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_t thread;
static atomic_int is_over;

static void nothing(void)
{
}

static void on_signal(int number)
{
	(void)number;
}

static void *wait_for_end(void *data)
{
	(void)data;
	while (!is_over)
		usleep(1000);
	return NULL;
}

static int leaves_nothing_start(struct sl_plugin *plugin)
{
	struct sigaction action = {.sa_handler = on_signal};

	(void)plugin;
	atexit(nothing);
	sigaction(SIGURG, &action, NULL);
	return pthread_create(&thread, NULL, wait_for_end, NULL) == 0 ? SL_OK : -1;
}

static void leaves_nothing_stop(struct sl_plugin *plugin)
{
	struct sigaction now;

	(void)plugin;
	is_over = 1;
	pthread_join(thread, NULL);
	/* The next version may have put its own there meanwhile. */
	if (sigaction(SIGURG, NULL, &now) == 0 && now.sa_handler == on_signal)
		signal(SIGURG, SIG_DFL);
}

static int leaves_nothing_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_sendf(conn, "nothing: %.*s", SL_STR(msg->data));
}

SL_PLUGIN(leaves_nothing, sl_no_args, .start = leaves_nothing_start, .stop = leaves_nothing_stop,
	.message = leaves_nothing_message);
