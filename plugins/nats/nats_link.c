/*
 * The loop's side, and the lists between it and the threads. Called by nats.c, and by nats_thread.c
 * and nats_errands.c for what they have to tell. SPDX-License-Identifier: MIT
 */
#include "nats_link.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "nats_inside.h"

enum {
	WAITING_MAX_BYTES = 4 << 20, /* errands, and one message more */
	END_MS = 1000,               /* until the loop waits no longer for the thread */
};

/* ---- lists ----------------------------------------------------------------------------------- */

struct nats_errand *nats_errand_new(
	enum nats_errand_kind kind, const char *subject, size_t payload_len)
{
	const size_t len = strlen(subject);
	struct nats_errand *errand = malloc(sizeof(*errand) + len + 1 + payload_len);

	if (errand == NULL)
		abort();
	*errand = (struct nats_errand){.kind = kind, .subject_len = len, .len = payload_len};
	memcpy(errand->bytes, subject, len + 1);
	return errand;
}

size_t nats_errand_weight(const struct nats_errand *errand)
{
	return sizeof(*errand) + errand->subject_len + errand->len;
}

struct nats_errand *nats_errand_take_first(struct nats_errands *list)
{
	struct nats_errand *errand = STAILQ_FIRST(list);

	STAILQ_REMOVE_HEAD(list, next);
	return errand;
}

void nats_link_give(struct nats_link *link, struct nats_errand *errand)
{
	pthread_mutex_lock(&link->lock);
	STAILQ_INSERT_TAIL(&link->errands, errand, next);
	link->waiting_bytes += nats_errand_weight(errand);
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
}

bool nats_link_is_full(struct nats_link *link)
{
	bool is_full;

	pthread_mutex_lock(&link->lock);
	is_full = link->waiting_bytes >= WAITING_MAX_BYTES;
	link->was_full |= is_full;
	pthread_mutex_unlock(&link->lock);
	return is_full;
}

void nats_link_wake(struct nats_link *link)
{
	const uint64_t one = 1;

	(void)!write(link->fd, &one, sizeof(one));
}

static size_t news_weight(const struct nats_news *news)
{
	return sizeof(*news) +
	       (news->message != NULL ? (size_t)natsMsg_GetDataLength(news->message) : 0);
}

void nats_link_tell(struct nats_link *link, struct nats_news *news)
{
	STAILQ_INSERT_TAIL(&link->news, news, next);
	link->news_bytes += news_weight(news);
	nats_link_wake(link);
}

struct nats_news *nats_news_new(enum nats_news_kind kind)
{
	struct nats_news *news = calloc(1, sizeof(*news));

	if (news == NULL)
		abort();
	news->kind = kind;
	return news;
}

void nats_news_free(struct nats_news *news)
{
	natsMsg_Destroy(news->message);
	free(news);
}

struct nats_news *nats_link_take(struct nats_link *link)
{
	struct nats_news *news;

	pthread_mutex_lock(&link->lock);
	news = STAILQ_FIRST(&link->news);
	if (news != NULL) {
		STAILQ_REMOVE_HEAD(&link->news, next);
		link->news_bytes -= news_weight(news);
		pthread_cond_broadcast(&link->changed);
	}
	pthread_mutex_unlock(&link->lock);
	return news;
}

void nats_link_tell_text(
	struct nats_link *link, enum nats_news_kind kind, uint32_t state, const char *text)
{
	struct nats_news *news = nats_news_new(kind);

	news->state = state;
	snprintf(news->text, sizeof(news->text), "%s", text);
	pthread_mutex_lock(&link->lock);
	nats_link_tell(link, news);
	pthread_mutex_unlock(&link->lock);
}

struct timespec nats_link_in_ms(unsigned ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	until.tv_sec += ms / 1000 + until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	return until;
}

bool nats_link_wait(struct nats_link *link, const struct timespec *until)
{
	return pthread_cond_clockwait(&link->changed, &link->lock, CLOCK_MONOTONIC, until) == 0;
}

void nats_link_caller_ends(struct nats_link *link)
{
	pthread_mutex_lock(&link->lock);
	link->callers--;
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
}

/* ---- life ------------------------------------------------------------------------------------ */

int nats_link_fd(const struct nats_link *link)
{
	return link->fd;
}

static struct nats_link *link_open(natsOptions *options, const char *place)
{
	struct nats_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	pthread_mutex_init(&link->lock, NULL);
	pthread_cond_init(&link->changed, NULL);
	STAILQ_INIT(&link->errands);
	STAILQ_INIT(&link->sent);
	STAILQ_INIT(&link->news);
	link->options = options;
	link->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(link->place, sizeof(link->place), "%s", place);
	return link;
}

/* Signals are for the host's thread. */
struct nats_link *nats_link_new(natsOptions *options, const char *place)
{
	struct nats_link *link = link_open(options, place);
	sigset_t all, before;
	int failed = link->fd < 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = failed || pthread_create(&link->thread, NULL, nats_thread_main, link) != 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return link;
	nats_link_destroy(link);
	return NULL;
}

void nats_link_destroy(struct nats_link *link)
{
	struct nats_news *news;

	STAILQ_CONCAT(&link->errands, &link->sent);
	while (!STAILQ_EMPTY(&link->errands))
		free(nats_errand_take_first(&link->errands));
	while ((news = nats_link_take(link)) != NULL)
		nats_news_free(news);
	natsOptions_Destroy(link->options);
	if (link->fd >= 0)
		close(link->fd);
	pthread_cond_destroy(&link->changed);
	pthread_mutex_destroy(&link->lock);
	free(link);
}

/* A thread that still waits for the server frees the link itself, later. */
void nats_link_free(struct nats_link *link)
{
	const struct timespec until = nats_link_in_ms(END_MS);
	bool is_late;

	pthread_mutex_lock(&link->lock);
	link->is_ending = true;
	pthread_cond_broadcast(&link->changed);
	while (!link->is_over && nats_link_wait(link, &until))
		continue;
	link->is_orphan = !link->is_over;
	is_late = link->is_orphan;
	pthread_mutex_unlock(&link->lock);
	if (is_late) {
		pthread_detach(link->thread);
		return;
	}
	pthread_join(link->thread, NULL);
	nats_link_destroy(link);
}
