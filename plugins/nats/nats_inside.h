/*
 * What the files of the link share among themselves, and nobody else sees: the loop's side
 * (nats_link.c), our thread (nats_thread.c) and what it does with libnats (nats_errands.c).
 * SPDX-License-Identifier: MIT
 */
#ifndef NATS_INSIDE_H
#define NATS_INSIDE_H

#include <pthread.h>
#include <time.h>

#include "nats_link.h"

struct nats_link {
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows up to `ways` */
	pthread_cond_t changed;
	struct nats_errands errands, sent; /* `sent` has no sign yet */
	struct nats_news_list news;
	size_t waiting_bytes, news_bytes;
	unsigned callers; /* subscriptions and connections that libnats may call us for */
	bool is_ending, is_closed, was_full;
	bool is_over, is_orphan; /* the thread; the loop has stopped waiting for it */
	void *ways;              /* from here on the thread's: a tree of subscriptions */
	uint64_t subscriptions;
	natsOptions *options;
	natsConnection *conn;
	int fd;
	char place[200];
};

size_t nats_errand_weight(const struct nats_errand *errand);
struct nats_errand *nats_errand_take_first(struct nats_errands *list);
struct nats_news *nats_news_new(enum nats_news_kind kind);
/* With the lock. */
void nats_link_tell(struct nats_link *link, struct nats_news *news);
void nats_link_tell_text(
	struct nats_link *link, enum nats_news_kind kind, uint32_t state, const char *text);
struct timespec nats_link_in_ms(unsigned ms);
/* With the lock: until something has changed. False: it is too late. */
bool nats_link_wait(struct nats_link *link, const struct timespec *until);
/* libnats calls us once less. */
void nats_link_caller_ends(struct nats_link *link);
/* By whoever is last, thread or loop. */
void nats_link_destroy(struct nats_link *link);

/* The thread; `data` is the link. */
void *nats_thread_main(void *data);

natsStatus nats_errand_run(struct nats_link *link, const struct nats_errand *errand);
/* Before the connection is closed. */
void nats_errands_end(struct nats_link *link);

#endif
