/*
 * What a worker counts about itself, and what its plugins count by sl_count. Counters only grow
 * and begin with the process; gauges are counted when asked for (call/census.h), and so is the
 * traffic of open connections. Private to call/ but for metrics_each.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_METRICS_H
#define SOCKLET_CALL_METRICS_H

#include <stdint.h>

struct host;
struct traffic;

/* ROW(name, what README and /metrics say of it) */
#define METRICS(ROW)                                                        \
	ROW(connections_opened, "WebSocket connections that were accepted") \
	ROW(connections_closed, "WebSocket connections that have ended")    \
	ROW(handshakes_refused, "WebSocket handshakes that were refused")   \
	ROW(requests, "plain HTTP requests that were answered")             \
	ROW(messages_received, "messages that peers have sent")             \
	ROW(bytes_received, "bytes of these messages")                      \
	ROW(messages_sent, "messages that were sent or queued")             \
	ROW(bytes_sent, "bytes of these messages")                          \
	ROW(messages_dropped, "messages that `overflow` kept from peers that have gone since")

struct metrics {
#define METRICS_MEMBER(name, sentence) uint64_t name;
	METRICS(METRICS_MEMBER)
#undef METRICS_MEMBER
};

/* That of a connection that has ended. */
void metrics_add(struct metrics *metrics, const struct traffic *traffic);

/* What a plugin counts. */
struct counter {
	char *plugin, *name;
	uint64_t value;
};

enum { COUNTERS_MAX = 1024, COUNTER_NAME_MAX = 64 };

/* Zero it; counters_fini. */
struct counters {
	struct counter *slots[2 * COUNTERS_MAX]; /* by hash */
	unsigned count;
};

/* sl_count of socklet.h. */
int counters_add(struct counters *counters, const char *plugin, const char *name, uint64_t add);
void counters_fini(struct counters *counters);

/* Every counter: plugin is NULL for the host's own. */
void metrics_each(const struct host *host,
	void (*each)(void *context, const char *plugin, const char *name, uint64_t value),
	void *context);

#endif
