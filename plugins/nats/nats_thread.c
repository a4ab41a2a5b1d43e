/*
 * Our thread: connect, do errands, ask the server for a sign that all of them have arrived, wait
 * for more. What was published and has no such sign is published once more after a reconnect, as
 * the hosts drop what they have. Started by nats_link.c. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nats_inside.h"

enum {
	WAITING_LOW_BYTES = 2 << 20, /* then more is taken from who was told that it is full */
	BATCH_MAX_BYTES = 1 << 20,
	SIGN_MS = 10000,      /* until the server has shown that all has arrived */
	LAST_SIGN_MS = 800,   /* at the end */
	QUIET_MS = 5000,      /* until libnats has called what it still has to */
	RETRY_LEAST_MS = 200, /* doubled with each failure */
	RETRY_MOST_MS = 10000,
};

static void on_closed(natsConnection *conn, void *data)
{
	struct nats_link *link = data;

	(void)conn;
	pthread_mutex_lock(&link->lock);
	link->is_closed = true;
	pthread_mutex_unlock(&link->lock);
	nats_link_caller_ends(link);
}

/* Of a subscription that is too slow, the numbers of the messages tell. */
static void on_error(
	natsConnection *conn, natsSubscription *subscription, natsStatus status, void *data)
{
	struct nats_link *link = data;
	const char *why = NULL;

	(void)subscription;
	if (status == NATS_SLOW_CONSUMER)
		return;
	natsConnection_GetLastError(conn, &why);
	nats_link_tell_text(link, NATS_NEWS_TROUBLE, 0,
		why != NULL && *why != '\0' ? why : natsStatus_GetText(status));
}

/* ---- serving --------------------------------------------------------------------------------- */

/* With the lock. */
static void choose_batch(struct nats_link *link)
{
	struct nats_errand *errand;
	size_t bytes = 0;

	while (bytes < BATCH_MAX_BYTES && !STAILQ_EMPTY(&link->errands)) {
		errand = nats_errand_take_first(&link->errands);
		bytes += nats_errand_weight(errand);
		STAILQ_INSERT_TAIL(&link->sent, errand, next);
	}
}

/* What cannot be done, and would not be the next time, is told and passed over. */
static natsStatus send_batch(struct nats_link *link, int64_t sign_ms)
{
	const struct nats_errand *errand;
	char text[256];
	natsStatus status;

	STAILQ_FOREACH (errand, &link->sent, next) {
		status = nats_errand_run(link, errand);
		if (status == NATS_OK)
			continue;
		if (natsConnection_IsClosed(link->conn))
			return status;
		snprintf(text, sizeof(text), "%s: %s", errand->bytes, natsStatus_GetText(status));
		nats_link_tell_text(link, NATS_NEWS_TROUBLE, 0, text);
	}
	return natsConnection_FlushTimeout(link->conn, sign_ms);
}

/* With the lock. True: there is room again for who was told that there is none. */
static bool confirm(struct nats_link *link)
{
	struct nats_errand *errand;
	bool has_room;

	while (!STAILQ_EMPTY(&link->sent)) {
		errand = nats_errand_take_first(&link->sent);
		link->waiting_bytes -= nats_errand_weight(errand);
		free(errand);
	}
	has_room = link->was_full && link->waiting_bytes <= WAITING_LOW_BYTES;
	link->was_full = link->was_full && !has_room;
	return has_room;
}

/* With the lock, which is given up meanwhile. Why it ended is in the answer. */
static natsStatus serve_one(struct nats_link *link)
{
	const int64_t sign_ms = link->is_ending ? LAST_SIGN_MS : SIGN_MS;
	natsStatus status;
	bool has_room;

	choose_batch(link);
	pthread_mutex_unlock(&link->lock);
	status = send_batch(link, sign_ms);
	pthread_mutex_lock(&link->lock);
	if (status != NATS_OK)
		return status;
	has_room = confirm(link);
	pthread_mutex_unlock(&link->lock);
	if (has_room)
		nats_link_tell_text(link, NATS_NEWS_STATE, SL_BUS_UP, link->place);
	pthread_mutex_lock(&link->lock);
	return NATS_OK;
}

static natsStatus serve(struct nats_link *link)
{
	natsStatus status = NATS_OK;

	pthread_mutex_lock(&link->lock);
	while (!link->is_closed && status == NATS_OK) {
		if (!STAILQ_EMPTY(&link->errands))
			status = serve_one(link);
		else if (link->is_ending)
			break;
		else
			pthread_cond_wait(&link->changed, &link->lock);
	}
	pthread_mutex_unlock(&link->lock);
	return status;
}

/* ---- connecting ------------------------------------------------------------------------------ */

/* What was published is for the next connection; to what, the host will say again. */
static void rewind_errands(struct nats_link *link)
{
	struct nats_errands all = STAILQ_HEAD_INITIALIZER(all);
	struct nats_errand *errand;

	pthread_mutex_lock(&link->lock);
	STAILQ_CONCAT(&all, &link->sent);
	STAILQ_CONCAT(&all, &link->errands);
	while (!STAILQ_EMPTY(&all)) {
		errand = nats_errand_take_first(&all);
		if (errand->kind == NATS_PUBLISH) {
			STAILQ_INSERT_TAIL(&link->errands, errand, next);
			continue;
		}
		link->waiting_bytes -= nats_errand_weight(errand);
		free(errand);
	}
	pthread_mutex_unlock(&link->lock);
}

/* Returns when libnats will call us no more. */
static void close_connection(struct nats_link *link)
{
	const struct timespec until = nats_link_in_ms(QUIET_MS);

	nats_errands_end(link);
	natsConnection_Close(link->conn);
	pthread_mutex_lock(&link->lock);
	while (link->callers > 0 && nats_link_wait(link, &until))
		continue;
	pthread_mutex_unlock(&link->lock);
	natsConnection_Destroy(link->conn);
	link->conn = NULL;
}

static natsStatus open_connection(struct nats_link *link)
{
	natsStatus status;

	pthread_mutex_lock(&link->lock);
	link->is_closed = false;
	link->callers++;
	pthread_mutex_unlock(&link->lock);
	status = natsConnection_Connect(&link->conn, link->options);
	if (status != NATS_OK)
		nats_link_caller_ends(link);
	return status;
}

/* Half of it is by chance, so that the workers of many hosts do not come back all at once. */
static unsigned retry_delay_ms(unsigned failures)
{
	unsigned delay_ms = RETRY_LEAST_MS << (failures < 6 ? failures : 6);

	if (delay_ms > RETRY_MOST_MS)
		delay_ms = RETRY_MOST_MS;
	return delay_ms / 2 + arc4random_uniform(delay_ms / 2);
}

static void wait_for_retry(struct nats_link *link, natsStatus status, unsigned failures)
{
	const unsigned delay_ms = retry_delay_ms(failures);
	const struct timespec until = nats_link_in_ms(delay_ms);
	char text[256];

	snprintf(text, sizeof(text), "%s: %s, next try in %.1f s", link->place,
		status != NATS_OK ? natsStatus_GetText(status) : "connection lost",
		delay_ms / 1000.0);
	nats_link_tell_text(link, NATS_NEWS_STATE, SL_BUS_DOWN, text);
	pthread_mutex_lock(&link->lock);
	while (!link->is_ending && nats_link_wait(link, &until))
		continue;
	pthread_mutex_unlock(&link->lock);
}

/* Connects, and serves as long as that lasts. True: it was connected. */
static bool live_once(struct nats_link *link, natsStatus *status)
{
	nats_link_tell_text(link, NATS_NEWS_STATE, SL_BUS_CONNECTING, link->place);
	*status = open_connection(link);
	if (*status != NATS_OK)
		return false;
	nats_link_tell_text(link, NATS_NEWS_STATE, SL_BUS_UP, link->place);
	*status = serve(link);
	close_connection(link);
	return true;
}

static bool is_ending(struct nats_link *link)
{
	bool is;

	pthread_mutex_lock(&link->lock);
	is = link->is_ending;
	pthread_mutex_unlock(&link->lock);
	return is;
}

void *nats_thread_main(void *data)
{
	struct nats_link *link = data;
	unsigned failures = 0;
	natsStatus status;
	bool is_orphan;

	natsOptions_SetClosedCB(link->options, on_closed, link);
	natsOptions_SetErrorHandler(link->options, on_error, link);
	while (!is_ending(link)) {
		failures = live_once(link, &status) ? 0 : failures + 1;
		rewind_errands(link);
		if (!is_ending(link))
			wait_for_retry(link, status, failures);
	}
	pthread_mutex_lock(&link->lock);
	link->is_over = true;
	is_orphan = link->is_orphan;
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
	if (is_orphan)
		nats_link_destroy(link);
	return NULL;
}
