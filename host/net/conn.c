/*
 * Reading, sending and ending of one socket. A connection is settled at the end of its own read
 * callback and at the end of a turn that queued something for it, so that all it is sent leaves in
 * one call. What may still be dropped waits in the backlog, behind the outbox. Knows no protocol
 * beyond the table it calls. SPDX-License-Identifier: MIT
 */
#include "call/admin.h"
#include "net/conn.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/expect.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "net/entry.h"
#include "net/tls_io.h"
#include "net/ws_send.h"

#define CONN_MAGIC 0x636f6e6eu

enum {
	PEEK = 256,      /* pieces sent by one call */
	LAST_READS = 64, /* of what a failed socket still holds */
};

/* See host/README.md, "Lifetimes", before it grows. */
_Static_assert(sizeof(struct conn) <= 128, "an idle connection costs more than it did");

struct conn *conn_of(const struct transport *transport)
{
	struct conn *conn = (struct conn *)((uintptr_t)transport -
					    offsetof(struct conn, transport));

	assert(conn->magic == CONN_MAGIC);
	return conn;
}

/* What it speaks is a number, as a pointer would be eight bytes of each connection. */
static inline const struct conn_protocol *protocol_of(const struct conn *conn)
{
	static const struct conn_protocol *const protocols[] = {
		[CONN_SPEAKS_PROXY] = &proxy_conn_protocol,
		[CONN_SPEAKS_HTTP] = &http_conn_protocol,
		[CONN_SPEAKS_WS] = &ws_conn_protocol,
		[CONN_LINGERS] = &linger_protocol,
	};

	return protocols[conn->speech];
}

static struct transport_extra *extra_for_call(struct transport *transport)
{
	return &conn_extra(conn_of(transport))->of_call;
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
FLAT size_t send_pieces(struct conn *conn, struct iovec *iov, size_t count)
{
	const struct conn_io *io = extra_of(conn)->io;
	size_t want = total(iov, count);
	ssize_t sent = LIKELY(io == &conn_io_plain) ? conn_io_send_plain(conn->fd, iov, count)
						    : io->send(conn, iov, count);

	if (sent < 0 && errno != EAGAIN)
		conn->has_failed = true;
	if ((sent < (ssize_t)want || extra_of(conn)->in_transit > 0) && !conn->has_failed)
		conn->is_blocked = conn->owes_drained = true;
	return sent < 0 ? 0 : (size_t)sent;
}

/* The most that had to wait for the socket. */
static inline void note_peak(struct conn *conn)
{
	if (conn->is_blocked && conn_queued(conn) > extra_of(conn)->of_call.queue_peak)
		conn_extra(conn)->of_call.queue_peak = conn_queued(conn);
}

/* `bytes` have left: of the outbox first, then of what waits behind it. */
static void consume(struct conn *conn, size_t bytes)
{
	size_t part = bytes < conn->outbox.bytes ? bytes : conn->outbox.bytes;

	outbox_consume(&conn->outbox, &conn->set->pool, part);
	if (bytes > part)
		backlog_consume(
			&conn_extra(conn)->backlog, &conn->outbox, &conn->set->pool, bytes - part);
}

FLAT bool flush(struct conn *conn)
{
	struct iovec iov[PEEK];
	bool has_sent = false;

	if (extra_of(conn)->in_transit > 0 && !conn->is_blocked && !conn->has_failed)
		send_pieces(conn, NULL, 0);
	while (conn_waiting(conn) > 0 && !conn->is_blocked && !conn->has_failed) {
		size_t count = outbox_peek(&conn->outbox, iov, PEEK), sent;

		count += backlog_peek(extra_of(conn)->backlog, iov + count, PEEK - count);
		sent = send_pieces(conn, iov, count);
		consume(conn, sent);
		has_sent |= sent > 0;
	}
	note_peak(conn);
	return has_sent;
}

bool conn_flush(struct conn *conn)
{
	return flush(conn);
}

static void append(struct conn *conn, struct span data)
{
	outbox_append(&conn->outbox, &conn->set->pool, data);
}

/* A long message that is sent on is not copied: its buffer lives until it has left. */
static void append_payload(struct conn *conn, struct span data)
{
	if (!lent_append(&conn->set->lent, &conn->outbox, &conn->set->pool, data))
		append(conn, data);
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
	append_payload(conn, span_from(payload, sent > header.len ? sent - header.len : 0));
	return true;
}

/* Not behind a long queue, which flush() sends in as many calls as it takes. */
static bool may_send_at_once(const struct conn *conn, struct span payload)
{
	return payload.len >= LENT_LEAST && !conn->is_blocked && extra_of(conn)->backlog == NULL &&
	       conn->outbox.bytes < LENT_LEAST;
}

void conn_send(struct conn *conn, struct span header, struct span payload)
{
	if (conn->has_failed || conn->is_dead)
		return;
	if (lent_is_echo(&conn->set->lent, &conn->outbox, payload)) {
		lent_echo(&conn->set->lent, &conn->outbox, &conn->set->pool, header);
		conn->is_borrowing = true;
	} else if (!may_send_at_once(conn, payload) || !send_at_once(conn, header, payload)) {
		append(conn, header);
		append_payload(conn, payload);
	}
	note_peak(conn);
	conn_touch(conn);
}

uint8_t *conn_room(struct conn *conn, size_t most)
{
	if (conn->has_failed || conn->is_dead)
		return NULL;
	return (uint8_t *)outbox_room(&conn->outbox, &conn->set->pool, most);
}

void conn_queue(struct conn *conn, size_t len)
{
	outbox_queue(&conn->outbox, len);
	note_peak(conn);
	conn_touch(conn);
}

void conn_send_shared(struct conn *conn, struct ws_shared *shared, struct span frame)
{
	if (conn->has_failed || conn->is_dead)
		return;
	outbox_append_shared(&conn->outbox, &conn->set->pool, shared, frame);
	note_peak(conn);
	conn_touch(conn);
}

void conn_wait(struct conn *conn, struct ws_shared *shared, struct span frame, uint64_t key)
{
	if (conn->has_failed || conn->is_dead)
		return;
	backlog_add(&conn_extra(conn)->backlog, shared, frame, key);
	note_peak(conn);
	conn_touch(conn);
}

void conn_commit(struct conn *conn)
{
	if (extra_of(conn)->backlog != NULL)
		backlog_commit(&conn_extra(conn)->backlog, &conn->outbox, &conn->set->pool);
}

/* ---- the loop ------------------------------------------------------------------------------- */

static bool is_reading(const struct conn *conn)
{
	return !conn->is_held && !conn->is_paused && !conn->is_throttled;
}

static void watch(struct conn *conn)
{
	uint8_t wanted = 0;

	if (is_reading(conn))
		wanted |= EPOLLIN;
	if (conn->is_blocked)
		wanted |= EPOLLOUT;
	if (wanted == conn->watched)
		return;
	if (poller_set(&conn->set->poller, conn->fd, conn, conn->watched, wanted)) {
		conn->watched = wanted;
		return;
	}
	log_warn("%s: lost: the kernel has no room to watch it (fs.epoll.max_user_watches)",
		conn_peer(conn));
	conn->has_failed = true;
	conn_touch(conn);
}

/* Apart, as who answers what is being read does not come here. */
__attribute__((noinline)) static void add_dirty(struct conn *conn)
{
	conn->is_dirty = true;
	conn_list_add(&conn->set->dirty, conn);
}

void conn_touch(struct conn *conn)
{
	if (!conn->is_dirty && !conn->is_dead && conn != conn->set->reading)
		add_dirty(conn);
}

/* Where the rest of a long message is received; NULL: there is none. */
static uint8_t *room_of(struct conn *conn, size_t *size)
{
	const struct conn_protocol *protocol = protocol_of(conn);

	/* What TLS has decrypted must have room at once, whatever it belongs to. */
	if (protocol->room == NULL || extra_of(conn)->tls != NULL)
		return NULL;
	*size = CONN_ROOM_BYTES;
	return protocol->room(conn, size);
}

/* How many bytes came; 0: none, or the end. */
static size_t read_once(struct conn *conn)
{
	const struct conn_protocol *protocol = protocol_of(conn);
	size_t size;
	uint8_t *into = room_of(conn, &size);
	ssize_t len;

	if (into == NULL) {
		into = conn->set->receive;
		size = CONN_RECEIVE_BYTES;
	}
	len = extra_of(conn)->io->receive(conn, into, size);
	if (len > 0)
		protocol->received(conn, into, (size_t)len);
	else if (len == 0 || (errno != EAGAIN && errno != EINTR))
		protocol->ended(conn);
	return len > 0 ? (size_t)len : 0;
}

static void clear(struct conn *conn)
{
	outbox_clear(&conn->outbox, &conn->set->pool);
	if (extra_of(conn)->backlog == NULL)
		return;
	backlog_free(extra_of(conn)->backlog);
	conn_extra(conn)->backlog = NULL;
}

/*
 * A reset that made sending fail may have come behind the peer's last words, a close frame even;
 * the kernel still has them.
 */
static void end_failed(struct conn *conn)
{
	unsigned reads = 0;

	clear(conn);
	while (!conn->is_dead && is_reading(conn) && reads++ < LAST_READS && read_once(conn) > 0)
		;
	conn_lose(conn);
}

/* It came together with bytes, and is told where a read of its own would have found it. */
static void tell_end(struct conn *conn)
{
	if (!conn->owes_end || !is_reading(conn))
		return;
	conn->owes_end = false;
	protocol_of(conn)->ended(conn);
	conn_touch(conn);
}

void conn_settle(struct conn *conn)
{
	bool has_sent;

	if (conn->is_dead)
		return;
	do {
		has_sent = flush(conn);
		if (!conn->is_blocked && !conn->has_failed)
			protocol_of(conn)->sent(conn);
		else if (!conn->has_failed && protocol_of(conn)->full != NULL)
			protocol_of(conn)->full(conn, has_sent);
		if (conn->is_dead)
			return;
	} while (conn_queued(conn) > 0 && !conn->is_blocked && !conn->has_failed);
	if (conn->has_failed)
		end_failed(conn);
	else
		tell_end(conn);
	if (conn->is_dead)
		return;
	watch(conn);
	conn_extra_trim(conn);
}

/* A long message has begun, and more of it waits. */
static bool goes_on(struct conn *conn, size_t len)
{
	size_t size;

	return UNLIKELY(len == CONN_RECEIVE_BYTES) && !conn->is_dead && is_reading(conn) &&
	       room_of(conn, &size) != NULL;
}

/*
 * One read of each connection that is ready, but that of a long message: when it ends before the
 * next one begins, both lie in the same memory.
 */
static void read_and_settle(struct conn *conn)
{
	/* Whom it is for comes nearer while the kernel copies. */
	expect_object(conn->transport.session);
	conn->set->reading = conn;
	if (goes_on(conn, read_once(conn)))
		read_once(conn);
	conn->set->reading = NULL;
	conn_settle(conn);
	/* What it was received into is needed for the next one. */
	if (UNLIKELY(conn->is_borrowing)) {
		conn->is_borrowing = false;
		outbox_keep(&conn->outbox);
	}
}

void conn_on_ready(void *arg, uint32_t events)
{
	struct conn *conn = arg;

	assert(conn->magic == CONN_MAGIC);
	/* Dropped for what another one of the batch has said. */
	if (conn->is_dead)
		return;
	events &= conn->watched;
	if ((events & EPOLLOUT) != 0) {
		conn->is_blocked = false;
		conn_settle(conn);
	}
	if ((events & conn->watched & EPOLLIN) != 0 && is_reading(conn))
		read_and_settle(conn);
}

void conn_schedule(struct conn *conn, uint64_t due_ms)
{
	conn_set_schedule(conn->set, &conn->deadline, due_ms);
}

struct conn *conn_of_deadline(struct deadline *deadline)
{
	struct conn *conn = (struct conn *)((uintptr_t)deadline - offsetof(struct conn, deadline));

	assert(conn->magic == CONN_MAGIC);
	return conn;
}

void conn_on_due(struct deadline *deadline)
{
	struct conn *conn = conn_of_deadline(deadline);
	uint64_t next_ms;

	assert(!conn->is_dead);
	next_ms = protocol_of(conn)->due(conn, clock_ms());
	if (next_ms != 0 && !conn->is_dead)
		conn_schedule(conn, next_ms);
}

/* ---- what call/ asks for -------------------------------------------------------------------- */

static size_t queued(const struct transport *transport)
{
	return conn_queued(conn_of(transport));
}

const char *conn_client(const struct conn *conn)
{
	const char *client = extra_of(conn)->client;

	return client == NULL ? conn_peer(conn) : client;
}

static const char *peer_for_call(const struct transport *transport)
{
	return conn_client(conn_of(transport));
}

static const char *keep_peer_for_call(struct transport *transport)
{
	struct conn *conn = conn_of(transport);
	const char *client = extra_of(conn)->client;

	return client == NULL ? conn_peer_keep(conn) : client;
}

static void conn_set_peer(struct transport *transport, struct span peer)
{
	struct conn_extra *extra = conn_extra(conn_of(transport));

	free(extra->client);
	extra->client = NULL;
	if (peer.len > 0) {
		extra->client = xmalloc(peer.len + 1);
		memcpy(extra->client, peer.ptr, peer.len);
		extra->client[peer.len] = '\0';
	}
}

const struct transport_ops conn_transport_ops = {
	.reply = http_conn_reply,
	.upgrade = http_conn_upgrade,
	.send = ws_send_message,
	.send_shared = ws_send_shared,
	.send_joined = ws_send_joined,
	.close = ws_conn_close,
	.queued = queued,
	.set_paused = ws_conn_set_paused,
	.set_held = ws_conn_set_held,
	.set_patience = http_exchange_set_patience,
	.want_body = http_exchange_want_body,
	.begin = http_exchange_begin,
	.write = http_exchange_write,
	.finish = http_exchange_finish,
	.set_limits = ws_conn_set_limits,
	.rtt = ws_conn_rtt,
	.extra = extra_for_call,
	.peer = peer_for_call,
	.keep_peer = keep_peer_for_call,
	.set_peer = conn_set_peer,
};

/* ---- life ----------------------------------------------------------------------------------- */

void conn_begin(struct conn *conn, bool is_tls)
{
	if (extra_of(conn)->io != &conn_io_plain)
		conn_extra(conn)->io = &conn_io_plain;
	if (is_tls)
		tls_io_begin(conn);
	http_conn_begin(conn);
}

struct conn *conn_new(struct conn_set *set, int fd, const union listen_address *address,
	const struct listener_options *options)
{
	struct conn *conn = slab_alloc(&set->conns);

	conn->magic = CONN_MAGIC;
	conn->fd = fd;
	conn->set = set;
	conn_peer_init(conn, address);
	conn->transport.extra = &conn_extra_none.of_call;
	entry_begin(conn);
	if (options->is_admin)
		conn_extra(conn)->of_call.is_admin = true;
	if (options->redirects)
		conn_extra(conn)->https_port = options->https_port;
	deadline_begin(&set->wheel, &conn->deadline);
	set->count++;
	if (options->has_proxy_header)
		proxy_conn_begin(conn, options->is_tls);
	else
		conn_begin(conn, options->is_tls);
	if (!conn->is_dead)
		watch(conn);
	return conn;
}

void conn_speak(struct conn *conn, enum conn_speech speech)
{
	if (conn->speech != CONN_SPEAKS_NOTHING)
		protocol_of(conn)->fini(conn);
	conn->speech = (uint8_t)speech;
}

void conn_receive(struct conn *conn, uint8_t *data, size_t len)
{
	protocol_of(conn)->received(conn, data, len);
}

void conn_drop(struct conn *conn)
{
	assert(!conn->is_dead);
	conn->is_dead = true;
	admin_forget(&conn->transport);
	poller_set(&conn->set->poller, conn->fd, conn, conn->watched, 0);
	conn->watched = 0;
	close(conn->fd);
	conn->fd = -1;
	deadline_end(&conn->deadline);
	/* From there it is buried. */
	if (!conn->is_dirty)
		add_dirty(conn);
	conn->set->count--;
	entry_end(conn);
}

void conn_lose(struct conn *conn)
{
	if (!conn->is_dead)
		protocol_of(conn)->ended(conn);
	if (!conn->is_dead)
		conn_drop(conn);
}

void conn_free(struct conn *conn)
{
	assert(conn->is_dead && conn->transport.session == NULL);
	protocol_of(conn)->fini(conn);
	tls_io_fini(conn);
	clear(conn);
	conn_extra_clear_stash(conn);
	free(extra_of(conn)->client);
	conn_extra_free(conn);
	conn_peer_fini(conn);
	conn->magic = 0;
	slab_free(&conn->set->conns, conn);
}
