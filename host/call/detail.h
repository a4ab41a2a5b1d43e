/*
 * Answers whose body is JSON in FastAPI's shape: {"detail": …}. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_DETAIL_H
#define SOCKLET_CALL_DETAIL_H

#include "call/transport.h"
#include "inject/inject.h"

/* A JSON string; bytes that are not UTF-8 become U+FFFD. The caller's. */
struct json_t *detail_text(struct span text);
/* The row of a detail list, and its "input" alone. The caller's. */
struct json_t *detail_row(const struct inject_error *error);
struct json_t *detail_input(const struct inject_error *error);
/* {"detail":"text"}; `headers` (may be NULL) are taken from its owner. */
void detail_reply(struct transport *transport, unsigned status, const char *text,
	struct buf *headers, bool close);
/* {"detail":[{"type":…,"loc":[…],"msg":…,"input":…},…]} */
void detail_reply_errors(struct transport *transport, unsigned status,
	const struct inject_errors *errors, struct buf *headers, bool close);

#endif
