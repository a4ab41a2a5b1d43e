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

static void touch(struct host *host, struct bus_driver *driver)
{
	driver->is_touched = true;
	host->loop->ops->want_turn_end(host->loop);
}

void bus_attach(struct host *host, struct bus_driver *driver)
{
	SLIST_INSERT_HEAD(&host->bus.drivers, driver, next);
	if (driver->ops->wanted != NULL)
		topic_tree_each_filter(&host->fan_out.tree, want, driver);
	touch(host, driver);
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
		touch(host, driver);
	}
}

void bus_wanted(struct host *host, struct span filter)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->wanted != NULL) {
			driver->ops->wanted(driver, filter);
			touch(host, driver);
		}
}

void bus_unwanted(struct host *host, struct span filter)
{
	struct bus_driver *driver;

	SLIST_FOREACH (driver, &host->bus.drivers, next)
		if (driver->ops->unwanted != NULL) {
			driver->ops->unwanted(driver, filter);
			touch(host, driver);
		}
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
