/*
 * Reading, sending and ending of one socket. A connection is settled at the end of its own read
 * callback and at the end of a turn that queued something for it, so that all it is sent leaves in
 * one call. Knows no protocol beyond the table it calls. SPDX-License-Identifier: MIT
 */
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "net/clock.h"

#define CONN_MAGIC 0x636f6e6eu

enum {
	PEEK = 256,                 /* pieces sent by one call */
	SEND_AT_ONCE_BYTES = 16384, /* from here on a copy costs more than a call */
	LAST_READS = 64,            /* of what a failed socket still holds */
};

struct conn *conn_of(const struct transport *transport)
{
	struct conn *conn = (struct conn *)((uintptr_t)transport -
					    offsetof(struct conn, transport));

	assert(conn->magic == CONN_MAGIC);
	return conn;
}

/* ---- sending -------------------------------------------------------------------------------- */

static size_t total(const struct iovec *iov, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += iov[i].iov_len;
	return bytes;
}

/* What did not leave: the socket is full, or has failed. */
static size_t send_pieces(struct conn *conn, struct iovec *iov, size_t count)
{
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = count};
	size_t want = total(iov, count);
	ssize_t sent;

	do {
		if (count == 1)
			sent = send(conn->fd, iov[0].iov_base, iov[0].iov_len, MSG_NOSIGNAL);
		else
			sent = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN)
		conn->has_failed = true;
	if (sent < (ssize_t)want && !conn->has_failed)
		conn->is_blocked = conn->owes_drained = true;
	return sent < 0 ? 0 : (size_t)sent;
}

static void flush(struct conn *conn)
{
	struct iovec iov[PEEK];

	while (conn->outbox.bytes > 0 && !conn->is_blocked && !conn->has_failed) {
		size_t count = outbox_peek(&conn->outbox, iov, PEEK);

		outbox_consume(&conn->outbox, &conn->set->pool, send_pieces(conn, iov, count));
	}
}

static void append(struct conn *conn, struct span data)
{
	outbox_append(&conn->outbox, &conn->set->pool, data);
}

/*
 * Together with what is queued, and without a copy but of what the socket does not take. False:
 * too much is queued for one call.
 */
static bool send_at_once(struct conn *conn, struct span header, struct span payload)
{
	struct iovec iov[PEEK + 2];
	size_t count = outbox_peek(&conn->outbox, iov, PEEK);
	size_t queued = total(iov, count), sent, left;

	if (queued < conn->outbox.bytes)
		return false;
	iov[count++] = (struct iovec){(void *)(uintptr_t)header.ptr, header.len};
	iov[count++] = (struct iovec){(void *)(uintptr_t)payload.ptr, payload.len};
	sent = send_pieces(conn, iov, count);
	left = sent < queued ? sent : queued;
	outbox_consume(&conn->outbox, &conn->set->pool, left);
	sent -= left;
	append(conn, span_from(header, sent));
	append(conn, span_from(payload, sent > header.len ? sent - header.len : 0));
	return true;
}

/* Not behind a long queue, which flush() sends in as many calls as it takes. */
static bool may_send_at_once(const struct conn *conn, struct span payload)
{
	return payload.len >= SEND_AT_ONCE_BYTES && !conn->is_blocked &&
	       conn->outbox.bytes < SEND_AT_ONCE_BYTES;
}

void conn_send(struct conn *conn, struct span header, struct span payload)
{
	if (conn->has_failed || conn->is_dead)
		return;
	if (!may_send_at_once(conn, payload) || !send_at_once(conn, header, payload)) {
		append(conn, header);
		append(conn, payload);
	}
	conn_touch(conn);
}

void conn_send_shared(struct conn *conn, struct ws_shared *shared, struct span frame)
{
	if (conn->has_failed || conn->is_dead)
		return;
	outbox_append_shared(&conn->outbox, &conn->set->pool, shared, frame);
	conn_touch(conn);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static void conn_on_event(evutil_socket_t fd, short what, void *arg);

static bool is_reading(const struct conn *conn)
{
	return !conn->is_held && !conn->is_paused;
}

/* One event whose flags change, rather than two: 128 bytes for each idle connection. */
static void watch(struct conn *conn)
{
	int wanted = 0;

	if (is_reading(conn))
		wanted |= EV_READ;
	if (conn->is_blocked)
		wanted |= EV_WRITE;
	if (wanted == conn->watched)
		return;
	if (conn->watched != 0)
		event_del(&conn->event);
	conn->watched = (short)wanted;
	if (wanted == 0)
		return;
	event_assign(&conn->event, conn->set->base, conn->fd, (short)(wanted | EV_PERSIST),
		conn_on_event, conn);
	event_add(&conn->event, NULL);
}

void conn_touch(struct conn *conn)
{
	if (conn->is_dirty || conn->is_dead || conn == conn->set->reading)
		return;
	conn->is_dirty = true;
	STAILQ_INSERT_TAIL(&conn->set->dirty, conn, dirty);
}

/* Whether bytes came. */
static bool read_once(struct conn *conn)
{
	struct conn_set *set = conn->set;
	ssize_t len = recv(conn->fd, set->receive, CONN_RECEIVE_BYTES, 0);

	if (len > 0)
		conn->protocol->received(conn, set->receive, (size_t)len);
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		conn->protocol->ended(conn);
	return len > 0;
}

/*
 * A reset that made sending fail may have come behind the peer's last words, a close frame even;
 * the kernel still has them.
 */
static void end_failed(struct conn *conn)
{
	unsigned reads = 0;

	outbox_clear(&conn->outbox, &conn->set->pool);
	while (!conn->is_dead && is_reading(conn) && reads++ < LAST_READS && read_once(conn))
		;
	conn_lose(conn);
}

void conn_settle(struct conn *conn)
{
	if (conn->is_dead)
		return;
	do {
		flush(conn);
		if (!conn->is_blocked && !conn->has_failed)
			conn->protocol->sent(conn);
		if (conn->is_dead)
			return;
	} while (conn->outbox.bytes > 0 && !conn->is_blocked && !conn->has_failed);
	if (conn->has_failed)
		end_failed(conn);
	else
		watch(conn);
}

static void read_and_settle(struct conn *conn)
{
	conn->set->reading = conn;
	read_once(conn);
	conn->set->reading = NULL;
	conn_settle(conn);
}

static void conn_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	assert(conn->magic == CONN_MAGIC && conn->fd == fd && !conn->is_dead);
	if ((what & EV_WRITE) != 0) {
		conn->is_blocked = false;
		conn_settle(conn);
	}
	if ((what & conn->watched & EV_READ) != 0 && is_reading(conn))
		read_and_settle(conn);
}

void conn_schedule(struct conn *conn, uint64_t due_ms)
{
	conn_set_schedule(conn->set, &conn->deadline, due_ms);
}

void conn_on_due(struct deadline *deadline)
{
	struct conn *conn = (struct conn *)((uintptr_t)deadline - offsetof(struct conn, deadline));
	uint64_t next_ms;

	assert(conn->magic == CONN_MAGIC && !conn->is_dead);
	next_ms = conn->protocol->due(conn, clock_ms());
	if (next_ms != 0 && !conn->is_dead)
		conn_schedule(conn, next_ms);
}

/* ---- what call/ asks for -------------------------------------------------------------------- */

static size_t conn_queued(const struct transport *transport)
{
	return conn_of(transport)->outbox.bytes;
}

static void conn_set_peer(struct transport *transport, struct span peer)
{
	struct conn *conn = conn_of(transport);

	free(conn->client);
	conn->client = NULL;
	if (peer.len > 0) {
		conn->client = xmalloc(peer.len + 1);
		memcpy(conn->client, peer.ptr, peer.len);
		conn->client[peer.len] = '\0';
	}
	transport->peer = conn->client == NULL ? conn->peer : conn->client;
}

static const struct transport_ops ops = {
	.reply = http_conn_reply,
	.upgrade = http_conn_upgrade,
	.send = ws_conn_send,
	.send_shared = ws_conn_send_shared,
	.close = ws_conn_close,
	.queued = conn_queued,
	.set_paused = ws_conn_set_paused,
	.set_held = ws_conn_set_held,
	.set_limits = ws_conn_set_limits,
	.set_peer = conn_set_peer,
};

/* ---- life ----------------------------------------------------------------------------------- */

struct conn *conn_new(struct conn_set *set, int fd, const char *peer)
{
	size_t peer_size = strlen(peer) + 1;
	struct conn *conn = xcalloc(1, sizeof(*conn) + peer_size);

	conn->magic = CONN_MAGIC;
	conn->fd = fd;
	conn->set = set;
	memcpy(conn->peer, peer, peer_size);
	conn->transport = (struct transport){.ops = &ops, .peer = conn->peer};
	LIST_INSERT_HEAD(&set->alive, conn, link);
	set->count++;
	http_conn_begin(conn);
	watch(conn);
	return conn;
}

void conn_speak(struct conn *conn, const struct conn_protocol *protocol)
{
	if (conn->protocol != NULL)
		conn->protocol->fini(conn);
	conn->protocol = protocol;
}

void conn_drop(struct conn *conn)
{
	assert(!conn->is_dead);
	conn->is_dead = true;
	if (conn->watched != 0)
		event_del(&conn->event);
	conn->watched = 0;
	close(conn->fd);
	conn->fd = -1;
	deadline_clear(&conn->deadline);
	LIST_REMOVE(conn, link);
	LIST_INSERT_HEAD(&conn->set->dead, conn, link);
	conn->set->count--;
}

void conn_lose(struct conn *conn)
{
	if (!conn->is_dead)
		conn->protocol->ended(conn);
	if (!conn->is_dead)
		conn_drop(conn);
}

void conn_free(struct conn *conn)
{
	assert(conn->is_dead && conn->transport.session == NULL);
	conn->protocol->fini(conn);
	outbox_clear(&conn->outbox, &conn->set->pool);
	buf_fini(&conn->stash);
	free(conn->client);
	conn->magic = 0;
	free(conn);
}
