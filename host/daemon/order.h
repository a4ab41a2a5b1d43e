/*
 * What the master tells the canary and every worker to serve: the same bytes to all, so that all
 * build the same. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_ORDER_H
#define SOCKLET_DAEMON_ORDER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "daemon/privilege.h"
#include "daemon/tls_files.h"
#include "plugin/image.h"

struct order {
	struct arena arena;         /* owns all but `text` */
	unsigned number;            /* of the generation */
	unsigned workers;           /* how many there are to be */
	uint64_t stop_ms;           /* for the master only: how long a worker may take to end */
	struct privilege run_as;    /* for the master only, too: who its processes are */
	const char *file;           /* as given on the command line */
	struct span text;           /* what it held; borrowed */
	struct image_offer *offers; /* every plugin that it names, once */
	size_t offer_count;
	const char **quarantined; /* of the offers: plugins that are not to be loaded */
	size_t quarantined_count;
	const char **addresses; /* to listen at, as their author wrote them */
	const char **sockets;   /* of each: struct listen_conf's */
	size_t address_count;
	struct tls_files tls_files;
	uint64_t resumption_s;     /* for the master only: what the secret's stretch is */
	struct tls_secret *secret; /* of session tickets: the master's; NULL: none */
};

void order_fini(struct order *order);
void order_pack(struct buf *out, const struct order *order);
/* Into a zeroed *out, which wants order_fini in any case; `text` is borrowed from `in`. */
bool order_unpack(struct order *out, struct span in);

#endif
