/*
 * When the process is out of descriptors, accept fails while the waiting connection keeps the
 * socket readable, and a plain loop would spin. A reserve descriptor is then given up for a moment
 * to take the connection, tell it 503 and close it; where even that fails, accepting rests for a
 * while. Called by worker.c. SPDX-License-Identifier: MIT
 */
#include "net/listener.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "net/clock.h"

#define LISTENER_MAGIC 0x6c697374u

enum {
	BACKLOG = 4096,      /* the kernel lowers it to net.core.somaxconn */
	ACCEPTS_A_TURN = 64, /* then other events have their turn */
	REST_MS = 100,       /* after an error that accepting again at once would repeat */
	LOG_INTERVAL_MS = 1000,
	ADDRESS_SIZE = INET6_ADDRSTRLEN + sizeof("[]:65535"),
};

struct listener {
	unsigned magic;
	int fd, reserve_fd;
	struct event event, rest;
	struct acceptor acceptor;
	uint64_t turned_away, logged_ms;
	char address[ADDRESS_SIZE];
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage room;
};

static void address_print(char out[ADDRESS_SIZE], const union address *address)
{
	char text[INET6_ADDRSTRLEN] = "?";

	if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->in6.sin6_addr, text, sizeof(text));
		snprintf(out, ADDRESS_SIZE, "[%s]:%u", text, ntohs(address->in6.sin6_port));
	} else {
		inet_ntop(AF_INET, &address->in.sin_addr, text, sizeof(text));
		snprintf(out, ADDRESS_SIZE, "%s:%u", text, ntohs(address->in.sin_port));
	}
}

/* ---- accepting ------------------------------------------------------------------------------ */

enum next { GO_ON, ENOUGH, REST };

static int open_reserve(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void tell_busy(int fd)
{
	static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nServer: socklet\r\n"
				     "Retry-After: 5\r\nContent-Length: 0\r\n"
				     "Connection: close\r\n\r\n";
	char request[2048];
	ssize_t ignored;

	ignored = send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	/* Bytes left unread would turn the close into a reset, which can overtake the answer. */
	ignored = recv(fd, request, sizeof(request), MSG_DONTWAIT);
	(void)ignored;
}

static void log_turned_away(struct listener *listener)
{
	uint64_t now_ms = clock_ms();

	if (listener->logged_ms != 0 && now_ms - listener->logged_ms < LOG_INTERVAL_MS)
		return;
	log_warn("%s: out of file descriptors, %llu connections turned away with 503 so far; raise "
		 "the limit (ulimit -n)",
		listener->address, (unsigned long long)listener->turned_away);
	listener->logged_ms = now_ms;
}

static enum next turn_away(struct listener *listener)
{
	int fd, error;

	if (listener->reserve_fd < 0)
		listener->reserve_fd = open_reserve();
	if (listener->reserve_fd < 0)
		return REST;
	close(listener->reserve_fd);
	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	error = errno;
	if (fd >= 0) {
		tell_busy(fd);
		close(fd);
		listener->turned_away++;
		log_turned_away(listener);
	}
	listener->reserve_fd = open_reserve();
	/* accept looks for a free descriptor first: the queue may well have been empty. */
	if (fd < 0)
		return error == EAGAIN ? ENOUGH : REST;
	return GO_ON;
}

static enum next after_error(struct listener *listener, int error)
{
	switch (error) {
	case EAGAIN:
		return ENOUGH;
	case EMFILE:
	case ENFILE:
		return turn_away(listener);
	case EINTR:
	case ECONNABORTED:
	case EPERM:
	case EPROTO:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case EOPNOTSUPP:
		/* One connection failed before it was accepted; see accept(2). */
		return GO_ON;
	default:
		return REST;
	}
}

static void rest(struct listener *listener)
{
	struct timeval delay = clock_timeval(REST_MS);

	event_del(&listener->event);
	event_add(&listener->rest, &delay);
}

static void accept_batch(struct listener *listener)
{
	enum next next = GO_ON;

	for (unsigned i = 0; i < ACCEPTS_A_TURN && next == GO_ON; i++) {
		union address address = {0};
		socklen_t len = sizeof(address);
		char peer[ADDRESS_SIZE];
		int fd = accept4(listener->fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			next = after_error(listener, errno);
			continue;
		}
		address_print(peer, &address);
		listener->acceptor.accept(listener->acceptor.arg, fd, peer);
	}
	if (next == REST)
		rest(listener);
}

static void listener_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)what;
	assert(listener->magic == LISTENER_MAGIC && listener->fd == fd);
	accept_batch(listener);
}

static void listener_on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	assert(listener->magic == LISTENER_MAGIC);
	event_add(&listener->event, NULL);
}

/* ---- opening -------------------------------------------------------------------------------- */

static void switch_on(int fd, int level, int option)
{
	int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

/* -1 leaves errno. */
static int bind_one(const struct addrinfo *info)
{
	int error, fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	switch_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (info->ai_family == AF_INET6)
		switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	/* Accepted sockets inherit it, which saves a call for each. */
	switch_on(fd, IPPROTO_TCP, TCP_NODELAY);
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int bind_first(const char *host, const char *port, struct err *why)
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
		fd = bind_one(info);
	if (fd < 0)
		err_set(why, ERR_INTERNAL, "cannot listen on %s%s%s:%s: %s%s", is_ipv6 ? "[" : "",
			host, is_ipv6 ? "]" : "", port, strerror(errno),
			errno == EADDRINUSE ? "; stop the program there, or take another port"
					    : "");
	freeaddrinfo(list);
	return fd;
}

struct listener *listener_open(struct event_base *base, const char *host, const char *port,
	struct acceptor acceptor, struct err *why)
{
	int fd = bind_first(host, port, why);
	struct listener *listener;
	union address address = {0};
	socklen_t len = sizeof(address);

	if (fd < 0)
		return NULL;
	listener = xcalloc(1, sizeof(*listener));
	listener->magic = LISTENER_MAGIC;
	listener->fd = fd;
	listener->reserve_fd = open_reserve();
	listener->acceptor = acceptor;
	getsockname(fd, &address.any, &len);
	address_print(listener->address, &address);
	event_assign(&listener->event, base, fd, EV_READ | EV_PERSIST, listener_on_event, listener);
	event_assign(&listener->rest, base, -1, 0, listener_on_rested, listener);
	event_add(&listener->event, NULL);
	return listener;
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	assert(listener->magic == LISTENER_MAGIC);
	event_del(&listener->event);
	event_del(&listener->rest);
	close(listener->fd);
	if (listener->reserve_fd >= 0)
		close(listener->reserve_fd);
	listener->magic = 0;
	free(listener);
}

int listener_fd(const struct listener *listener)
{
	return listener->fd;
}

const char *listener_address(const struct listener *listener)
{
	return listener->address;
}
