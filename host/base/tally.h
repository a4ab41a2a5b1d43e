/*
 * How many connections there are, over all workers: memory that the master makes before it forks,
 * in which each worker has a part that nobody else writes to. To know a number is to sum over the
 * parts; a worker that dies takes exactly its own counts with it. Nobody waits for anybody, so two
 * that count at the same moment may both be the last one that fits. Knows no limit; admission.c and
 * net/worker.c compare. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_TALLY_H
#define SOCKLET_BASE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is counted under a key: see tally_key. */
enum tally_kind { TALLY_ADDRESSES, TALLY_ROUTES, TALLY_KINDS };

struct tally_memory;

/* One process's view. All zero: counts nothing, and every sum is 0. */
struct tally {
	struct tally_memory *memory;
	unsigned part; /* from 0 */
};

/* For so many workers. Without memory the process ends. */
struct tally_memory *tally_memory_new(unsigned parts);
void tally_memory_free(struct tally_memory *memory);
/* Before a worker starts there: what one that died has left is gone. Only its master calls it. */
void tally_memory_clear(struct tally_memory *memory, unsigned part);

/* Sockets. */
void tally_connect(const struct tally *tally);
void tally_disconnect(const struct tally *tally);
uint64_t tally_connections(const struct tally *tally);

/*
 * A key of these bytes: the same in all workers, and not to be guessed by who chooses the bytes.
 * Never 0.
 */
uint64_t tally_key(const struct tally *tally, const void *bytes, size_t len);
/* False: there is no room, and it is not counted. */
bool tally_add(const struct tally *tally, enum tally_kind kind, uint64_t key);
/* Of one that was added. */
void tally_remove(const struct tally *tally, enum tally_kind kind, uint64_t key);
uint64_t tally_sum(const struct tally *tally, enum tally_kind kind, uint64_t key);

/*
 * A token bucket for each key, shared by all workers: nobody holds a token, so none is lost with a
 * worker. 0: there was one, and it is taken; else so many milliseconds until there is.
 */
uint64_t tally_take_token(
	const struct tally *tally, uint64_t key, uint64_t per_s, uint64_t burst, uint64_t now_ms);

#endif
