/*
 * Messages that are kept: numbered, stored and published by scripts in the server, and asked for.
 * SPDX-License-Identifier: MIT
 */
#ifndef REDIS_STORE_H
#define REDIS_STORE_H

#include <socklet_bus.h>

#include "redis_link.h"

enum { REDIS_ORIGINS = 4, REDIS_RUN_MAX = 64, REDIS_SHA_MAX = 48 };

/* Commands of the store; the replies come back with it. */
enum redis_errand {
	ERRAND_INFO,
	ERRAND_LOAD_KEEP,
	ERRAND_LOAD_RECALL,
	ERRAND_OPEN,
	ERRAND_KEEP,
	ERRAND_RECALL,
};

/* Zero it, and fill in the first. */
struct redis_store {
	struct sl_plugin *plugin;
	struct redis_link *link;
	const char *prefix;
	/* Notes that a reply to such a command is to come. */
	void (*sent)(struct sl_plugin *plugin, enum redis_errand errand, uint64_t id, size_t bytes);
	bool is_begun, is_ready;
	char run[REDIS_RUN_MAX]; /* of the server that we are connected to */
	char keep[REDIS_SHA_MAX], recall[REDIS_SHA_MAX];
	/* What was sent last of each origin on this connection. */
	struct {
		uint64_t origin, sequence;
	} origins[REDIS_ORIGINS];
	unsigned origin_count;
};

/* The connection broke. */
void redis_store_reset(struct redis_store *store);
/* True: it may be asked. False: that is asked for now, or was before. */
bool redis_store_is_ready(struct redis_store *store);
void redis_store_keep(struct redis_store *store, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule);
void redis_store_recall(struct redis_store *store, const struct sl_bus_recall *what);
/* NULL: well. Else why the connection is of no more use. */
const char *redis_store_reply(struct redis_store *store, enum redis_errand errand, uint64_t id,
	const struct redisReply *reply);

/* What a script has published, "order-number:" before the rest. False: it is no such message. */
bool redis_store_read(struct sl_bus_message *out, struct sl_str bytes);

#endif
