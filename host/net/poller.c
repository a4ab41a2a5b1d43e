/*
 * Level-triggered. Against an event of libevent for each connection this saves 128 bytes of it and
 * 40 of the base's map, and per event the walk through both; a turn of the base costs one system
 * call more, which is why worker.c waits here while connections talk.
 * SPDX-License-Identifier: MIT
 */
#include "net/poller.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stddef.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/expect.h"

/* In the pointer that the kernel keeps for us: it is a watch, no connection. */
#define IS_WATCH ((uintptr_t)1)

static void tell(struct poller *poller, const struct epoll_event *event)
{
	uintptr_t bits = (uintptr_t)event->data.ptr;
	const struct poller_watch *watch = (const struct poller_watch *)(bits & ~IS_WATCH);
	uint32_t events = event->events;

	if (bits == 0)
		return;
	if ((bits & IS_WATCH) != 0) {
		watch->ready(watch->arg);
		return;
	}
	/* Reading and sending say what it is. */
	if ((events & (EPOLLERR | EPOLLHUP)) != 0)
		events |= EPOLLIN | EPOLLOUT;
	poller->ready(event->data.ptr, events & (EPOLLIN | EPOLLOUT));
}

bool poller_wait(struct poller *poller, int wait_ms)
{
	int count = epoll_wait(poller->epoll, poller->batch, POLLER_BATCH, wait_ms);

	if (count <= 0)
		return false;
	poller->has_spoken = true;
	poller->spoke_ms = clock_ms();
	poller->count = count;
	for (poller->at = 0; poller->at < poller->count; poller->at++) {
		/* Of many, each comes from far. */
		expect_object(poller->batch[poller->at + 1].data.ptr);
		tell(poller, &poller->batch[poller->at]);
	}
	poller->count = 0;
	return true;
}

static void poller_on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	poller_wait(arg, 0);
}

/* ---- what is looked at ---------------------------------------------------------------------- */

static bool change(struct poller *poller, int operation, int fd, uint32_t events, void *data)
{
	struct epoll_event event = {.events = events, .data.ptr = data};

	return epoll_ctl(poller->epoll, operation, fd, &event) == 0;
}

bool poller_set(struct poller *poller, int fd, void *conn, uint32_t before, uint32_t wanted)
{
	int operation = EPOLL_CTL_MOD;

	if (before == wanted)
		return true;
	if (before == 0)
		operation = EPOLL_CTL_ADD;
	else if (wanted == 0)
		operation = EPOLL_CTL_DEL;
	return change(poller, operation, fd, wanted, conn);
}

bool poller_watch(struct poller *poller, struct poller_watch *watch)
{
	if (!watch->is_on)
		watch->is_on = change(poller, EPOLL_CTL_ADD, watch->fd, EPOLLIN,
			(void *)((uintptr_t)watch | IS_WATCH));
	return watch->is_on;
}

void poller_unwatch(struct poller *poller, struct poller_watch *watch)
{
	if (!watch->is_on)
		return;
	watch->is_on = false;
	change(poller, EPOLL_CTL_DEL, watch->fd, 0, NULL);
	/* Its owner may free it before the batch is over. */
	for (int i = poller->at; i < poller->count; i++)
		if ((uintptr_t)poller->batch[i].data.ptr == ((uintptr_t)watch | IS_WATCH))
			poller->batch[i].data.ptr = NULL;
}

/* ---- life ----------------------------------------------------------------------------------- */

bool poller_init(
	struct poller *poller, struct event_base *base, void (*ready)(void *conn, uint32_t events))
{
	poller->ready = ready;
	poller->count = poller->at = 0;
	poller->has_spoken = false;
	poller->spoke_ms = 0;
	poller->event = NULL;
	poller->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll < 0)
		return false;
	poller->event = event_new(
		base, poller->epoll, EV_READ | EV_PERSIST, poller_on_event, poller);
	assert(poller->event != NULL); /* else memory is out */
	return event_add(poller->event, NULL) == 0;
}

void poller_fini(struct poller *poller)
{
	if (poller->event != NULL)
		event_free(poller->event);
	if (poller->epoll >= 0)
		close(poller->epoll);
	poller->epoll = -1;
	poller->event = NULL;
}
