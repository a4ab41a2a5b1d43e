/*
 * What one worker has to say to a question that concerns all of them: it looks at its own
 * connections, and ends those that it is told to. Questions come from workers of this host only,
 * which have checked what they pass on. Called by admin.c and by daemon/.
 * SPDX-License-Identifier: MIT
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/detail.h"
#include "call/host_state.h"

struct question {
	struct host *host;
	const json_t *json;
};

static const char *text_of(const struct question *question, const char *name)
{
	const char *text = json_string_value(json_object_get(question->json, name));

	return text == NULL ? "" : text;
}

/* ---- members of a topic ----------------------------------------------------------------- */

struct members {
	struct sl_conn **items;
	size_t count, capacity;
};

static void add_member(void *context, struct topic_member *member)
{
	struct members *members = context;

	if (members->count == members->capacity) {
		members->capacity = members->capacity == 0 ? 64 : members->capacity * 2;
		members->items = xrealloc(
			members->items, members->capacity * sizeof(*members->items));
	}
	members->items[members->count++] = fan_out_conn_of(member);
}

static struct members members_of(const struct question *question)
{
	struct members members = {0};

	topic_tree_each_member(&question->host->fan_out.tree, span_of(text_of(question, "topic")),
		add_member, &members);
	return members;
}

/* ---- answers ---------------------------------------------------------------------------- */

static json_t *count(const struct question *question)
{
	struct members members = members_of(question);

	free(members.items);
	return json_pack("{s:I}", "count", (json_int_t)members.count);
}

static json_t *list_members(const struct question *question)
{
	struct members members = members_of(question);
	json_t *rows = json_array();

	for (size_t i = 0; i < members.count && i < ADMIN_MEMBERS_MAX; i++)
		json_array_append_new(
			rows, json_pack("{s:I, s:o, s:s}", "id", (json_int_t)members.items[i]->id,
				      "peer", detail_text(span_of(session_peer(members.items[i]))),
				      "route", members.items[i]->route->conf->path.text));
	free(members.items);
	return json_pack("{s:I, s:o}", "count", (json_int_t)members.count, "rows", rows);
}

static bool end(const struct question *question, struct sl_conn *conn)
{
	unsigned code = (unsigned)json_integer_value(json_object_get(question->json, "code"));

	if (conn == NULL || conn->phase == SESSION_ENDED)
		return false;
	session_stop(conn, code, text_of(question, "reason"));
	return true;
}

static json_t *disconnect(const struct question *question)
{
	json_int_t id = json_integer_value(json_object_get(question->json, "id"));
	struct session_table *table = &question->host->sessions;
	struct members members;
	json_int_t ended = 0;

	if (id != 0)
		return json_pack("{s:I}", "count",
			(json_int_t)end(question, session_table_find(table, (uint64_t)id)));
	/* Who ends leaves the topic, which must not change while it is looked at. */
	members = members_of(question);
	for (size_t i = 0; i < members.count; i++)
		ended += end(question, members.items[i]);
	free(members.items);
	return json_pack("{s:I}", "count", ended);
}

static const struct {
	const char *name;
	json_t *(*answer)(const struct question *question);
} answers[] = {
	{"count", count},
	{"members", list_members},
	{"disconnect", disconnect},
};

void admin_question(struct host *host, struct span text, struct buf *out)
{
	json_t *json = json_loadb(text.ptr, text.len, 0, NULL), *answer = NULL;
	const struct question question = {host, json};
	char *made;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strcmp(text_of(&question, "ask"), answers[i].name) == 0)
			answer = answers[i].answer(&question);
	made = json_dumps(answer, JSON_COMPACT);
	buf_append_span(out, made == NULL ? SPAN("{}") : span_of(made));
	free(made);
	json_decref(answer);
	json_decref(json);
}
