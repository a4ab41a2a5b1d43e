/*
 * The floor of all figures: bare epoll, no protocol. Answers handshakes with a constant, then sends
 * back each byte as it came, mask and all; with "broadcast" to every connection there is. One recv
 * and one send for what is ready: less work has no server that answers.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor.h"

enum { EVENTS = 256, CONNECTIONS = 20000 };

struct peer {
	int fd, is_upgraded;
	size_t index; /* in the list of all */
	struct floor_rest rest;
};

struct server {
	int epoll, listener, is_broadcast;
	struct peer *peers[CONNECTIONS];
	size_t count;
};

static void watch(struct server *server, struct peer *peer, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.ptr = peer};

	epoll_ctl(server->epoll, operation, peer->fd, &event);
}

static void peer_accept(struct server *server)
{
	int fd;

	while (server->count < CONNECTIONS && (fd = floor_accept(server->listener)) >= 0) {
		struct peer *peer = calloc(1, sizeof(*peer));

		peer->fd = fd;
		peer->index = server->count;
		server->peers[server->count++] = peer;
		watch(server, peer, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void peer_end(struct server *server, struct peer *peer)
{
	server->peers[peer->index] = server->peers[--server->count];
	server->peers[peer->index]->index = peer->index;
	close(peer->fd);
	free(peer->rest.data);
	free(peer);
}

static void peer_send(struct server *server, struct peer *peer, unsigned char *data, size_t len)
{
	if (peer->is_upgraded && !floor_send(&peer->rest, peer->fd, data, len))
		watch(server, peer, EPOLLOUT, EPOLL_CTL_MOD);
}

static void peer_receive(struct server *server, struct peer *peer)
{
	static unsigned char buf[FLOOR_RECEIVE_BYTES];
	ssize_t got = recv(peer->fd, buf, sizeof(buf), 0);

	if (got <= 0) {
		peer_end(server, peer);
	} else if (!peer->is_upgraded) {
		peer->is_upgraded = floor_answer(peer->fd, (char *)buf, (size_t)got);
	} else if (!server->is_broadcast) {
		peer_send(server, peer, buf, (size_t)got);
	} else {
		for (size_t i = 0; i < server->count; i++)
			peer_send(server, server->peers[i], buf, (size_t)got);
	}
}

static void peer_flush(struct server *server, struct peer *peer)
{
	int sent = floor_flush(&peer->rest, peer->fd);

	if (sent < 0)
		peer_end(server, peer);
	else if (sent > 0)
		watch(server, peer, EPOLLIN, EPOLL_CTL_MOD);
}

static void peer_on_event(struct server *server, struct peer *peer, uint32_t events)
{
	if (!peer)
		peer_accept(server);
	else if (events & EPOLLOUT)
		peer_flush(server, peer);
	else
		peer_receive(server, peer);
}

int main(int argc, char **argv)
{
	static struct server server;
	struct epoll_event events[EVENTS], accepts = {.events = EPOLLIN};

	server.listener = floor_listen(argv[1]);
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.is_broadcast = argc > 2 && strcmp(argv[2], "broadcast") == 0;
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &accepts);
	for (;;) {
		int count = epoll_wait(server.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			peer_on_event(&server, events[i].data.ptr, events[i].events);
	}
}
