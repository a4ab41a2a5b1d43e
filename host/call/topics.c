/*
 * A publish is checked once, here, whatever the number of members: its name, its type, that a text
 * is UTF-8. Called by plugins through the table of host_table.c. SPDX-License-Identifier: MIT
 */
#include "call/topics.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "call/host_state.h"

enum { WARN_MS = 5000 };

/* Who asks, for the log. */
static bool check(const char *who, const char *what, struct span topic,
	bool (*is_right)(struct span, struct err *))
{
	struct err why;

	if (is_right(topic, &why))
		return true;
	log_error("%s: %s: %s", who, what, why.text);
	return false;
}

/* Where only the host may publish. */
static bool check_published(const char *who, struct span topic)
{
	if (!topic_name_is_of_host(topic))
		return true;
	log_error("%s: sl_publish: topic \"%.*s\": the host's own; publish to another", who,
		SPAN_ARG(topic));
	return false;
}

static bool check_filter(const char *who, const char *what, struct span filter)
{
	if (!check(who, what, filter, topic_filter_check))
		return false;
	if (!topic_name_is_hidden(filter))
		return true;
	log_error("%s: %s: topic \"%.*s\": nobody may hear what hosts say to each other", who, what,
		SPAN_ARG(filter));
	return false;
}

/* ---- subscribing ------------------------------------------------------------------------ */

int topics_subscribe(struct sl_conn *conn, const char *topic, uint32_t flags)
{
	struct host *host = conn->host;
	struct topic_member *member = &conn->topics.topics;

	if (conn->exchange != NULL)
		return session_not_open(conn, "sl_subscribe");
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check_filter(conn->label, "sl_subscribe", span_of(topic)))
		return SL_INVALID;
	if ((flags & ~(uint32_t)SL_EXCLUDE_SELF) != 0) {
		log_error("%s: sl_subscribe with flags %u, wanted SL_EXCLUDE_SELF or 0",
			conn->label, flags);
		return SL_INVALID;
	}
	if (member->count + conn->resume_count >= TOPICS_OF_MEMBER_MAX)
		return SL_FULL;
	resume_cancel(conn, span_of(topic));
	topic_tree_subscribe(&host->fan_out.tree, member, span_of(topic), flags);
	return SL_OK;
}

int topics_subscribe_from(
	struct sl_conn *conn, const char *topic, uint32_t flags, const char *position)
{
	static const uint32_t all = SL_EXCLUDE_SELF | SL_POSITIONS | SL_KEPT;
	struct span filter = span_of(topic);

	if (conn->exchange != NULL)
		return session_not_open(conn, "sl_subscribe_from");
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check_filter(conn->label, "sl_subscribe_from", filter))
		return SL_INVALID;
	if ((flags & ~all) != 0) {
		log_error("%s: sl_subscribe_from with flags %u, wanted SL_EXCLUDE_SELF, "
			  "SL_POSITIONS and SL_KEPT, or-ed, or 0",
			conn->label, flags);
		return SL_INVALID;
	}
	if (conn->topics.topics.count + conn->resume_count >= TOPICS_OF_MEMBER_MAX)
		return SL_FULL;
	resume_cancel(conn, filter);
	topic_tree_unsubscribe(&conn->host->fan_out.tree, &conn->topics.topics, filter);
	resume_begin(conn, filter, flags, span_of(position == NULL ? "" : position));
	return SL_OK;
}

int topics_unsubscribe(struct sl_conn *conn, const char *topic)
{
	struct fan_out *fan_out = &conn->host->fan_out;

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check(conn->label, "sl_unsubscribe", span_of(topic), topic_filter_check))
		return SL_INVALID;
	resume_cancel(conn, span_of(topic));
	topic_tree_unsubscribe(&fan_out->tree, &conn->topics.topics, span_of(topic));
	return SL_OK;
}

size_t topics_subscribers(const struct sl_host *table, const char *topic)
{
	const struct fan_out *fan_out = &host_of_table(table)->fan_out;
	struct err why;

	if (!topic_name_check(span_of(topic), &why))
		return 0;
	return topic_tree_count(&fan_out->tree, span_of(topic)) +
	       (size_t)topic_counts_sum(&fan_out->others, span_of(topic));
}

/* ---- publishing ------------------------------------------------------------------------- */

struct publisher {
	struct host *host;
	uint64_t id; /* of the connection; 0: a plugin itself */
	const char *label;
	bool is_host;
};

static struct publisher of_conn(const struct sl_conn *conn)
{
	return (struct publisher){conn->host, conn->id, conn->label, false};
}

static struct publisher of_plugin(const struct sl_plugin *plugin)
{
	return (struct publisher){host_of_table(*plugin->info.host), 0, plugin->name, false};
}

static bool check_message(
	const struct publisher *from, struct span topic, uint32_t type, struct span data)
{
	if (!check(from->label, "sl_publish", topic, topic_name_check) ||
		(!from->is_host && !check_published(from->label, topic)))
		return false;
	if (type != SL_TEXT && type != SL_BINARY) {
		log_error("%s: sl_publish with type %u, wanted SL_TEXT or SL_BINARY", from->label,
			type);
		return false;
	}
	if (data.ptr == NULL && data.len > 0) {
		log_error("%s: sl_publish with %zu bytes at NULL", from->label, data.len);
		return false;
	}
	if (data.len > TOPICS_MESSAGE_MAX) {
		log_error("%s: sl_publish with %zu bytes, at most %d can be published", from->label,
			data.len, TOPICS_MESSAGE_MAX);
		return false;
	}
	if (type == SL_TEXT && !utf8_valid(data)) {
		log_error("%s: a text of %zu bytes to publish is not UTF-8; publish it as "
			  "SL_BINARY",
			from->label, data.len);
		return false;
	}
	return true;
}

/* A publisher that is too fast is so again and again: at most a line every five seconds. */
static void warn_full(const struct publisher *from, const char *topic)
{
	struct fan_out *fan_out = &from->host->fan_out;

	if (!clock_allows(&fan_out->warned_ms, WARN_MS))
		return;
	log_warn("%s: sl_publish to \"%s\": %zu bytes of messages wait for members already "
		 "(`topics: {queue}` is %zu); %llu were refused up to now",
		from->label, topic, fan_out->bytes, fan_out->bytes_max,
		(unsigned long long)fan_out->counts.refused);
}

static int refuse_full(const struct publisher *from, const char *topic)
{
	from->host->fan_out.counts.refused++;
	warn_full(from, topic);
	return SL_FULL;
}

static int publish(const struct publisher *from, const char *topic, uint32_t type, struct span data)
{
	struct host *host = from->host;
	struct bus_message message = {
		.topic = span_of(topic),
		.opcode = type == SL_TEXT ? WS_TEXT : WS_BINARY,
		.payload = data,
		.host = bus_host_id(host),
		.publisher = from->id,
		.sequence = host->fan_out.counts.published + 1,
	};

	if (!check_message(from, message.topic, type, data))
		return SL_INVALID;
	if (bus_keeps(host, message.topic)) {
		if (!bus_keep(host, &message))
			return refuse_full(from, topic);
		host->fan_out.counts.published++;
		return SL_OK;
	}
	if (!fan_out_push(host, &message))
		return refuse_full(from, topic);
	host->fan_out.counts.published++;
	bus_publish(host, &message);
	return SL_OK;
}

int topics_publish(
	struct sl_conn *conn, const char *topic, uint32_t type, const void *data, size_t len)
{
	const struct publisher from = of_conn(conn);

	return publish(&from, topic, type, (struct span){data, len});
}

int topics_plugin_publish(
	struct sl_plugin *plugin, const char *topic, uint32_t type, const void *data, size_t len)
{
	const struct publisher from = of_plugin(plugin);

	return publish(&from, topic, type, (struct span){data, len});
}

bool topics_host_publish(struct host *host, const char *who, const char *topic,
	enum ws_opcode opcode, struct span data)
{
	const struct publisher from = {host, 0, who, true};

	return publish(&from, topic, opcode == WS_TEXT ? SL_TEXT : SL_BINARY, data) == SL_OK;
}

SL_PRINTF(3, 0)
static int vpublishf(
	const struct publisher *from, const char *topic, const char *format, va_list args)
{
	struct buf text = {0};
	va_list again;
	int len, result = SL_INVALID;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0) {
		log_error("%s: sl_publishf: the format \"%s\" is not valid", from->label, format);
		return SL_INVALID;
	}
	buf_reserve(&text, (size_t)len + 1);
	vsnprintf(text.data, (size_t)len + 1, format, args);
	text.len = (size_t)len;
	result = publish(from, topic, SL_TEXT, buf_span(&text));
	buf_fini(&text);
	return result;
}

int topics_vpublishf(struct sl_conn *conn, const char *topic, const char *format, va_list args)
{
	const struct publisher from = of_conn(conn);

	return vpublishf(&from, topic, format, args);
}

int topics_plugin_vpublishf(
	struct sl_plugin *plugin, const char *topic, const char *format, va_list args)
{
	const struct publisher from = of_plugin(plugin);

	return vpublishf(&from, topic, format, args);
}
