/*
 * Who decodes: between two messages all decoders are alike, so the worker lends its own for each
 * read, and only a connection that has a part of something keeps one. Called by ws_conn.c.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_WS_DECODERS_H
#define SOCKLET_NET_WS_DECODERS_H

#include <stdbool.h>

struct conn;
struct ws_decoder;

/* Of a connection that speaks WebSocket, with its limits. */
struct ws_decoder *ws_decoders_borrow(struct conn *conn);
/* may_keep: it still speaks, and keeps it if there is a part of something. */
void ws_decoders_give_back(struct conn *conn, struct ws_decoder *decoder, bool may_keep);
/* The limits have changed. */
void ws_decoders_follow(const struct conn *conn, struct ws_decoder *decoder);
/* The connection is over. */
void ws_decoders_drop(struct conn *conn);

#endif
