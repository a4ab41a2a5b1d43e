/*
 * Names are looked up by hash, so that counting in a message callback costs no search. How many
 * there may be is bounded: a plugin that makes names of what peers send finds SL_FULL.
 * SPDX-License-Identifier: MIT
 */
#include "call/metrics.h"

#include <string.h>

#include "base/xalloc.h"
#include "call/host_state.h"

/* FNV-1a; from one text to the next the zero between them counts. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	while (*text++ != '\0');
	return hash;
}

/* Where it is, or would be. */
static struct counter **find(struct counters *counters, const char *plugin, const char *name)
{
	const size_t room = sizeof(counters->slots) / sizeof(counters->slots[0]);
	uint64_t at = hash_text(hash_text(0xcbf29ce484222325u, plugin), name);
	struct counter *slot;

	while ((slot = counters->slots[at % room]) != NULL &&
		(strcmp(slot->name, name) != 0 || strcmp(slot->plugin, plugin) != 0))
		at++;
	return &counters->slots[at % room];
}

/* As Prometheus wants them, so that no name has to be changed on the way. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len <= COUNTER_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
		       len &&
	       (name[0] < '0' || name[0] > '9');
}

int counters_add(struct counters *counters, const char *plugin, const char *name, uint64_t add)
{
	struct counter **slot;

	if (name == NULL || !is_name(name))
		return SL_INVALID;
	slot = find(counters, plugin, name);
	if (*slot == NULL && counters->count == COUNTERS_MAX)
		return SL_FULL;
	if (*slot == NULL) {
		*slot = xmalloc(sizeof(**slot));
		**slot = (struct counter){xstrdup(plugin), xstrdup(name), 0};
		counters->count++;
	}
	(*slot)->value += add;
	return SL_OK;
}

void counters_fini(struct counters *counters)
{
	for (size_t i = 0; i < sizeof(counters->slots) / sizeof(counters->slots[0]); i++) {
		struct counter *counter = counters->slots[i];

		if (counter == NULL)
			continue;
		free(counter->plugin);
		free(counter->name);
		free(counter);
	}
	memset(counters, 0, sizeof(*counters));
}

void metrics_add(struct metrics *metrics, const struct traffic *traffic)
{
	metrics->messages_received += traffic_messages(traffic->in);
	metrics->bytes_received += traffic_bytes(traffic->in);
	metrics->messages_sent += traffic_messages(traffic->out);
	metrics->bytes_sent += traffic_bytes(traffic->out);
}

static void add_session(struct sl_conn *conn, void *metrics)
{
	metrics_add(metrics, &conn->traffic);
}

void metrics_each(const struct host *host,
	void (*each)(void *context, const char *plugin, const char *name, uint64_t value),
	void *context)
{
	const struct counters *counters = &host->counters;
	struct metrics metrics = host->metrics;

	session_table_each(&host->sessions, add_session, &metrics);
#define METRICS_TELL(name, sentence) each(context, NULL, #name, metrics.name);
	METRICS(METRICS_TELL)
#undef METRICS_TELL
	for (size_t i = 0; i < sizeof(counters->slots) / sizeof(counters->slots[0]); i++)
		if (counters->slots[i] != NULL)
			each(context, counters->slots[i]->plugin, counters->slots[i]->name,
				counters->slots[i]->value);
}
