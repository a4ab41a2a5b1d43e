/*
 * template: the one to copy. Every callback once, each with the reason to use it; delete what
 * you do not need: a plugin with nothing but `message` is complete. Try it with a route such as
 *
 *	- path: /template/{name}
 *	  plugin: template
 *	  options: {greeting: Good morning}
 *	  inject: {visitor: provider}
 *	# and, at the top level
 *	providers:
 *	  visitor: {plugin: template}
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>

/*
 * Options: what the route's `options:` sets, the same for all its connections. A plain member
 * would be required; here none can be, because `providers:` names this plugin without options.
 */
struct template_options {
	struct sl_opt_text greeting;
	struct sl_opt_int max_visitors;
};
SL_ARGS(template_options, SL_FIELD(greeting), SL_FIELD(max_visitors));

/*
 * A provider: a value worked out once per connection, before connect, from arguments of its own.
 * For what several plugins share: a user from a cookie, a tenant from a header. Its result must
 * last as long as the connection; arguments do, and so does memory of sl_alloc.
 */
struct visitor_args {
	struct sl_opt_text nickname;
};
SL_ARGS(visitor_args, SL_FIELD(nickname));

static int visitor(struct sl_conn *conn, const struct visitor_args *args, const char **result)
{
	if (args->nickname.set && !args->nickname.value[0])
		return sl_refuse(conn, 400, "a nickname must not be empty");
	*result = args->nickname.set ? args->nickname.value : "stranger";
	return SL_OK;
}
SL_PROVIDER(visitor, visitor_args, const char *);

/* What the callbacks are given. The host has read, converted and checked all of it. */
struct template_args {
	const char *name;    /* from the path */
	const char *visitor; /* from the provider */
};
SL_ARGS(template_args, SL_FIELD(name), SL_FIELD(visitor));

/* One per plugin and options, and one per connection; both start as zeroes. */
struct template_state {
	int64_t visitors;
};
struct visit {
	int64_t messages;
};

/* Prepares what connections share, or fails: then the load or reload is refused as a whole. */
static int template_start(struct sl_plugin *plugin)
{
	const struct template_options *options = sl_options(plugin);

	if (options->max_visitors.set && options->max_visitors.value < 1) {
		sl_plugin_log(plugin, SL_LOG_ERROR, "max_visitors must be at least 1");
		return SL_INVALID;
	}
	return SL_OK;
}

/* Gives back what start took; no connection is left by now. */
static void template_stop(struct sl_plugin *plugin)
{
	sl_plugin_log(plugin, SL_LOG_INFO, "the template says goodbye");
}

/*
 * Lets a peer in or not. SL_OK accepts; sl_accept chooses a subprotocol; sl_refuse answers with an
 * HTTP status; SL_LATER means that a timer or sl_offload will decide, so nothing here may wait.
 */
static int template_connect(struct sl_conn *conn, const struct template_args *args)
{
	struct sl_plugin *plugin = sl_plugin_of(conn);
	const struct template_options *options = sl_options(plugin);
	struct template_state *state = sl_plugin_state(plugin);
	const char *greeting = options->greeting.set ? options->greeting.value : "Hello";

	if (options->max_visitors.set && state->visitors >= options->max_visitors.value)
		return sl_refuse(conn, 503, "too many visitors, please come back later");
	sl_accept(conn, NULL);
	state->visitors++;
	return sl_sendf(conn, "%s, %s, and welcome to %s", greeting, args->visitor, args->name);
}

enum { QUEUE_HIGH_BYTES = 64 * 1024 };

/* Answers a whole message. A negative result closes the connection with 1011. */
static int template_message(
	struct sl_conn *conn, const struct template_args *args, const struct sl_message *msg)
{
	struct visit *visit = sl_state(conn);

	visit->messages++;
	if (sl_queued(conn) > QUEUE_HIGH_BYTES) /* it reads slower than it writes */
		sl_pause(conn);
	return sl_sendf(conn, "%s, message %" PRId64 " has %zu bytes", args->visitor,
		visit->messages, msg->data.len);
}

/* Undoes connect, whatever ended the connection. Nothing can be sent to this peer any more. */
static void template_disconnect(
	struct sl_conn *conn, const struct template_args *args, const struct sl_end *end)
{
	struct template_state *state = sl_plugin_state(sl_plugin_of(conn));

	state->visitors--;
	sl_log(conn, SL_LOG_INFO, "%s left %s with code %u", args->visitor, args->name, end->code);
}

/* Goes on with what waited for a slow peer: here, with reading. */
static void template_drained(struct sl_conn *conn, const struct template_args *args)
{
	(void)args;
	sl_resume(conn);
}

SL_PLUGIN(template, template_args, .accepts = SL_TEXT, .state_size = sizeof(struct visit),
	.plugin_state_size = sizeof(struct template_state), .options = template_options_table,
	.providers = {&visitor_provider}, .start = template_start, .stop = template_stop,
	.connect = template_connect, .message = template_message, .disconnect = template_disconnect,
	.drained = template_drained);
