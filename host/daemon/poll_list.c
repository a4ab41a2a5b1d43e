/*
 * A few dozen descriptors, a few times a second at most: a list that is built anew each time cannot
 * be out of date. Called by master.c. SPDX-License-Identifier: MIT
 */
#include "daemon/poll_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "daemon/process.h"

void poll_list_fini(struct poll_list *list)
{
	free(list->fds);
	free(list->ready);
	memset(list, 0, sizeof(*list));
}

void poll_list_clear(struct poll_list *list)
{
	list->count = 0;
	list->until_ms = UINT64_MAX;
}

void poll_list_add(struct poll_list *list, int fd, short events,
	void (*run)(void *context, void *arg), void *arg)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity == 0 ? 16 : list->capacity * 2;
		list->fds = xrealloc(list->fds, list->capacity * sizeof(*list->fds));
		list->ready = xrealloc(list->ready, list->capacity * sizeof(*list->ready));
	}
	list->fds[list->count] = (struct pollfd){.fd = fd, .events = events};
	list->ready[list->count++] = (struct poll_ready){run, arg};
}

void poll_list_until(struct poll_list *list, uint64_t ms)
{
	if (ms < list->until_ms)
		list->until_ms = ms;
}

static int wait_ms(const struct poll_list *list)
{
	uint64_t now = process_now_ms();

	if (list->until_ms == UINT64_MAX)
		return -1;
	if (list->until_ms <= now)
		return 0;
	return list->until_ms - now > 60000 ? 60000 : (int)(list->until_ms - now);
}

void poll_list_wait(struct poll_list *list, void *context)
{
	if (poll(list->fds, list->count, wait_ms(list)) <= 0)
		return;
	for (size_t i = 0; i < list->count; i++)
		if (list->fds[i].revents != 0)
			list->ready[i].run(context, list->ready[i].arg);
}
