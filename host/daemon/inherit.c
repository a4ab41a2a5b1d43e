/*
 * The sockets are taken before anything is loaded, and used by address: what is wanted is there
 * already, what is not is closed, just as at a reload. Called by master.c and start.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/inherit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/pack.h"
#include "daemon/upgrade.h"

enum { GIVE_MS = 5000 }; /* for the next of the sockets */

/* -1: none is announced. The programs that plugins start are not to hear of it. */
static int announced(void)
{
	const char *text = getenv(UPGRADE_VARIABLE);
	int fd = text == NULL ? -1 : atoi(text);
	struct stat info;

	unsetenv(UPGRADE_VARIABLE);
	if (fd <= STDERR_FILENO || fstat(fd, &info) != 0 || !S_ISSOCK(info.st_mode))
		return -1;
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static void take_socket(struct listen_set *listens, const struct message *message)
{
	struct arena arena = {0};
	struct span body = message->body;
	uint64_t worker = CONFIG_WORKERS_MAX;
	const char *address = NULL;

	if (pack_take_number(&body, &worker))
		address = pack_take_text(&body, &arena);
	if (address != NULL && worker < CONFIG_WORKERS_MAX && message->fd >= 0)
		listen_set_inherit(listens, address, (unsigned)worker, message->fd);
	else if (message->fd >= 0)
		close(message->fd);
	arena_fini(&arena);
}

static void take_given(struct listen_set *listens, const struct message *message)
{
	struct arena arena = {0};
	struct span body = message->body;
	uint64_t number = 0;
	const char *name = NULL;

	if (pack_take_number(&body, &number))
		name = pack_take_text(&body, &arena);
	if (name != NULL && message->fd >= 0)
		given_add(&listens->given, (unsigned)number, name, message->fd);
	else if (message->fd >= 0)
		close(message->fd);
	arena_fini(&arena);
}

static void take(struct inherit *inherit, struct listen_set *listens, const struct message *message)
{
	if (message->kind == UPGRADE_SOCKET)
		take_socket(listens, message);
	else if (message->kind == UPGRADE_GIVEN)
		take_given(listens, message);
	else if (message->kind == UPGRADE_CONTROL && inherit->control < 0)
		inherit->control = message->fd;
	else if (message->fd >= 0)
		close(message->fd);
}

bool inherit_init(struct inherit *inherit, struct listen_set *listens, struct err *why)
{
	struct pollfd readable = {.events = POLLIN};
	enum channel_state state;
	struct message message;

	inherit->control = -1;
	channel_init(&inherit->channel, announced());
	readable.fd = inherit->channel.fd;
	while (inherit->channel.fd >= 0) {
		state = channel_receive(&inherit->channel, &message);
		if (state == CHANNEL_ENDED ||
			(state == CHANNEL_EMPTY && poll(&readable, 1, GIVE_MS) == 0)) {
			err_set(why, ERR_INTERNAL,
				"upgrade: the process before did not hand over its sockets");
			return false;
		}
		if (state == CHANNEL_MESSAGE && message.kind == UPGRADE_GO)
			return true;
		if (state == CHANNEL_MESSAGE)
			take(inherit, listens, &message);
	}
	return true;
}

void inherit_fini(struct inherit *inherit)
{
	channel_fini(&inherit->channel);
	if (inherit->control >= 0)
		close(inherit->control);
	inherit->control = -1;
}

bool inherit_is_successor(const struct inherit *inherit)
{
	return inherit->channel.fd >= 0;
}

void inherit_serves(struct inherit *inherit)
{
	channel_send(&inherit->channel, UPGRADE_SERVES, (struct span){0}, -1);
	inherit_fini(inherit);
}

void inherit_failed(struct inherit *inherit, const struct err_list *why)
{
	struct arena arena = {0};
	struct buf text = {0};

	if (!inherit_is_successor(inherit))
		return;
	for (size_t i = 0; i < why->count; i++)
		buf_printf(
			&text, "%s%s", i == 0 ? "" : "; ", complaint_line(&why->items[i], &arena));
	channel_send(&inherit->channel, UPGRADE_FAILED, buf_span(&text), -1);
	buf_fini(&text);
	arena_fini(&arena);
}
