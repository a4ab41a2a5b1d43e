/*
 * The connection to NATS, and the one thread of ours that speaks with libnats, whose functions may
 * wait. The loop gives it errands and takes its news; both are lists under one lock, and a
 * descriptor tells the loop of news. Knows no message. SPDX-License-Identifier: MIT
 */
#ifndef NATS_LINK_H
#define NATS_LINK_H

#include <nats/nats.h>
#include <socklet_bus.h>
#include <sys/queue.h>

/* For the thread. */
enum nats_errand_kind { NATS_PUBLISH, NATS_SUBSCRIBE, NATS_UNSUBSCRIBE };

struct nats_errand {
	STAILQ_ENTRY(nats_errand) next;
	enum nats_errand_kind kind;
	bool is_parent; /* "room" on behalf of "room/#", apart from another subscription to it */
	size_t subject_len, len; /* of the payload */
	char bytes[];            /* subject, NUL, payload: NATS_PART_HEAD and data */
};
STAILQ_HEAD(nats_errands, nats_errand);

/* For the loop. */
enum nats_news_kind { NATS_NEWS_STATE, NATS_NEWS_MESSAGE, NATS_NEWS_TROUBLE };

struct nats_news {
	STAILQ_ENTRY(nats_news) next;
	enum nats_news_kind kind;
	natsMsg *message;
	uint64_t subscription;
	uint32_t state; /* SL_BUS_… */
	char text[256];
};
STAILQ_HEAD(nats_news_list, nats_news);

struct nats_link;

/*
 * Takes the options; the thread connects at once. `place` is how people are told of the server.
 * NULL: out of threads or descriptors.
 */
struct nats_link *nats_link_new(natsOptions *options, const char *place);
/* What was given leaves first, if the server takes it within a second. */
void nats_link_free(struct nats_link *link);

/* Readable when there is news. */
int nats_link_fd(const struct nats_link *link);
struct nats_errand *nats_errand_new(
	enum nats_errand_kind kind, const char *subject, size_t payload_len);
/* Takes the errand. */
void nats_link_give(struct nats_link *link, struct nats_errand *errand);
/* True: too much waits; when there is room, SL_BUS_UP comes once more. */
bool nats_link_is_full(struct nats_link *link);
/* The oldest; NULL: no more. */
struct nats_news *nats_link_take(struct nats_link *link);
void nats_news_free(struct nats_news *news);
/* There is more, for another turn. */
void nats_link_wake(struct nats_link *link);

#endif
