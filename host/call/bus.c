/*
 * A short list of drivers and who is told what; the members themselves are fan_out.c's. Nothing
 * that a driver hears is given to another: each worker hears each of them itself. Called by
 * topics.c and by the drivers. SPDX-License-Identifier: MIT
 */
#include "call/bus.h"

#include "call/host_state.h"
#include "call/resume.h"

static void want(void *context, struct span filter, size_t count)
{
	struct bus_driver *driver = context;

	(void)count;
	driver->ops->wanted(driver, filter);
}

void bus_touch(struct host *host, struct bus_driver *driver)
{
	driver->is_touched = true;
	host->loop->ops->want_turn_end(host->loop);
}

void bus_attach(struct host *host, struct bus_driver *driver)
{
	SLIST_INSERT_HEAD(&host->bus.drivers, driver, next);
	if (driver->ops->wanted != NULL)
		topic_tree_each_filter(&host->fan_out.tree, want, driver);
	bus_touch(host, driver);
}

void bus_detach(struct host *host, struct bus_driver *driver)
{
	SLIST_REMOVE(&host->bus.drivers, driver, bus_driver, next);
}

void bus_set_host_id(struct host *host, uint64_t id)
{
	host->bus.host_id = id;
}

uint64_t bus_host_id(const struct host *host)
{
	return host->bus.host_id;
}

/* Of the master's history the numbers are this host's. */
static struct bus_message in_our_order(const struct host *host, const struct bus_message *message)
{
	struct bus_message copy = *message;

	if (copy.number != 0)
		copy.order = host->bus.host_id;
	return copy;
}

static void receive_within(struct host *host, const struct bus_message *message)
{
	struct bus_message copy = in_our_order(host, message);

	host->fan_out.counts.received++;
	if (copy.origin != 0)
		kept_stream_early(host, &copy);
	else if (!fan_out_push(host, &copy))
		bus_lost(host, copy.topic, 1);
}

void bus_receive(
	struct host *host, const struct bus_driver *from, const struct bus_message *message)
{
	bool is_ours = message->host == host->bus.host_id;

	if (from->ops->is_within) {
		receive_within(host, message);
		return;
	}
	host->fan_out.counts.received += !is_ours;
	if (message->number != 0)
		kept_stream_receive(host, message);
	else if (!is_ours && !fan_out_push(host, message))
		bus_lost(host, message->topic, 1);
}

void bus_lost(struct host *host, struct span topic, uint64_t count)
{
	fan_out_lost(host, topic, count);
}

static void publish(struct host *host, const struct bus_message *message, bool is_within_only)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next) {
		if (is_within_only && !driver->ops->is_within)
			continue;
		driver->ops->publish(driver, message);
		bus_touch(host, driver);
	}
}

void bus_publish(struct host *host, const struct bus_message *message)
{
	publish(host, message, false);
}

void bus_publish_within(struct host *host, const struct bus_message *message)
{
	publish(host, message, true);
}

/* ---- topics that are kept --------------------------------------------------------------- */

static const struct topics_conf *conf_of(const struct host *host)
{
	return &host->generation->config.topics;
}

static bool is_on_bus(const struct host *host)
{
	return host->generation != NULL && conf_of(host)->history_store == HISTORY_ON_BUS;
}

/* NULL: there is none, as in a worker without a link to the master. */
static struct bus_driver *keeper(const struct host *host)
{
	bool is_within = !is_on_bus(host);
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->keep != NULL && driver->ops->is_within == is_within)
			return driver;
	return NULL;
}

bool bus_has_store(const struct host *host)
{
	return is_on_bus(host) && keeper(host) != NULL;
}

bool bus_is_away(const struct host *host)
{
	return bus_has_store(host) && !bus_plugin_is_up(&host->broker);
}

const struct history_conf *bus_history_of(const struct host *host, struct span topic)
{
	const struct topics_conf *conf = conf_of(host);

	for (size_t i = 0; i < conf->history_count; i++)
		if (topic_filter_matches(span_of(conf->history[i].filter.text), topic))
			return &conf->history[i];
	return NULL;
}

bool bus_keeps(const struct host *host, struct span topic)
{
	if (host->generation == NULL || conf_of(host)->history_count == 0 || keeper(host) == NULL)
		return false;
	/* That is this host's alone. */
	if (is_on_bus(host) && topic_name_is_of_host(topic))
		return false;
	return bus_history_of(host, topic) != NULL;
}

bool bus_keeps_all(const struct host *host, struct span filter)
{
	if (host->generation == NULL || keeper(host) == NULL ||
		(is_on_bus(host) && topic_name_is_of_host(filter)))
		return false;
	for (size_t i = 0; i < conf_of(host)->history_count; i++)
		if (topic_filter_covers(span_of(conf_of(host)->history[i].filter.text), filter))
			return true;
	return false;
}

bool bus_keep(struct host *host, const struct bus_message *message)
{
	struct bus_driver *first = keeper(host), *driver;

	if (first == NULL || !first->ops->keep(first, message))
		return false;
	bus_touch(host, first);
	/* A broker brings it to all who want it. */
	if (!first->ops->is_within)
		return true;
	SLIST_FOREACH (driver, &host->bus.drivers, next) {
		if (driver == first)
			continue;
		driver->ops->publish(driver, message);
		bus_touch(host, driver);
	}
	return true;
}

bool bus_recall(struct host *host, const struct bus_recall *recall)
{
	struct bus_driver *driver = keeper(host);

	if (driver == NULL)
		return false;
	driver->ops->recall(driver, recall);
	bus_touch(host, driver);
	return true;
}

void bus_recalled(
	struct host *host, uint64_t conn, uint64_t serial, const struct bus_message *message)
{
	struct bus_message copy = *message;

	if (copy.order == 0)
		copy = in_our_order(host, message);
	resume_take(host, conn, serial, &copy);
}

void bus_recall_over(struct host *host, uint64_t conn, uint64_t serial, enum bus_recalled outcome,
	uint64_t order, uint64_t number)
{
	resume_over(host, conn, serial, outcome, order, number);
}

/* ---- filters ---------------------------------------------------------------------------- */

void bus_wanted(struct host *host, struct span filter)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->wanted != NULL) {
			driver->ops->wanted(driver, filter);
			bus_touch(host, driver);
		}
}

void bus_unwanted(struct host *host, struct span filter)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->unwanted != NULL) {
			driver->ops->unwanted(driver, filter);
			bus_touch(host, driver);
		}
}

/* ---- counts ----------------------------------------------------------------------------- */

void bus_track(struct host *host, bool is_wanted)
{
	topic_tree_track(&host->fan_out.tree, is_wanted);
}

bool bus_has_changes(const struct host *host)
{
	return !STAILQ_EMPTY(&host->fan_out.tree.changes);
}

void bus_take_changes(struct host *host, size_t max,
	void (*visit)(void *context, struct span filter, size_t count), void *context)
{
	topic_tree_take_changes(&host->fan_out.tree, max, visit, context);
}

void bus_counted(struct host *host, unsigned source, struct span filter, uint64_t count)
{
	topic_counts_set(&host->fan_out.others, source, filter, count);
}

void bus_uncounted(struct host *host, unsigned source)
{
	topic_counts_forget(&host->fan_out.others, source);
}

void bus_changed(struct host *host)
{
	struct bus_driver *driver;

	/* Workers of one host are counted, not what a broker reaches. */
	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->is_within)
			bus_touch(host, driver);
}

void bus_flush(struct host *host)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next) {
		if (driver->is_touched && driver->ops->flush != NULL)
			driver->ops->flush(driver);
		driver->is_touched = false;
	}
}
