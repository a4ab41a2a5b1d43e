/*
 * The first socket of an address is bound without SO_REUSEPORT, so that an address in use is an
 * error as it always was, and gets the option before it listens; twins are bound with it. Who
 * binds later without the option, another host too, is refused. SPDX-License-Identifier: MIT
 */
#include "net/listen_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 }; /* the kernel lowers it to net.core.somaxconn */

/* An abstract name begins with a NUL, which is written as '@'. */
static void print_unix(char out[LISTEN_ADDRESS_SIZE], const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	bool is_abstract = path[0] == '\0' && path[1] != '\0';

	snprintf(out, LISTEN_ADDRESS_SIZE, "unix:%s%.*s", is_abstract ? "@" : "",
		(int)sizeof(address->sun_path) - is_abstract, path + is_abstract);
}

/* Digits and what stands behind them. */
static char *put_number(char *at, unsigned number, char behind)
{
	char digits[10];
	size_t count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	*at++ = behind;
	return at;
}

/* By hand: each handshake comes here a few times, and printf is a fifth of what it costs. */
void listen_ipv4_print(char out[LISTEN_IPV4_SIZE], struct in_addr address, in_port_t port)
{
	uint32_t bytes = ntohl(address.s_addr);

	for (unsigned shift = 32; shift > 0; shift -= 8)
		out = put_number(out, bytes >> (shift - 8) & 0xff, shift > 8 ? '.' : ':');
	put_number(out, ntohs(port), '\0');
}

void listen_address_print(char out[LISTEN_ADDRESS_SIZE], const union listen_address *address)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (address->any.sa_family == AF_UNIX) {
		print_unix(out, &address->un);
	} else if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->in6.sin6_addr, text, sizeof(text));
		snprintf(out, LISTEN_ADDRESS_SIZE, "[%s]:%u", text, ntohs(address->in6.sin6_port));
	} else {
		listen_ipv4_print(out, address->in.sin_addr, address->in.sin_port);
	}
}

void listen_socket_print_peer(
	char out[LISTEN_ADDRESS_SIZE], int fd, const union listen_address *address)
{
	struct ucred who;
	socklen_t len = sizeof(who);

	if (address->any.sa_family == AF_UNIX &&
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0)
		snprintf(out, LISTEN_ADDRESS_SIZE, "unix:pid=%ld,uid=%lu", (long)who.pid,
			(unsigned long)who.uid);
	else
		listen_address_print(out, address);
}

void listen_socket_print(char out[LISTEN_ADDRESS_SIZE], int fd)
{
	union listen_address address = {0};
	socklen_t len = sizeof(address);

	getsockname(fd, &address.any, &len);
	listen_address_print(out, &address);
}

static void switch_on(int fd, int level, int option)
{
	int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

/* -1 leaves errno. */
static int bind_one(const struct sockaddr *address, socklen_t len, bool is_twin)
{
	int error, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (is_twin)
		switch_on(fd, SOL_SOCKET, SO_REUSEPORT);
	if (address->sa_family == AF_INET6)
		switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	/* Accepted sockets inherit it, which saves a call for each. */
	switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
	if (bind(fd, address, len) == 0) {
		switch_on(fd, SOL_SOCKET, SO_REUSEPORT);
		if (listen(fd, BACKLOG) == 0)
			return fd;
	}
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

int listen_socket_open(const char *host, const char *port, struct err *why)
{
	const struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
	};
	const bool is_ipv6 = strchr(host, ':') != NULL;
	struct addrinfo *list;
	int fd = -1, result = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &list);

	if (result != 0) {
		err_set(why, ERR_INTERNAL, "cannot resolve %s port %s: %s", host, port,
			gai_strerror(result));
		return -1;
	}
	for (const struct addrinfo *info = list; info != NULL && fd < 0; info = info->ai_next)
		fd = bind_one(info->ai_addr, info->ai_addrlen, false);
	if (fd < 0)
		err_set(why, ERR_INTERNAL, "cannot listen on %s%s%s:%s: %s%s", is_ipv6 ? "[" : "",
			host, is_ipv6 ? "]" : "", port, strerror(errno),
			errno == EADDRINUSE ? "; stop the program there, or take another port"
					    : "");
	freeaddrinfo(list);
	return fd;
}

int listen_socket_twin(int fd, struct err *why)
{
	union listen_address address = {0};
	socklen_t len = sizeof(address);
	char text[LISTEN_ADDRESS_SIZE];
	int twin = -1;

	if (getsockname(fd, &address.any, &len) == 0)
		twin = bind_one(&address.any, len, true);
	if (twin < 0) {
		int error = errno;

		listen_address_print(text, &address);
		err_set(why, ERR_INTERNAL, "cannot listen on %s once more: %s", text,
			strerror(error));
	}
	return twin;
}

unsigned listen_socket_port(int fd)
{
	union listen_address address = {0};
	socklen_t len = sizeof(address);

	getsockname(fd, &address.any, &len);
	if (address.any.sa_family == AF_INET6)
		return ntohs(address.in6.sin6_port);
	return address.any.sa_family == AF_INET ? ntohs(address.in.sin_port) : 0;
}

static int read_option(int fd, int option)
{
	int value = -1;

	getsockopt(fd, SOL_SOCKET, option, &value, &(socklen_t){sizeof(value)});
	return value;
}

bool listen_socket_adopt(int fd, struct err *why)
{
	int domain = read_option(fd, SO_DOMAIN);
	bool is_ours = domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX;

	if (!is_ours || read_option(fd, SO_TYPE) != SOCK_STREAM)
		err_set(why, ERR_INTERNAL, "is no stream socket of TCP or Unix");
	else if (read_option(fd, SO_ACCEPTCONN) != 1)
		err_set(why, ERR_INTERNAL, "is a socket that does not listen");
	else {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (domain != AF_UNIX)
			switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
		return true;
	}
	return false;
}
