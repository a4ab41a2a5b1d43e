/*
 * A handshake that is refused before there is a session, in the way its route wants.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_TURN_AWAY_H
#define SOCKLET_CALL_TURN_AWAY_H

#include <stdint.h>

#include "base/err.h"
#include "call/generation.h"
#include "call/request.h"

/* Status and Retry-After with why->text as detail; a close frame where the route has `reject:
 * close`. */
void turn_away(struct transport *transport, const struct route *route, struct request *request,
	const struct err *why, uint64_t retry_s);

#endif
