/*
 * Zeros that all share stand for what is not there, so that looking needs no question and writing
 * is the only thing that makes a block. SPDX-License-Identifier: MIT
 */
#include "net/conn_extra.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/conn.h"

const struct conn_extra conn_extra_none = {
	.of_call.ops = &conn_transport_ops, .io = &conn_io_plain};

struct conn_extra *conn_extra(struct conn *conn)
{
	struct conn_extra *extra;

	if (!conn_is_bare(conn))
		return (struct conn_extra *)(uintptr_t)extra_of(conn);
	extra = xmalloc(sizeof(*extra));
	memcpy(extra, &conn_extra_none, sizeof(*extra));
	conn->transport.extra = &extra->of_call;
	return extra;
}

void conn_extra_free(struct conn *conn)
{
	if (!conn_is_bare(conn))
		free(conn_extra(conn));
	conn->transport.extra = &conn_extra_none.of_call;
}

/* Behind a handshake as a rule: most connections are idle for most of their time. */
void conn_extra_trim(struct conn *conn)
{
	if (!conn_is_bare(conn) &&
		memcmp(extra_of(conn), &conn_extra_none, sizeof(conn_extra_none)) == 0)
		conn_extra_free(conn);
}

/* ---- the stash ------------------------------------------------------------------------------ */

void conn_extra_stash(struct conn *conn, const void *data, size_t len)
{
	buf_append(&conn_extra(conn)->stash, data, len);
}

struct buf conn_extra_take_stash(struct conn *conn)
{
	struct buf stash = extra_of(conn)->stash;

	if (stash.data != NULL)
		conn_extra(conn)->stash = (struct buf){0};
	return stash;
}

void conn_extra_clear_stash(struct conn *conn)
{
	struct buf stash = conn_extra_take_stash(conn);

	buf_fini(&stash);
}
