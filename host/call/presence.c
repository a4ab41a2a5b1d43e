/*
 * A connection keeps its own list, so that leaving costs as much as it has joined. A notice is an
 * ordinary message, published by the worker of the connection, or by the master if that has died,
 * and reaches all workers of this host as all messages do. Other hosts make their own, of what
 * their masters are told. Called by host_table.c, session.c and daemon/.
 * SPDX-License-Identifier: MIT
 */
#include "call/presence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "call/host_state.h"
#include "call/topics.h"

static const char notices[] = "$presence/";

struct presence_entry {
	LIST_ENTRY(presence_entry) link;
	char *label;
	char topic[];
};

void presence_set_link(struct host *host, struct presence_link *link)
{
	host->presence = link;
}

/* ---- notices ---------------------------------------------------------------------------- */

void presence_print_host(char out[PRESENCE_HOST_SIZE], uint64_t host)
{
	snprintf(out, PRESENCE_HOST_SIZE, "%016" PRIx64, host);
}

static json_t *text_of(struct span text)
{
	return json_stringn(text.len == 0 ? "" : text.ptr, text.len);
}

void presence_print_notice(struct buf *out, const struct presence_notice *notice)
{
	json_t *json = json_pack("{s:s, s:o}", "event", notice->has_come ? "join" : "leave",
		"topic", text_of(notice->topic));
	char host[PRESENCE_HOST_SIZE], *text;

	presence_print_host(host, notice->host);
	if (notice->host != 0)
		json_object_set_new(json, "host", json_string(host));
	json_object_set_new(json, "id", json_integer((json_int_t)notice->id));
	json_object_set_new(json, "label", text_of(notice->label));
	text = json_dumps(json, JSON_COMPACT);
	buf_append_span(out, span_of(text));
	free(text);
	json_decref(json);
}

void presence_print_topic(struct buf *out, struct span topic)
{
	buf_printf(out, "%s%.*s", notices, SPAN_ARG(topic));
}

static void publish(
	struct host *host, bool has_come, const char *topic, uint64_t id, const char *label)
{
	const struct presence_notice notice = {
		.has_come = has_come,
		.topic = span_of(topic),
		.label = span_of(label),
		.host = host->broker.plugin == NULL ? 0 : bus_host_id(host),
		.id = id,
	};
	struct buf name = {0}, text = {0};

	presence_print_topic(&name, notice.topic);
	buf_append(&name, "", 1);
	presence_print_notice(&text, &notice);
	topics_host_publish(host, "presence", name.data, WS_TEXT, buf_span(&text));
	buf_fini(&name);
	buf_fini(&text);
}

/* ---- a connection comes and goes -------------------------------------------------------- */

static struct presence_entry *find(const struct sl_conn *conn, const char *topic)
{
	struct presence_entry *entry;

	LIST_FOREACH (entry, &conn->extra->presence.entries, link)
		if (strcmp(entry->topic, topic) == 0)
			return entry;
	return NULL;
}

/* The master first: who hears the notice and asks finds it in the list. */
static void join(struct sl_conn *conn, const char *topic, const char *label)
{
	struct presence_link *link = session_host(conn)->presence;
	size_t size = strlen(topic) + 1;
	struct presence_entry *entry = xcalloc(1, sizeof(*entry) + size);

	memcpy(entry->topic, topic, size);
	entry->label = xstrdup(label);
	LIST_INSERT_HEAD(&session_extra(conn)->presence.entries, entry, link);
	session_extra(conn)->presence.count++;
	if (link != NULL)
		link->ops->join(link, span_of(topic), conn->id, span_of(label));
	publish(session_host(conn), true, topic, conn->id, label);
}

static void leave(struct sl_conn *conn, struct presence_entry *entry)
{
	struct presence_link *link = session_host(conn)->presence;

	LIST_REMOVE(entry, link);
	session_extra(conn)->presence.count--;
	if (link != NULL)
		link->ops->leave(link, span_of(entry->topic), conn->id);
	publish(session_host(conn), false, entry->topic, conn->id, entry->label);
	free(entry->label);
	free(entry);
}

void presence_end(struct sl_conn *conn)
{
	while (!LIST_EMPTY(&conn->extra->presence.entries))
		leave(conn, LIST_FIRST(&conn->extra->presence.entries));
}

bool presence_check_topic(struct span topic, struct err *why)
{
	struct buf name = {0};
	bool is_right;

	if (topic.len > TOPIC_NAME_MAX)
		return topic_name_check(topic, why);
	presence_print_topic(&name, topic);
	is_right = topic_name_check(buf_span(&name), why);
	buf_fini(&name);
	return is_right;
}

bool presence_check_label(struct span label, struct err *why)
{
	if (label.len <= PRESENCE_LABEL_MAX && utf8_valid(label))
		return true;
	err_set(why, ERR_BAD_REQUEST, "a label of %zu bytes, wanted UTF-8 of at most %d", label.len,
		PRESENCE_LABEL_MAX);
	return false;
}

static bool check(const struct sl_conn *conn, const char *who, const char *topic, const char *label)
{
	struct err why;

	if (presence_check_topic(span_of(topic), &why) &&
		(label == NULL || presence_check_label(span_of(label), &why)))
		return true;
	log_error("%s: %s: %s", session_label(conn), who, why.text);
	return false;
}

int presence_set(struct sl_conn *conn, const char *topic, const char *label)
{
	struct presence_entry *entry;

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check(conn, "sl_present", topic, label))
		return SL_INVALID;
	entry = find(conn, topic);
	if (entry != NULL && label != NULL && strcmp(entry->label, label) == 0)
		return SL_OK;
	if (entry == NULL && conn->extra->presence.count >= TOPICS_OF_MEMBER_MAX && label != NULL)
		return SL_FULL;
	if (entry != NULL)
		leave(conn, entry);
	if (label != NULL)
		join(conn, topic, label);
	return SL_OK;
}

/* ---- who is there ----------------------------------------------------------------------- */

int presence_send(struct sl_conn *conn, const char *topic)
{
	struct presence_link *link = session_host(conn)->presence;

	if (conn->phase != SESSION_OPEN)
		return SL_CLOSED;
	if (!check(conn, "sl_send_present", topic, NULL))
		return SL_INVALID;
	if (link == NULL)
		return SL_FAILED;
	return link->ops->ask(link, span_of(topic), conn->id) ? SL_OK : SL_FULL;
}

void presence_listed(struct host *host, uint64_t id, struct span json)
{
	struct sl_conn *conn = session_table_find(&host->sessions, id);

	if (conn != NULL && conn->phase == SESSION_OPEN)
		session_send(conn, SL_TEXT, json);
}
