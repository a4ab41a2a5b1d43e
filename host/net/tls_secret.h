/*
 * What session tickets are encrypted with, the same in all workers, so that each resumes sessions
 * of the others. It changes with time, always forward: from today's nobody can work out
 * yesterday's, which all forget. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_TLS_SECRET_H
#define SOCKLET_NET_TLS_SECRET_H

#include <stdbool.h>
#include <stdint.h>

enum { TLS_SECRET_BYTES = 32, TLS_TICKET_NAME_BYTES = 16 };

/* Of one stretch of time, `period_s` long. Zero it. */
struct tls_secret {
	uint64_t period_s;
	uint64_t number; /* of the stretch, counted from 1970 */
	uint8_t bytes[TLS_SECRET_BYTES];
};

/* What one ticket is encrypted and signed with. */
struct tls_ticket_key {
	uint8_t name[TLS_TICKET_NAME_BYTES]; /* stands in the ticket */
	uint8_t aes[TLS_SECRET_BYTES], mac[TLS_SECRET_BYTES];
};

/* Moves on to the stretch before the one of `now_s`; makes a new one at first. Never goes back. */
void tls_secret_turn(struct tls_secret *secret, uint64_t period_s, uint64_t now_s);
/* The key that a stretch later is used with: 0 for its own. */
struct tls_ticket_key tls_secret_key(const struct tls_secret *secret, unsigned later);

#endif
