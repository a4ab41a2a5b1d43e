/*
 * chat: everybody hears everybody, as in the third program of FastAPI's WebSocket tutorial. The
 * members are a list in the plugin's state, linked through each connection's state, so joining
 * and leaving allocate nothing. The page beside it talks to it. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <sys/queue.h>
#include <socklet.h>

struct chat_args {
	int64_t client_id;
};
SL_ARGS(chat_args, SL_FIELD(client_id));

/* Routes with different options have a state each: that alone keeps rooms apart. */
struct chat_options {
	struct sl_opt_text room;
};
SL_ARGS(chat_options, SL_FIELD(room));

/* The state of a connection … */
struct member {
	LIST_ENTRY(member) link;
	struct sl_conn *conn;
};

/* … and that of the plugin. Zeroed is an empty list, so there is no start callback. */
struct room {
	LIST_HEAD(, member) members;
};

static struct room *room_of(const struct sl_conn *conn)
{
	return sl_plugin_state(sl_plugin_of(conn));
}

static int chat_connect(struct sl_conn *conn, const struct chat_args *args)
{
	struct member *self = sl_state(conn);

	(void)args;
	self->conn = conn;
	LIST_INSERT_HEAD(&room_of(conn)->members, self, link);
	return SL_OK;
}

/*
 * Results of the broadcast are not looked at: a peer whose send fails is closing, and leaves the
 * list in its disconnect callback, which never runs inside a send.
 */
static int chat_message(
	struct sl_conn *conn, const struct chat_args *args, const struct sl_message *msg)
{
	struct member *each;
	int sent = sl_sendf(conn, "You wrote: %.*s", SL_STR(msg->data));

	LIST_FOREACH (each, &room_of(conn)->members, link)
		sl_sendf(each->conn, "Client #%" PRId64 " says: %.*s", args->client_id,
			SL_STR(msg->data));
	return sent;
}

static void chat_disconnect(
	struct sl_conn *conn, const struct chat_args *args, const struct sl_end *end)
{
	struct member *self = sl_state(conn), *each;

	(void)end;
	LIST_REMOVE(self, link);
	LIST_FOREACH (each, &room_of(conn)->members, link)
		sl_sendf(each->conn, "Client #%" PRId64 " left the chat", args->client_id);
}

SL_PLUGIN(chat, chat_args, .accepts = SL_TEXT, .state_size = sizeof(struct member),
	.plugin_state_size = sizeof(struct room), .options = chat_options_table,
	.connect = chat_connect, .message = chat_message, .disconnect = chat_disconnect);
