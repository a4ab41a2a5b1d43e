/*
 * The answer of a listener that only tells clients to come with TLS. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_HTTPS_REDIRECT_H
#define SOCKLET_NET_HTTPS_REDIRECT_H

#include "wire/http_head.h"

struct conn;

/* 308 to the same place at conn->https_port, or 400 to a request that names no host. */
void https_redirect_reply(struct conn *conn, const struct http_head *head);

#endif
