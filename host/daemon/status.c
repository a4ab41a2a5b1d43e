/*
 * One JSON document is the truth, the text is made of it. A worker that is stuck must not hold up
 * who asks why: it has ANSWER_MS. Called by control.c. SPDX-License-Identifier: MIT
 */
#include "daemon/status.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/master_state.h"
#include "daemon/message_kinds.h"
#include "daemon/status_hosts.h"
#include "daemon/status_metrics.h"
#include "daemon/status_text.h"

enum { ANSWER_MS = 2000 };

void status_ask(struct master *master)
{
	struct status *status = &master->status_answers;

	if (status->is_asked)
		return;
	status->is_asked = true;
	status->due_ms = process_now_ms() + ANSWER_MS;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		status->waits_for[i] = crew_is_alive(member);
		if (status->waits_for[i])
			crew_say(member, TO_STATUS);
	}
}

void status_take(struct master *master, const struct member *member, struct span answer)
{
	struct status *status = &master->status_answers;

	status->waits_for[member->index] = false;
	json_decref(status->answers[member->index]);
	status->answers[member->index] = json_loadb(answer.ptr, answer.len, 0, NULL);
}

bool status_is_due(const struct master *master)
{
	const struct status *status = &master->status_answers;

	if (!status->is_asked)
		return false;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (status->waits_for[i] && crew_is_alive(&master->crew.members[i]))
			return process_now_ms() >= status->due_ms;
	return true;
}

uint64_t status_due_ms(const struct master *master)
{
	return master->status_answers.due_ms;
}

void status_forget(struct master *master)
{
	struct status *status = &master->status_answers;

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		json_decref(status->answers[i]);
	memset(status, 0, sizeof(*status));
}

/* ---- the document ----------------------------------------------------------------------- */

static json_t *text_json(const char *text, size_t len)
{
	json_t *value = json_stringn(text, len);

	/* A path or a reason may hold what is no UTF-8. */
	return value != NULL ? value : json_string("?");
}

/* The worker's own figures, and what the hub has for it; null without an answer. */
static json_t *topics_json(const struct member *member, const json_t *answer)
{
	const struct bus_link *link = &member->link;
	json_t *out = json_copy(json_object_get(answer, "topics"));

	if (out == NULL)
		return json_null();
	json_object_set_new(
		out, "hub_queued", json_integer((json_int_t)channel_queued(&link->channel)));
	json_object_set_new(out, "hub_lost", json_integer((json_int_t)link->lost));
	return out;
}

/* Of topics that are kept: in the memory of this process. */
static json_t *history_json(const struct master *master)
{
	const struct topic_history *history = &master->hub.history;
	bool is_on_bus = master->committed != NULL && master->committed->is_right &&
			 master->committed->config.topics.history_store == HISTORY_ON_BUS;

	return json_pack("{s:s, s:I, s:I, s:I, s:I}", "store", is_on_bus ? "bus" : "memory",
		"topics", (json_int_t)history->topic_count, "messages",
		(json_int_t)history->message_count, "bytes", (json_int_t)history->bytes,
		"bytes_max", (json_int_t)history->bytes_max);
}

static json_t *member_json(const struct master *master, const struct member *member)
{
	static const char *const states[] = {"none", "starting", "serving", "leaving"};
	const json_t *answer = master->status_answers.answers[member->index];
	json_t *connections = json_object_get(answer, "connections");
	json_t *out = json_pack("{s:i, s:s, s:I, s:i, s:I, s:i}", "worker", member->index + 1,
		"state", states[member->state], "pid", (json_int_t)member->pid, "generation",
		member->number, "since_ms", (json_int_t)(process_now_ms() - member->since_ms),
		"deaths", member->deaths);

	json_object_set(out, "connections", connections);
	json_object_set_new(out, "topics", topics_json(member, answer));
	json_object_set(out, "bus", json_object_get(answer, "bus"));
	if (connections == NULL)
		json_object_set_new(out, "connections", json_null());
	if (member->end[0] != '\0')
		json_object_set_new(out, "last_end", json_string(member->end));
	return out;
}

static json_t *members_json(const struct master *master)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (i < master->crew.wanted || crew_is_alive(&master->crew.members[i]))
			json_array_append_new(out, member_json(master, &master->crew.members[i]));
	return out;
}

static bool is_same_row(const json_t *a, const json_t *b)
{
	return json_equal(json_object_get(a, "generation"), json_object_get(b, "generation")) &&
	       json_equal(json_object_get(a, "path"), json_object_get(b, "path"));
}

static void add_count(json_t *to, const json_t *row, const char *key)
{
	json_object_set_new(to, key,
		json_integer(json_integer_value(json_object_get(to, key)) +
			     json_integer_value(json_object_get(row, key))));
}

static void add_counts(json_t *to, const json_t *row)
{
	add_count(to, row, "connections");
	add_count(to, row, "moved");
	add_count(to, row, "draining");
	add_count(to, row, "measured");
	add_count(to, row, "rtt_sum_us");
}

/* Adds a worker's counts to the row of all workers. */
static void add_route(json_t *rows, json_t *row)
{
	json_t *other;
	size_t i;

	json_array_foreach(rows, i, other)
	{
		if (!is_same_row(other, row))
			continue;
		add_counts(other, row);
		return;
	}
	json_array_append_new(rows, json_deep_copy(row));
}

/* The row of that generation, made if there is none. */
static json_t *row_of_generation(json_t *rows, const json_t *number)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (json_equal(json_object_get(row, "generation"), number))
			return row;
	}
	json_array_append_new(rows, json_pack("{s:I}", "generation", json_integer_value(number)));
	return json_array_get(rows, json_array_size(rows) - 1);
}

/* The mean of connections that were pinged, instead of their sum. */
static void set_rtt(json_t *row)
{
	json_int_t measured = json_integer_value(json_object_get(row, "measured"));
	json_int_t sum = json_integer_value(json_object_get(row, "rtt_sum_us"));

	json_object_del(row, "measured");
	json_object_del(row, "rtt_sum_us");
	json_object_set_new(
		row, "rtt_us", measured == 0 ? json_null() : json_integer(sum / measured));
}

/* Who keeps which generation alive. */
static json_t *generations_json(const json_t *routes)
{
	json_t *out = json_array(), *row;
	size_t i;

	json_array_foreach(routes, i, row)
		add_counts(row_of_generation(out, json_object_get(row, "generation")), row);
	json_array_foreach(out, i, row) set_rtt(row);
	return out;
}

static json_t *routes_json(const struct master *master)
{
	json_t *out = json_array(), *row;
	size_t i;

	for (unsigned worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
		json_t *answer = master->status_answers.answers[worker];

		json_array_foreach(json_object_get(answer, "routes"), i, row) add_route(out, row);
	}
	return out;
}

/* Each worker has its own: what keeps a version may have run in one of them only. */
static json_t *parked_json(const struct master *master)
{
	json_t *out = json_array(), *row, *copy;
	size_t i;

	for (unsigned worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
		json_t *answer = master->status_answers.answers[worker];

		json_array_foreach(json_object_get(answer, "parked"), i, row)
		{
			copy = json_deep_copy(row);
			json_object_set_new(copy, "worker", json_integer(worker + 1));
			json_array_append_new(out, copy);
		}
	}
	return out;
}

/* The host's own have no plugin. */
static bool is_same_counter(const json_t *a, const json_t *b)
{
	const json_t *plugin = json_object_get(a, "plugin"), *other = json_object_get(b, "plugin");

	return json_equal(json_object_get(a, "name"), json_object_get(b, "name")) &&
	       (plugin == other || json_equal(plugin, other));
}

/* The row of the same counter, made if there is none. */
static json_t *row_of_counter(json_t *rows, const json_t *counter)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (is_same_counter(row, counter))
			return row;
	}
	row = json_deep_copy(counter);
	json_object_set_new(row, "value", json_integer(0));
	json_array_append_new(rows, row);
	return row;
}

static json_t *counters_json(const struct master *master)
{
	json_t *out = json_array(), *counter;
	size_t i;

	for (unsigned worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
		json_t *answer = master->status_answers.answers[worker];

		json_array_foreach(json_object_get(answer, "counters"), i, counter)
			add_count(row_of_counter(out, counter), counter, "value");
	}
	return out;
}

static json_t *plugins_json(const struct master *master)
{
	const struct order *order = &master->committed->order;
	json_t *out = json_array();

	for (size_t i = 0; i < order->offer_count; i++)
		json_array_append_new(out, json_pack("{s:s, s:i}", "name", order->offers[i].name,
						   "version", order->offers[i].version));
	return out;
}

static void print_time(char out[32], time_t at)
{
	struct tm utc;

	gmtime_r(&at, &utc);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static json_t *quarantine_json(const struct master *master)
{
	json_t *out = json_array();

	for (size_t i = 0; i < master->suspects.count; i++) {
		const struct suspect *suspect = &master->suspects.items[i];
		char since[32];

		if (!suspects_is_held(suspect, &master->committed->order))
			continue;
		print_time(since, suspect->quarantined_at);
		json_array_append_new(
			out, json_pack("{s:o, s:i, s:i, s:s}", "plugin",
				     text_json(suspect->plugin, strlen(suspect->plugin)), "version",
				     suspect->version, "deaths", suspect->deaths, "since", since));
	}
	return out;
}

static json_t *listens_json(const struct master *master)
{
	char url[LISTEN_URL_SIZE];
	json_t *out = json_array();

	for (size_t i = 0; i < master->committed->listen_count; i++) {
		listen_set_print(url, &master->listens, &master->committed->listens[i]);
		json_array_append_new(out, json_string(url));
	}
	return out;
}

static json_t *reload_json(const struct master *master)
{
	const struct report *report = &master->report;
	struct span rest = buf_span(&report->text);
	json_t *lines = json_array();
	char at[32] = "";

	if (report->at == 0) {
		json_decref(lines);
		return json_null();
	}
	print_time(at, report->at);
	while (rest.len > 0) {
		struct span line = span_cut(&rest, '\n');

		json_array_append_new(lines, text_json(line.ptr, line.len));
	}
	return json_pack("{s:s, s:s, s:o}", "at", at, "result",
		report->is_done ? "done" : "refused", "text", lines);
}

void status_print(struct buf *out, const struct master *master, enum status_form form)
{
	json_t *all, *routes, *generations, *row;
	char *text;
	size_t i;

	if (master->committed == NULL) {
		buf_printf(out, form == STATUS_TEXT   ? "starting\n"
				: form == STATUS_JSON ? "{}\n"
						      : "");
		return;
	}
	routes = routes_json(master);
	generations = generations_json(routes);
	json_array_foreach(routes, i, row) set_rtt(row);
	all = json_pack("{s:s, s:I, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version",
		SOCKLET_VERSION, "pid", (json_int_t)getpid(), "generation",
		master->committed->order.number, "listen", listens_json(master), "workers",
		members_json(master), "generations", generations, "routes", routes, "plugins",
		plugins_json(master), "parked", parked_json(master), "quarantine",
		quarantine_json(master), "counters", counters_json(master), "reload",
		reload_json(master));
	json_object_set_new(all, "history", history_json(master));
	json_object_set_new(all, "presence", status_hosts_own(master));
	json_object_set_new(all, "hosts", status_hosts_others(master));
	if (form == STATUS_JSON) {
		text = json_dumps(all, JSON_INDENT(2));
		buf_printf(out, "%s\n", text);
		free(text);
	} else if (form == STATUS_METRICS) {
		status_metrics(out, all);
	} else {
		status_text(out, all);
	}
	json_decref(all);
}
