/*
 * Reads and writes by itself, as Debian 12's hiredis knows no TLS and looks names up waiting; of
 * hiredis are the spelling of commands and the reader of replies. The phases follow each other by
 * what the socket says. Whoever is told that the link is lost may open it again at once: nothing is
 * touched behind such a call. Called by redis.c. SPDX-License-Identifier: MIT
 */
#include "redis_link.h"

#include <errno.h>
#include <event2/event.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, TURN_BYTES = 1024 * 1024 };

/* What became of an attempt to move bytes. */
enum moved { MOVED, MOVED_NOT, MOVED_NEVER };

time_t redis_link_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void redis_link_init(struct redis_link *link, struct event_base *base,
	const struct redis_link_ops *ops, void *owner)
{
	link->ops = ops;
	link->owner = owner;
	link->base = base;
	link->fd = -1;
}

/* ---- the end ---------------------------------------------------------------------------- */

static void close_socket(struct redis_link *link)
{
	if (link->readable != NULL)
		event_free(link->readable);
	if (link->writable != NULL)
		event_free(link->writable);
	link->readable = link->writable = NULL;
	SSL_free(link->ssl);
	link->ssl = NULL;
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
}

void redis_link_close(struct redis_link *link)
{
	close_socket(link);
	redis_resolve_end(&link->resolve);
	if (link->reader != NULL)
		redisReaderFree(link->reader);
	link->reader = NULL;
	free(link->out);
	link->out = NULL;
	link->out_len = link->out_at = link->out_size = 0;
	link->phase = LINK_CLOSED;
}

void redis_link_fail(struct redis_link *link, const char *why)
{
	char text[160];

	/* It may lie in what is freed now. */
	snprintf(text, sizeof(text), "%s", why);
	redis_link_close(link);
	link->ops->lost(link->owner, text);
}

static void fail_tls(struct redis_link *link)
{
	long verify = SSL_get_verify_result(link->ssl);
	unsigned long error = ERR_get_error();
	char text[160];

	if (verify != X509_V_OK)
		snprintf(text, sizeof(text), "TLS: %s", X509_verify_cert_error_string(verify));
	else
		snprintf(text, sizeof(text), "TLS: %s",
			error == 0 ? "the server ended it" : ERR_reason_error_string(error));
	ERR_clear_error();
	redis_link_fail(link, text);
}

/* ---- bytes ------------------------------------------------------------------------------ */

static enum moved moved_tls(struct redis_link *link, int result)
{
	int error = SSL_get_error(link->ssl, result);

	if (error == SSL_ERROR_WANT_WRITE)
		event_add(link->writable, NULL);
	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? MOVED_NOT
									     : MOVED_NEVER;
}

static enum moved read_some(struct redis_link *link, char *bytes, size_t *len)
{
	ssize_t got;
	int result;

	if (link->ssl != NULL) {
		ERR_clear_error();
		result = SSL_read_ex(link->ssl, bytes, READ_BYTES, len);
		return result == 1 ? MOVED : moved_tls(link, result);
	}
	got = recv(link->fd, bytes, READ_BYTES, 0);
	*len = got > 0 ? (size_t)got : 0;
	if (got == 0)
		errno = ECONNRESET;
	return got > 0 ? MOVED : got < 0 && errno == EAGAIN ? MOVED_NOT : MOVED_NEVER;
}

static enum moved write_some(struct redis_link *link, size_t *len)
{
	const char *bytes = link->out + link->out_at;
	size_t left = link->out_len - link->out_at;
	ssize_t sent;
	int result;

	if (link->ssl != NULL) {
		ERR_clear_error();
		result = SSL_write_ex(link->ssl, bytes, left, len);
		return result == 1 ? MOVED : moved_tls(link, result);
	}
	sent = send(link->fd, bytes, left, MSG_NOSIGNAL);
	*len = sent > 0 ? (size_t)sent : 0;
	return sent >= 0 ? MOVED : errno == EAGAIN ? MOVED_NOT : MOVED_NEVER;
}

static void fail_moving(struct redis_link *link)
{
	if (link->ssl != NULL)
		fail_tls(link);
	else
		redis_link_fail(link, strerror(errno));
}

void redis_link_flush(struct redis_link *link)
{
	enum moved moved = MOVED;
	size_t len;

	if (link->phase < LINK_GREETING)
		return;
	while (link->out_at < link->out_len && (moved = write_some(link, &len)) == MOVED)
		link->out_at += len;
	if (moved == MOVED_NEVER) {
		fail_moving(link);
		return;
	}
	if (moved == MOVED_NOT) {
		event_add(link->writable, NULL);
		return;
	}
	link->out_at = link->out_len = 0;
}

void redis_link_send(struct redis_link *link, const void *bytes, size_t len)
{
	size_t left = link->out_len - link->out_at;

	if (link->out_len + len > link->out_size) {
		if (left > 0)
			memmove(link->out, link->out + link->out_at, left);
		link->out_at = 0;
		link->out_len = left;
	}
	if (left + len > link->out_size) {
		link->out_size = (left + len) * 2;
		link->out = realloc(link->out, link->out_size);
	}
	memcpy(link->out + link->out_len, bytes, len);
	link->out_len += len;
}

void redis_link_command(
	struct redis_link *link, int count, const char *const *words, const size_t *lens)
{
	char *text;
	int len = redisFormatCommandArgv(&text, count, (const char **)(uintptr_t)words, lens);

	if (len > 0)
		redis_link_send(link, text, (size_t)len);
	if (len > 0)
		redisFreeCommand(text);
}

static void command(struct redis_link *link, int count, const char *const *words)
{
	size_t lens[3];

	for (int i = 0; i < count; i++)
		lens[i] = strlen(words[i]);
	redis_link_command(link, count, words, lens);
}

/* ---- replies ---------------------------------------------------------------------------- */

static void take_greeting(struct redis_link *link, const struct redisReply *reply)
{
	if (reply->type == REDIS_REPLY_ERROR) {
		redis_link_fail(link, reply->str);
		return;
	}
	if (--link->greetings > 0)
		return;
	link->phase = LINK_READY;
	link->ops->ready(link->owner);
}

static void take_reply(struct redis_link *link, const struct redisReply *reply)
{
	if (link->phase == LINK_GREETING)
		take_greeting(link, reply);
	else
		link->ops->reply(link->owner, reply);
}

/* False: the link is over. */
static bool take_replies(struct redis_link *link)
{
	struct redisReader *reader = link->reader;
	void *reply = NULL;

	while (link->reader == reader && reader != NULL) {
		if (redisReaderGetReply(reader, &reply) != REDIS_OK) {
			redis_link_fail(link, reader->errstr);
			return false;
		}
		if (reply == NULL)
			return true;
		take_reply(link, reply);
		freeReplyObject(reply);
	}
	return false;
}

static void receive(struct redis_link *link)
{
	enum moved moved = MOVED;
	char bytes[READ_BYTES];
	size_t total = 0, len;

	/* What OpenSSL has taken from the socket tells no event: with TLS all is read. */
	while ((total < TURN_BYTES || link->ssl != NULL) &&
		(moved = read_some(link, bytes, &len)) == MOVED) {
		link->heard_s = redis_link_now();
		redisReaderFeed(link->reader, bytes, len);
		if (!take_replies(link))
			return;
		total += len;
	}
	if (moved == MOVED_NEVER)
		fail_moving(link);
}

/* ---- the beginning ---------------------------------------------------------------------- */

static void try_address(struct redis_link *link, const char *why);

static void greet(struct redis_link *link)
{
	const char *auth[3] = {"AUTH", link->url->user, link->url->password};
	bool has_user = link->url->user[0] != '\0';

	link->phase = LINK_GREETING;
	link->reader = redisReaderCreate();
	link->heard_s = redis_link_now();
	link->greetings = 1;
	if (!has_user)
		auth[1] = link->url->password;
	if (link->url->password[0] != '\0') {
		command(link, has_user ? 3 : 2, auth);
		link->greetings = 2;
	}
	command(link, 1, (const char *const[]){"PING"});
	event_add(link->readable, NULL);
	redis_link_flush(link);
}

static void shake_hands(struct redis_link *link)
{
	int result;

	ERR_clear_error();
	result = SSL_connect(link->ssl);
	if (result == 1) {
		greet(link);
		return;
	}
	if (moved_tls(link, result) == MOVED_NEVER)
		fail_tls(link);
	else
		event_add(link->readable, NULL);
}

static void begin_tls(struct redis_link *link)
{
	const char *host = link->url->host;

	link->phase = LINK_TLS;
	link->ssl = SSL_new(link->tls);
	SSL_set_fd(link->ssl, link->fd);
	SSL_set_mode(
		link->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* An address stands in a certificate as one, and is no name to ask for. */
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(link->ssl), host) != 1) {
		SSL_set1_host(link->ssl, host);
		SSL_set_tlsext_host_name(link->ssl, host);
	}
	shake_hands(link);
}

static void connected(struct redis_link *link)
{
	socklen_t len = sizeof(int);
	int error = 0, on = 1;

	getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		try_address(link, strerror(error));
		return;
	}
	setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (link->tls != NULL)
		begin_tls(link);
	else
		greet(link);
}

static void readable_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;

	(void)fd;
	(void)what;
	if (link->phase == LINK_TLS)
		shake_hands(link);
	else
		receive(link);
}

static void writable_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct redis_link *link = arg;

	(void)fd;
	(void)what;
	if (link->phase == LINK_CONNECTING)
		connected(link);
	else if (link->phase == LINK_TLS)
		shake_hands(link);
	else
		redis_link_flush(link);
}

/* The next of the addresses; `why` tells of the one before. */
static void try_address(struct redis_link *link, const char *why)
{
	const struct addrinfo *address = link->address;
	char text[160];

	snprintf(text, sizeof(text), "%s", why);
	close_socket(link);
	if (address == NULL) {
		redis_link_fail(link, text);
		return;
	}
	link->address = address->ai_next;
	link->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || (connect(link->fd, address->ai_addr, address->ai_addrlen) < 0 &&
				    errno != EINPROGRESS)) {
		try_address(link, strerror(errno));
		return;
	}
	link->phase = LINK_CONNECTING;
	link->readable = event_new(
		link->base, link->fd, EV_READ | EV_PERSIST, readable_on_event, link);
	link->writable = event_new(link->base, link->fd, EV_WRITE, writable_on_event, link);
	event_add(link->writable, NULL);
}

static void resolved(void *context)
{
	struct redis_link *link = context;

	if (link->resolve.error != 0) {
		redis_link_fail(link, gai_strerror(link->resolve.error));
		return;
	}
	link->address = link->resolve.found;
	try_address(link, "no address");
}

void redis_link_open(struct redis_link *link, const struct redis_url *url, SSL_CTX *tls)
{
	redis_link_close(link);
	link->phase = LINK_RESOLVING;
	link->url = url;
	link->tls = tls;
	redis_resolve_begin(&link->resolve, link->base, url->host, url->port, resolved, link);
}
