/*
 * Routes whose plugin ended workers again and again: they are answered without its code.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_QUARANTINE_H
#define SOCKLET_CALL_QUARANTINE_H

#include "call/generation.h"
#include "call/request.h"

/* From now on, for new handshakes of the routes that this version of the plugin has a part in. */
void quarantine_begin(struct generation *generation, const char *plugin, unsigned version);
/* 503, or close code 1013 where the route rejects by close; there is no session. */
void quarantine_reply(struct transport *transport);
/* The same in the way that the route refuses handshakes. */
void quarantine_refuse(
	struct transport *transport, const struct route *route, struct request *request);

#endif
