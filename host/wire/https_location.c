/*
 * The host is the client's own word about where it wanted to go: only its shape is looked at, so
 * that nothing but a host can stand there. Called by net/https_redirect.c.
 * SPDX-License-Identifier: MIT
 */
#include "wire/https_location.h"

#include "wire/authority.h"

enum { HTTPS_PORT = 443 };

bool https_location_append(
	struct buf *out, const struct http_head *head, unsigned port, struct err *why)
{
	struct authority authority;
	struct span path = head->path;

	if (!authority_parse(&authority, head->host) || authority.host.len == 0) {
		err_set(why, ERR_BAD_REQUEST, "the request names no host to be redirected to");
		return false;
	}
	/* OPTIONS has a "*" that is no path. */
	if (path.len == 0 || path.ptr[0] != '/')
		path = SPAN("/");
	buf_printf(out, "https://%.*s", SPAN_ARG(authority.host));
	if (port != HTTPS_PORT)
		buf_printf(out, ":%u", port);
	buf_append_span(out, path);
	if (head->query.ptr != NULL) {
		buf_append(out, "?", 1);
		buf_append_span(out, head->query);
	}
	return true;
}
