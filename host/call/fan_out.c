/*
 * One queue for all topics, and one batch of it on its way at a time: so members get messages in
 * the order of publishing, whatever the topics, and a member is marked by the number of the walk
 * alone. A batch is walked through once, however many messages it holds. Publishing delivers at
 * once as long as the turn has means left, the rest in later turns. No plugin code runs in here but
 * `lost`, and that only from the top of the loop. SPDX-License-Identifier: MIT
 */
#include "call/fan_out.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/envelope.h"
#include "call/host_state.h"
#include "call/resume.h"

struct fan_out_message {
	struct fan_out_message *next;
	uint64_t publisher; /* a connection of this host; 0: none that could be here */
	uint64_t number;    /* 0: of a topic that is not kept */
	uint64_t order;     /* the number's */
	uint64_t had;       /* members of up to that birth have it; 0: nobody */
	struct ws_shared *shared;
	struct ws_shared *enveloped; /* for those with SL_POSITIONS; NULL: nobody wanted it yet */
	struct ws_shared *noted;     /* for those of them who had it: where it stands */
};

struct fan_out_batch {
	TAILQ_ENTRY(fan_out_batch) next;
	struct fan_out_message *first, **last;
	size_t count, frame_bytes;
	struct ws_joined *joined; /* all of them; NULL: nobody wanted them so yet */
	uint64_t born;            /* of the tree, when it was published */
	bool has_begun;           /* then no message joins it */
	bool has_early;           /* some members have some of it already */
	uint8_t topic_len;
	char topic[];
};

/* ---- the queue -------------------------------------------------------------------------- */

static struct fan_out_message *message_new(const struct host *host, const struct bus_message *from)
{
	struct fan_out_message *message = xmalloc(sizeof(*message));

	*message = (struct fan_out_message){
		.publisher = from->host == bus_host_id(host) ? from->publisher : 0,
		.number = from->number,
		.order = from->order,
		.had = from->had,
		.shared = ws_shared_new(from->opcode, from->payload),
	};
	return message;
}

static size_t message_bytes(const struct fan_out_message *message)
{
	return sizeof(*message) + ws_shared_frame(message->shared).len;
}

static struct span topic_of(const struct fan_out_batch *batch)
{
	return (struct span){batch->topic, batch->topic_len};
}

static struct fan_out_batch *batch_new(struct fan_out *fan_out, struct span topic)
{
	struct fan_out_batch *batch = xcalloc(1, sizeof(*batch) + topic.len);

	batch->last = &batch->first;
	batch->born = fan_out->tree.born;
	batch->topic_len = (uint8_t)topic.len;
	memcpy(batch->topic, topic.ptr, topic.len);
	TAILQ_INSERT_TAIL(&fan_out->queue, batch, next);
	fan_out->bytes += sizeof(*batch) + topic.len;
	return batch;
}

static void batch_drop(struct fan_out *fan_out, struct fan_out_batch *batch)
{
	struct fan_out_message *message = batch->first, *next;

	for (; message != NULL; message = next) {
		next = message->next;
		fan_out->bytes -= message_bytes(message);
		ws_shared_unref(message->shared);
		ws_shared_unref(message->enveloped);
		ws_shared_unref(message->noted);
		free(message);
	}
	ws_joined_free(batch->joined);
	TAILQ_REMOVE(&fan_out->queue, batch, next);
	fan_out->bytes -= sizeof(*batch) + batch->topic_len;
	free(batch);
}

/* The last batch, if the message is for the same members. */
static struct fan_out_batch *batch_to_join(struct fan_out *fan_out, struct span topic)
{
	struct fan_out_batch *last = TAILQ_LAST(&fan_out->queue, fan_out_queue);

	if (last == NULL || last->has_begun || last->born != fan_out->tree.born ||
		!span_equal(topic_of(last), topic))
		return NULL;
	return last;
}

static void enqueue(struct host *host, const struct bus_message *from)
{
	struct fan_out *fan_out = &host->fan_out;
	struct fan_out_batch *batch = batch_to_join(fan_out, from->topic);
	struct fan_out_message *message = message_new(host, from);

	if (batch == NULL)
		batch = batch_new(fan_out, from->topic);
	*batch->last = message;
	batch->last = &message->next;
	batch->count++;
	batch->has_early |= from->had != 0;
	batch->frame_bytes += ws_shared_frame(message->shared).len;
	fan_out->bytes += message_bytes(message);
}

/* ---- one member ------------------------------------------------------------------------- */

struct fan_out_member *fan_out_member(struct sl_conn *conn)
{
	if (conn->topics == NULL) {
		conn->topics = xcalloc(1, sizeof(*conn->topics));
		conn->topics->conn = conn;
	}
	return conn->topics;
}

struct sl_conn *fan_out_conn_of(const struct topic_member *member)
{
	const struct fan_out_member *of_conn = (const struct fan_out_member
			*)((uintptr_t)member - offsetof(struct fan_out_member, topics));

	return of_conn->conn;
}

size_t fan_out_count(const struct sl_conn *conn)
{
	return conn->topics == NULL ? 0 : conn->topics->topics.count;
}

bool fan_out_unsubscribe(struct sl_conn *conn, struct span filter)
{
	return conn->topics != NULL && topic_tree_unsubscribe(&session_host(conn)->fan_out.tree,
					       &conn->topics->topics, filter);
}

void fan_out_leave(struct sl_conn *conn)
{
	if (conn->topics != NULL)
		topic_tree_leave(&session_host(conn)->fan_out.tree, &conn->topics->topics);
}

static void spend(struct fan_out *fan_out, struct fan_out_member *member, unsigned messages)
{
	bool is_first = member->turn != fan_out->turn;

	fan_out->spent += messages * FAN_OUT_COST_NEXT +
			  (is_first ? (unsigned)FAN_OUT_COST_FIRST : 0);
	member->turn = fan_out->turn;
}

static bool is_excluded(const struct fan_out *fan_out, const struct sl_conn *conn)
{
	return (topic_walk_flags(&fan_out->walk, &conn->topics->topics) & SL_EXCLUDE_SELF) != 0;
}

static bool has_losses(const struct fan_out *fan_out)
{
	return fan_out->loss.topic != NULL || !topic_losses_is_empty(&fan_out->losses);
}

/*
 * Encoded once, too. Without a position as long as somebody has yet to be told of a loss before
 * it: who comes again then with the last one that he saw is told.
 */
static struct ws_shared *enveloped(
	struct host *host, struct span topic, struct fan_out_message *message)
{
	struct buf text = {0};
	struct bus_message inner = {
		.topic = topic,
		.opcode = ws_shared_opcode(message->shared),
		.payload = ws_shared_payload(message->shared),
		.number = has_losses(&host->fan_out) ? 0 : message->number,
		.order = message->order,
	};

	if (message->enveloped == NULL) {
		envelope_write(&text, &inner);
		message->enveloped = ws_shared_new(WS_TEXT, buf_span(&text));
		buf_fini(&text);
	}
	return message->enveloped;
}

/* Its number is news to those who had it before it had one. */
static struct ws_shared *noted(
	struct host *host, struct span topic, struct fan_out_message *message)
{
	struct buf text = {0};

	if (message->noted == NULL && !has_losses(&host->fan_out)) {
		envelope_write_note(&text, topic, message->order, message->number);
		message->noted = ws_shared_new(WS_TEXT, buf_span(&text));
		buf_fini(&text);
	}
	return message->noted;
}

/* Was in the tree when members here were given it without a number. */
static bool had(const struct fan_out *fan_out, const struct fan_out_message *message,
	const struct sl_conn *conn)
{
	return message->had != 0 &&
	       topic_walk_born(&fan_out->walk, &conn->topics->topics) <= message->had;
}

/* What the member is sent; NULL: nothing. */
static struct ws_shared *bytes_for(struct fan_out *fan_out, struct sl_conn *conn,
	const struct fan_out_batch *batch, struct fan_out_message *message, bool is_enveloped)
{
	struct span topic = topic_of(batch);

	if (message->publisher == conn->id && is_excluded(fan_out, conn))
		return NULL;
	if (!LIST_EMPTY(&conn->extra->resumes) &&
		resume_has(conn, topic, message->order, message->number))
		return NULL;
	if (had(fan_out, message, conn))
		return is_enveloped ? noted(session_host(conn), topic, message) : NULL;
	return is_enveloped ? enveloped(session_host(conn), topic, message) : message->shared;
}

static bool wants_positions(const struct fan_out *fan_out, const struct sl_conn *conn)
{
	return conn->topics->has_positions &&
	       (topic_walk_flags(&fan_out->walk, &conn->topics->topics) & SL_POSITIONS) != 0;
}

static bool has_published(const struct sl_conn *conn, const struct fan_out_batch *batch)
{
	const struct fan_out_message *message = batch->first;

	while (message != NULL && message->publisher != conn->id)
		message = message->next;
	return message != NULL;
}

static struct ws_joined *join_messages(const struct fan_out_batch *batch)
{
	struct ws_joined *joined = ws_joined_new(batch->count);

	for (const struct fan_out_message *message = batch->first; message != NULL;
		message = message->next)
		ws_joined_add(joined, message->shared);
	return joined;
}

/* Many short messages leave faster in one piece; false: they do not for this member. */
static bool deliver_joined(struct fan_out_batch *batch, struct sl_conn *conn)
{
	if (batch->count == 1 || batch->frame_bytes > FAN_OUT_JOINED || batch->has_early ||
		!LIST_EMPTY(&conn->extra->resumes) || has_published(conn, batch))
		return false;
	if (batch->joined == NULL)
		batch->joined = join_messages(batch);
	return session_send_joined(conn, batch->joined);
}

/* Sending may end the session, never free it before the turn is over. */
static size_t deliver_each(struct fan_out *fan_out, const struct fan_out_batch *batch,
	struct sl_conn *conn, bool is_enveloped)
{
	struct fan_out_message *message = batch->first;
	size_t count = 0;

	for (; message != NULL && conn->phase == SESSION_OPEN; message = message->next) {
		struct ws_shared *bytes = bytes_for(fan_out, conn, batch, message, is_enveloped);

		count += bytes != NULL && session_send_shared(conn, bytes) == SL_OK;
	}
	return count;
}

static void deliver(struct fan_out *fan_out, struct fan_out_batch *batch, struct sl_conn *conn)
{
	bool is_enveloped = wants_positions(fan_out, conn);
	size_t count = batch->count;

	if (is_enveloped || !deliver_joined(batch, conn))
		count = deliver_each(fan_out, batch, conn, is_enveloped);
	fan_out->counts.delivered += count;
	spend(fan_out, conn->topics, (unsigned)count);
}

static void tell(struct fan_out *fan_out, struct sl_conn *conn)
{
	const struct topic_loss *loss = &fan_out->loss;

	if (conn->phase == SESSION_OPEN && conn->topics->has_positions)
		envelope_send_note(conn, span_of(loss->topic), 0, 0, true);
	if (conn->phase != SESSION_OPEN || conn->route->plugin->info.lost == NULL)
		return;
	spend(fan_out, conn->topics, FAN_OUT_COST_FIRST);
	plugin_call_lost(conn->route->plugin, conn, conn->args,
		(struct sl_str){loss->topic, strlen(loss->topic)}, loss->count);
}

/* ---- slices ----------------------------------------------------------------------------- */

/* Of no topic in particular: whoever has subscribed to anything. So rare that it is not sliced. */
static void tell_all(struct sl_conn *conn, void *context)
{
	if (fan_out_count(conn) > 0)
		tell(context, conn);
}

static void loss_over(struct fan_out *fan_out)
{
	free(fan_out->loss.topic);
	fan_out->loss = (struct topic_loss){0};
}

/* False: there is nothing to walk through. */
static bool begin_loss(struct host *host)
{
	struct fan_out *fan_out = &host->fan_out;

	if (!topic_losses_take(&fan_out->losses, &fan_out->loss))
		return false;
	if (fan_out->loss.topic[0] == '\0') {
		session_table_each(&host->sessions, tell_all, fan_out);
		loss_over(fan_out);
		return begin_loss(host);
	}
	topic_walk_begin(
		&fan_out->walk, &fan_out->tree, span_of(fan_out->loss.topic), fan_out->tree.born);
	return true;
}

static bool begin_batch(struct fan_out *fan_out)
{
	struct fan_out_batch *batch = TAILQ_FIRST(&fan_out->queue);

	if (batch == NULL)
		return false;
	batch->has_begun = true;
	topic_walk_begin(&fan_out->walk, &fan_out->tree, topic_of(batch), batch->born);
	return true;
}

static void walk_over(struct fan_out *fan_out)
{
	topic_walk_end(&fan_out->walk);
	fan_out->is_walking = false;
	if (fan_out->loss.topic != NULL)
		loss_over(fan_out);
	else
		batch_drop(fan_out, TAILQ_FIRST(&fan_out->queue));
}

static void step(struct fan_out *fan_out)
{
	const struct topic_entry *entry = topic_walk_next(&fan_out->walk);

	if (entry == NULL)
		walk_over(fan_out);
	else if (fan_out->loss.topic != NULL)
		tell(fan_out, fan_out_conn_of(entry->member));
	else
		deliver(fan_out, TAILQ_FIRST(&fan_out->queue), fan_out_conn_of(entry->member));
}

/* `may_call`: no plugin code is on the stack. */
static void run(struct host *host, bool may_call)
{
	struct fan_out *fan_out = &host->fan_out;

	fan_out->is_running = true;
	while (fan_out->spent < FAN_OUT_SLICE) {
		if (!fan_out->is_walking)
			fan_out->is_walking = (may_call && begin_loss(host)) ||
					      begin_batch(fan_out);
		if (!fan_out->is_walking || (fan_out->loss.topic != NULL && !may_call))
			break;
		step(fan_out);
	}
	fan_out->is_running = false;
}

static bool has_work(const struct fan_out *fan_out)
{
	return !TAILQ_EMPTY(&fan_out->queue) || has_losses(fan_out);
}

static void slice_on_timer(void *arg)
{
	struct host *host = arg;

	host->loop->ops->timer_stop(host->fan_out.timer);
	host->fan_out.timer = NULL;
	run(host, true);
	host->loop->ops->want_turn_end(host->loop);
}

void fan_out_turn_end(struct host *host)
{
	struct fan_out *fan_out = &host->fan_out;

	if (has_work(fan_out))
		run(host, true);
	fan_out->spent = 0;
	fan_out->turn++;
	if (has_work(fan_out) && fan_out->timer == NULL)
		fan_out->timer = host->loop->ops->timer_start(
			host->loop, 0, 0, slice_on_timer, host);
}

/* ---- in --------------------------------------------------------------------------------- */

/*
 * Whether the turn has means for all members. A walk that is longer begins when the turn is over,
 * so that what else is published in it goes along: one send for each member, not two.
 */
static bool fits_turn(const struct fan_out *fan_out, struct span topic)
{
	size_t members = topic_tree_count(&fan_out->tree, topic);

	return members * FAN_OUT_COST_FIRST + fan_out->spent <= FAN_OUT_SLICE;
}

bool fan_out_push(struct host *host, const struct bus_message *message)
{
	struct fan_out *fan_out = &host->fan_out;
	bool is_busy = !TAILQ_EMPTY(&fan_out->queue);

	if (is_busy && fan_out->bytes + message->payload.len > fan_out->bytes_max)
		return false;
	enqueue(host, message);
	/* `lost` may publish: that waits for its own place in the queue. */
	if (!fan_out->is_running) {
		if (fits_turn(fan_out, message->topic))
			run(host, false);
		host->loop->ops->want_turn_end(host->loop);
	}
	return true;
}

void fan_out_lost(struct host *host, struct span topic, uint64_t count)
{
	struct fan_out *fan_out = &host->fan_out;

	fan_out->counts.lost += count;
	topic_losses_add(&fan_out->losses, topic, count);
	host->loop->ops->want_turn_end(host->loop);
}

/* ---- life ------------------------------------------------------------------------------- */

/* Whoever catches up wants it already, or still. */
static void on_wanted(void *context, struct span filter)
{
	const struct host *host = context;

	if (!topic_tree_has_filter(&host->resumes.wanted, filter))
		bus_wanted(context, filter);
}

static void on_unwanted(void *context, struct span filter)
{
	const struct host *host = context;

	if (!topic_tree_has_filter(&host->resumes.wanted, filter))
		bus_unwanted(context, filter);
}

static void on_changed(void *context)
{
	bus_changed(context);
}

void fan_out_init(struct host *host)
{
	const struct topic_watcher watcher = {on_wanted, on_unwanted, host, on_changed};

	topic_tree_init(&host->fan_out.tree, &watcher);
	topic_counts_init(&host->fan_out.others);
	TAILQ_INIT(&host->fan_out.queue);
	host->fan_out.bytes_max = FAN_OUT_QUEUE_BYTES;
	host->fan_out.turn = 1;
}

void fan_out_fini(struct host *host)
{
	struct fan_out *fan_out = &host->fan_out;

	if (fan_out->is_walking)
		walk_over(fan_out);
	while (!TAILQ_EMPTY(&fan_out->queue))
		batch_drop(fan_out, TAILQ_FIRST(&fan_out->queue));
	if (fan_out->timer != NULL)
		host->loop->ops->timer_stop(fan_out->timer);
	topic_losses_fini(&fan_out->losses);
	topic_tree_fini(&fan_out->tree);
	topic_counts_fini(&fan_out->others);
}
