/*
 * When the process is out of descriptors, accept fails while the waiting connection keeps the
 * socket readable, and a plain loop would spin. A reserve descriptor is then given up for a moment
 * to take the connection, tell it 503 and close it; where even that fails, accepting rests for a
 * while. Called by worker.c. SPDX-License-Identifier: MIT
 */
#include "net/listener.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "net/listen_socket.h"
#include "net/poller.h"

#define LISTENER_MAGIC 0x6c697374u

enum {
	ACCEPTS_A_TURN = 64,     /* then other events have their turn */
	ACCEPTS_AT_LAST = 65536, /* more than a queue holds, should peers come as fast as we take */
	REST_MS = 100,           /* after an error that accepting again at once would repeat */
	LOG_INTERVAL_MS = 1000,
};

struct listener {
	unsigned magic;
	int fd, reserve_fd;
	struct poller *poller;
	struct poller_watch watch;
	struct event rest;
	struct listener_options options;
	struct acceptor acceptor;
	uint64_t turned_away, logged_ms;
	char address[LISTEN_ADDRESS_SIZE];
};

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

void listener_turn_away(int fd)
{
	tell_busy(fd);
	close(fd);
}

static void log_turned_away(struct listener *listener)
{
	if (!clock_allows(&listener->logged_ms, LOG_INTERVAL_MS))
		return;
	log_warn("%s: out of file descriptors, %llu connections turned away with 503 so far; raise "
		 "the limit (ulimit -n)",
		listener->address, (unsigned long long)listener->turned_away);
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
		listener_turn_away(fd);
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

	poller_unwatch(listener->poller, &listener->watch);
	event_add(&listener->rest, &delay);
}

static enum next accept_some(struct listener *listener, unsigned most)
{
	enum next next = GO_ON;

	for (unsigned i = 0; i < most && next == GO_ON; i++) {
		union listen_address address = {0};
		socklen_t len = sizeof(address);
		int fd = accept4(listener->fd, &address.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			next = after_error(listener, errno);
			continue;
		}
		listener->acceptor.accept(listener->acceptor.arg, fd, &address, &listener->options);
	}
	return next;
}

static void accept_batch(struct listener *listener)
{
	if (accept_some(listener, ACCEPTS_A_TURN) == REST)
		rest(listener);
}

static void listener_on_ready(void *arg)
{
	struct listener *listener = arg;

	assert(listener->magic == LISTENER_MAGIC);
	accept_batch(listener);
}

static void listen_on(struct listener *listener)
{
	if (!poller_watch(listener->poller, &listener->watch))
		rest(listener);
}

static void listener_on_rested(evutil_socket_t fd, short what, void *arg)
{
	struct listener *listener = arg;

	(void)fd;
	(void)what;
	assert(listener->magic == LISTENER_MAGIC);
	listen_on(listener);
}

/* ---- opening -------------------------------------------------------------------------------- */

struct listener *listener_open(struct event_base *base, struct poller *poller, int fd,
	const struct listener_options *options, struct acceptor acceptor)
{
	struct listener *listener = xcalloc(1, sizeof(*listener));

	listener->magic = LISTENER_MAGIC;
	listener->fd = fd;
	listener->reserve_fd = open_reserve();
	listener->options = *options;
	listener->acceptor = acceptor;
	listen_socket_print(listener->address, fd);
	listener->poller = poller;
	listener->watch = (struct poller_watch){
		.ready = listener_on_ready, .arg = listener, .fd = fd};
	event_assign(&listener->rest, base, -1, 0, listener_on_rested, listener);
	listen_on(listener);
	return listener;
}

void listener_set_options(struct listener *listener, const struct listener_options *options)
{
	listener->options = *options;
}

void listener_take_all(struct listener *listener)
{
	accept_some(listener, ACCEPTS_AT_LAST);
}

void listener_close(struct listener *listener)
{
	if (listener == NULL)
		return;
	assert(listener->magic == LISTENER_MAGIC);
	poller_unwatch(listener->poller, &listener->watch);
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
