/*
 * Requests that are no handshakes. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_PLAIN_REQUEST_H
#define SOCKLET_CALL_PLAIN_REQUEST_H

#include "call/generation.h"
#include "call/host.h"
#include "call/request.h"

/* Whether its route's plugin gets it; if not, the transport was answered. */
bool plain_request_is_taken(
	struct transport *transport, const struct route *route, const struct request *request);
/* Finds who is to answer, a file, a redirect or a plugin; or answers that there is nobody. */
void plain_request_answer(struct host *host, struct transport *transport, struct request *request);

#endif
