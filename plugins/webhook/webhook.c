/*
 * webhook: what is posted to the route is pushed to everybody who has connected to it, so that a
 * build server or a form can speak to open pages; a GET says how the plugin is. One route, one
 * plugin, no second server. The page beside it does all three. SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <sys/queue.h>

#include <socklet.h>

struct webhook_args {
	const char *topic; /* who listens to one hears nothing of the others */
};
SL_ARGS(webhook_args, SL_FIELD(topic, .max_length = "64"));

/* The state of a listener; of a plain request it stays zero. */
struct listener {
	LIST_ENTRY(listener) link;
	struct sl_conn *conn;
	const char *topic;
};

/* The plugin's: those of this worker. */
struct webhook {
	LIST_HEAD(, listener) listeners;
	int64_t posts;
};

static struct webhook *webhook_of(const struct sl_conn *conn)
{
	return sl_plugin_state(sl_plugin_of(conn));
}

/* ---- WebSocket ------------------------------------------------------------------------------- */

static int webhook_connect(struct sl_conn *conn, const struct webhook_args *args)
{
	struct listener *self = sl_state(conn);

	self->conn = conn;
	self->topic = args->topic;
	LIST_INSERT_HEAD(&webhook_of(conn)->listeners, self, link);
	return SL_OK;
}

static void webhook_disconnect(
	struct sl_conn *conn, const struct webhook_args *args, const struct sl_end *end)
{
	struct listener *self = sl_state(conn);

	(void)args;
	(void)end;
	LIST_REMOVE(self, link);
}

/* ---- plain HTTP ------------------------------------------------------------------------------ */

/* Those of one topic; with a text each of them is sent it. */
static int64_t tell(struct webhook *webhook, const char *topic, const struct sl_str *text)
{
	struct listener *each;
	int64_t count = 0;

	LIST_FOREACH (each, &webhook->listeners, link) {
		if (strcmp(each->topic, topic) != 0)
			continue;
		if (text == NULL || sl_send(each->conn, SL_TEXT, text->ptr, text->len) == SL_OK)
			count++;
	}
	return count;
}

/* Which other methods are there, `methods` of the route says. */
static int webhook_request(
	struct sl_conn *conn, const struct webhook_args *args, const struct sl_request *request)
{
	struct webhook *webhook = webhook_of(conn);

	if (request->method.len != 4 || memcmp(request->method.ptr, "POST", 4) != 0)
		return sl_respond_json(conn, 200, "{s:s, s:I, s:I}", "status", "ok", "listeners",
			(long long)tell(webhook, args->topic, NULL), "posts",
			(long long)webhook->posts);
	if (request->body.len == 0)
		return sl_refuse(conn, 400, "Nothing to push: the body is empty");
	webhook->posts++;
	return sl_respond_json(conn, 200, "{s:I}", "pushed",
		(long long)tell(webhook, args->topic, &request->body));
}

SL_PLUGIN(webhook, webhook_args, .state_size = sizeof(struct listener),
	.plugin_state_size = sizeof(struct webhook), .connect = webhook_connect,
	.disconnect = webhook_disconnect, .request = webhook_request);
