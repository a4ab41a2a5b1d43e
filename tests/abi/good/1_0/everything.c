/*
 * Uses every macro, all member types, all callbacks and most functions of the header. Compiled
 * as C11 and C++17 by gcc and clang with all warnings as errors; its one symbol is the entry.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct everything_args {
	const char *text;
	struct sl_str str;
	int64_t integer;
	double number;
	bool truth;
	struct sl_opt_text opt_text;
	struct sl_opt_str opt_str;
	struct sl_opt_int opt_int;
	struct sl_opt_double opt_double;
	struct sl_opt_bool opt_bool;
	uint64_t uinteger;
	struct sl_uuid uuid;
	struct sl_datetime datetime;
	struct sl_date date;
	struct sl_time time;
	struct sl_timedelta timedelta;
	struct sl_opt_uint opt_uint;
	struct sl_opt_uuid opt_uuid;
	struct sl_opt_datetime opt_datetime;
	struct sl_opt_date opt_date;
	struct sl_opt_time opt_time;
	struct sl_opt_timedelta opt_timedelta;
	void *not_listed; /* stays zero */
};
SL_ARGS(everything_args, SL_FIELD(text), SL_FIELD(str), SL_FIELD(integer), SL_FIELD(number),
	SL_FIELD(truth), SL_FIELD(opt_text), SL_FIELD(opt_str), SL_FIELD(opt_int),
	SL_FIELD(opt_double), SL_FIELD(opt_bool), SL_FIELD(uinteger), SL_FIELD(uuid),
	SL_FIELD(datetime), SL_FIELD(date), SL_FIELD(time), SL_FIELD(timedelta), SL_FIELD(opt_uint),
	SL_FIELD(opt_uuid), SL_FIELD(opt_datetime), SL_FIELD(opt_date), SL_FIELD(opt_time),
	SL_FIELD(opt_timedelta));

struct everything_options {
	const char *room;
	struct sl_opt_int seats;
};
SL_ARGS(everything_options,
	SL_FIELD(room, .default_value = "lobby", .min_length = "1", .max_length = "20",
		.pattern = "^[a-z]+$", .title = "Room", .description = "where to meet",
		.example = "garden", .deprecated = "false", .include_in_docs = "true"),
	SL_FIELD(seats, .alias = "places", .ge = "1", .le = "8", .multiple_of = "2"));

struct user_args {
	struct sl_opt_text session;
	struct sl_opt_double weight;
};
SL_ARGS(user_args, SL_FIELD(session, .convert_underscores = "false"),
	SL_FIELD(weight, .gt = "0", .lt = "1e3", .allow_inf_nan = "false"));

static int user(struct sl_conn *conn, const struct user_args *args, const char **result)
{
	if (!args->session.set)
		return sl_refuse(conn, 401, "who are you?");
	*result = args->session.value;
	return SL_OK;
}
SL_PROVIDER(user, user_args, const char *);

static int count(struct sl_conn *conn, const struct sl_no_args *args, struct sl_opt_int *result)
{
	(void)conn;
	(void)args;
	result->value = 3;
	result->set = 1;
	return SL_OK;
}
SL_PROVIDER(count, sl_no_args, struct sl_opt_int);

static void fire(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_sendf(conn, "%zu bytes wait", sl_queued(conn));
}

static void plugin_fire(struct sl_plugin *plugin, void *data)
{
	sl_plugin_log(plugin, SL_LOG_DEBUG, "%p", data);
}

static void work(void *data)
{
	(void)data;
}

static int start(struct sl_plugin *plugin)
{
	const struct everything_options *options = (const struct everything_options *)sl_options(
		plugin);

	sl_plugin_log(plugin, SL_LOG_INFO, "room %s", options->room);
	return sl_plugin_timer(plugin, 1000, 1000, plugin_fire, NULL) == NULL ? SL_FAILED : SL_OK;
}

static void stop(struct sl_plugin *plugin)
{
	(void)plugin;
}

static int connect(struct sl_conn *conn, const struct everything_args *args)
{
	struct sl_str name, agent = sl_header(conn, "User-Agent", 0);

	sl_log(conn, SL_LOG_INFO, "%s %.*s %s", args->text, SL_STR(agent), sl_peer(conn));
	if (sl_header_at(conn, 0, &name).ptr == NULL || sl_cookie(conn, "session").ptr == NULL)
		return sl_refuse_with(conn, 403, "text/plain", "no", 2);
	sl_response_header(conn, "Set-Cookie", "seen=1");
	sl_timer_cancel(sl_conn_timer(conn, 10, 0, fire, NULL));
	sl_offload(conn, work, fire, work, sl_alloc(conn, 16));
	return sl_find(sl_id(conn)) == conn ? SL_LATER : sl_accept(conn, NULL);
}

static int message(
	struct sl_conn *conn, const struct everything_args *args, const struct sl_message *msg)
{
	if (args->opt_bool.set && args->opt_bool.value)
		return sl_send_json(conn, "{s:s}", "text", args->text);
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

static void disconnect(
	struct sl_conn *conn, const struct everything_args *args, const struct sl_end *end)
{
	(void)args;
	sl_log(conn, SL_LOG_INFO, "%u %.*s", (unsigned)end->code, SL_STR(end->reason));
}

static void drained(struct sl_conn *conn, const struct everything_args *args)
{
	(void)args;
	sl_close(conn, 1000, "done");
}

SL_PLUGIN(everything, everything_args, .flags = SL_KEEP_REQUEST, .accepts = SL_TEXT | SL_BINARY,
	.state_size = 16, .plugin_state_size = 16, .options = everything_options_table,
	.providers = {&user_provider, &count_provider}, .start = start, .stop = stop,
	.connect = connect, .message = message, .disconnect = disconnect, .drained = drained);
