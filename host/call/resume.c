/*
 * Exact because of one order: the answer to a recall comes by the same way as live messages do, so
 * those in it are before its end and those behind it are not in it. While a subscription catches up
 * it is not in the tree, so that nothing is delivered twice; what waits in this worker for members
 * was published before it got there, and is not for it either. It catches up in parts, the next of
 * which is asked for once the peer has read most of the last. Called by topics.c, session.c and
 * bus.c. SPDX-License-Identifier: MIT
 */
#include "call/resume.h"

#include <string.h>

#include "base/xalloc.h"
#include "call/envelope.h"
#include "call/host_state.h"
#include "topic/topic_position.h"

enum resume_state {
	RESUME_HELD,    /* until the handshake is answered */
	RESUME_WAITING, /* in resumes.waiting */
	RESUME_FULL,    /* in resumes.full */
	RESUME_ASKED,
};

struct resume {
	LIST_ENTRY(resume) of_conn;
	TAILQ_ENTRY(resume) waiting;
	struct sl_conn *conn;
	enum resume_state state;
	uint64_t serial, after;
	uint32_t flags;
	uint8_t len;
	char filter[];
};

static struct span filter_of(const struct resume *resume)
{
	return (struct span){resume->filter, resume->len};
}

static void resume_drop(struct resume *resume)
{
	struct sl_conn *conn = resume->conn;

	if (resume->state == RESUME_WAITING)
		TAILQ_REMOVE(&session_host(conn)->resumes.waiting, resume, waiting);
	if (resume->state == RESUME_FULL)
		TAILQ_REMOVE(&session_host(conn)->resumes.full, resume, waiting);
	LIST_REMOVE(resume, of_conn);
	session_extra(conn)->resume_count--;
	free(resume);
}

/* ---- asking ----------------------------------------------------------------------------- */

/* Nothing is kept: then only what is new can be had. */
static bool is_kept(const struct resume *resume)
{
	return bus_keeps_all(session_host(resume->conn), filter_of(resume));
}

/* Live from here on. */
static void finish(struct resume *resume, uint64_t number)
{
	struct sl_conn *conn = resume->conn;
	bool has_positions = (resume->flags & SL_POSITIONS) != 0;

	topic_tree_subscribe(&session_host(conn)->fan_out.tree, &fan_out_member(conn)->topics,
		filter_of(resume), resume->flags & (SL_EXCLUDE_SELF | SL_POSITIONS));
	conn->topics->has_positions |= has_positions;
	if (has_positions)
		envelope_send_note(conn, filter_of(resume), number, false);
	/* That note may have been one too many for its queue. */
	if (conn->phase == SESSION_OPEN)
		resume_drop(resume);
}

/* In an envelope it is longer: beside what still waits there is room for twice as much and more. */
static uint64_t part_bytes(const struct sl_conn *conn)
{
	uint64_t bytes = conn->route->limits.queue_bytes / 4;

	return bytes < RESUME_PART_BYTES ? bytes : RESUME_PART_BYTES;
}

static void ask_now(struct resume *resume)
{
	struct host *host = session_host(resume->conn);
	const struct bus_recall recall = {
		.conn = resume->conn->id,
		.serial = resume->serial,
		.filter = filter_of(resume),
		.after = resume->after,
		.bytes = part_bytes(resume->conn),
	};

	resume->state = RESUME_ASKED;
	host->resumes.asked++;
	bus_recall(host, &recall);
}

/*
 * Who asks for no past asks at once: what its plugin publishes behind this is for it. That costs
 * little to answer; what the others get has to find room on its way.
 */
static void ask(struct resume *resume)
{
	struct host *host = session_host(resume->conn);
	bool has_no_past = resume->after == BUS_NOW || resume->after == 0;

	if (has_no_past && !is_kept(resume)) {
		finish(resume, 0);
		return;
	}
	if (resume->after == BUS_NOW) {
		ask_now(resume);
		return;
	}
	resume->state = RESUME_WAITING;
	TAILQ_INSERT_TAIL(&host->resumes.waiting, resume, waiting);
	host->loop->ops->want_turn_end(host->loop);
}

static uint64_t number_of(const struct host *host, struct span position, uint32_t flags)
{
	uint64_t number;

	if (position.len == 0)
		return (flags & SL_KEPT) != 0 ? 0 : BUS_NOW;
	if (!topic_position_read(position, bus_host_id(host), &number) || number == 0)
		return BUS_UNKNOWN;
	return number;
}

void resume_begin(struct sl_conn *conn, struct span filter, uint32_t flags, struct span position)
{
	struct resume *resume = xcalloc(1, sizeof(*resume) + filter.len);

	resume->conn = conn;
	resume->serial = ++session_host(conn)->resumes.serial;
	resume->after = number_of(session_host(conn), position, flags);
	resume->flags = flags;
	resume->len = (uint8_t)filter.len;
	memcpy(resume->filter, filter.ptr, filter.len);
	LIST_INSERT_HEAD(&session_extra(conn)->resumes, resume, of_conn);
	session_extra(conn)->resume_count++;
	if (conn->phase == SESSION_OPEN)
		ask(resume);
}

/* ---- answers ---------------------------------------------------------------------------- */

/* Of what was missed nothing is given but what is asked for with SL_KEPT. */
static void go_on_without(struct resume *resume)
{
	struct sl_conn *conn = resume->conn;
	char topic[TOPIC_NAME_MAX];
	struct span filter = {topic, resume->len};

	memcpy(topic, resume->filter, resume->len);
	resume->after = (resume->flags & SL_KEPT) != 0 ? 0 : BUS_NOW;
	if ((resume->flags & SL_POSITIONS) != 0)
		envelope_send_note(conn, filter, 0, true);
	if (conn->phase != SESSION_OPEN)
		return;
	ask(resume);
	if (conn->phase == SESSION_OPEN && conn->route->plugin->info.lost != NULL)
		plugin_call_lost(conn->route->plugin, conn, conn->args,
			(struct sl_str){filter.ptr, filter.len}, 0);
}

static bool is_full(const struct sl_conn *conn)
{
	return conn->transport->ops->queued(conn->transport) > conn->route->limits.queue_bytes / 8;
}

/* The others stay: nobody tells when a part of a queue has left. */
static void full_on_timer(void *arg)
{
	struct host *host = arg;
	struct resumes *resumes = &host->resumes;
	struct resume *resume, *next;

	for (resume = TAILQ_FIRST(&resumes->full); resume != NULL; resume = next) {
		next = TAILQ_NEXT(resume, waiting);
		if (is_full(resume->conn))
			continue;
		TAILQ_REMOVE(&resumes->full, resume, waiting);
		ask(resume);
	}
	if (!TAILQ_EMPTY(&resumes->full))
		return;
	host->loop->ops->timer_stop(resumes->timer);
	resumes->timer = NULL;
}

static void go_on_behind(struct resume *resume, uint64_t number)
{
	struct host *host = session_host(resume->conn);

	resume->after = number;
	if (!is_full(resume->conn)) {
		ask(resume);
		return;
	}
	resume->state = RESUME_FULL;
	TAILQ_INSERT_TAIL(&host->resumes.full, resume, waiting);
	if (host->resumes.timer == NULL)
		host->resumes.timer = host->loop->ops->timer_start(
			host->loop, RESUME_LOOK_MS, RESUME_LOOK_MS, full_on_timer, host);
}

static struct resume *find(struct host *host, uint64_t id, uint64_t serial)
{
	struct sl_conn *conn = session_table_find(&host->sessions, id);
	struct resume *resume;

	if (conn == NULL)
		return NULL;
	LIST_FOREACH (resume, &conn->extra->resumes, of_conn)
		if (resume->serial == serial && resume->state == RESUME_ASKED)
			return resume;
	return NULL;
}

static void send(struct sl_conn *conn, uint32_t flags, const struct bus_message *message)
{
	uint32_t type = message->opcode == WS_TEXT ? SL_TEXT : SL_BINARY;
	struct buf text = {0};

	if ((flags & SL_POSITIONS) == 0) {
		session_send(conn, type, message->payload);
		return;
	}
	envelope_write(&text, session_host(conn), message);
	session_send(conn, SL_TEXT, buf_span(&text));
	buf_fini(&text);
}

void resume_take(struct host *host, uint64_t id, uint64_t serial, const struct bus_message *message)
{
	struct resume *resume = find(host, id, serial);

	/* Its own of this very connection: it published while it caught up. */
	if (resume == NULL || ((resume->flags & SL_EXCLUDE_SELF) != 0 && message->publisher == id))
		return;
	host->fan_out.counts.delivered++;
	send(resume->conn, resume->flags, message);
}

void resume_over(
	struct host *host, uint64_t id, uint64_t serial, enum bus_recalled outcome, uint64_t number)
{
	struct resume *resume = find(host, id, serial);

	host->resumes.asked--;
	host->loop->ops->want_turn_end(host->loop);
	if (resume == NULL)
		return;
	if (outcome == BUS_RECALLED_LOST)
		go_on_without(resume);
	else if (outcome == BUS_RECALLED_PART)
		go_on_behind(resume, number);
	else
		finish(resume, number);
}

/* ---- times to go on --------------------------------------------------------------------- */

static struct resume *find_held(const struct sl_conn *conn)
{
	struct resume *resume;

	LIST_FOREACH (resume, &conn->extra->resumes, of_conn)
		if (resume->state == RESUME_HELD)
			return resume;
	return NULL;
}

/* That may end the connection, and all of them with it. */
void resume_opened(struct sl_conn *conn)
{
	struct resume *resume;

	while ((resume = find_held(conn)) != NULL)
		ask(resume);
}

/* Whose topics are not kept learns that at once: a reload has ended their history. */
void resume_turn_end(struct host *host)
{
	struct resumes *resumes = &host->resumes;
	struct resume *resume;

	while ((resume = TAILQ_FIRST(&resumes->waiting)) != NULL &&
		(!is_kept(resume) || resumes->asked < RESUME_ASKED_MAX)) {
		TAILQ_REMOVE(&resumes->waiting, resume, waiting);
		resume->state = RESUME_HELD;
		if (is_kept(resume))
			ask_now(resume);
		else
			go_on_without(resume);
	}
}

/* ---- ends ------------------------------------------------------------------------------- */

void resume_cancel(struct sl_conn *conn, struct span filter)
{
	struct resume *resume, *next;

	for (resume = LIST_FIRST(&conn->extra->resumes); resume != NULL; resume = next) {
		next = LIST_NEXT(resume, of_conn);
		if (span_equal(filter_of(resume), filter))
			resume_drop(resume);
	}
}

void resume_cancel_all(struct sl_conn *conn)
{
	while (!LIST_EMPTY(&conn->extra->resumes))
		resume_drop(LIST_FIRST(&conn->extra->resumes));
}

void resume_init(struct host *host)
{
	TAILQ_INIT(&host->resumes.waiting);
	TAILQ_INIT(&host->resumes.full);
}

void resume_fini(struct host *host)
{
	if (host->resumes.timer != NULL)
		host->loop->ops->timer_stop(host->resumes.timer);
}
