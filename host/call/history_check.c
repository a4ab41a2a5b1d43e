/*
 * Filters are spelled as for sl_subscribe, and a driver has to have a store if it is to keep.
 * Called by generation.c. SPDX-License-Identifier: MIT
 */
#include "call/history_check.h"

#include <socklet_bus.h>

#include "call/generation.h"
#include "plugin/plugin.h"
#include "topic/topic_name.h"

void history_check_filters(const struct topics_conf *topics, struct err_list *why)
{
	struct err bad;

	for (size_t i = 0; i < topics->history_count; i++) {
		const struct conf_text *filter = &topics->history[i].filter;

		if (filter->text != NULL && !topic_filter_check(span_of(filter->text), &bad))
			err_list_add(why, filter->place, "history: %s", bad.text);
	}
}

void history_check_store(const struct generation *generation, struct err_list *why)
{
	const struct topics_conf *topics = &generation->config.topics;
	const char *driver = generation->config.bus.driver.text;
	const struct sl_plugin *plugin = generation->bus;

	if (topics->history_store != HISTORY_ON_BUS)
		return;
	if (driver == NULL)
		err_list_add(why, topics->history_store_place,
			"history_store is bus, and there is no bus: name a driver that keeps "
			"messages, such as bus: {driver: redis}, or write memory");
	else if (plugin != NULL && plugin->info.bus != NULL && plugin->info.bus->keep == NULL)
		err_list_add(why, topics->history_store_place,
			"history_store is bus, and driver %s keeps no messages: take one that "
			"does, such as redis or postgres, or write memory",
			driver);
}
