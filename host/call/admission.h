/*
 * What a request has to say of itself to be looked at: a host that is served here, and of a page's
 * handshake an origin that may come in. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ADMISSION_H
#define SOCKLET_CALL_ADMISSION_H

#include "call/generation.h"
#include "call/request.h"

/*
 * Finds the client behind proxies, then checks the host against `hosts:`. False: the transport was
 * answered, with 400 or 421.
 */
bool admission_check(
	struct generation *generation, struct transport *transport, struct request *request);
/* Of a handshake whose route is found. False: the transport was answered, with 400 or 403. */
bool admission_check_origin(
	struct transport *transport, const struct route *route, const struct request *request);

#endif
