/*
 * A correct plugin that has every part of the descriptor and writes down what is called, in the
 * order of calls, in the text that its `log_text` exports. SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdio.h>
#include <string.h>

SL_EXPORT const char *log_text(void);

static char text[512];

const char *log_text(void)
{
	return text;
}

static void note(const char *word)
{
	size_t len = strlen(text);

	snprintf(text + len, sizeof(text) - len, "%s ", word);
}

struct whole_args {
	const char *name;
	struct sl_opt_int times;
};
SL_ARGS(whole_args, SL_FIELD(name), SL_FIELD(times));

struct whole_options {
	const char *room;
};
SL_ARGS(whole_options, SL_FIELD(room));

struct token_args {
	struct sl_opt_str session;
};
SL_ARGS(token_args, SL_FIELD(session));

static int token(struct sl_conn *conn, const struct token_args *args, const char **result)
{
	(void)conn;
	(void)args;
	note("provider");
	*result = "secret";
	return SL_OK;
}
SL_PROVIDER(token, token_args, const char *);

static int start(struct sl_plugin *plugin)
{
	(void)plugin;
	note(sl_host_ == NULL ? "start-without-host" : "start");
	return SL_OK;
}

static void stop(struct sl_plugin *plugin)
{
	(void)plugin;
	note("stop");
}

static int connect(struct sl_conn *conn, const struct whole_args *args)
{
	(void)conn;
	note(args->name);
	return SL_OK;
}

static int message(
	struct sl_conn *conn, const struct whole_args *args, const struct sl_message *message)
{
	(void)conn;
	(void)args;
	note(message->type == SL_TEXT ? "text" : "binary");
	return 7;
}

static void disconnect(
	struct sl_conn *conn, const struct whole_args *args, const struct sl_end *end)
{
	(void)conn;
	(void)args;
	note(end->by == SL_BY_PEER ? "by-peer" : "by-other");
}

static void drained(struct sl_conn *conn, const struct whole_args *args)
{
	(void)conn;
	(void)args;
	note("drained");
}

SL_PLUGIN(whole, whole_args, .flags = SL_KEEP_REQUEST, .accepts = SL_TEXT, .state_size = 64,
	.plugin_state_size = 32, .options = whole_options_table, .providers = {&token_provider},
	.start = start, .stop = stop, .connect = connect, .message = message,
	.disconnect = disconnect, .drained = drained);
