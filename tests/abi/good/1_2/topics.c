/*
 * A plugin that publishes and subscribes. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static void tick(struct sl_plugin *plugin, void *data)
{
	(void)data;
	sl_plugin_publish(plugin, "news/tick", SL_TEXT, "tick", 4);
	sl_plugin_publishf(plugin, "news/tick", "%d", 1);
}

static int start(struct sl_plugin *plugin)
{
	return sl_plugin_timer(plugin, 1000, 1000, tick, NULL) ? SL_OK : SL_FAILED;
}

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	sl_subscribe(conn, "news/#", SL_EXCLUDE_SELF);
	sl_unsubscribe(conn, "news/+");
	sl_publish(conn, "news/raw", message->type, message->data.ptr, message->data.len);
	return sl_publishf(conn, "news/count", "%d", (int)sl_subscribers("news/count"));
}

static void lost(
	struct sl_conn *conn, const struct sl_no_args *args, struct sl_str topic, uint64_t count)
{
	(void)args;
	sl_sendf(conn, "%.*s: %d lost", SL_STR(topic), (int)count);
}

SL_PLUGIN(topics, sl_no_args, .start = start, .message = message, .lost = lost);
