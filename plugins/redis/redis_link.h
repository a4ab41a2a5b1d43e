/*
 * One connection to a Redis server: bytes, TLS, greeting, replies. Never waits.
 * SPDX-License-Identifier: MIT
 */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include <hiredis/read.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "redis_resolve.h"
#include "redis_url.h"

struct event;
struct event_base;
struct redisReply;

enum redis_link_phase {
	LINK_CLOSED,
	LINK_RESOLVING,
	LINK_CONNECTING,
	LINK_TLS,
	LINK_GREETING, /* AUTH and PING were sent */
	LINK_READY,
};

/* To whoever owns the link; each may close it. */
struct redis_link_ops {
	void (*ready)(void *owner);
	void (*reply)(void *owner, const struct redisReply *reply);
	/* `why` says what happened; it is closed already. */
	void (*lost)(void *owner, const char *why);
};

/* Zero it; redis_link_init; redis_link_close. */
struct redis_link {
	const struct redis_link_ops *ops;
	void *owner;
	struct event_base *base;
	enum redis_link_phase phase;
	struct redis_resolve resolve;
	const struct addrinfo *address; /* the one tried now */
	int fd;
	SSL *ssl;
	struct event *readable, *writable;
	struct redisReader *reader;
	const struct redis_url *url;
	SSL_CTX *tls;       /* NULL: none */
	unsigned greetings; /* replies that are still to come */
	char *out;
	size_t out_len, out_at, out_size;
	time_t heard_s; /* when something came last */
};

void redis_link_init(struct redis_link *link, struct event_base *base,
	const struct redis_link_ops *ops, void *owner);
/* `ready` or `lost` follows, perhaps before this returns. What is given must outlive it. */
void redis_link_open(struct redis_link *link, const struct redis_url *url, SSL_CTX *tls);
/* Quietly; also a closed one. */
void redis_link_close(struct redis_link *link);
/* The words of a command; copied, and sent at the next flush. */
void redis_link_command(
	struct redis_link *link, int count, const char *const *words, const size_t *lens);
/* A command that somebody has spelled. */
void redis_link_send(struct redis_link *link, const void *bytes, size_t len);
void redis_link_flush(struct redis_link *link);
/* Ends it as if the network had. */
void redis_link_fail(struct redis_link *link, const char *why);

/* Seconds of a clock that only goes on. */
time_t redis_link_now(void);

#endif
