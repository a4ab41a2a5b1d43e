/*
 * While a subscription catches up it is not in the tree, so that nothing is delivered twice; what
 * waits in this worker for members was published before it got there, and is not for it either. It
 * catches up in parts, the next of which is asked for once the peer has read most of the last. The
 * master's answers come by the way of live messages, and are exact by that order alone. Those of a
 * broker's store come by another way: what was live already when the answer came is held in
 * kept_stream.c, what is live only later and was in the answer is known by its number. Called by
 * topics.c, session.c, bus.c, bus_plugin.c and fan_out.c. SPDX-License-Identifier: MIT
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
	RESUME_AWAY,    /* in resumes.away */
	RESUME_ASKED,
	RESUME_LIVE, /* in the tree; what comes up to `after` it has had */
};

struct resume {
	LIST_ENTRY(resume) of_conn;
	TAILQ_ENTRY(resume) waiting;
	struct sl_conn *conn;
	enum resume_state state;
	unsigned patience_ms;
	struct topic_member wanting;
	uint64_t serial, order, after;
	uint32_t flags;
	uint8_t len;
	char filter[];
};

static struct span filter_of(const struct resume *resume)
{
	return (struct span){resume->filter, resume->len};
}

/* What is live comes from the broker, whoever is in the tree. */
static void want(struct resume *resume)
{
	struct host *host = session_host(resume->conn);

	if (resume->wanting.count == 0 && bus_has_store(host))
		topic_tree_subscribe(&host->resumes.wanted, &resume->wanting, filter_of(resume), 0);
}

static void unwant(struct resume *resume)
{
	topic_tree_leave(&session_host(resume->conn)->resumes.wanted, &resume->wanting);
}

static void on_wanted(void *context, struct span filter)
{
	const struct host *host = context;

	if (!topic_tree_has_filter(&host->fan_out.tree, filter))
		bus_wanted(context, filter);
}

static void on_unwanted(void *context, struct span filter)
{
	const struct host *host = context;

	if (!topic_tree_has_filter(&host->fan_out.tree, filter))
		bus_unwanted(context, filter);
}

static void resume_drop(struct resume *resume)
{
	struct sl_conn *conn = resume->conn;

	unwant(resume);

	if (resume->state == RESUME_WAITING)
		TAILQ_REMOVE(&session_host(conn)->resumes.waiting, resume, waiting);
	if (resume->state == RESUME_FULL)
		TAILQ_REMOVE(&session_host(conn)->resumes.full, resume, waiting);
	if (resume->state == RESUME_AWAY)
		TAILQ_REMOVE(&session_host(conn)->resumes.away, resume, waiting);
	LIST_REMOVE(resume, of_conn);
	if (resume->state != RESUME_LIVE)
		session_extra(conn)->resume_count--;
	free(resume);
}

/* ---- asking ----------------------------------------------------------------------------- */

/* Nothing is kept: then only what is new can be had. */
static bool is_kept(const struct resume *resume)
{
	return bus_keeps_all(session_host(resume->conn), filter_of(resume));
}

/* What is live only now of what the answer had is passed over: until something behind it comes. */
static void stay_for_the_rest(struct resume *resume, uint64_t order, uint64_t number)
{
	unwant(resume);
	resume->state = RESUME_LIVE;
	resume->order = order;
	resume->after = number;
	session_extra(resume->conn)->resume_count--;
}

static bool may_come_late(const struct resume *resume, uint64_t order, uint64_t number)
{
	const struct host *host = session_host(resume->conn);

	return bus_has_store(host) && order != 0 &&
	       (host->kept.order != order || host->kept.heard < number);
}

/* Live from here on: it has all up to `number`, and what was live behind that. */
static void finish(struct resume *resume, uint64_t order, uint64_t number)
{
	struct sl_conn *conn = resume->conn;
	bool has_positions = (resume->flags & SL_POSITIONS) != 0;

	topic_tree_subscribe(&session_host(conn)->fan_out.tree, &fan_out_member(conn)->topics,
		filter_of(resume), resume->flags & (SL_EXCLUDE_SELF | SL_POSITIONS));
	conn->topics->has_positions |= has_positions;
	if (has_positions)
		envelope_send_note(conn, filter_of(resume), order, number, false);
	/* That note may have been one too many for its queue. */
	if (conn->phase != SESSION_OPEN)
		return;
	if (may_come_late(resume, order, number))
		stay_for_the_rest(resume, order, number);
	else
		resume_drop(resume);
}

bool resume_has(struct sl_conn *conn, struct span topic, uint64_t order, uint64_t number)
{
	struct resume *resume, *next;
	bool is_had = false;

	if (number == 0)
		return false;
	for (resume = LIST_FIRST(&conn->extra->resumes); resume != NULL; resume = next) {
		next = LIST_NEXT(resume, of_conn);
		if (resume->state != RESUME_LIVE)
			continue;
		/* Numbers come in their order. */
		if (order != resume->order || number > resume->after)
			resume_drop(resume);
		else
			is_had |= topic_filter_matches(filter_of(resume), topic);
	}
	return is_had;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * In an envelope it is longer: beside what still waits for the peer there is room for twice as much
 * and more. On its way here it shares a queue with what is new: if it took more than half of that,
 * those who only listen would lose messages because somebody else has come again.
 */
static uint64_t part_bytes(const struct sl_conn *conn)
{
	const struct generation *generation = session_host(conn)->generation;
	uint64_t of_peer = conn->route->limits.queue_bytes / 4;
	uint64_t of_link = generation->config.topics.queue_bytes / (2 * RESUME_ASKED_MAX);

	return smaller(smaller(of_peer, of_link), RESUME_PART_BYTES);
}

static void ask_now(struct resume *resume)
{
	struct host *host = session_host(resume->conn);
	const struct bus_recall recall = {
		.conn = resume->conn->id,
		.serial = resume->serial,
		.filter = filter_of(resume),
		.order = resume->order,
		.after = resume->after,
		.bytes = part_bytes(resume->conn),
	};

	want(resume);
	kept_stream_hold(host);
	resume->state = RESUME_ASKED;
	host->resumes.asked++;
	bus_recall(host, &recall);
}

static void away_on_timer(void *arg);

/*
 * The broker may be back soon, and have all that was missed. Who has nothing to miss is live at
 * once, with what is published on this host; so is, in the end, who has waited.
 */
static void wait_for_broker(struct resume *resume)
{
	struct host *host = session_host(resume->conn);
	struct resumes *resumes = &host->resumes;

	if (resume->after == BUS_NOW || resume->patience_ms == 0) {
		finish(resume, 0, 0);
		return;
	}
	unwant(resume);
	resume->state = RESUME_AWAY;
	TAILQ_INSERT_TAIL(&resumes->away, resume, waiting);
	if (resumes->away_timer == NULL)
		resumes->away_timer = host->loop->ops->timer_start(
			host->loop, RESUME_AWAY_MS, RESUME_AWAY_MS, away_on_timer, host);
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
		finish(resume, 0, 0);
		return;
	}
	if (is_kept(resume) && bus_is_away(host)) {
		wait_for_broker(resume);
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

/* Which orders there are only a store knows; the master's is this host's. */
static void take_position(struct resume *resume, struct span position)
{
	const struct host *host = session_host(resume->conn);
	uint64_t order, number;

	resume->after = BUS_UNKNOWN;
	if (position.len == 0) {
		resume->after = (resume->flags & SL_KEPT) != 0 ? 0 : BUS_NOW;
	} else if (topic_position_read(position, &order, &number) && number != 0 &&
		   number < BUS_UNKNOWN && order != 0 &&
		   (bus_has_store(host) || order == bus_host_id(host))) {
		resume->order = order;
		resume->after = number;
	}
}

void resume_begin(struct sl_conn *conn, struct span filter, uint32_t flags, struct span position)
{
	struct resume *resume = xcalloc(1, sizeof(*resume) + filter.len);

	resume->conn = conn;
	resume->serial = ++session_host(conn)->resumes.serial;
	resume->patience_ms = RESUME_PATIENCE_MS;
	resume->flags = flags;
	resume->len = (uint8_t)filter.len;
	memcpy(resume->filter, filter.ptr, filter.len);
	take_position(resume, position);
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
	resume->order = 0;
	resume->after = (resume->flags & SL_KEPT) != 0 ? 0 : BUS_NOW;
	if ((resume->flags & SL_POSITIONS) != 0)
		envelope_send_note(conn, filter, 0, 0, true);
	if (conn->phase != SESSION_OPEN)
		return;
	ask(resume);
	if (conn->phase == SESSION_OPEN && conn->route->plugin->info.lost != NULL)
		plugin_call_lost(conn->route->plugin, conn, conn->args,
			(struct sl_str){filter.ptr, filter.len}, 0);
}

static bool is_full(const struct sl_conn *conn)
{
	return transport_ops(conn->transport)->queued(conn->transport) >
	       conn->route->limits.queue_bytes / 8;
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

static void go_on_behind(struct resume *resume, uint64_t order, uint64_t number)
{
	struct host *host = session_host(resume->conn);

	resume->order = order;
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
	envelope_write(&text, message);
	session_send(conn, SL_TEXT, buf_span(&text));
	buf_fini(&text);
}

/* Comes again, as the store was asked twice, or gives more than it was asked for. */
static bool has_come(const struct resume *resume, const struct bus_message *message)
{
	return (resume->order == message->order && message->number <= resume->after) ||
	       !topic_filter_matches(filter_of(resume), message->topic);
}

static void take(struct resume *resume, const struct bus_message *message)
{
	struct sl_conn *conn = resume->conn;

	if (has_come(resume, message))
		return;
	resume->order = message->order;
	resume->after = message->number;
	/* Its own of this very connection: it published while it caught up. */
	if ((resume->flags & SL_EXCLUDE_SELF) != 0 && message->publisher == conn->id &&
		message->host == bus_host_id(session_host(conn)))
		return;
	session_host(conn)->fan_out.counts.delivered++;
	send(conn, resume->flags, message);
}

void resume_take(struct host *host, uint64_t id, uint64_t serial, const struct bus_message *message)
{
	struct resume *resume = find(host, id, serial);

	if (resume != NULL)
		take(resume, message);
}

/* False: its connection has ended. */
static bool take_held(void *context, const struct bus_message *message)
{
	struct resume *resume = context;
	struct sl_conn *conn = resume->conn;

	take(resume, message);
	return conn->phase == SESSION_OPEN;
}

/* What came live since it asked is not in the answer, and was not for it then. */
static void finish_behind(struct resume *resume, uint64_t order, uint64_t number)
{
	struct sl_conn *conn = resume->conn;
	struct host *host = session_host(conn);

	if (!bus_has_store(host)) {
		finish(resume, order, number);
		return;
	}
	resume->order = order;
	resume->after = number;
	if (!kept_stream_replay(host, order, number, take_held, resume))
		ask_now(resume);
	else if (conn->phase == SESSION_OPEN)
		finish(resume, order, resume->after);
}

void resume_over(struct host *host, uint64_t id, uint64_t serial, enum bus_recalled outcome,
	uint64_t order, uint64_t number)
{
	struct resume *resume = find(host, id, serial);

	host->loop->ops->want_turn_end(host->loop);
	if (resume == NULL)
		;
	else if (outcome == BUS_RECALLED_LOST)
		go_on_without(resume);
	else if (outcome == BUS_RECALLED_PART)
		go_on_behind(resume, order, number);
	else
		finish_behind(resume, order, number);
	host->resumes.asked--;
}

/* ---- a broker that is away -------------------------------------------------------------- */

void resume_unasked(struct host *host, uint64_t id, uint64_t serial)
{
	struct resume *resume = find(host, id, serial);

	host->resumes.asked--;
	if (resume == NULL)
		return;
	resume->state = RESUME_HELD;
	ask(resume);
}

void resume_broker_up(struct host *host)
{
	struct resumes *resumes = &host->resumes;
	struct resume *resume;

	while ((resume = TAILQ_FIRST(&resumes->away)) != NULL) {
		TAILQ_REMOVE(&resumes->away, resume, waiting);
		resume->state = RESUME_WAITING;
		TAILQ_INSERT_TAIL(&resumes->waiting, resume, waiting);
	}
	host->loop->ops->want_turn_end(host->loop);
}

static struct resume *find_out_of_patience(struct host *host)
{
	struct resume *resume;

	TAILQ_FOREACH (resume, &host->resumes.away, waiting)
		if (resume->patience_ms == 0)
			return resume;
	return NULL;
}

/* Plugin code runs in here, which may end others. */
static void away_on_timer(void *arg)
{
	struct host *host = arg;
	struct resumes *resumes = &host->resumes;
	struct resume *resume;

	TAILQ_FOREACH (resume, &resumes->away, waiting)
		resume->patience_ms -= RESUME_AWAY_MS;
	while ((resume = find_out_of_patience(host)) != NULL) {
		TAILQ_REMOVE(&resumes->away, resume, waiting);
		resume->state = RESUME_HELD;
		if (resume->after == 0)
			ask(resume);
		else
			go_on_without(resume);
	}
	host->loop->ops->want_turn_end(host->loop);
	if (!TAILQ_EMPTY(&resumes->away))
		return;
	host->loop->ops->timer_stop(resumes->away_timer);
	resumes->away_timer = NULL;
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
		if (!is_kept(resume))
			go_on_without(resume);
		else if (bus_is_away(host))
			wait_for_broker(resume);
		else
			ask_now(resume);
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
	const struct topic_watcher watcher = {on_wanted, on_unwanted, host, NULL};

	topic_tree_init(&host->resumes.wanted, &watcher);
	TAILQ_INIT(&host->resumes.waiting);
	TAILQ_INIT(&host->resumes.full);
	TAILQ_INIT(&host->resumes.away);
}

void resume_fini(struct host *host)
{
	topic_tree_fini(&host->resumes.wanted);
	if (host->resumes.timer != NULL)
		host->loop->ops->timer_stop(host->resumes.timer);
	if (host->resumes.away_timer != NULL)
		host->loop->ops->timer_stop(host->resumes.away_timer);
}
