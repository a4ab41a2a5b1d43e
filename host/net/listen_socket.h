/*
 * Listening sockets before anybody accepts from them. Several sockets share one address, one
 * for each worker, and the kernel spreads the clients; another program gets no share.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_LISTEN_SOCKET_H
#define SOCKLET_NET_LISTEN_SOCKET_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/un.h>

#include "base/err.h"

/* "unix:" and a path: longer than any other. */
enum {
	LISTEN_IPV4_SIZE = sizeof("255.255.255.255:65535"),
	LISTEN_ADDRESS_SIZE = sizeof("unix:") + sizeof(((struct sockaddr_un *)0)->sun_path),
};

union listen_address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
	struct sockaddr_storage room;
};

/*
 * Binds and listens: the first socket of its address. host "" is every address; port is a number,
 * "0" for any free one. Of a name's addresses the first that can be bound is taken. -1 fills `why`.
 */
int listen_socket_open(const char *host, const char *port, struct err *why);
/* One more at the same address and port, for another worker. -1 fills `why`. */
int listen_socket_twin(int fd, struct err *why);
/*
 * Whether it is what a host accepts from: a listening stream socket, TCP or Unix, made by somebody
 * else. Makes it as ours are. False fills `why`, to stand behind what it is called.
 */
bool listen_socket_adopt(int fd, struct err *why);

/* "127.0.0.1:8000"; both as the network has them. */
void listen_ipv4_print(char out[LISTEN_IPV4_SIZE], struct in_addr address, in_port_t port);
/* The same, "[::1]:8000", "unix:/run/x.sock"; "unix:" for a client without a path */
void listen_address_print(char out[LISTEN_ADDRESS_SIZE], const union listen_address *address);
/* Who connected: as above, and of a Unix socket's peer "unix:pid=71,uid=0". */
void listen_socket_print_peer(
	char out[LISTEN_ADDRESS_SIZE], int fd, const union listen_address *address);
/* 0 for a Unix socket. */
unsigned listen_socket_port(int fd);
/* The real address and port. */
void listen_socket_print(char out[LISTEN_ADDRESS_SIZE], int fd);

#endif
