/*
 * Who asks: the peer, or whom a trusted proxy speaks for. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_CLIENT_H
#define SOCKLET_CALL_CLIENT_H

#include "call/request.h"
#include "call/transport.h"
#include "config/config.h"

/*
 * Sets the transport's peer and is_secure and the request's host by what a trusted proxy wrote, or
 * else to what they are by themselves. False: that cannot be read, and `why` says what.
 */
bool client_find(const struct config *config, struct transport *transport, struct request *request,
	struct err *why);

#endif
