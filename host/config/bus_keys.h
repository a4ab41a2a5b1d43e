/*
 * The keys of `bus` and `presence`. Rows as in keys.h, which includes this.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_BUS_KEYS_H
#define SOCKLET_CONFIG_BUS_KEYS_H

#define BUS_TOP_KEYS(ROW)                                                       \
	ROW(bus, bus, bus, NULL, NULL, NULL,                                    \
		"the broker that carries topics to other hosts, and from them") \
	ROW(presence, presence, presence, NULL, NULL, NULL,                     \
		"how hosts on one broker tell each other who is present")

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

#define PRESENCE_KEYS(ROW)                                                                     \
	ROW(interval, duration, interval_ms, "2s", "100ms", "10m",                             \
		"from one sign of life to the next, which says what others should know")       \
	ROW(timeout, duration, timeout_ms, "6s", "200ms", "1h",                                \
		"when others have heard nothing for so long, this host is gone for them, and " \
		"its members with it; at least twice `interval`")                              \
	ROW(memory, size, memory_bytes, "64MiB", "64KiB", "64GiB",                             \
		"bytes of what is known of the members of other hosts; those that have no "    \
		"room are left out, and counted")

/* TYPE(token, what README calls it, unit), as in key_types.h. */
#define BUS_KEY_TYPES(TYPE)                                    \
	TYPE(bus, "section", "")                               \
	TYPE(bus_options, "mapping", "")                       \
	TYPE(bus_overflow, "`drop_oldest`, `drop_newest`", "") \
	TYPE(presence, "section", "")

#endif
