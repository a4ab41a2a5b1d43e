/*
 * The second floor: the same echo on libevent's plain events, two of them for each connection, no
 * bufferevent, no locks. What is between it and floor_epoll.c is libevent's own.
 * SPDX-License-Identifier: MIT
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor.h"

struct peer {
	int fd, is_upgraded;
	struct event *in, *out;
	struct floor_rest rest;
};

static void peer_end(struct peer *peer)
{
	event_free(peer->in);
	event_free(peer->out);
	close(peer->fd);
	free(peer->rest.data);
	free(peer);
}

static void peer_send(struct peer *peer, unsigned char *data, size_t len)
{
	if (floor_send(&peer->rest, peer->fd, data, len))
		return;
	event_del(peer->in);
	event_add(peer->out, NULL);
}

static void peer_shake_hands(struct peer *peer, const char *request, size_t len)
{
	const char *answer = floor_answer(request, len);

	if (answer)
		peer->is_upgraded = send(peer->fd, answer, strlen(answer), MSG_NOSIGNAL) > 0;
}

static void peer_on_readable(evutil_socket_t fd, short what, void *data)
{
	static unsigned char buf[FLOOR_RECEIVE_BYTES];
	struct peer *peer = data;
	ssize_t got = recv(fd, buf, sizeof(buf), 0);

	(void)what;
	if (got <= 0)
		peer_end(peer);
	else if (!peer->is_upgraded)
		peer_shake_hands(peer, (char *)buf, (size_t)got);
	else
		peer_send(peer, buf, (size_t)got);
}

static void peer_on_writable(evutil_socket_t fd, short what, void *data)
{
	struct peer *peer = data;
	int sent = floor_flush(&peer->rest, fd);

	(void)what;
	if (sent < 0) {
		peer_end(peer);
	} else if (sent > 0) {
		event_del(peer->out);
		event_add(peer->in, NULL);
	}
}

static void listener_on_event(evutil_socket_t listener, short what, void *base)
{
	int fd;

	(void)what;
	while ((fd = floor_accept(listener)) >= 0) {
		struct peer *peer = calloc(1, sizeof(*peer));

		peer->fd = fd;
		peer->in = event_new(base, fd, EV_READ | EV_PERSIST, peer_on_readable, peer);
		peer->out = event_new(base, fd, EV_WRITE | EV_PERSIST, peer_on_writable, peer);
		event_add(peer->in, NULL);
	}
}

int main(int argc, char **argv)
{
	struct event_config *config = event_config_new();
	struct event_base *base;
	struct event *accepts;

	if (argc < 2)
		return 2;
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	base = event_base_new_with_config(config);
	accepts = event_new(
		base, floor_listen(argv[1]), EV_READ | EV_PERSIST, listener_on_event, base);
	event_add(accepts, NULL);
	return event_base_dispatch(base);
}
