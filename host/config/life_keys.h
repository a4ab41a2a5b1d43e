/*
 * The keys of what happens when something ends: a reload, the host, a worker. Rows as in keys.h,
 * which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LIFE_KEYS_H
#define SOCKLET_CONFIG_LIFE_KEYS_H

#define DRAIN_KEYS(ROW)                                                                     \
	ROW(after, after, after_ms, "never", "0", "365d",                                   \
		"how long connections that a reload has left with an old version may stay") \
	ROW(spread, duration, spread_ms, "0", "0", "365d",                                  \
		"each may stay up to that much longer, by chance: not all come back at once")

#define STOP_KEYS(ROW)                                                                     \
	ROW(spread, duration, spread_ms, "0", "0", "1h",                                   \
		"each connection is closed within that time, by chance; 0 is all at once") \
	ROW(deadline, duration, deadline_ms, "10s", "1ms", "1h",                           \
		"how long they may then take to read what was sent, and to answer")

#define QUARANTINE_KEYS(ROW)                                                   \
	ROW(deaths, deaths, deaths, "5", "0", "100",                           \
		"so many workers ended by the code of one plugin; 0 is never") \
	ROW(within, duration, within_ms, "60s", "1ms", "365d",                 \
		"the time in which they count together")

#define TOPICS_KEYS(ROW)                                                                      \
	ROW(queue, size, queue_bytes, "16MiB", "64KiB", "64GiB",                              \
		"bytes of published messages that may wait in a worker for its members, and " \
		"between two workers; beyond it `sl_publish` fails, or `lost` is called")     \
	ROW(history, histories, history, NULL, NULL, NULL,                                    \
		"topics whose last messages are kept for those who come again; the first "    \
		"whose filter matches counts")                                                \
	ROW(history_size, size, history_bytes, "64MiB", "64KiB", "64GiB",                     \
		"bytes of all that is kept; beyond it the oldest go")                         \
	ROW(history_store, history_store, history_store, "memory", NULL, NULL,                \
		"where it is kept: `memory` of this host, or the store of the `bus` driver: " \
		"`bus`, for all hosts there and beyond a restart")

#define HISTORY_KEYS(ROW)                                             \
	ROW(filter, text, filter, NULL, NULL, NULL,                   \
		"the topics, by name or with `+` and `#`; required")  \
	ROW(messages, message_count, messages, "100", "1", "1000000", \
		"so many messages of a topic, the last ones")         \
	ROW(time, after, time_ms, "never", "1s", "365d",              \
		"no message that is older; `never` is however old")

#endif
