/*
 * A connection keeps its own list, so that leaving costs as much as it has joined. A notice is an
 * ordinary message, published by the worker of the connection, or by another one if that has died:
 * so it reaches all workers, and other hosts, as all messages do. Called by host_table.c, session.c
 * and daemon/. SPDX-License-Identifier: MIT
 */
#include "call/presence.h"

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

static void publish(
	struct host *host, const char *event, const char *topic, uint64_t id, const char *label)
{
	json_t *json = json_pack("{s:s, s:s, s:I, s:s}", "event", event, "topic", topic, "id",
		(json_int_t)id, "label", label);
	char *text = json_dumps(json, JSON_COMPACT);
	struct buf name = {0};

	buf_printf(&name, "%s%s", notices, topic);
	buf_append(&name, "", 1);
	topics_host_publish(host, "presence", name.data, WS_TEXT, span_of(text));
	buf_fini(&name);
	free(text);
	json_decref(json);
}

void presence_gone(struct host *host, const char *topic, uint64_t id, const char *label)
{
	publish(host, "leave", topic, id, label);
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
	publish(session_host(conn), "join", topic, conn->id, label);
}

static void leave(struct sl_conn *conn, struct presence_entry *entry)
{
	struct presence_link *link = session_host(conn)->presence;

	LIST_REMOVE(entry, link);
	session_extra(conn)->presence.count--;
	if (link != NULL)
		link->ops->leave(link, span_of(entry->topic), conn->id);
	publish(session_host(conn), "leave", entry->topic, conn->id, entry->label);
	free(entry->label);
	free(entry);
}

void presence_end(struct sl_conn *conn)
{
	while (!LIST_EMPTY(&conn->extra->presence.entries))
		leave(conn, LIST_FIRST(&conn->extra->presence.entries));
}

/* Whether there can be notices of it, too: they have a level more. */
static bool check(const struct sl_conn *conn, const char *who, const char *topic)
{
	struct buf name = {0};
	struct err why;
	bool is_right;

	buf_printf(&name, "%s%s", notices, topic);
	is_right = topic_name_check(buf_span(&name), &why);
	if (!is_right)
		log_error("%s: %s: %s", session_label(conn), who, why.text);
	buf_fini(&name);
	return is_right;
}

static bool check_label(const struct sl_conn *conn, const char *label)
{
	if (strlen(label) <= PRESENCE_LABEL_MAX && utf8_valid(span_of(label)))
		return true;
	log_error("%s: sl_present with a label of %zu bytes, wanted UTF-8 of at most %d",
		session_label(conn), strlen(label), PRESENCE_LABEL_MAX);
	return false;
}

int presence_set(struct sl_conn *conn, const char *topic, const char *label)
{
	struct presence_entry *entry;

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (!check(conn, "sl_present", topic) || (label != NULL && !check_label(conn, label)))
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
	if (!check(conn, "sl_send_present", topic))
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
