/*
 * Messages that are longer than the server takes at once (`max_payload`, 1 MiB unless told
 * otherwise) travel in parts. Each part begins with the head of the bus, then its number and how
 * many there are, four bytes each, the least first. SPDX-License-Identifier: MIT
 */
#ifndef NATS_PARTS_H
#define NATS_PARTS_H

#include <socklet_bus.h>
#include <sys/queue.h>

enum { NATS_PART_HEAD = SL_BUS_HEAD_BYTES + 8 };

struct nats_assembly;

/* What has come in part. Zero it, then nats_parts_init. */
struct nats_parts {
	TAILQ_HEAD(nats_assemblies, nats_assembly) assemblies; /* the newest last */
	size_t bytes;
	struct nats_assembly *whole; /* what the last message was made of */
};

void nats_parts_init(struct nats_parts *parts);
void nats_parts_fini(struct nats_parts *parts);

/* Behind the head, which is not touched. */
void nats_part_number_write(uint8_t part[NATS_PART_HEAD], uint32_t number, uint32_t count);

/*
 * A part came by that subscription. True: `out` is a whole message without its topic, valid until
 * the next call. The parts of one sender come in their order; what has a gap is dropped.
 */
bool nats_parts_take(struct nats_parts *parts, struct sl_bus_message *out, uint64_t subscription,
	struct sl_str bytes);

#endif
