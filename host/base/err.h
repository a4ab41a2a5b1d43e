/*
 * What went wrong, in words and in numbers. A function that can fail because of the world (peer,
 * file, operator) returns bool or an enum and fills a struct err or err_list that its caller gave.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_ERR_H
#define SOCKLET_BASE_ERR_H

#include <stddef.h>

#include "base/arena.h"

/*
 * One row a condition: code, HTTP status before the upgrade, close code after it (RFC 6455 7.4.1;
 * 0 where it cannot happen there).
 */
#define ERR_TABLE(ROW)                      \
	ROW(ERR_NONE, 200, 1000)            \
	ROW(ERR_BAD_REQUEST, 400, 1002)     \
	ROW(ERR_FORBIDDEN, 403, 1008)       \
	ROW(ERR_NOT_FOUND, 404, 0)          \
	ROW(ERR_METHOD_NOT_ALLOWED, 405, 0) \
	ROW(ERR_TIMEOUT, 408, 1001)         \
	ROW(ERR_TOO_LARGE, 413, 1009)       \
	ROW(ERR_URI_TOO_LONG, 414, 0)       \
	ROW(ERR_EXPECTATION_FAILED, 417, 0) \
	ROW(ERR_UPGRADE_REQUIRED, 426, 0)   \
	ROW(ERR_TOO_MANY, 429, 1013)        \
	ROW(ERR_HEADERS_TOO_LARGE, 431, 0)  \
	ROW(ERR_INTERNAL, 500, 1011)        \
	ROW(ERR_NOT_IMPLEMENTED, 501, 0)    \
	ROW(ERR_UNAVAILABLE, 503, 1013)     \
	ROW(ERR_HTTP_VERSION, 505, 0)       \
	ROW(ERR_WS_PROTOCOL, 400, 1002)     \
	ROW(ERR_WS_UNSUPPORTED, 400, 1003)  \
	ROW(ERR_WS_INVALID_PAYLOAD, 400, 1007)

enum err_code {
#define ROW(code, http_status, close_code) code,
	ERR_TABLE(ROW)
#undef ROW
};

unsigned err_http_status(enum err_code code);
unsigned err_close_code(enum err_code code);

struct err {
	enum err_code code;
	char text[240]; /* one line, lower case, no full stop; cut when longer */
};

void err_set(struct err *err, enum err_code code, const char *format, ...)
	__attribute__((cold, format(printf, 3, 4)));

/* Where in a file; line and column count from 1, 0 when not known. file is borrowed. */
struct place {
	const char *file;
	unsigned line, column;
};

struct complaint {
	struct place place;
	const char *text;
};

/* Nobody reads more; a file of a million mistakes must not take a million texts of memory. */
enum { ERR_LIST_MAX = 1000 };

/* Every complaint of a load, in the order found. Zero it; then err_list_fini. */
struct err_list {
	struct complaint *items;
	size_t count, capacity;
	size_t dropped;     /* beyond ERR_LIST_MAX: counted only */
	struct arena arena; /* owns the texts and file names */
};

void err_list_fini(struct err_list *list);
/* Copies place.file and the text. The ERR_LIST_MAX-th is the last that is kept. */
void err_list_add(struct err_list *list, struct place place, const char *format, ...)
	__attribute__((cold, format(printf, 3, 4)));
/*
 * By line and column, from index `from` on: checks have an order of their own, people read from the
 * top down.
 */
void err_list_sort(struct err_list *list, size_t from);
/* "file:line:column: text", leaving out what is not known. Returned text is the arena's. */
const char *complaint_line(const struct complaint *complaint, struct arena *arena);
/*
 * The candidate nearest to `found`, if near enough to be a slip of the fingers, else NULL:
 * for "did you mean". `names` ends with NULL.
 */
const char *err_nearest(const char *found, const char *const *names);

#endif
