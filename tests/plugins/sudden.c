/*
 * Says which process serves, and ends or hangs it when asked: by an option in its start, by a
 * message later. SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sudden_options {
	struct sl_opt_text
		at_start;         /* "hang", "deaf", "nap" (a second), "exit", "crash", "refuse" */
	int64_t after;            /* so many starts that do nothing of that kind */
	struct sl_opt_text count; /* the file that counts starts */
};
SL_ARGS(sudden_options, SL_FIELD(at_start), SL_FIELD(after, .default_value = "0"), SL_FIELD(count));

/* Several workers may start at once: the byte is written first, and where it landed counts. */
static long starts_so_far(const struct sudden_options *options)
{
	FILE *file = options->count.set ? fopen(options->count.value, "a") : NULL;
	long count;

	if (file == NULL)
		return 0;
	fputc('x', file);
	fflush(file);
	count = ftell(file) - 1;
	fclose(file);
	return count;
}

static void block_abort(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGABRT);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static int act(const char *what)
{
	if (strcmp(what, "deaf") == 0) {
		block_abort();
		what = "hang";
	}
	if (strcmp(what, "nap") == 0)
		sleep(1);
	while (strcmp(what, "hang") == 0)
		pause();
	if (strcmp(what, "exit") == 0)
		exit(0);
	/* raise, as a sanitizer would make a report of a wild write. */
	if (strcmp(what, "crash") == 0)
		raise(SIGKILL);
	return strcmp(what, "refuse") == 0 ? SL_FAILED : SL_OK;
}

static int sudden_start(struct sl_plugin *plugin)
{
	const struct sudden_options *options = sl_options(plugin);

	if (!options->at_start.set || starts_so_far(options) < options->after)
		return SL_OK;
	return act(options->at_start.value);
}

static int sudden_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	char word[16];

	(void)args;
	snprintf(word, sizeof(word), "%.*s", SL_STR(msg->data));
	if (strcmp(word, "leak") == 0)
		*(void *volatile *)sl_state(conn) = malloc(1000);
	else if (strcmp(word, "id") == 0)
		return sl_sendf(conn, "%llu", (unsigned long long)sl_id(conn));
	else
		act(word);
	return sl_sendf(conn, "%ld", (long)getpid());
}

SL_PLUGIN(sudden, sl_no_args, .options = sudden_options_table, .state_size = sizeof(void *),
	.start = sudden_start, .message = sudden_message);
