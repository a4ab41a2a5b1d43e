/*
 * The C library can look up names in its own ways only, and only waiting; so a thread waits, and
 * says by a pipe that it has done. An address needs none. Called by redis_link.c.
 * SPDX-License-Identifier: MIT
 */
#include "redis_resolve.h"

#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int look_up(struct redis_resolve *resolve, int flags)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};

	return getaddrinfo(resolve->host, resolve->port, &hints, &resolve->found);
}

static void *run(void *arg)
{
	struct redis_resolve *resolve = arg;

	resolve->error = look_up(resolve, AI_ADDRCONFIG);
	/* Nobody else has the other end; a byte always fits. */
	if (write(resolve->pipe[1], "", 1) < 0)
		resolve->error = EAI_SYSTEM;
	return NULL;
}

static void end_thread(struct redis_resolve *resolve)
{
	pthread_join(resolve->thread, NULL);
	event_free(resolve->done);
	resolve->done = NULL;
	close(resolve->pipe[0]);
	close(resolve->pipe[1]);
}

static void done_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct redis_resolve *resolve = arg;

	(void)fd;
	(void)what;
	end_thread(resolve);
	resolve->tell(resolve->context);
}

static bool begin_thread(struct redis_resolve *resolve, struct event_base *base)
{
	if (pipe2(resolve->pipe, O_CLOEXEC) < 0)
		return false;
	if (pthread_create(&resolve->thread, NULL, run, resolve) != 0) {
		close(resolve->pipe[0]);
		close(resolve->pipe[1]);
		return false;
	}
	resolve->done = event_new(base, resolve->pipe[0], EV_READ, done_on_event, resolve);
	event_add(resolve->done, NULL);
	return true;
}

void redis_resolve_begin(struct redis_resolve *resolve, struct event_base *base, const char *host,
	const char *port, void (*tell)(void *context), void *context)
{
	redis_resolve_end(resolve);
	snprintf(resolve->host, sizeof(resolve->host), "%s", host);
	snprintf(resolve->port, sizeof(resolve->port), "%s", port);
	resolve->tell = tell;
	resolve->context = context;
	resolve->error = look_up(resolve, AI_NUMERICHOST);
	if (resolve->error != 0 && begin_thread(resolve, base))
		return;
	tell(context);
}

void redis_resolve_end(struct redis_resolve *resolve)
{
	if (resolve->done != NULL)
		end_thread(resolve);
	if (resolve->found != NULL)
		freeaddrinfo(resolve->found);
	resolve->found = NULL;
}
