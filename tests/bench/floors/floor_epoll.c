/*
 * The floor of all figures: bare epoll. Answers handshakes with a constant, then sends back each
 * byte that came through its codec (floor_codec.h; floor_raw.c is none), mask and all; with
 * "broadcast" as the last word to every connection there is. One recv and one send for what is
 * ready: less work has no server that answers.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "floor_codec.h"

enum { EVENTS = 256, CONNECTIONS = 20000 };

struct server {
	int epoll, listener, is_broadcast;
	struct floor_peer *peers[CONNECTIONS];
	size_t count;
};

void floor_die(const char *what)
{
	fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static void watch(struct server *server, struct floor_peer *peer, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.ptr = peer};

	epoll_ctl(server->epoll, operation, peer->fd, &event);
}

static void peer_accept(struct server *server)
{
	int fd;

	while (server->count < CONNECTIONS && (fd = floor_accept(server->listener)) >= 0) {
		struct floor_peer *peer = calloc(1, sizeof(*peer));

		peer->fd = fd;
		peer->index = server->count;
		server->peers[server->count++] = peer;
		floor_codec_open(peer);
		watch(server, peer, EPOLLIN, EPOLL_CTL_ADD);
	}
}

static void peer_end(struct server *server, struct floor_peer *peer)
{
	server->peers[peer->index] = server->peers[--server->count];
	server->peers[peer->index]->index = peer->index;
	floor_codec_close(peer);
	close(peer->fd);
	free(peer->rest.data);
	free(peer);
}

static void peer_send(struct server *server, struct floor_peer *peer, struct floor_bytes bytes)
{
	bytes = floor_codec_out(peer, bytes);
	if (bytes.len > 0 && !floor_send(&peer->rest, peer->fd, bytes.data, bytes.len))
		watch(server, peer, EPOLLOUT, EPOLL_CTL_MOD);
}

static void peer_shake_hands(
	struct server *server, struct floor_peer *peer, struct floor_bytes bytes)
{
	const char *answer = floor_answer((const char *)bytes.data, bytes.len);

	peer_send(server, peer,
		(struct floor_bytes){(const void *)answer, answer ? strlen(answer) : 0});
	peer->is_upgraded = answer != NULL;
}

static void peer_receive(struct server *server, struct floor_peer *peer)
{
	static unsigned char buf[FLOOR_RECEIVE_BYTES];
	ssize_t got = recv(peer->fd, buf, floor_codec_receive_bytes, 0);
	struct floor_bytes bytes;

	if (got <= 0) {
		peer_end(server, peer);
		return;
	}
	bytes = floor_codec_in(peer, (struct floor_bytes){buf, (size_t)got});
	if (!peer->is_upgraded)
		peer_shake_hands(server, peer, bytes);
	else if (!server->is_broadcast)
		peer_send(server, peer, bytes);
	else
		for (size_t i = 0; i < server->count; i++)
			if (server->peers[i]->is_upgraded)
				peer_send(server, server->peers[i], bytes);
}

static void peer_flush(struct server *server, struct floor_peer *peer)
{
	int sent = floor_flush(&peer->rest, peer->fd);

	if (sent < 0)
		peer_end(server, peer);
	else if (sent > 0)
		watch(server, peer, EPOLLIN, EPOLL_CTL_MOD);
}

static void peer_on_event(struct server *server, struct floor_peer *peer, uint32_t events)
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

	if (argc < 2)
		floor_die("wanted a port");
	floor_codec_init(argc - 2, argv + 2);
	server.listener = floor_listen(argv[1]);
	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.is_broadcast = strcmp(argv[argc - 1], "broadcast") == 0;
	epoll_ctl(server.epoll, EPOLL_CTL_ADD, server.listener, &accepts);
	for (;;) {
		int count = epoll_wait(server.epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++)
			peer_on_event(&server, events[i].data.ptr, events[i].events);
	}
}
