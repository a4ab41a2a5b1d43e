/*
 * A chain of two providers; the first does what its argument `how` says: crash, exit, fail, refuse,
 * close, accept and close, or give a number. Start fills the plugin's state, which it counts on.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct mood_args {
	const char *how;
	int64_t level;
};
SL_ARGS(mood_args, SL_FIELD(how), SL_FIELD(level));

static int mood(struct sl_conn *conn, const struct mood_args *args, int64_t *result)
{
	const int64_t *factor = sl_plugin_state(sl_plugin_of(conn));

	sl_response_header(conn, "X-Mood", args->how);
	if (strcmp(args->how, "crash") == 0)
		abort();
	if (strcmp(args->how, "exit") == 0)
		exit(0);
	if (strcmp(args->how, "fail") == 0)
		return SL_FAILED;
	if (strcmp(args->how, "refuse") == 0)
		return sl_refuse(conn, 401, "not today");
	if (strcmp(args->how, "close") == 0)
		return sl_close(conn, 4001, NULL);
	if (strcmp(args->how, "accept_then_close") == 0) {
		sl_accept(conn, NULL);
		return sl_close(conn, 4401, "expired");
	}
	*result = args->level * *factor;
	return SL_OK;
}
SL_PROVIDER(mood, mood_args, int64_t);

struct verdict_args {
	int64_t mood;
	struct sl_opt_bool loud;
};
SL_ARGS(verdict_args, SL_FIELD(mood), SL_FIELD(loud));

static int verdict(struct sl_conn *conn, const struct verdict_args *args, const char **result)
{
	char *text = sl_alloc(conn, 32);

	snprintf(text, 32, "%" PRId64 "%s", args->mood,
		args->loud.set && args->loud.value ? "!" : "");
	*result = text;
	return SL_OK;
}
SL_PROVIDER(verdict, verdict_args, const char *);

struct moody_args {
	const char *verdict;
	double ratio;
	int64_t level;
	struct sl_opt_str note;
};
SL_ARGS(moody_args, SL_FIELD(verdict), SL_FIELD(ratio), SL_FIELD(level), SL_FIELD(note));

static int moody_start(struct sl_plugin *plugin)
{
	int64_t *factor = sl_plugin_state(plugin);

	*factor = 3;
	return SL_OK;
}

static int moody_connect(struct sl_conn *conn, const struct moody_args *args)
{
	(void)conn;
	(void)args;
	abort(); /* nobody who only explains may come here */
}

SL_PLUGIN(moody, moody_args, .plugin_state_size = sizeof(int64_t),
	.providers = {&mood_provider, &verdict_provider}, .start = moody_start,
	.connect = moody_connect);
