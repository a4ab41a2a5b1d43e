/*
 * The last protocol of a connection. Knows nothing of what was spoken before.
 * SPDX-License-Identifier: MIT
 */
#include "net/linger.h"

#include <assert.h>

#include "base/clock.h"
#include "net/conn.h"

static void linger_received(struct conn *conn, uint8_t *data, size_t len)
{
	(void)data;
	conn->linger.thrown_away += len;
	if (conn->linger.thrown_away > LINGER_BYTES)
		conn_drop(conn);
}

static void linger_ended(struct conn *conn)
{
	/* A peer that only closed its side still wants what is queued. */
	if (conn->has_failed || conn->linger.is_shut) {
		conn_drop(conn);
		return;
	}
	conn->linger.has_ended = true;
	conn->is_held = true;
}

static void linger_sent(struct conn *conn)
{
	if (!conn->linger.is_shut)
		conn->linger.is_shut = extra_of(conn)->io->shut(conn);
	if (conn->linger.has_ended && conn->linger.is_shut)
		conn_drop(conn);
}

static uint64_t linger_due(struct conn *conn, uint64_t now_ms)
{
	if (now_ms < conn->linger.due_ms)
		return conn->linger.due_ms;
	conn_drop(conn);
	return 0;
}

static void linger_fini(struct conn *conn)
{
	(void)conn;
}

const struct conn_protocol linger_protocol = {
	.received = linger_received,
	.ended = linger_ended,
	.sent = linger_sent,
	.due = linger_due,
	.fini = linger_fini,
};

void linger_begin(struct conn *conn, uint64_t linger_ms)
{
	assert(conn->transport.session == NULL);
	conn_speak(conn, CONN_LINGERS);
	conn->linger = (struct linger_state){.due_ms = clock_ms() + linger_ms};
	conn_extra_clear_stash(conn);
	conn->is_held = conn->is_paused = conn->is_throttled = false;
	conn_schedule(conn, conn->linger.due_ms);
	conn_touch(conn);
}
