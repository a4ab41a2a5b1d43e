/*
 * Errands as libnats does them: subscriptions in a tree, messages in as many parts as the server's
 * limit makes them, and what libnats calls for each message that comes, on a thread of its own.
 * Called by nats_thread.c. SPDX-License-Identifier: MIT
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "nats_inside.h"
#include "nats_parts.h"

enum {
	NEWS_MAX_BYTES = 16 << 20, /* then libnats keeps them, and drops beyond its limits */
	SUBSCRIPTION_MAX_MESSAGES = 1 << 16,
	SUBSCRIPTION_MAX_BYTES = 64 << 20,
};

/* A subscription: of the tree, and of libnats until it has called for the last time. */
struct way {
	struct nats_link *link;
	natsSubscription *subscription;
	uint64_t number;
	unsigned owners;
	bool is_parent;
	char subject[];
};

/* ---- what libnats calls ---------------------------------------------------------------------- */

static void on_message(
	natsConnection *conn, natsSubscription *subscription, natsMsg *message, void *data)
{
	struct way *way = data;
	struct nats_link *link = way->link;
	struct nats_news *news = nats_news_new(NATS_NEWS_MESSAGE);

	(void)conn;
	(void)subscription;
	news->message = message;
	news->subscription = way->number;
	pthread_mutex_lock(&link->lock);
	while (link->news_bytes >= NEWS_MAX_BYTES && !link->is_ending)
		pthread_cond_wait(&link->changed, &link->lock);
	nats_link_tell(link, news);
	pthread_mutex_unlock(&link->lock);
}

static void way_unref(struct way *way)
{
	struct nats_link *link = way->link;
	bool is_last;

	pthread_mutex_lock(&link->lock);
	is_last = --way->owners == 0;
	pthread_mutex_unlock(&link->lock);
	if (is_last)
		free(way);
}

static void on_complete(void *data)
{
	struct way *way = data;
	struct nats_link *link = way->link;

	way_unref(way);
	nats_link_caller_ends(link);
}

/* ---- errands --------------------------------------------------------------------------------- */

static int compare_ways(const void *one, const void *other)
{
	const struct way *a = one, *b = other;

	return a->is_parent != b->is_parent ? (int)a->is_parent - (int)b->is_parent
					    : strcmp(a->subject, b->subject);
}

static struct way *way_new(struct nats_link *link, const struct nats_errand *errand)
{
	struct way *way = calloc(1, sizeof(*way) + errand->subject_len + 1);

	if (way == NULL)
		abort();
	way->link = link;
	way->owners = 1;
	way->number = link->subscriptions++;
	way->is_parent = errand->is_parent;
	memcpy(way->subject, errand->bytes, errand->subject_len + 1);
	return way;
}

/* libnats has it from now on, too. */
static natsStatus way_open(struct nats_link *link, struct way *way)
{
	natsStatus status = natsConnection_Subscribe(
		&way->subscription, link->conn, way->subject, on_message, way);

	if (status != NATS_OK)
		return status;
	pthread_mutex_lock(&link->lock);
	way->owners++;
	link->callers++;
	pthread_mutex_unlock(&link->lock);
	status = natsSubscription_SetOnCompleteCB(way->subscription, on_complete, way);
	if (status != NATS_OK) /* closed already; it stays the way's owner, as it may be calling */
		nats_link_caller_ends(link);
	natsSubscription_SetPendingLimits(
		way->subscription, SUBSCRIPTION_MAX_MESSAGES, SUBSCRIPTION_MAX_BYTES);
	return status;
}

static natsStatus subscribe(struct nats_link *link, const struct nats_errand *errand)
{
	struct way *way = way_new(link, errand);

	if (*(struct way **)tsearch(way, &link->ways, compare_ways) == way)
		return way_open(link, way);
	free(way);
	return NATS_OK;
}

static void way_close(void *data)
{
	struct way *way = data;

	natsSubscription_Destroy(way->subscription);
	way_unref(way);
}

static natsStatus unsubscribe(struct nats_link *link, const struct nats_errand *errand)
{
	struct way *like = way_new(link, errand), *found;
	void *node = tfind(like, &link->ways, compare_ways);

	if (node != NULL) {
		found = *(struct way **)node;
		tdelete(like, &link->ways, compare_ways);
		way_close(found);
	}
	free(like);
	return NATS_OK;
}

static natsStatus publish_parts(
	struct nats_link *link, const struct nats_errand *errand, size_t room)
{
	const char *payload = errand->bytes + errand->subject_len + 1;
	const size_t each = room - NATS_PART_HEAD, len = errand->len - NATS_PART_HEAD;
	const uint32_t count = (uint32_t)((len + each - 1) / each);
	uint8_t *part = malloc(room);
	natsStatus status = part != NULL ? NATS_OK : NATS_NO_MEMORY;
	size_t from, size;

	for (uint32_t i = 0; i < count && status == NATS_OK; i++) {
		from = i * each;
		size = len - from < each ? len - from : each;
		memcpy(part, payload, SL_BUS_HEAD_BYTES);
		nats_part_number_write(part, i, count);
		memcpy(part + NATS_PART_HEAD, payload + NATS_PART_HEAD + from, size);
		status = natsConnection_Publish(
			link->conn, errand->bytes, part, (int)(NATS_PART_HEAD + size));
	}
	free(part);
	return status;
}

static natsStatus publish(struct nats_link *link, const struct nats_errand *errand)
{
	const int64_t max = natsConnection_GetMaxPayload(link->conn);

	if ((int64_t)errand->len <= max)
		return natsConnection_Publish(link->conn, errand->bytes,
			errand->bytes + errand->subject_len + 1, (int)errand->len);
	if (max <= 2 * NATS_PART_HEAD)
		return NATS_MAX_PAYLOAD;
	return publish_parts(link, errand, (size_t)max);
}

natsStatus nats_errand_run(struct nats_link *link, const struct nats_errand *errand)
{
	switch (errand->kind) {
	case NATS_SUBSCRIBE:
		return subscribe(link, errand);
	case NATS_UNSUBSCRIBE:
		return unsubscribe(link, errand);
	default:
		return publish(link, errand);
	}
}

void nats_errands_end(struct nats_link *link)
{
	tdestroy(link->ways, way_close);
	link->ways = NULL;
}
