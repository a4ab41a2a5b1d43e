/*
 * A short list of drivers and who is told what; the members themselves are fan_out.c's. Nothing
 * that a driver hears is given to another: each worker hears each of them itself. Called by
 * topics.c and by the drivers. SPDX-License-Identifier: MIT
 */
#include "call/bus.h"

#include "call/host_state.h"

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

void bus_receive(
	struct host *host, const struct bus_driver *from, const struct bus_message *message)
{
	bool is_ours = message->host == host->bus.host_id;

	if (is_ours && !from->ops->is_within)
		return;
	host->fan_out.counts.received++;
	if (!fan_out_push(host, message))
		bus_lost(host, message->topic, 1);
}

void bus_lost(struct host *host, struct span topic, uint64_t count)
{
	fan_out_lost(host, topic, count);
}

void bus_publish(struct host *host, const struct bus_message *message)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next) {
		driver->ops->publish(driver, message);
		bus_touch(host, driver);
	}
}

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
