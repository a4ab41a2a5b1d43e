/*
 * Scripts are called by their hash. A server that has forgotten them, or that lost one of a row of
 * messages, says so, and the connection begins anew: the host gives again what was not answered,
 * and the script knows by its sequence what it has. Called by redis.c. SPDX-License-Identifier: MIT
 */
#include "redis_store.h"

#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "redis_scripts.h"

enum {
	WORDS_MAX = 96,
	LEVELS_MAX = 10,
	LEVEL_MAX = 10,                                     /* bytes that a wildcard becomes */
	PATTERN_MAX = 2 * 255 + LEVELS_MAX * LEVEL_MAX + 8, /* all other bytes become two at most */
	NUMBER_MAX = 24,
};

/* A command as it grows; texts that it is given must last until it is sent. */
struct words {
	const char *items[WORDS_MAX];
	size_t lens[WORDS_MAX];
	char numbers[16][NUMBER_MAX];
	int count, number_count;
};

static void add(struct words *words, const char *text, size_t len)
{
	words->items[words->count] = text;
	words->lens[words->count++] = len;
}

static void add_text(struct words *words, const char *text)
{
	add(words, text, strlen(text));
}

static void add_number(struct words *words, uint64_t number)
{
	char *text = words->numbers[words->number_count++];

	add(words, text, (size_t)snprintf(text, NUMBER_MAX, "%" PRIu64, number));
}

static void add_order(struct words *words, uint64_t order)
{
	char *text = words->numbers[words->number_count++];

	add(words, text, (size_t)snprintf(text, NUMBER_MAX, "%016" PRIx64, order));
}

static void say(
	struct redis_store *store, struct words *words, enum redis_errand errand, uint64_t id)
{
	size_t bytes = 0;

	for (int i = 0; i < words->count; i++)
		bytes += words->lens[i];
	redis_link_command(store->link, words->count, words->items, words->lens);
	store->sent(store->plugin, errand, id, bytes);
}

/* In case that there is none. */
static void add_new_order(struct words *words)
{
	uint64_t order = 0;

	if (getrandom(&order, sizeof(order), GRND_NONBLOCK) < 0)
		order = (uint64_t)time(NULL) << 32 ^ (uintptr_t)words;
	add_order(words, order | 1);
}

static void begin_script(
	struct words *words, const struct redis_store *store, const char *sha, char key[128])
{
	snprintf(key, 128, "%shistory", store->prefix);
	add_text(words, "EVALSHA");
	add_text(words, sha);
	add_text(words, "1");
	add_text(words, key);
	add_text(words, store->run);
	add_new_order(words);
}

/* ---- getting ready ---------------------------------------------------------------------- */

void redis_store_reset(struct redis_store *store)
{
	store->is_begun = store->is_ready = false;
	store->origin_count = 0;
}

static void load(struct redis_store *store, const char *script, enum redis_errand errand)
{
	struct words words = {0};

	add_text(&words, "SCRIPT");
	add_text(&words, "LOAD");
	add_text(&words, script);
	say(store, &words, errand, 0);
}

bool redis_store_is_ready(struct redis_store *store)
{
	struct words words = {0};

	if (store->is_begun)
		return store->is_ready;
	store->is_begun = true;
	load(store, redis_script_keep, ERRAND_LOAD_KEEP);
	load(store, redis_script_recall, ERRAND_LOAD_RECALL);
	add_text(&words, "INFO");
	say(store, &words, ERRAND_INFO, 0);
	return false;
}

/* The value of a line of INFO; empty: there is none. */
static struct sl_str value_of(const char *info, const char *name)
{
	const char *at = strstr(info, name);

	if (at == NULL)
		return (struct sl_str){"", 0};
	at += strlen(name);
	return (struct sl_str){at, strcspn(at, "\r\n")};
}

/*
 * A server that writes all it is told to a file, and never followed another, has all its numbers
 * after a restart, but perhaps the last moment's.
 */
static bool keeps_over_restart(const char *info)
{
	struct sl_str replica = value_of(info, "master_replid2:");

	return value_of(info, "aof_enabled:").ptr[0] == '1' &&
	       strspn(replica.ptr, "0") >= replica.len;
}

static const char *take_info(struct redis_store *store, const char *info)
{
	struct sl_str run = value_of(info, "run_id:");
	struct words words = {0};
	char key[128];

	if (run.len == 0)
		return "INFO does not tell its run_id, without which nothing can be kept";
	snprintf(store->run, sizeof(store->run), "%.*s", SL_STR(run));
	snprintf(key, sizeof(key), "%shistory", store->prefix);
	add_text(&words, "EVAL");
	add_text(&words, redis_script_open);
	add_text(&words, "1");
	add_text(&words, key);
	add_text(&words, store->run);
	add_text(&words, keeps_over_restart(info) ? "1" : "0");
	say(store, &words, ERRAND_OPEN, 0);
	redis_link_flush(store->link);
	return NULL;
}

/* ---- keeping ---------------------------------------------------------------------------- */

/* The one before it on this connection; 0: there is none. */
static uint64_t note_sequence(struct redis_store *store, uint64_t origin, uint64_t sequence)
{
	uint64_t before;
	unsigned i = 0;

	while (i < store->origin_count && store->origins[i].origin != origin)
		i++;
	if (i == REDIS_ORIGINS)
		i = store->origin_count = 0;
	before = i < store->origin_count ? store->origins[i].sequence : 0;
	store->origins[i].origin = origin;
	store->origins[i].sequence = sequence;
	if (i == store->origin_count)
		store->origin_count++;
	return before;
}

void redis_store_keep(struct redis_store *store, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	size_t len = SL_BUS_HEAD_BYTES + message->data.len;
	char key[128], channel[101 + 256], *bytes = malloc(len);
	struct words words = {0};

	if (bytes == NULL)
		abort();
	sl_bus_head_write((uint8_t *)bytes, message);
	if (message->data.len > 0)
		memcpy(bytes + SL_BUS_HEAD_BYTES, message->data.ptr, message->data.len);
	snprintf(channel, sizeof(channel), "%s%s", store->prefix, message->topic.ptr);
	begin_script(&words, store, store->keep, key);
	add_text(&words, channel);
	add(&words, message->topic.ptr, message->topic.len);
	add(&words, bytes, len);
	add_order(&words, message->origin);
	add_number(&words, message->sequence);
	add_number(&words, note_sequence(store, message->origin, message->sequence));
	add_number(&words, message->type == SL_BUS_GAP ? 0 : rule->messages);
	add_number(&words, rule->time_ms == UINT64_MAX ? 0 : rule->time_ms);
	add_number(&words, rule->bytes);
	say(store, &words, ERRAND_KEEP, 0);
	free(bytes);
}

/* ---- recalling -------------------------------------------------------------------------- */

/*
 * A filter as a pattern of Lua, for a topic with '/' behind it. A wildcard as the first level does
 * not match what begins with '$'.
 */
static void pattern_of(char out[PATTERN_MAX], const char *filter)
{
	bool is_first = true;

	*out++ = '^';
	for (const char *c = filter; *c != '\0'; c++) {
		bool is_level = c == filter || c[-1] == '/';

		if (is_level && *c == '#') {
			/* Behind "a/" all is right, also nothing. */
			strcpy(out, is_first ? "[^$]" : "");
			return;
		}
		if (is_level && *c == '+') {
			out = stpcpy(out, is_first ? "[^/$][^/]*" : "[^/]+");
		} else {
			if ((unsigned char)*c < 128 && !(*c >= '0' && *c <= '9') &&
				!((*c | 32) >= 'a' && (*c | 32) <= 'z'))
				*out++ = '%';
			*out++ = *c;
		}
		is_first = false;
	}
	strcpy(out, "/$");
}

static bool is_wild(const char *filter)
{
	return strchr(filter, '+') != NULL || strchr(filter, '#') != NULL;
}

void redis_store_recall(struct redis_store *store, const struct sl_bus_recall *what)
{
	bool is_one = what->filter_count == 1 && !is_wild(what->filters[0].ptr);
	char(*patterns)[PATTERN_MAX] = malloc(what->filter_count * sizeof(*patterns));
	struct words words = {0};
	char key[128];

	if (patterns == NULL)
		abort();
	begin_script(&words, store, store->recall, key);
	if (what->order == 0)
		add_text(&words, "");
	else
		add_order(&words, what->order);
	if (what->after == SL_BUS_NOW)
		add_text(&words, "now");
	else
		add_number(&words, what->after);
	add_number(&words, what->bytes);
	add_text(&words, what->anyhow != 0 ? "1" : "0");
	add_text(&words, is_one ? what->filters[0].ptr : "");
	for (size_t i = 0; !is_one && i < what->filter_count && words.count < WORDS_MAX; i++) {
		pattern_of(patterns[i], what->filters[i].ptr);
		add_text(&words, patterns[i]);
	}
	say(store, &words, ERRAND_RECALL, what->id);
	free(patterns);
}

static uint64_t number_of(const struct redisReply *reply, int base)
{
	return reply->str == NULL ? (uint64_t)reply->integer : strtoull(reply->str, NULL, base);
}

static struct sl_str text_of(const struct redisReply *reply)
{
	return (struct sl_str){
		reply->str == NULL ? "" : reply->str, reply->str == NULL ? 0 : (size_t)reply->len};
}

/* [outcome, order, number, [topic, …], [number, topic, message, …]] */
static void take_answer(struct redis_store *store, uint64_t id, const struct redisReply *reply)
{
	struct redisReply **parts = reply->element;
	uint64_t order = number_of(parts[1], 16);
	const struct redisReply *lost = parts[3], *past = parts[4];

	for (size_t i = 0; i < lost->elements; i++)
		sl_bus_lost(store->plugin, text_of(lost->element[i]), 0);
	for (size_t i = 0; i + 2 < past->elements; i += 3) {
		struct sl_bus_message message;

		if (!sl_bus_head_read(&message, text_of(past->element[i + 2])))
			continue;
		message.topic = text_of(past->element[i + 1]);
		message.order = order;
		message.number = number_of(past->element[i], 10);
		sl_bus_recalled(store->plugin, id, &message);
	}
	sl_bus_recall_over(
		store->plugin, id, number_of(parts[0], 10), order, number_of(parts[2], 10));
}

/* ---- replies ---------------------------------------------------------------------------- */

static const char *take_sha(char sha[REDIS_SHA_MAX], const struct redisReply *reply)
{
	if (reply->type != REDIS_REPLY_STRING)
		return "SCRIPT LOAD gives no hash";
	snprintf(sha, REDIS_SHA_MAX, "%s", reply->str);
	return NULL;
}

const char *redis_store_reply(struct redis_store *store, enum redis_errand errand, uint64_t id,
	const struct redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR)
		return reply->str;
	switch (errand) {
	case ERRAND_INFO:
		return reply->type == REDIS_REPLY_STRING ? take_info(store, reply->str)
							 : "INFO tells nothing";
	case ERRAND_LOAD_KEEP:
		return take_sha(store->keep, reply);
	case ERRAND_LOAD_RECALL:
		return take_sha(store->recall, reply);
	case ERRAND_OPEN:
		store->is_ready = true;
		return NULL;
	case ERRAND_KEEP:
		sl_bus_kept(store->plugin, 1);
		return NULL;
	case ERRAND_RECALL:
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 5)
			return "a script answers what it should not";
		take_answer(store, id, reply);
		return NULL;
	}
	return NULL;
}

bool redis_store_read(struct sl_bus_message *out, struct sl_str bytes)
{
	char position[48];
	size_t len = 0;
	uint64_t order, number;
	char *end;

	while (len < bytes.len && len < sizeof(position) - 1 && bytes.ptr[len] != ':')
		len++;
	if (len == bytes.len || bytes.ptr[len] != ':')
		return false;
	memcpy(position, bytes.ptr, len);
	position[len] = '\0';
	order = strtoull(position, &end, 16);
	if (*end != '-')
		return false;
	number = strtoull(end + 1, &end, 10);
	if (*end != '\0' || number == 0 || order == 0 ||
		!sl_bus_head_read(out, (struct sl_str){bytes.ptr + len + 1, bytes.len - len - 1}))
		return false;
	out->order = order;
	out->number = number;
	return true;
}
