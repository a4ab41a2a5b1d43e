/*
 * The thread and the loop share a job, which is freed by whoever is done with it last. Knows no
 * connection. Called by pg_link.c. SPDX-License-Identifier: MIT
 */
#include "pg_names.h"

#include <event2/event.h>
#include <libpq-fe.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct pg_names_job {
	pthread_mutex_t lock; /* of `owners` */
	unsigned owners;
	int fd;
	char host[PG_HOST_MAX];
	struct pg_addresses found;
};

static bool is_name(const char *host)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
	struct addrinfo *found = NULL;
	const bool is_address = getaddrinfo(host, NULL, &hints, &found) == 0;

	if (is_address)
		freeaddrinfo(found);
	return !is_address && *host != '\0' && *host != '/' && *host != '@' &&
	       strchr(host, ',') == NULL && strlen(host) < PG_HOST_MAX;
}

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options != NULL && options->keyword != NULL; options++)
		if (strcmp(options->keyword, keyword) == 0 && options->val != NULL)
			return options->val;
	return "";
}

bool pg_names_host(char out[PG_HOST_MAX], const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);
	const char *host = value_of(options, "host");
	const bool is_one = is_name(host) && *value_of(options, "hostaddr") == '\0';

	if (is_one)
		strcpy(out, host);
	PQconninfoFree(options);
	return is_one;
}

/* ---- the job --------------------------------------------------------------------------------- */

static void job_unref(struct pg_names_job *job)
{
	bool is_last;

	pthread_mutex_lock(&job->lock);
	is_last = --job->owners == 0;
	pthread_mutex_unlock(&job->lock);
	if (!is_last)
		return;
	pthread_mutex_destroy(&job->lock);
	close(job->fd);
	free(job);
}

static void append(char *list, size_t size, const char *item)
{
	const size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len > 0 ? "," : "", item);
}

static void *look_up(void *data)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct pg_names_job *job = data;
	struct pg_addresses *found = &job->found;
	struct addrinfo *list = NULL, *item;
	char text[PG_ADDRESS_MAX];
	const uint64_t one = 1;
	int count = 0;

	found->error = getaddrinfo(job->host, NULL, &hints, &list);
	for (item = list; item != NULL && count < PG_NAMES_MAX; item = item->ai_next) {
		if (getnameinfo(item->ai_addr, item->ai_addrlen, text, sizeof(text), NULL, 0,
			    NI_NUMERICHOST) != 0)
			continue;
		append(found->addresses, sizeof(found->addresses), text);
		append(found->hosts, sizeof(found->hosts), job->host);
		count++;
	}
	if (list != NULL)
		freeaddrinfo(list);
	(void)!write(job->fd, &one, sizeof(one));
	job_unref(job);
	return NULL;
}

static struct pg_names_job *job_new(const char *host)
{
	struct pg_names_job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	pthread_mutex_init(&job->lock, NULL);
	job->owners = 1;
	job->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	snprintf(job->host, sizeof(job->host), "%s", host);
	return job;
}

/* Signals are for the host's thread. */
static bool job_start(struct pg_names_job *job)
{
	pthread_t thread;
	sigset_t all, before;
	int failed;

	job->owners++;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&thread, NULL, look_up, job);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed != 0)
		job->owners--;
	else
		pthread_detach(thread);
	return failed == 0;
}

/* ---- the loop's side ------------------------------------------------------------------------- */

static void names_on_event(evutil_socket_t fd, short what, void *data)
{
	struct pg_names *names = data;

	(void)fd;
	(void)what;
	names->found = names->job->found;
	pg_names_end(names);
	names->tell(names->context);
}

bool pg_names_begin(struct pg_names *names, struct event_base *base, const char *host,
	void (*tell)(void *context), void *context)
{
	names->tell = tell;
	names->context = context;
	names->job = job_new(host);
	if (names->job == NULL)
		return false;
	if (names->job->fd >= 0)
		names->done = event_new(base, names->job->fd, EV_READ, names_on_event, names);
	if (names->done != NULL && event_add(names->done, NULL) == 0 && job_start(names->job))
		return true;
	pg_names_end(names);
	return false;
}

void pg_names_end(struct pg_names *names)
{
	if (names->done != NULL)
		event_free(names->done);
	if (names->job != NULL)
		job_unref(names->job);
	names->done = NULL;
	names->job = NULL;
}
