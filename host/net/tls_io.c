/*
 * The BIO between OpenSSL and us reads from a span and appends to a buffer. All that a read brings
 * is decrypted in one go, so nothing decrypted ever waits where no event would find it; the buffer
 * of decrypted bytes has room for it, as less is read than fits. What waits to be sent stays plain
 * in the outbox until the socket has room: a batch is encrypted, sent, and only then the next.
 * SPDX-License-Identifier: MIT
 */
#include "net/tls_io.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "net/conn.h"
#include "net/tls_context.h"
#include "net/tls_peer.h"

enum {
	RECORD_BYTES = SSL3_RT_MAX_PLAIN_LENGTH,
	BATCH_BYTES = 4 * RECORD_BYTES,
	/* OpenSSL may hold a record of which only this read brings the end. */
	READ_BYTES = CONN_RECEIVE_BYTES - SSL3_RT_MAX_PACKET_SIZE,
	FILE_BYTES_A_TURN = 1 << 20,
	/* Answers to what a peer may ask of TLS itself; one that asks for more and reads none of
	 * them is lost. */
	LEFT_MAX = 256 * 1024,
	LINGER_MS = 2000,
};

struct tls_conn {
	struct tls_context *context;
	SSL *ssl;
	struct span in;  /* received, and not yet looked at */
	struct buf left; /* encrypted, and the socket was full */
	struct arena arena;
	struct peer_certificate *certificate; /* the arena's; NULL: none was given */
	bool has_begun;                       /* a byte came */
	bool is_open;                         /* the handshake is over */
	bool has_fin;                         /* the peer's FIN came */
	bool is_shut;                         /* our close_notify is made */
};

/* ---- the BIO -------------------------------------------------------------------------------- */

static int bio_read(BIO *bio, char *out, int size)
{
	struct tls_conn *tls = BIO_get_data(bio);
	size_t len = (size_t)size < tls->in.len ? (size_t)size : tls->in.len;

	BIO_clear_retry_flags(bio);
	if (len == 0 && tls->has_fin)
		return 0;
	if (len == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, tls->in.ptr, len);
	tls->in = span_from(tls->in, len);
	return (int)len;
}

static int bio_write(BIO *bio, const char *data, int len)
{
	struct tls_conn *tls = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	buf_append(&tls_context_room(tls->context)->out, data, (size_t)len);
	return len;
}

static long bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	const struct tls_conn *tls = BIO_get_data(bio);

	(void)number;
	(void)pointer;
	if (command == BIO_CTRL_EOF)
		return tls->has_fin && tls->in.len == 0;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_io_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");

	assert(method != NULL); /* else memory is out */
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* ---- encrypted bytes leave ------------------------------------------------------------------ */

/* How much the socket takes; -1 when it has failed. */
static ssize_t put(int fd, struct span data)
{
	ssize_t sent;

	do
		sent = send(fd, data.ptr, data.len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 && errno == EAGAIN ? 0 : sent;
}

static bool push_left(struct conn *conn)
{
	struct buf *left = &extra_of(conn)->tls->left;
	ssize_t sent = left->len == 0 ? 0 : put(conn->fd, buf_span(left));

	if (sent < 0)
		return false;
	left->len -= (size_t)sent;
	if (left->len > 0)
		memmove(left->data, left->data + sent, left->len);
	else
		buf_fini(left);
	return true;
}

/* Sends what has been encrypted, and keeps what the socket does not take. False with errno. */
static bool push(struct conn *conn)
{
	struct tls_conn *tls = extra_of(conn)->tls;
	struct buf *out = &tls_context_room(tls->context)->out;
	bool is_fine = conn->is_blocked || push_left(conn);
	ssize_t sent = 0;

	if (is_fine && !conn->is_blocked && tls->left.len == 0 && out->len > 0)
		sent = put(conn->fd, buf_span(out));
	if (sent >= 0 && (size_t)sent < out->len)
		buf_append_span(&tls->left, span_from(buf_span(out), (size_t)sent));
	out->len = 0;
	conn_extra(conn)->in_transit = tls->left.len;
	if (extra_of(conn)->in_transit > 0)
		conn->is_blocked = true;
	return is_fine && sent >= 0;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const char *last_error(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return reason == NULL ? "the peer does not keep to it" : reason;
}

static void open_if_done(struct conn *conn)
{
	struct tls_conn *tls = extra_of(conn)->tls;
	X509 *certificate;

	if (tls->is_open || !SSL_is_init_finished(tls->ssl))
		return;
	tls->is_open = true;
	certificate = SSL_get0_peer_certificate(tls->ssl);
	if (certificate != NULL)
		tls->certificate = tls_peer_read(certificate, &tls->arena);
	conn_extra(conn)->of_call.certificate = tls->certificate;
}

enum decrypted { DECRYPTED_SOME, DECRYPTED_ALL, DECRYPTED_END, DECRYPTED_BAD };

/* What is behind the bytes in `out`. */
static enum decrypted decrypt(struct conn *conn, uint8_t *out, size_t size, size_t *len)
{
	struct tls_conn *tls = extra_of(conn)->tls;
	size_t part = 0;
	int what;

	ERR_clear_error();
	for (*len = 0; SSL_read_ex(tls->ssl, out + *len, size - *len, &part) == 1; *len += part)
		assert(part < size - *len);
	what = SSL_get_error(tls->ssl, 0);
	open_if_done(conn);
	switch (what) {
	case SSL_ERROR_WANT_READ:
		return DECRYPTED_ALL;
	case SSL_ERROR_ZERO_RETURN:
		return DECRYPTED_END;
	default:
		return DECRYPTED_BAD;
	}
}

/* The last bytes leave as they are: an alert, or a text for who speaks no TLS. */
static ssize_t say_and_linger(struct conn *conn, struct span last)
{
	struct buf left = extra_of(conn)->tls->left;

	extra_of(conn)->tls->left = (struct buf){0};
	conn_extra(conn)->in_transit = 0;
	conn_extra(conn)->io = &conn_io_plain;
	conn_send(conn, buf_span(&left), last);
	buf_fini(&left);
	linger_begin(conn, LINGER_MS);
	errno = EAGAIN;
	return -1;
}

static ssize_t fail(struct conn *conn)
{
	struct tls_conn *tls = extra_of(conn)->tls;
	struct buf *out = &tls_context_room(tls->context)->out;
	struct buf alert = {0};

	/* Without a close_notify before it: as if the connection was lost. */
	if (tls->has_fin) {
		out->len = 0;
		errno = ECONNRESET;
		return -1;
	}
	log_debug("%s: TLS%s: %s", conn_peer(conn), tls->is_open ? "" : " handshake", last_error());
	if (tls->is_open) {
		push(conn);
		errno = EPROTO;
		return -1;
	}
	buf_append_span(&alert, buf_span(out));
	out->len = 0;
	say_and_linger(conn, buf_span(&alert));
	buf_fini(&alert);
	errno = EAGAIN;
	return -1;
}

/* Every method begins with a letter, and no TLS record does. */
static bool is_http(const struct tls_conn *tls)
{
	char first = tls->in.ptr[0];

	return (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
}

static ssize_t answer_http(struct conn *conn)
{
	static const char answer[] =
		"HTTP/1.1 400 Bad Request\r\nServer: socklet\r\n"
		"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 70\r\n"
		"Connection: close\r\n\r\n"
		"This port speaks TLS: connect with https:// or wss:// instead of http\n";

	log_debug("%s: found plain HTTP where TLS is spoken", conn_peer(conn));
	return say_and_linger(conn, SPAN(answer));
}

static ssize_t tls_receive(struct conn *conn, uint8_t *out, size_t size)
{
	struct tls_conn *tls = extra_of(conn)->tls;
	struct tls_room *room = tls_context_room(tls->context);
	ssize_t got = recv(conn->fd, room->in, READ_BYTES, 0);
	enum decrypted end;
	size_t len;

	/* What is left there would go to another peer. */
	assert(room->out.len == 0);
	if (got < 0)
		return -1;
	tls->has_fin = got == 0;
	tls->in = (struct span){room->in, (size_t)got};
	if (got > 0 && !tls->has_begun && is_http(tls))
		return answer_http(conn);
	tls->has_begun = true;
	end = decrypt(conn, out, size, &len);
	tls->in = (struct span){NULL, 0};
	if (end == DECRYPTED_BAD && len == 0)
		return fail(conn);
	if (!push(conn) || tls->left.len > LEFT_MAX) {
		errno = ECONNRESET;
		return -1;
	}
	if (end == DECRYPTED_ALL && len == 0) {
		errno = EAGAIN;
		return -1;
	}
	conn->owes_end = end != DECRYPTED_ALL && len > 0;
	return (ssize_t)len;
}

/* ---- sending -------------------------------------------------------------------------------- */

struct cursor {
	const struct iovec *piece;
	size_t count;
	size_t offset; /* in the first */
};

static void skip_empty(struct cursor *at)
{
	while (at->count > 0 && at->offset == at->piece->iov_len) {
		at->piece++;
		at->count--;
		at->offset = 0;
	}
}

/* Up to a record, where it lies if that is in one piece; else gathered. Moves on behind it. */
static struct span next_record(struct cursor *at, char *room)
{
	struct span part = {
		(const char *)at->piece->iov_base + at->offset, at->piece->iov_len - at->offset};
	size_t len = 0;

	if (part.len >= RECORD_BYTES || at->count == 1) {
		part.len = part.len < RECORD_BYTES ? part.len : RECORD_BYTES;
		at->offset += part.len;
		skip_empty(at);
		return part;
	}
	while (at->count > 0 && len < RECORD_BYTES) {
		size_t rest = at->piece->iov_len - at->offset, free = RECORD_BYTES - len;
		size_t copied = rest < free ? rest : free;

		memcpy(room + len, (const char *)at->piece->iov_base + at->offset, copied);
		len += copied;
		at->offset += copied;
		skip_empty(at);
	}
	return (struct span){room, len};
}

/* Returns how many plain bytes became records; 0: TLS takes none. */
static size_t encrypt_batch(struct tls_conn *tls, struct cursor *at)
{
	size_t taken = 0;

	ERR_clear_error();
	while (at->count > 0 && taken < BATCH_BYTES) {
		struct span record = next_record(at, tls_context_room(tls->context)->record);
		size_t written;

		if (SSL_write_ex(tls->ssl, record.ptr, record.len, &written) != 1)
			return 0;
		assert(written == record.len);
		taken += written;
	}
	return taken;
}

static ssize_t tls_send(struct conn *conn, const struct iovec *pieces, size_t count)
{
	struct cursor at = {pieces, count, 0};
	size_t taken = 0, part;

	assert(tls_context_room(extra_of(conn)->tls->context)->out.len == 0);
	if (!push(conn))
		return -1;
	skip_empty(&at);
	while (at.count > 0 && extra_of(conn)->in_transit == 0) {
		part = extra_of(conn)->tls->is_open ? encrypt_batch(extra_of(conn)->tls, &at) : 0;
		taken += part;
		/* In both cases the connection has failed, and nobody asks how much had left. */
		if (!push(conn))
			return -1;
		if (part == 0) {
			errno = EPROTO;
			return -1;
		}
	}
	return (ssize_t)taken;
}

static enum http_file_sent tls_send_file(struct conn *conn, struct http_file *file)
{
	struct tls_room *room = tls_context_room(extra_of(conn)->tls->context);
	size_t sent = 0;

	while (file->left > 0 && sent < FILE_BYTES_A_TURN && extra_of(conn)->in_transit == 0) {
		size_t part = file->left < BATCH_BYTES ? (size_t)file->left : BATCH_BYTES;
		ssize_t got = pread(file->fd, room->in, part, file->at);
		struct iovec piece = {room->in, got < 0 ? 0 : (size_t)got};
		ssize_t taken = got <= 0 ? 0 : tls_send(conn, &piece, 1);

		if (got == 0)
			return HTTP_FILE_SHRANK;
		if (got < 0 || taken < 0)
			return HTTP_FILE_FAILED;
		file->at += taken;
		file->left -= (size_t)taken;
		sent += (size_t)taken;
	}
	return file->left == 0 ? HTTP_FILE_WHOLE : HTTP_FILE_PART;
}

/* ---- life ----------------------------------------------------------------------------------- */

static bool tls_shut(struct conn *conn)
{
	struct tls_conn *tls = extra_of(conn)->tls;

	ERR_clear_error();
	if (!tls->is_shut && tls->is_open)
		SSL_shutdown(tls->ssl);
	tls->is_shut = true;
	if (push(conn) && extra_of(conn)->in_transit > 0)
		return false;
	shutdown(conn->fd, SHUT_WR);
	return true;
}

static const struct conn_io tls_io = {
	.receive = tls_receive,
	.send = tls_send,
	.send_file = tls_send_file,
	.shut = tls_shut,
};

void tls_io_begin(struct conn *conn)
{
	struct tls_conn *tls = xcalloc(1, sizeof(*tls));
	BIO *bio;

	assert(conn->set->tls != NULL);
	tls->context = tls_context_ref(conn->set->tls);
	tls->ssl = tls_context_session(tls->context);
	bio = BIO_new(tls_context_room(tls->context)->method);
	assert(bio != NULL);
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_accept_state(tls->ssl);
	conn_extra(conn)->io = &tls_io;
	conn_extra(conn)->tls = tls;
	conn_extra(conn)->of_call.is_secure = true;
}

void tls_io_fini(struct conn *conn)
{
	struct tls_conn *tls = extra_of(conn)->tls;

	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	buf_fini(&tls->left);
	arena_fini(&tls->arena);
	tls_context_unref(tls->context);
	free(tls);
	conn_extra(conn)->tls = NULL;
}

const char *tls_io_hsts(const struct conn *conn)
{
	return extra_of(conn)->tls == NULL ? NULL : tls_context_hsts(extra_of(conn)->tls->context);
}
