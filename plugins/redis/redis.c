/*
 * redis: a bus driver over the pub/sub of Redis, Valkey and their kin. A worker has two
 * connections: one that has subscribed may not publish. What was published and not yet answered is
 * kept, and sent again after a reconnect: the host passes over what comes twice. Topics with a
 * history are the store's (redis_store.c), which is asked for nothing until all subscriptions are
 * confirmed: so what it publishes then comes back.
 * SPDX-License-Identifier: MIT
 */
#include <hiredis/hiredis.h>
#include <socklet_bus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>

#include "redis_link.h"
#include "redis_store.h"

enum {
	TRIES_FIRST_MS = 100,
	TRIES_LAST_MS = 30000,
	CONNECT_S = 5, /* from the first look at the name to the answer of the greeting */
	LOOK_MS = 1000,
	SILENCE_S = 10, /* then the server is asked; without an answer as long again it is lost */
	SENT_BYTES_MAX = 4 * 1024 * 1024,
	WARN_S = 5,
};

struct redis_options {
	const char *url, *user, *password, *password_file, *ca, *certificate, *key, *prefix;
};
SL_ARGS(redis_options, SL_FIELD(url, .default_value = "redis://127.0.0.1:6379"),
	SL_FIELD(user, .default_value = ""), SL_FIELD(password, .default_value = ""),
	SL_FIELD(password_file, .default_value = ""), SL_FIELD(ca, .default_value = ""),
	SL_FIELD(certificate, .default_value = ""), SL_FIELD(key, .default_value = ""),
	SL_FIELD(prefix, .default_value = "socklet:", .pattern = "^[A-Za-z0-9_.:-]{0,100}$"));

/* A PUBLISH that was not answered, or a command of the store. */
struct sent {
	STAILQ_ENTRY(sent) next;
	bool is_errand;
	enum redis_errand errand;
	uint64_t id;
	size_t bytes, len;
	char command[]; /* a PUBLISH */
};

struct redis {
	struct sl_plugin *plugin;
	const struct redis_options *options;
	struct redis_url url;
	SSL_CTX *tls;
	struct redis_link in, out;
	struct redis_store store;
	size_t unconfirmed; /* subscriptions and their ends */
	STAILQ_HEAD(sents, sent) sent;
	size_t sent_bytes;
	bool is_up, is_full;
	unsigned tries;  /* that failed in a row */
	time_t opened_s; /* the present one */
	bool is_waiting; /* for the next */
	time_t warned_s;
	char at[300]; /* "127.0.0.1:6379", for the log */
};

static struct redis *redis_of(struct sl_plugin *plugin)
{
	return sl_plugin_state(plugin);
}

/* ---- connecting ------------------------------------------------------------------------- */

static void connect_both(struct sl_plugin *plugin, void *data);

static uint64_t pause_ms(const struct redis *redis)
{
	uint64_t most = TRIES_FIRST_MS, chance = 0;

	for (unsigned i = 1; i < redis->tries && most < TRIES_LAST_MS; i++)
		most *= 2;
	if (most > TRIES_LAST_MS)
		most = TRIES_LAST_MS;
	/* Not all hosts at once. */
	if (getrandom(&chance, sizeof(chance), GRND_NONBLOCK) < 0)
		chance = (uint64_t)redis->opened_s;
	return most / 2 + chance % (most / 2 + 1);
}

static void sent_free(struct redis *redis, struct sent *sent)
{
	redis->sent_bytes -= sent->bytes;
	free(sent);
}

static void sent_drop(struct redis *redis)
{
	struct sent *first = STAILQ_FIRST(&redis->sent);

	STAILQ_REMOVE_HEAD(&redis->sent, next);
	sent_free(redis, first);
}

/* The host says again what the store was to do. */
static void drop_errands(struct redis *redis)
{
	struct sents all = STAILQ_HEAD_INITIALIZER(all);
	struct sent *sent;

	STAILQ_CONCAT(&all, &redis->sent);
	while ((sent = STAILQ_FIRST(&all)) != NULL) {
		STAILQ_REMOVE_HEAD(&all, next);
		if (sent->is_errand)
			sent_free(redis, sent);
		else
			STAILQ_INSERT_TAIL(&redis->sent, sent, next);
	}
}

static void lost(void *owner, const char *why)
{
	struct redis *redis = owner;
	uint64_t wait_ms;
	char text[512];

	redis_link_close(&redis->in);
	redis_link_close(&redis->out);
	redis_store_reset(&redis->store);
	drop_errands(redis);
	redis->unconfirmed = 0;
	redis->is_up = false;
	if (redis->is_waiting)
		return;
	redis->tries++;
	redis->is_waiting = true;
	wait_ms = pause_ms(redis);
	snprintf(text, sizeof(text), "%s: %s, next try in %.1f s", redis->at, why,
		(double)wait_ms / 1000);
	sl_bus_state(redis->plugin, SL_BUS_DOWN, text);
	sl_plugin_timer(redis->plugin, wait_ms, 0, connect_both, NULL);
}

/* The first line; false: there is none. */
static bool read_password(struct redis *redis)
{
	FILE *file = fopen(redis->options->password_file, "re");
	bool is_there;

	if (file == NULL)
		return false;
	is_there = fgets(redis->url.password, sizeof(redis->url.password), file) != NULL;
	redis->url.password[strcspn(redis->url.password, "\r\n")] = '\0';
	fclose(file);
	return is_there;
}

static void connect_both(struct sl_plugin *plugin, void *data)
{
	struct redis *redis = redis_of(plugin);

	(void)data;
	redis->is_waiting = false;
	redis->opened_s = redis_link_now();
	sl_bus_state(plugin, SL_BUS_CONNECTING, redis->at);
	if (redis->options->password_file[0] != '\0' && !read_password(redis)) {
		lost(redis, "password_file cannot be read");
		return;
	}
	redis_link_open(&redis->out, &redis->url, redis->tls);
	if (!redis->is_waiting)
		redis_link_open(&redis->in, &redis->url, redis->tls);
}

static void ready(void *owner)
{
	struct redis *redis = owner;
	struct sent *sent;

	if (redis->in.phase != LINK_READY || redis->out.phase != LINK_READY)
		return;
	redis->is_up = true;
	redis->is_full = false;
	redis->tries = 0;
	drop_errands(redis);
	STAILQ_FOREACH (sent, &redis->sent, next)
		redis_link_send(&redis->out, sent->command, sent->len);
	/* The host has our filters told before anything new is published; these go behind them. */
	sl_bus_state(redis->plugin, SL_BUS_UP, redis->at);
}

/* A server that has gone without a word is noticed by its silence. */
static void look_after(struct redis_link *link)
{
	time_t silent_s = redis_link_now() - link->heard_s;

	if (link->phase != LINK_READY)
		return;
	if (silent_s >= 2 * SILENCE_S)
		redis_link_fail(link, "no answer to PING");
	else if (silent_s >= SILENCE_S) {
		redis_link_send(link, "PING\r\n", 6);
		redis_link_flush(link);
	}
}

static void look(struct sl_plugin *plugin, void *data)
{
	struct redis *redis = redis_of(plugin);

	(void)data;
	if (redis->is_waiting)
		return;
	if (!redis->is_up && redis_link_now() - redis->opened_s > CONNECT_S)
		lost(redis, "no answer");
	look_after(&redis->out);
	look_after(&redis->in);
}

/* ---- out -------------------------------------------------------------------------------- */

static void warn(struct redis *redis, const char *what, const char *why)
{
	time_t now = redis_link_now();

	if (redis->warned_s != 0 && now < redis->warned_s + WARN_S)
		return;
	redis->warned_s = now;
	sl_plugin_log(redis->plugin, SL_LOG_WARN, "%s: %s: %s", redis->at, what, why);
}

/* Whoever was told SL_FULL may try once more. */
static void look_for_room(struct redis *redis)
{
	if (!redis->is_full || redis->sent_bytes >= SENT_BYTES_MAX / 2 || redis->unconfirmed > 0 ||
		(redis->store.is_begun && !redis->store.is_ready))
		return;
	redis->is_full = false;
	sl_bus_state(redis->plugin, SL_BUS_UP, redis->at);
}

/* Of a PUBLISH or the store, or of a PING when nothing was published for long. */
static void out_reply(void *owner, const struct redisReply *reply)
{
	struct redis *redis = owner;
	const struct sent *sent = STAILQ_FIRST(&redis->sent);
	const char *why = NULL;

	if (reply->type == REDIS_REPLY_STATUS || sent == NULL)
		return;
	if (sent->is_errand)
		why = redis_store_reply(&redis->store, sent->errand, sent->id, reply);
	else if (reply->type == REDIS_REPLY_ERROR)
		warn(redis, "a message is refused", reply->str);
	sent_drop(redis);
	if (why != NULL)
		redis_link_fail(&redis->out, why);
	else
		look_for_room(redis);
}

static struct sent *sent_new(struct redis *redis, size_t bytes)
{
	struct sent *sent = malloc(sizeof(*sent) + bytes);

	if (sent == NULL)
		return NULL;
	sent->is_errand = false;
	STAILQ_INSERT_TAIL(&redis->sent, sent, next);
	return sent;
}

static void note_errand(
	struct sl_plugin *plugin, enum redis_errand errand, uint64_t id, size_t bytes)
{
	struct redis *redis = redis_of(plugin);
	struct sent *sent = sent_new(redis, 0);

	if (sent == NULL)
		abort();
	sent->is_errand = true;
	sent->errand = errand;
	sent->id = id;
	sent->bytes = bytes;
	redis->sent_bytes += bytes;
}

static bool is_busy(struct redis *redis)
{
	bool is_ready = redis_store_is_ready(&redis->store);

	redis->is_full |= !is_ready || redis->unconfirmed > 0 || redis->sent_bytes > SENT_BYTES_MAX;
	return redis->is_full;
}

static int redis_keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	struct redis *redis = redis_of(plugin);

	if (is_busy(redis))
		return SL_FULL;
	redis_store_keep(&redis->store, message, rule);
	return SL_OK;
}

static int redis_recall(struct sl_plugin *plugin, const struct sl_bus_recall *what)
{
	struct redis *redis = redis_of(plugin);

	if (is_busy(redis))
		return SL_FULL;
	redis_store_recall(&redis->store, what);
	return SL_OK;
}

static int redis_publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	struct redis *redis = redis_of(plugin);
	const char *prefix = redis->options->prefix;
	size_t channel = strlen(prefix) + message->topic.len;
	size_t data = SL_BUS_HEAD_BYTES + message->data.len;
	struct sent *sent;
	char *at;

	if (redis->sent_bytes > SENT_BYTES_MAX) {
		redis->is_full = true;
		return SL_FULL;
	}
	sent = sent_new(redis, channel + data + 96);
	if (sent == NULL)
		return SL_FAILED;
	at = sent->command + sprintf(sent->command,
				     "*3\r\n$7\r\nPUBLISH\r\n$%zu\r\n%s%s\r\n$%zu\r\n", channel,
				     prefix, message->topic.ptr, data);
	sl_bus_head_write((uint8_t *)at, message);
	at += SL_BUS_HEAD_BYTES;
	memcpy(at, message->data.ptr, message->data.len);
	at += message->data.len;
	memcpy(at, "\r\n", 2);
	sent->len = sent->bytes = (size_t)(at + 2 - sent->command);
	redis->sent_bytes += sent->bytes;
	redis_link_send(&redis->out, sent->command, sent->len);
	return SL_OK;
}

/* ---- in --------------------------------------------------------------------------------- */

/*
 * A filter as Redis' pattern: "+" is "?*", as a level is not empty, and "/#" is "*", as the rest
 * may be. Both let more through, which the host sorts out; no two filters become one pattern, so
 * that each has a subscription of its own. Returns whether it is one.
 */
static bool pattern_of(char *out, const char *filter)
{
	bool is_wild = false;

	for (const char *c = filter; *c != '\0'; c++) {
		bool is_level = c == filter || c[-1] == '/';

		if (is_level && (*c == '+' || *c == '#'))
			is_wild = true;
		if (c[0] == '/' && c[1] == '#')
			continue;
		if (is_level && *c == '+')
			*out++ = '?';
		if (*c == '+' || *c == '#')
			*out++ = '*';
		else if (strchr("*?[]\\", *c) != NULL)
			*out++ = '\\';
		if (*c != '+' && *c != '#')
			*out++ = *c;
	}
	*out = '\0';
	return is_wild;
}

static void say_filter(struct sl_plugin *plugin, const char *filter, bool is_wanted)
{
	static const char *const verbs[2][2] = {
		{"UNSUBSCRIBE", "SUBSCRIBE"}, {"PUNSUBSCRIBE", "PSUBSCRIBE"}};
	struct redis *redis = redis_of(plugin);
	char pattern[2 * 255 + 1], channel[2 * 255 + 101];
	bool is_wild = pattern_of(pattern, filter);
	const char *words[2] = {verbs[is_wild][is_wanted], channel};
	size_t lens[2];

	snprintf(channel, sizeof(channel), "%s%s", redis->options->prefix,
		is_wild ? pattern : filter);
	lens[0] = strlen(words[0]);
	lens[1] = strlen(channel);
	redis_link_command(&redis->in, 2, words, lens);
	redis->unconfirmed++;
}

static void redis_wanted(struct sl_plugin *plugin, struct sl_str filter)
{
	say_filter(plugin, filter.ptr, true);
}

static void redis_unwanted(struct sl_plugin *plugin, struct sl_str filter)
{
	say_filter(plugin, filter.ptr, false);
}

static void redis_flush(struct sl_plugin *plugin)
{
	struct redis *redis = redis_of(plugin);

	redis_link_flush(&redis->in);
	redis_link_flush(&redis->out);
}

static void heard(
	struct redis *redis, const struct redisReply *channel, const struct redisReply *data)
{
	size_t prefix = strlen(redis->options->prefix);
	struct sl_bus_message message;

	const struct sl_str bytes = {data->str, data->len};

	if (channel->len < prefix ||
		!(sl_bus_head_read(&message, bytes) || redis_store_read(&message, bytes))) {
		warn(redis, "a message that no host wrote is passed over, in channel",
			channel->str);
		return;
	}
	message.topic = (struct sl_str){channel->str + prefix, channel->len - prefix};
	sl_bus_received(redis->plugin, &message);
}

static void confirmed(struct redis *redis)
{
	if (redis->unconfirmed > 0)
		redis->unconfirmed--;
	look_for_room(redis);
}

/* ["message", channel, data], ["pmessage", pattern, channel, data], ["subscribe", …], … */
static void in_reply(void *owner, const struct redisReply *reply)
{
	struct redis *redis = owner;
	struct redisReply **elements = reply->element;

	if (reply->type == REDIS_REPLY_ERROR) {
		warn(redis, "a subscription is refused", reply->str);
		confirmed(redis);
	}
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3)
		return;
	if (reply->elements == 3 && strcmp(elements[0]->str, "message") == 0)
		heard(redis, elements[1], elements[2]);
	else if (reply->elements == 4 && strcmp(elements[0]->str, "pmessage") == 0)
		heard(redis, elements[2], elements[3]);
	else if (reply->elements == 3 && strstr(elements[0]->str, "subscribe") != NULL)
		confirmed(redis);
}

/* ---- life ------------------------------------------------------------------------------- */

static const struct redis_link_ops in_ops = {ready, in_reply, lost};
static const struct redis_link_ops out_ops = {ready, out_reply, lost};

static bool complain(struct sl_plugin *plugin, const char *option, const char *why)
{
	sl_plugin_log(plugin, SL_LOG_ERROR, "option %s: %s", option, why);
	return false;
}

static bool take_url(struct redis *redis)
{
	const struct redis_options *options = redis->options;
	const char *why;

	if (!redis_url_parse(&redis->url, options->url, &why))
		return complain(redis->plugin, "url", why);
	if (options->user[0] != '\0')
		snprintf(redis->url.user, sizeof(redis->url.user), "%s", options->user);
	if (options->password[0] != '\0')
		snprintf(redis->url.password, sizeof(redis->url.password), "%s", options->password);
	if (redis->url.user[0] != '\0' && redis->url.password[0] == '\0' &&
		options->password_file[0] == '\0')
		return complain(redis->plugin, "user", "a user needs a password");
	if (!redis->url.is_tls && (options->ca[0] != '\0' || options->certificate[0] != '\0'))
		return complain(redis->plugin, "url", "ca and certificate are for rediss://");
	snprintf(redis->at, sizeof(redis->at), strchr(redis->url.host, ':') ? "[%s]:%s" : "%s:%s",
		redis->url.host, redis->url.port);
	return true;
}

static bool take_tls(struct redis *redis)
{
	const struct redis_options *options = redis->options;

	if (!redis->url.is_tls)
		return true;
	redis->tls = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(redis->tls, TLS1_2_VERSION);
	SSL_CTX_set_verify(redis->tls, SSL_VERIFY_PEER, NULL);
	if (options->ca[0] == '\0')
		SSL_CTX_set_default_verify_paths(redis->tls);
	else if (SSL_CTX_load_verify_locations(redis->tls, options->ca, NULL) != 1)
		return complain(redis->plugin, "ca", "no PEM file with certificates");
	if (options->certificate[0] == '\0')
		return true;
	if (SSL_CTX_use_certificate_chain_file(redis->tls, options->certificate) != 1)
		return complain(redis->plugin, "certificate", "no PEM file with a certificate");
	if (SSL_CTX_use_PrivateKey_file(redis->tls,
		    options->key[0] == '\0' ? options->certificate : options->key,
		    SSL_FILETYPE_PEM) != 1)
		return complain(redis->plugin, "key", "no PEM file with the certificate's key");
	return true;
}

static int redis_start(struct sl_plugin *plugin)
{
	struct redis *redis = redis_of(plugin);

	redis->plugin = plugin;
	redis->options = sl_options(plugin);
	STAILQ_INIT(&redis->sent);
	redis->store = (struct redis_store){.plugin = plugin,
		.link = &redis->out,
		.prefix = redis->options->prefix,
		.sent = note_errand};
	redis_link_init(&redis->in, sl_event_base(), &in_ops, redis);
	redis_link_init(&redis->out, sl_event_base(), &out_ops, redis);
	if (!take_url(redis) || !take_tls(redis)) {
		SSL_CTX_free(redis->tls);
		return SL_FAILED;
	}
	/* Once the loop runs: who only tries the plugin out asks no server. */
	redis->is_waiting = true;
	sl_plugin_timer(plugin, 0, 0, connect_both, NULL);
	sl_plugin_timer(plugin, LOOK_MS, LOOK_MS, look, NULL);
	return SL_OK;
}

static void redis_stop(struct sl_plugin *plugin)
{
	struct redis *redis = redis_of(plugin);

	/* What the last connections have published leaves, if the socket takes it. */
	redis->is_waiting = true;
	redis_flush(plugin);
	redis_link_close(&redis->in);
	redis_link_close(&redis->out);
	while (!STAILQ_EMPTY(&redis->sent))
		sent_drop(redis);
	SSL_CTX_free(redis->tls);
}

static const struct sl_bus redis_bus = {
	.size = sizeof(struct sl_bus),
	.publish = redis_publish,
	.wanted = redis_wanted,
	.unwanted = redis_unwanted,
	.flush = redis_flush,
	.keep = redis_keep,
	.recall = redis_recall,
};

SL_PLUGIN(redis, sl_no_args, .plugin_state_size = sizeof(struct redis),
	.options = redis_options_table, .start = redis_start, .stop = redis_stop,
	.bus = &redis_bus);
