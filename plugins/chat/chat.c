/*
 * chat: everybody hears everybody, as in the third program of FastAPI's WebSocket tutorial, but in
 * all workers: the room is a topic, which the host delivers. The page beside it talks to it.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <socklet.h>

struct chat_args {
	int64_t client_id;
};
SL_ARGS(chat_args, SL_FIELD(client_id));

struct chat_options {
	struct sl_opt_text room;
};
SL_ARGS(chat_options, SL_FIELD(room));

/* Routes with different options have a state each. */
struct room {
	char topic[256]; /* "chat", or "chat/lobby" */
};

static const char *topic_of(const struct sl_conn *conn)
{
	const struct room *room = sl_plugin_state(sl_plugin_of(conn));

	return room->topic;
}

static int chat_start(struct sl_plugin *plugin)
{
	const struct chat_options *options = sl_options(plugin);
	struct room *room = sl_plugin_state(plugin);

	snprintf(room->topic, sizeof(room->topic), "chat%s%s", options->room.set ? "/" : "",
		options->room.value);
	return SL_OK;
}

static int chat_connect(struct sl_conn *conn, const struct chat_args *args)
{
	(void)args;
	return sl_subscribe(conn, topic_of(conn), 0);
}

/*
 * A publish fails only when far too much waits already, which the host logs: one message less is
 * better than one client less.
 */
static int chat_message(
	struct sl_conn *conn, const struct chat_args *args, const struct sl_message *msg)
{
	int sent = sl_sendf(conn, "You wrote: %.*s", SL_STR(msg->data));

	sl_publishf(conn, topic_of(conn), "Client #%" PRId64 " says: %.*s", args->client_id,
		SL_STR(msg->data));
	return sent;
}

/* The connection has left the topic already: this is for the others. */
static void chat_disconnect(
	struct sl_conn *conn, const struct chat_args *args, const struct sl_end *end)
{
	(void)end;
	sl_publishf(conn, topic_of(conn), "Client #%" PRId64 " left the chat", args->client_id);
}

SL_PLUGIN(chat, chat_args, .accepts = SL_TEXT, .plugin_state_size = sizeof(struct room),
	.options = chat_options_table, .start = chat_start, .connect = chat_connect,
	.message = chat_message, .disconnect = chat_disconnect);
