/*
 * The variables are taken away, as the programs that plugins start must not believe that they were
 * meant. A name may stand for several sockets, a number never does. Called by master.c, inherit.c
 * and listen_set.c. SPDX-License-Identifier: MIT
 */
#include "daemon/given.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "net/listen_socket.h"

enum { FIRST = 3, MOST = 1024 };

static long read_number(const char *variable)
{
	const char *text = getenv(variable);

	return text == NULL ? 0 : strtol(text, NULL, 10);
}

void given_add(struct given *given, unsigned number, const char *name, int fd)
{
	given->items = xrealloc(given->items, (given->count + 1) * sizeof(*given->items));
	given->items[given->count++] = (struct given_socket){number, fd, xstrdup(name)};
}

static void take_all(struct given *given, unsigned count, struct span names)
{
	for (unsigned i = 0; i < count; i++) {
		struct span name = span_cut(&names, ':');
		int fd = FIRST + (int)i;
		char text[256];

		snprintf(text, sizeof(text), "%.*s", SPAN_ARG(name));
		if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
			given_add(given, (unsigned)fd, text, fd);
	}
}

void given_take(struct given *given)
{
	long count = read_number("LISTEN_FDS");

	/* Else they were meant for a process that has started us. */
	if (read_number("LISTEN_PID") == (long)getpid() && count > 0 && count <= MOST) {
		const char *names = getenv("LISTEN_FDNAMES");

		take_all(given, (unsigned)count, span_of(names == NULL ? "" : names));
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
}

void given_fini(struct given *given)
{
	for (size_t i = 0; i < given->count; i++) {
		close(given->items[i].fd);
		free(given->items[i].name);
	}
	free(given->items);
	memset(given, 0, sizeof(*given));
}

/* "web (3), admin (4)" */
static void print_all(struct buf *out, const struct given *given)
{
	for (size_t i = 0; i < given->count; i++)
		buf_printf(out, "%sfd:%s (%u)", i == 0 ? "" : ", ", given->items[i].name,
			given->items[i].number);
}

static int refuse(const struct given *given, const char *name, size_t found, struct err *why)
{
	struct buf all = {0};

	print_all(&all, given);
	if (given->count == 0)
		err_set(why, ERR_INTERNAL,
			"found no inherited socket: start the host by a .socket unit, or with "
			"systemd-socket-activate");
	else if (name[0] == '\0')
		err_set(why, ERR_INTERNAL, "found %zu inherited sockets, say which: %.*s",
			given->count, SPAN_ARG(buf_span(&all)));
	else if (found > 1)
		err_set(why, ERR_INTERNAL,
			"found %zu inherited sockets called %s, name one by its number: %.*s",
			found, name, SPAN_ARG(buf_span(&all)));
	else
		err_set(why, ERR_INTERNAL, "found no inherited socket called %s, there are: %.*s",
			name, SPAN_ARG(buf_span(&all)));
	buf_fini(&all);
	return -1;
}

static bool is_called(const struct given_socket *item, const char *name)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", item->number);
	return name[0] == '\0' || strcmp(item->name, name) == 0 || strcmp(number, name) == 0;
}

int given_find(const struct given *given, const char *name, struct err *why)
{
	const struct given_socket *item = NULL;
	struct err reason;
	size_t found = 0;

	for (size_t i = 0; i < given->count; i++) {
		if (!is_called(&given->items[i], name))
			continue;
		item = &given->items[i];
		found++;
	}
	if (found != 1)
		return refuse(given, name, found, why);
	if (listen_socket_adopt(item->fd, &reason))
		return item->fd;
	err_set(why, ERR_INTERNAL, "inherited descriptor %u (fd:%s) %s", item->number, item->name,
		reason.text);
	return -1;
}
