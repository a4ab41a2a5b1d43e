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

/* The filter of one that subscribes, or no longer wants to. */
static bool check_filter(const struct sl_conn *conn, const char *what, struct span filter)
{
	struct err why;

	if (!topic_filter_check(filter, &why)) {
		log_error("%s: %s: %s", session_label(conn), what, why.text);
		return false;
	}
	if (!topic_name_is_hidden(filter))
		return true;
	log_error("%s: %s: topic \"%.*s\": nobody may hear what hosts say to each other",
		session_label(conn), what, SPAN_ARG(filter));
	return false;
}

/* ---- subscribing ------------------------------------------------------------------------ */

int topics_subscribe(struct sl_conn *conn, const char *topic, uint32_t flags)
{
	struct host *host = session_host(conn);

	if (conn->extra->exchange != NULL)
		return session_not_open(conn, "sl_subscribe");
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check_filter(conn, "sl_subscribe", span_of(topic)))
		return SL_INVALID;
	if ((flags & ~(uint32_t)SL_EXCLUDE_SELF) != 0) {
		log_error("%s: sl_subscribe with flags %u, wanted SL_EXCLUDE_SELF or 0",
			session_label(conn), flags);
		return SL_INVALID;
	}
	if (fan_out_count(conn) + conn->extra->resume_count >= TOPICS_OF_MEMBER_MAX)
		return SL_FULL;
	resume_cancel(conn, span_of(topic));
	topic_tree_subscribe(
		&host->fan_out.tree, &fan_out_member(conn)->topics, span_of(topic), flags);
	return SL_OK;
}

int topics_subscribe_from(
	struct sl_conn *conn, const char *topic, uint32_t flags, const char *position)
{
	static const uint32_t all = SL_EXCLUDE_SELF | SL_POSITIONS | SL_KEPT;
	struct span filter = span_of(topic);

	if (conn->extra->exchange != NULL)
		return session_not_open(conn, "sl_subscribe_from");
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check_filter(conn, "sl_subscribe_from", filter))
		return SL_INVALID;
	if ((flags & ~all) != 0) {
		log_error("%s: sl_subscribe_from with flags %u, wanted SL_EXCLUDE_SELF, "
			  "SL_POSITIONS and SL_KEPT, or-ed, or 0",
			session_label(conn), flags);
		return SL_INVALID;
	}
	if (fan_out_count(conn) + conn->extra->resume_count >= TOPICS_OF_MEMBER_MAX)
		return SL_FULL;
	resume_cancel(conn, filter);
	fan_out_unsubscribe(conn, filter);
	resume_begin(conn, filter, flags, span_of(position == NULL ? "" : position));
	return SL_OK;
}

int topics_unsubscribe(struct sl_conn *conn, const char *topic)
{
	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check_filter(conn, "sl_unsubscribe", span_of(topic)))
		return SL_INVALID;
	resume_cancel(conn, span_of(topic));
	fan_out_unsubscribe(conn, span_of(topic));
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
	const struct sl_conn *conn; /* NULL: a plugin itself, or the host, of that name */
	const char *name;
	bool is_host;
};

/* For the log. */
static const char *label_of(const struct publisher *from)
{
	return from->conn != NULL ? session_label(from->conn) : from->name;
}

static struct publisher of_conn(const struct sl_conn *conn)
{
	return (struct publisher){session_host(conn), conn, NULL, false};
}

static struct publisher of_plugin(const struct sl_plugin *plugin)
{
	return (struct publisher){host_of_table(*plugin->info.host), NULL, plugin->name, false};
}

static bool check_message(
	const struct publisher *from, struct span topic, uint32_t type, struct span data)
{
	struct err why;

	if (!topic_name_check(topic, &why)) {
		log_error("%s: sl_publish: %s", label_of(from), why.text);
		return false;
	}
	if (!from->is_host && topic_name_is_of_host(topic)) {
		log_error("%s: sl_publish: topic \"%.*s\": the host's own; publish to another",
			label_of(from), SPAN_ARG(topic));
		return false;
	}
	if (type != SL_TEXT && type != SL_BINARY) {
		log_error("%s: sl_publish with type %u, wanted SL_TEXT or SL_BINARY",
			label_of(from), type);
		return false;
	}
	if (data.ptr == NULL && data.len > 0) {
		log_error("%s: sl_publish with %zu bytes at NULL", label_of(from), data.len);
		return false;
	}
	if (data.len > TOPICS_MESSAGE_MAX) {
		log_error("%s: sl_publish with %zu bytes, at most %d can be published",
			label_of(from), data.len, TOPICS_MESSAGE_MAX);
		return false;
	}
	if (type == SL_TEXT && !utf8_valid(data)) {
		log_error("%s: a text of %zu bytes to publish is not UTF-8; publish it as "
			  "SL_BINARY",
			label_of(from), data.len);
		return false;
	}
	return true;
}

/*
 * A publisher that is too fast is so again and again: at most a line every five seconds. Where the
 * topic is kept, it is the way to the history that is full.
 */
static int refuse_full(const struct publisher *from, const char *topic, bool is_kept)
{
	struct fan_out *fan_out = &from->host->fan_out;
	unsigned long long refused = ++fan_out->counts.refused;

	if (!clock_allows(&fan_out->warned_ms, WARN_MS))
		return SL_FULL;
	if (is_kept)
		log_warn("%s: sl_publish to \"%s\": too much waits already to be kept (`topics: "
			 "{queue}`, or `bus: {queue}` with `history_store: bus`); %llu were "
			 "refused up to now",
			label_of(from), topic, refused);
	else
		log_warn("%s: sl_publish to \"%s\": %zu bytes of messages wait for members already "
			 "(`topics: {queue}` is %zu); %llu were refused up to now",
			label_of(from), topic, fan_out->bytes, fan_out->bytes_max, refused);
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
		.publisher = from->conn == NULL ? 0 : from->conn->id,
		.sequence = host->fan_out.counts.published + 1,
	};

	if (!check_message(from, message.topic, type, data))
		return SL_INVALID;
	if (bus_keeps(host, message.topic)) {
		if (!bus_keep(host, &message))
			return refuse_full(from, topic, true);
		host->fan_out.counts.published++;
		return SL_OK;
	}
	if (!fan_out_push(host, &message))
		return refuse_full(from, topic, false);
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
	const struct publisher from = {host, NULL, who, true};

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
		log_error(
			"%s: sl_publishf: the format \"%s\" is not valid", label_of(from), format);
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
