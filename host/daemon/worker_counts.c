/*
 * A turn's changes are one message, and there is at most one every TELL_MS: whatever peers do, what
 * they cost the other workers is bounded, and what waits is kept once a filter by the tree of
 * topics. Called by worker_bus.c. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_counts.h"

#include "call/bus.h"
#include "config/config.h"
#include "daemon/count_kinds.h"
#include "daemon/pack.h"
#include "daemon/process.h"

enum { TELL_MS = 5, TELL_FILTERS = 1000 };

static void add(void *context, struct span filter, size_t count)
{
	pack_span(context, filter);
	pack_number(context, count);
}

unsigned worker_counts_tell(struct worker_counts *counts, struct host *host, struct bus_link *link)
{
	uint64_t now = process_now_ms();
	struct buf body = {0};

	/* Without room the socket is waited for, which brings us here again. */
	if (!bus_has_changes(host) || channel_queued(&link->channel) > link->bytes_max / 2)
		return 0;
	if (now < counts->due_ms)
		return (unsigned)(counts->due_ms - now);
	bus_take_changes(host, TELL_FILTERS, add, &body);
	channel_send(&link->channel, COUNTS_TOLD, buf_span(&body), -1);
	buf_fini(&body);
	counts->due_ms = now + TELL_MS;
	return bus_has_changes(host) ? TELL_MS : 0;
}

static void forget(struct host *host, uint64_t source)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (i == source || source == COUNTS_OF_ALL)
			bus_uncounted(host, i);
}

void worker_counts_take(struct host *host, const struct message *message)
{
	struct span body = message->body, filter;
	uint64_t source, count;

	if (!pack_take_number(&body, &source))
		return;
	if (message->kind == COUNTS_GONE)
		forget(host, source);
	else if (source < CONFIG_WORKERS_MAX)
		while (pack_take_span(&body, &filter) && pack_take_number(&body, &count))
			bus_counted(host, (unsigned)source, filter, count);
}
