/*
 * Tables with a heading each; an empty one is left out. Knows nothing but the document. Called by
 * status.c. SPDX-License-Identifier: MIT
 */
#include "daemon/status_text.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text == NULL ? "-" : text;
}

static json_int_t number_of(const json_t *row, const char *key)
{
	return json_integer_value(json_object_get(row, key));
}

/* "850 ms", "12 s", "3 min", "5 h", "9 d" */
static void print_span(char *out, size_t size, json_int_t ms)
{
	static const struct {
		json_int_t ms;
		const char *unit;
	} units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}, {1, "ms"}};
	size_t i = 0;

	/* The largest of which there are two. */
	while (i < 4 && ms < 2 * units[i].ms)
		i++;
	snprintf(out, size, "%lld %s", (long long)(ms / units[i].ms), units[i].unit);
}

static void put_head(struct buf *out, const json_t *status)
{
	const json_t *url;
	size_t i;

	buf_printf(out, "socklet %s, pid %lld, generation %lld", text_of(status, "version"),
		(long long)number_of(status, "pid"), (long long)number_of(status, "generation"));
	json_array_foreach(json_object_get(status, "listen"), i, url)
		buf_printf(out, "%s%s", i == 0 ? ", listening on " : " ", json_string_value(url));
	buf_printf(out, "\n");
}

static void put_workers(struct buf *out, const json_t *workers)
{
	const json_t *row;
	size_t i;

	buf_printf(out, "\n%-7s %-8s %-9s %-10s %-8s %-11s %s\n", "WORKER", "PID", "STATE",
		"GENERATION", "SINCE", "CONNECTIONS", "DEATHS");
	json_array_foreach(workers, i, row)
	{
		const json_t *connections = json_object_get(row, "connections");
		char since[32], count[32] = "no answer";

		print_span(since, sizeof(since), number_of(row, "since_ms"));
		if (json_is_integer(connections))
			snprintf(count, sizeof(count), "%lld",
				(long long)json_integer_value(connections));
		buf_printf(out, "%-7lld %-8lld %-9s %-10lld %-8s %-11s %lld",
			(long long)number_of(row, "worker"), (long long)number_of(row, "pid"),
			text_of(row, "state"), (long long)number_of(row, "generation"), since,
			count, (long long)number_of(row, "deaths"));
		if (json_object_get(row, "last_end") != NULL)
			buf_printf(out, ", the last %s", text_of(row, "last_end"));
		buf_printf(out, "\n");
	}
}

static void put_topics(struct buf *out, const json_t *workers)
{
	const json_t *row, *topics;
	bool has_head = false;
	size_t i;

	json_array_foreach(workers, i, row)
	{
		topics = json_object_get(row, "topics");
		if (number_of(topics, "subscriptions") + number_of(topics, "published") == 0)
			continue;
		if (!has_head)
			buf_printf(out, "\n%-7s %-8s %-14s %-10s %-10s %-6s %-10s %s\n", "WORKER",
				"TOPICS", "SUBSCRIPTIONS", "PUBLISHED", "DELIVERED", "LOST",
				"WAITING", "IN THE HUB");
		has_head = true;
		buf_printf(out, "%-7lld %-8lld %-14lld %-10lld %-10lld %-6lld %-10lld %lld\n",
			(long long)number_of(row, "worker"),
			(long long)number_of(topics, "filters"),
			(long long)number_of(topics, "subscriptions"),
			(long long)number_of(topics, "published"),
			(long long)number_of(topics, "delivered"),
			(long long)number_of(topics, "lost"),
			(long long)number_of(topics, "queued"),
			(long long)number_of(topics, "hub_queued"));
	}
}

/* How much a broker holds only it can say; how far the workers are, they do. */
static void put_history_on_bus(struct buf *out, const json_t *workers)
{
	const char *between = ";";
	const json_t *row;
	size_t i;

	buf_printf(out, "\nhistory: in the store of the bus");
	json_array_foreach(workers, i, row)
	{
		const json_t *bus = json_object_get(row, "bus");

		if (!json_is_string(json_object_get(bus, "position")))
			continue;
		buf_printf(out, "%s worker %lld is at %s", between,
			(long long)number_of(row, "worker"), text_of(bus, "position"));
		between = ",";
	}
	buf_printf(out, "\n");
}

static void put_history(struct buf *out, const json_t *history, const json_t *workers)
{
	if (strcmp(text_of(history, "store"), "bus") == 0)
		put_history_on_bus(out, workers);
	else if (number_of(history, "topics") > 0)
		buf_printf(out, "\nhistory: %lld messages of %lld topics, %lld of %lld bytes\n",
			(long long)number_of(history, "messages"),
			(long long)number_of(history, "topics"),
			(long long)number_of(history, "bytes"),
			(long long)number_of(history, "bytes_max"));
}

static void put_bus(struct buf *out, const json_t *workers)
{
	const json_t *row, *bus;
	bool has_head = false;
	size_t i;

	json_array_foreach(workers, i, row)
	{
		bus = json_object_get(row, "bus");
		if (!json_is_object(bus))
			continue;
		if (!has_head)
			buf_printf(out, "\n%-7s %-12s %-11s %-10s %-10s %-8s %-6s %-10s %s\n",
				"WORKER", "BUS", "STATE", "PUBLISHED", "RECEIVED", "DROPPED",
				"LOST", "WAITING", "SAYS");
		has_head = true;
		buf_printf(out, "%-7lld %-12s %-11s %-10lld %-10lld %-8lld %-6lld %-10lld %s\n",
			(long long)number_of(row, "worker"), text_of(bus, "driver"),
			text_of(bus, "state"), (long long)number_of(bus, "published"),
			(long long)number_of(bus, "received"), (long long)number_of(bus, "dropped"),
			(long long)number_of(bus, "lost"), (long long)number_of(bus, "queued"),
			text_of(bus, "text"));
	}
}

static void put_hosts(struct buf *out, const json_t *hosts)
{
	const json_t *row;
	size_t i;

	if (json_array_size(hosts) > 0)
		buf_printf(out, "\n%-16s %-8s %-8s %-8s %s\n", "OTHER HOST", "STATE", "MEMBERS",
			"LEFT OUT", "HEARD BEFORE");
	json_array_foreach(hosts, i, row)
	{
		char heard[32];

		print_span(heard, sizeof(heard), number_of(row, "heard_ms"));
		buf_printf(out, "%-16s %-8s %-8lld %-8lld %s\n", text_of(row, "host"),
			text_of(row, "state"), (long long)number_of(row, "members"),
			(long long)number_of(row, "left_out"), heard);
	}
}

/* Of this host; nobody needs to know its number where there are no others. */
static void put_presence(struct buf *out, const json_t *presence, const json_t *hosts)
{
	if (number_of(presence, "members") == 0 && json_array_size(hosts) == 0)
		return;
	buf_printf(out, "\npresence: %lld members on this host (%s)\n",
		(long long)number_of(presence, "members"), text_of(presence, "host"));
}

static void put_generations(struct buf *out, const json_t *generations)
{
	const json_t *row;
	size_t i;

	if (json_array_size(generations) > 0)
		buf_printf(out, "\n%-11s %-12s %-8s %s\n", "GENERATION", "CONNECTIONS", "MOVED",
			"DRAINING");
	json_array_foreach(generations, i, row) buf_printf(out, "%-11lld %-12lld %-8lld %lld\n",
		(long long)number_of(row, "generation"), (long long)number_of(row, "connections"),
		(long long)number_of(row, "moved"), (long long)number_of(row, "draining"));
}

static void put_routes(struct buf *out, const json_t *routes, json_int_t generation)
{
	const json_t *row;
	size_t i;

	if (json_array_size(routes) > 0)
		buf_printf(out, "\n%-32s %-16s %-8s %-10s %s\n", "ROUTE", "PLUGIN", "VERSION",
			"GENERATION", "CONNECTIONS");
	json_array_foreach(routes, i, row) buf_printf(out, "%-32s %-16s %-8lld %-10lld %lld%s\n",
		text_of(row, "path"), text_of(row, "plugin"), (long long)number_of(row, "version"),
		(long long)number_of(row, "generation"), (long long)number_of(row, "connections"),
		number_of(row, "generation") == generation ? "" : " (old)");
}

static void put_plugins(struct buf *out, const json_t *plugins)
{
	const json_t *row;
	size_t i;

	if (json_array_size(plugins) > 0)
		buf_printf(out, "\n%-32s %s\n", "PLUGIN", "VERSION");
	json_array_foreach(plugins, i, row) buf_printf(
		out, "%-32s %lld\n", text_of(row, "name"), (long long)number_of(row, "version"));
}

static void put_parked(struct buf *out, const json_t *parked)
{
	const json_t *row;
	size_t i;

	if (json_array_size(parked) > 0)
		buf_printf(out, "\n%-32s %-8s %-7s %s\n", "STILL IN MEMORY", "VERSION", "WORKER",
			"WHY");
	json_array_foreach(parked, i, row) buf_printf(out, "%-32s %-8lld %-7lld %s\n",
		text_of(row, "plugin"), (long long)number_of(row, "version"),
		(long long)number_of(row, "worker"), text_of(row, "reason"));
}

static void put_quarantine(struct buf *out, const json_t *quarantine)
{
	const json_t *row;
	size_t i;

	if (json_array_size(quarantine) > 0)
		buf_printf(out, "\n%-32s %-8s %-8s %s\n", "IN QUARANTINE", "VERSION", "DEATHS",
			"SINCE");
	json_array_foreach(quarantine, i, row) buf_printf(out, "%-32s %-8lld %-8lld %s\n",
		text_of(row, "plugin"), (long long)number_of(row, "version"),
		(long long)number_of(row, "deaths"), text_of(row, "since"));
}

static void put_reload(struct buf *out, const json_t *reload)
{
	const json_t *line;
	size_t i;

	if (!json_is_object(reload))
		return;
	buf_printf(
		out, "\nlast reload, %s: %s\n", text_of(reload, "at"), text_of(reload, "result"));
	json_array_foreach(json_object_get(reload, "text"), i, line)
		buf_printf(out, "  %s\n", json_string_value(line));
}

void status_text(struct buf *out, const json_t *status)
{
	put_head(out, status);
	put_workers(out, json_object_get(status, "workers"));
	put_topics(out, json_object_get(status, "workers"));
	put_history(out, json_object_get(status, "history"), json_object_get(status, "workers"));
	put_bus(out, json_object_get(status, "workers"));
	put_presence(out, json_object_get(status, "presence"), json_object_get(status, "hosts"));
	put_hosts(out, json_object_get(status, "hosts"));
	put_generations(out, json_object_get(status, "generations"));
	put_routes(out, json_object_get(status, "routes"), number_of(status, "generation"));
	put_plugins(out, json_object_get(status, "plugins"));
	put_parked(out, json_object_get(status, "parked"));
	put_quarantine(out, json_object_get(status, "quarantine"));
	put_reload(out, json_object_get(status, "reload"));
}
