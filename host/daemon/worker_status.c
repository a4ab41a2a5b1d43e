/*
 * Counted when it is asked for. Called by worker_process.c; status.c adds the workers up.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/worker_status.h"

#include <jansson.h>
#include <string.h>

#include "base/log.h"
#include "call/bus_plugin.h"
#include "topic/topic_position.h"
#include "call/census.h"
#include "call/host.h"
#include "call/metrics.h"
#include "net/worker.h"
#include "plugin/image.h"

/* Versions of plugins that could not be unloaded. */
static json_t *parked_json(struct host *host)
{
	struct image_parked parked;
	json_t *out = json_array();

	for (size_t i = 0; image_store_parked(host_images(host), i, &parked); i++)
		json_array_append_new(
			out, json_pack("{s:s, s:i, s:s}", "plugin", parked.name, "version",
				     parked.version, "reason", parked.reason));
	return out;
}

static json_t *topics_json(const struct host *host)
{
	struct topics_census topics;

	topics_census_take(&topics, host);
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "filters",
		(json_int_t)topics.filters, "subscriptions", (json_int_t)topics.subscriptions,
		"published", (json_int_t)topics.published, "refused", (json_int_t)topics.refused,
		"received", (json_int_t)topics.received, "delivered", (json_int_t)topics.delivered,
		"lost", (json_int_t)topics.lost, "queued", (json_int_t)topics.queue_bytes);
}

/* A driver's text may hold what is no UTF-8. */
static json_t *text_json(const char *text)
{
	json_t *value = json_string(text);

	return value != NULL ? value : json_string("?");
}

/* Of what its store keeps; where this worker stands in it: null as long as that is not known. */
static void add_store(json_t *out, const struct bus_census *bus)
{
	char position[TOPIC_POSITION_SIZE];

	if (!bus->has_store)
		return;
	topic_position_write(position, bus->order, bus->number);
	json_object_set_new(out, "kept", json_integer((json_int_t)bus->counts.kept));
	json_object_set_new(out, "recalled", json_integer((json_int_t)bus->counts.recalled));
	json_object_set_new(out, "early", json_integer((json_int_t)bus->counts.early));
	json_object_set_new(out, "position", bus->order == 0 ? json_null() : json_string(position));
}

/* Null without a driver. */
static json_t *bus_json(const struct host *host)
{
	struct bus_census bus;
	json_t *out;

	bus_census_take(&bus, host);
	if (bus.driver == NULL)
		return json_null();
	out = json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "driver", bus.driver,
		"state", bus.state, "text", text_json(bus.text), "published",
		(json_int_t)bus.counts.published, "received", (json_int_t)bus.counts.received,
		"dropped", (json_int_t)bus.counts.dropped, "lost", (json_int_t)bus.counts.lost,
		"duplicates", (json_int_t)bus.counts.duplicates, "refused",
		(json_int_t)bus.counts.refused, "queued", (json_int_t)bus.queue_bytes);
	add_store(out, &bus);
	return out;
}

static void add_counter(void *context, const char *plugin, const char *name, uint64_t value)
{
	json_t *row = json_pack("{s:s, s:I}", "name", name, "value", (json_int_t)value);

	if (plugin != NULL)
		json_object_set_new(row, "plugin", json_string(plugin));
	json_array_append_new(context, row);
}

static json_t *counters_json(const struct host *host)
{
	json_t *out = json_array();

	metrics_each(host, add_counter, out);
	return out;
}

void worker_status(struct buf *out, const struct worker *worker, struct host *host)
{
	json_t *routes = json_array(), *all;
	struct census census;
	char *text;

	census_take(&census, host);
	for (size_t i = 0; i < census.count; i++) {
		const struct census_row *row = &census.rows[i];

		json_array_append_new(routes,
			json_pack("{s:i, s:s, s:s, s:i, s:I, s:I, s:I, s:I, s:I}", "generation",
				row->generation, "path", row->path, "plugin", row->plugin,
				"version", row->version, "connections", (json_int_t)row->sessions,
				"moved", (json_int_t)row->moved, "draining",
				(json_int_t)row->draining, "measured", (json_int_t)row->measured,
				"rtt_sum_us", (json_int_t)row->rtt_us));
	}
	census_fini(&census);
	all = json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "connections",
		(json_int_t)worker_connection_count(worker), "routes", routes, "parked",
		parked_json(host), "topics", topics_json(host), "bus", bus_json(host), "counters",
		counters_json(host));
	text = json_dumps(all, JSON_COMPACT);
	buf_append_span(out, span_of(text));
	free(text);
	json_decref(all);
}

/* The sessions of that plugin that a row, or one behind it, tells of; their rows are told then. */
static size_t take_left(struct census *census, size_t from)
{
	size_t count = 0;

	for (size_t i = from; i < census->count; i++) {
		struct census_row *row = &census->rows[i];

		if (!row->is_left || strcmp(row->plugin, census->rows[from].plugin) != 0)
			continue;
		count += row->sessions;
		row->is_left = i == from;
	}
	return count;
}

void worker_status_log_left(const struct host *host)
{
	struct census census;

	census_take(&census, host);
	for (size_t i = 0; i < census.count; i++)
		if (census.rows[i].is_left)
			log_info("reload: plugin %s: connections that stay with an older version, "
				 "until they are taken over or end: %zu",
				census.rows[i].plugin, take_left(&census, i));
	census_fini(&census);
}
