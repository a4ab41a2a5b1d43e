/*
 * Changes what it shares with the host, in the way that the options `start` and `stop` name, or a
 * message. SPDX-License-Identifier: MIT
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <socklet.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rude_options {
	struct sl_opt_text start, stop;
};
SL_ARGS(rude_options, SL_FIELD(start), SL_FIELD(stop));

static locale_t left_locale; /* freed by stop */

static void change_umask(void)
{
	umask(0);
}

static void change_folder(void)
{
	if (chdir("/") != 0)
		_exit(99);
}

static void change_locale(void)
{
	setlocale(LC_ALL, "C.UTF-8");
}

static void change_thread_locale(void)
{
	left_locale = newlocale(LC_ALL_MASK, "C.UTF-8", (locale_t)0);
	uselocale(left_locale);
}

static void change_sigpipe(void)
{
	signal(SIGPIPE, SIG_DFL);
}

static void close_standard(void)
{
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
}

static void close_many(void)
{
	for (int fd = 0; fd <= 20; fd++)
		close(fd);
}

static void leave_open(void)
{
	if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
		_exit(99);
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{"umask", change_umask},
	{"folder", change_folder},
	{"locale", change_locale},
	{"thread locale", change_thread_locale},
	{"sigpipe", change_sigpipe},
	{"standard", close_standard},
	{"many", close_many},
	{"leave open", leave_open},
};

static void be_rude(const char *way, size_t len)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strlen(ways[i].name) == len && memcmp(ways[i].name, way, len) == 0)
			ways[i].act();
}

static int rude_start(struct sl_plugin *plugin)
{
	const struct rude_options *options = sl_options(plugin);

	if (options->start.set)
		be_rude(options->start.value, strlen(options->start.value));
	return SL_OK;
}

static void rude_stop(struct sl_plugin *plugin)
{
	const struct rude_options *options = sl_options(plugin);

	if (options->stop.set)
		be_rude(options->stop.value, strlen(options->stop.value));
	if (left_locale != (locale_t)0)
		freelocale(left_locale);
}

static int rude_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	be_rude(msg->data.ptr, msg->data.len);
	return sl_sendf(conn, "did %.*s", SL_STR(msg->data));
}

SL_PLUGIN(rude, sl_no_args, .options = rude_options_table, .start = rude_start, .stop = rude_stop,
	.message = rude_message);
