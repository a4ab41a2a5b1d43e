/*
 * webhook: what is posted to the route is pushed to everybody who has connected to it, so that a
 * build server or a form can speak to open pages; a GET says how the plugin is. One route, one
 * plugin, no second server. The page beside it does all three. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <string.h>

#include <socklet.h>

struct webhook_args {
	const char *topic; /* who listens to one hears nothing of the others */
};
SL_ARGS(webhook_args, SL_FIELD(topic, .pattern = "^[a-z0-9-]{1,64}$"));

/* The host's name of it. */
struct topic {
	char name[80];
};

static struct topic topic_of(const struct webhook_args *args)
{
	struct topic topic;

	snprintf(topic.name, sizeof(topic.name), "webhook/%s", args->topic);
	return topic;
}

static int webhook_connect(struct sl_conn *conn, const struct webhook_args *args)
{
	return sl_subscribe(conn, topic_of(args).name, 0);
}

/* Which other methods there are, `methods` of the route says. */
static int webhook_request(
	struct sl_conn *conn, const struct webhook_args *args, const struct sl_request *request)
{
	struct topic topic = topic_of(args);

	if (request->method.len != 4 || memcmp(request->method.ptr, "POST", 4) != 0)
		return sl_respond_json(conn, 200, "{s:s, s:I}", "status", "ok", "listeners",
			(long long)sl_subscribers(topic.name));
	if (request->body.len == 0)
		return sl_refuse(conn, 400, "Nothing to push: the body is empty");
	if (sl_publish(conn, topic.name, SL_TEXT, request->body.ptr, request->body.len) != SL_OK)
		return sl_refuse(conn, 400, "Cannot push: wanted a text in UTF-8");
	return sl_respond_json(conn, 202, "{s:b}", "pushed", 1);
}

SL_PLUGIN(webhook, webhook_args, .connect = webhook_connect, .request = webhook_request);
