/*
 * Does with topics what its peer says: "sub room/+", "sub! room/1" (not its own), "unsub room/+",
 * "pub room/1 text", "raw room/1 bytes", "many room/1 1000 64" (so many, padded to so many bytes),
 * "later room/1 text" (from a thread's done), "tick room/1" (from a timer of the plugin), "count
 * room/1", "bye room/1" (published when it ends), "pid". Answers "ok", the negative result, or a
 * number. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct peer {
	char bye[64];
};

struct order {
	char word[8], topic[300];
	const char *rest; /* behind topic and a blank */
};

static void nothing(void *data)
{
	(void)data;
}

static void publish_later(struct sl_conn *conn, void *data)
{
	char *topic = data, *text = strchr(topic, ' ');

	*text++ = '\0';
	sl_publishf(conn, topic, "%s", text);
	free(data);
}

static int later(struct sl_conn *conn, const struct order *order)
{
	char *data = malloc(400);

	snprintf(data, 400, "%s %.80s", order->topic, order->rest);
	return sl_offload(conn, nothing, publish_later, free, data);
}

static void publish_tick(struct sl_plugin *plugin, void *data)
{
	sl_plugin_publish(plugin, data, SL_TEXT, "tick", 4);
	sl_plugin_publishf(plugin, data, "%s", "tock");
	free(data);
}

static int tick(struct sl_conn *conn, const struct order *order)
{
	char *topic = strdup(order->topic);

	return sl_plugin_timer(sl_plugin_of(conn), 1, 0, publish_tick, topic) ? SL_OK : SL_FAILED;
}

/* "<count> <bytes>"; answers how many were taken. */
static int many(struct sl_conn *conn, const struct order *order)
{
	char *end;
	long count = strtol(order->rest, &end, 10), bytes = strtol(end, NULL, 10), taken = 0;
	char *text = malloc((size_t)bytes + 32);

	for (long i = 0; i < count; i++) {
		int len = snprintf(text, 32, "%ld ", i);

		memset(text + len, 'x', (size_t)bytes);
		taken += sl_publish(conn, order->topic, SL_TEXT, text,
				 (size_t)(len > bytes ? len : bytes)) == SL_OK;
	}
	free(text);
	return sl_sendf(conn, "taken %ld", taken);
}

static int bye(struct sl_conn *conn, const struct order *order)
{
	struct peer *peer = sl_state(conn);

	snprintf(peer->bye, sizeof(peer->bye), "%.60s", order->topic);
	return SL_OK;
}

static int sub(struct sl_conn *conn, const struct order *order)
{
	return sl_subscribe(conn, order->topic, 0);
}

static int sub_others(struct sl_conn *conn, const struct order *order)
{
	return sl_subscribe(conn, order->topic, SL_EXCLUDE_SELF);
}

static int unsub(struct sl_conn *conn, const struct order *order)
{
	return sl_unsubscribe(conn, order->topic);
}

static int pub(struct sl_conn *conn, const struct order *order)
{
	return sl_publishf(conn, order->topic, "%s", order->rest);
}

static int raw(struct sl_conn *conn, const struct order *order)
{
	return sl_publish(conn, order->topic, SL_BINARY, order->rest, strlen(order->rest));
}

static int count(struct sl_conn *conn, const struct order *order)
{
	return sl_sendf(conn, "%zu", sl_subscribers(order->topic));
}

static int pid(struct sl_conn *conn, const struct order *order)
{
	(void)order;
	return sl_sendf(conn, "%ld", (long)getpid());
}

static const struct {
	const char *word;
	int (*run)(struct sl_conn *conn, const struct order *order);
	bool answers; /* itself */
} words[] = {{"sub", sub, false}, {"sub!", sub_others, false}, {"unsub", unsub, false},
	{"pub", pub, false}, {"raw", raw, false}, {"many", many, true}, {"later", later, false},
	{"tick", tick, false}, {"count", count, true}, {"bye", bye, false}, {"pid", pid, true}};

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	char text[1024];
	struct order order = {.rest = ""};
	int result = SL_INVALID, read = 0;

	(void)args;
	snprintf(text, sizeof(text), "%.*s", SL_STR(message->data));
	sscanf(text, "%7s %299s%n", order.word, order.topic, &read);
	if (read > 0 && text[read] == ' ')
		order.rest = text + read + 1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].word, order.word) == 0) {
			result = words[i].run(conn, &order);
			if (words[i].answers)
				return SL_OK;
		}
	sl_sendf(conn, result == SL_OK ? "ok" : "%d", result);
	return SL_OK;
}

static void disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	const struct peer *peer = sl_state(conn);

	(void)args;
	(void)end;
	if (peer->bye[0] != '\0')
		sl_publishf(conn, peer->bye, "bye");
}

static void lost(
	struct sl_conn *conn, const struct sl_no_args *args, struct sl_str topic, uint64_t count)
{
	(void)args;
	sl_sendf(conn, "lost %.*s %" PRIu64, SL_STR(topic), count);
}

SL_PLUGIN(gossip, sl_no_args, .state_size = sizeof(struct peer), .message = message,
	.disconnect = disconnect, .lost = lost);
