/*
 * The keys of `bus`. Rows as in keys.h, which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_BUS_KEYS_H
#define SOCKLET_CONFIG_BUS_KEYS_H

#define BUS_TOP_KEYS(ROW)                    \
	ROW(bus, bus, bus, NULL, NULL, NULL, \
		"the broker that carries topics to other hosts, and from them")

#define BUS_KEYS(ROW)                                                                        \
	ROW(driver, plugin, driver, NULL, NULL, NULL,                                        \
		"the plugin that speaks with the broker: its file name without `.so`; "      \
		"required")                                                                  \
	ROW(options, bus_options, options, NULL, NULL, NULL,                                 \
		"options of the driver by name; which there are, the driver says")           \
	ROW(queue, size, queue_bytes, "16MiB", "64KiB", "64GiB",                             \
		"bytes of published messages that may wait in a worker while the broker is " \
		"away")                                                                      \
	ROW(overflow, bus_overflow, overflow, "drop_oldest", NULL, NULL,                     \
		"which messages are lost when more would wait: `drop_oldest` those that "    \
		"have waited longest, `drop_newest` those that come")

/* TYPE(token, what README calls it, unit), as in key_types.h. */
#define BUS_KEY_TYPES(TYPE)              \
	TYPE(bus, "section", "")         \
	TYPE(bus_options, "mapping", "") \
	TYPE(bus_overflow, "`drop_oldest`, `drop_newest`", "")

#endif
