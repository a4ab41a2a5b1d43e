/*
 * Counters end in _total, gauges do not. A label's value is escaped as a JSON string would be: the
 * format wants no less of it. Knows nothing but the document. Called by status.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/status_metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "call/metrics.h"

static const char *sentence_of(const char *counter)
{
	static const struct {
		const char *name, *sentence;
	} rows[] = {
#define METRICS_ROW(name, sentence) {#name, sentence},
		METRICS(METRICS_ROW)
#undef METRICS_ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, counter) == 0)
			return rows[i].sentence;
	return "";
}

static void put_label(struct buf *out, const char *name, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY);

	if (json_is_string(value))
		buf_printf(out, "%s=%s", name, text);
	else
		buf_printf(out, "%s=\"%s\"", name, text);
	free(text);
}

static void put_head(struct buf *out, const char *name, const char *type, const char *sentence)
{
	buf_printf(out, "# HELP socklet_%s %s\n# TYPE socklet_%s %s\n", name, sentence, name, type);
}

/* Each of the host's own is a metric; those of plugins are one, told apart by labels. */
static void put_counters(struct buf *out, const json_t *counters)
{
	bool is_first = true;
	const json_t *row;
	size_t i;

	json_array_foreach(counters, i, row)
	{
		const char *name = json_string_value(json_object_get(row, "name"));
		const json_t *plugin = json_object_get(row, "plugin");
		json_int_t value = json_integer_value(json_object_get(row, "value"));
		char metric[128];

		if (plugin == NULL) {
			snprintf(metric, sizeof(metric), "%s_total", name);
			put_head(out, metric, "counter", sentence_of(name));
			buf_printf(out, "socklet_%s %lld\n", metric, (long long)value);
			continue;
		}
		if (is_first)
			put_head(out, "plugin_total", "counter", "what plugins count by sl_count");
		is_first = false;
		buf_printf(out, "socklet_plugin_total{");
		put_label(out, "plugin", plugin);
		buf_printf(out, ",");
		put_label(out, "name", json_object_get(row, "name"));
		buf_printf(out, "} %lld\n", (long long)value);
	}
}

/* A gauge or counter whose value is a member of each row, with other members as labels. */
struct gauge {
	const char *metric, *sentence, *rows, *value;
	const char *labels[4];
	const char *within; /* a member of the row, which has the value; NULL: the row has */
	bool is_counter;
};

#define OF_BUS(name, member, sentence)                                                     \
	{                                                                                  \
		"bus_" name "_total", sentence, "workers", member, {"worker"}, "bus", true \
	}

static const struct gauge gauges[] = {
	{"connections", "WebSocket connections", "routes", "connections",
		{"path", "plugin", "version", "generation"}, NULL, false},
	{"round_trip_microseconds", "mean of the smoothed round-trip times, by pings", "routes",
		"rtt_us", {"path", "plugin", "version", "generation"}, NULL, false},
	{"sockets", "open sockets of clients, plain HTTP included", "workers", "connections",
		{"worker"}, NULL, false},
	{"host_members", "who is present on other hosts that share the broker", "hosts", "members",
		{"host"}, NULL, false},
	{"host_members_left_out", "of other hosts: those that there was no room for", "hosts",
		"left_out", {"host"}, NULL, false},
	{"host_heard_milliseconds", "how long ago another host was heard of", "hosts", "heard_ms",
		{"host"}, NULL, false},
	{"worker_deaths", "how often a worker ended that should not have", "workers", "deaths",
		{"worker"}, NULL, false},
	OF_BUS("published", "published", "messages that the broker has taken"),
	OF_BUS("received", "received", "messages from other hosts"),
	OF_BUS("dropped", "dropped", "messages that had no room while the broker was away"),
	OF_BUS("lost", "lost", "messages from other hosts that are known to be missing"),
	OF_BUS("kept", "kept", "messages that the broker's store keeps"),
	OF_BUS("recalled", "recalled", "messages that its store has given once more"),
	OF_BUS("early", "early", "messages that members had while the broker was away"),
};

static void put_gauge(struct buf *out, const struct gauge *gauge, const json_t *status)
{
	const json_t *row;
	size_t i;

	put_head(out, gauge->metric, gauge->is_counter ? "counter" : "gauge", gauge->sentence);
	json_array_foreach(json_object_get(status, gauge->rows), i, row)
	{
		const json_t *from = gauge->within == NULL ? row
							   : json_object_get(row, gauge->within);
		const json_t *value = json_object_get(from, gauge->value);

		if (!json_is_integer(value))
			continue;
		buf_printf(out, "socklet_%s{", gauge->metric);
		for (unsigned n = 0; n < 4 && gauge->labels[n] != NULL; n++) {
			buf_printf(out, "%s", n == 0 ? "" : ",");
			put_label(out, gauge->labels[n], json_object_get(row, gauge->labels[n]));
		}
		buf_printf(out, "} %lld\n", (long long)json_integer_value(value));
	}
}

/* What the master counts by itself. */
static void put_presence(struct buf *out, const json_t *presence)
{
	static const struct {
		const char *metric, *type, *member, *sentence;
	} rows[] = {
		{"present_members", "gauge", "members", "who is present in topics, on this host"},
		{"roster_bytes", "gauge", "bytes", "what is known of the members of other hosts"},
		{"roster_sent_total", "counter", "sent", "messages to other hosts about members"},
		{"roster_heard_total", "counter", "heard", "messages of other hosts about members"},
		{"roster_refused_total", "counter", "refused", "of those: could be no message"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_head(out, rows[i].metric, rows[i].type, rows[i].sentence);
		buf_printf(out, "socklet_%s %lld\n", rows[i].metric,
			(long long)json_integer_value(json_object_get(presence, rows[i].member)));
	}
}

void status_metrics(struct buf *out, const json_t *status)
{
	put_head(out, "generation", "gauge", "number of the generation that serves");
	buf_printf(out, "socklet_generation %lld\n",
		(long long)json_integer_value(json_object_get(status, "generation")));
	for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
		put_gauge(out, &gauges[i], status);
	put_presence(out, json_object_get(status, "presence"));
	put_counters(out, json_object_get(status, "counters"));
}
