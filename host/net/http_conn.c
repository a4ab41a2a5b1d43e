/*
 * A head that comes whole in one read is decoded where it lies; of one that does not, the part is
 * kept in the stash. While a request is not answered, what follows waits there too: answers
 * leave in the order of their requests. Knows no route; call/ is asked for every answer, also for
 * those to broken requests. SPDX-License-Identifier: MIT
 */
#include "net/http_conn.h"

#include <assert.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "call/admin.h"
#include "call/host.h"
#include "net/conn.h"
#include "net/entry.h"
#include "net/https_redirect.h"
#include "net/tls_io.h"
#include "wire/ws_key.h"

enum {
	CODE_LOST = 1006,
	CODE_TRY_LATER = 1013,
	GATHER_BYTES = 65536, /* answers to pipelined requests that leave together */
};

bool http_conn_is(const struct conn *conn)
{
	return conn->speech == CONN_SPEAKS_HTTP && !conn->is_dead;
}

static bool is_reading(const struct conn *conn)
{
	return http_conn_is(conn) &&
	       (conn->http->stage == HTTP_READING || conn->http->stage == HTTP_BODY);
}

static uint64_t out_of_patience(const struct conn *conn)
{
	return conn->http->since_ms + conn->http->patience_ms;
}

/* Into the stage HTTP_READING, and out of it. */
static void begin_waiting(struct conn *conn)
{
	conn->http->stage = HTTP_READING;
	TAILQ_INSERT_TAIL(&conn->set->waiting, conn, http->waiting);
}

static void end_waiting(struct conn *conn, enum http_stage next)
{
	if (conn->http->stage == HTTP_READING)
		TAILQ_REMOVE(&conn->set->waiting, conn, http->waiting);
	conn->http->stage = next;
}

struct conn *http_conn_oldest(const struct conn_set *set)
{
	struct conn *conn;

	TAILQ_FOREACH (conn, &set->waiting, http->waiting)
		if (!conn->is_dead && !conn->is_surplus)
			return conn;
	return NULL;
}

/* ---- requests ------------------------------------------------------------------------------- */

void http_conn_refuse(struct conn *conn, const struct err *why)
{
	end_waiting(conn, HTTP_ASKED);
	conn->http->closes = true;
	admin_forget(&conn->transport);
	host_bad_request(&conn->transport, why);
}

/* From now on, again, if a route's was another. */
static void usual_patience(struct conn *conn)
{
	conn->http->since_ms = clock_ms();
	if (conn->http->patience_ms == conn->set->handshake_ms)
		return;
	conn->http->patience_ms = conn->set->handshake_ms;
	conn_schedule(conn, out_of_patience(conn));
}

static void forget_style(struct conn *conn)
{
	if (extra_of(conn)->of_call.style != NULL)
		conn_extra(conn)->of_call.style = NULL;
}

static void begin_next(struct conn *conn)
{
	begin_waiting(conn);
	forget_style(conn);
	/* Who the next one is for, its head will say. */
	if (extra_of(conn)->client != NULL)
		transport_ops(&conn->transport)->set_peer(&conn->transport, SPAN(""));
	conn->http->progress = (struct http_progress){.limits = &conn->set->head_limits};
	conn->http->is_old = conn->http->is_head = false;
	usual_patience(conn);
	buf_fini(&conn->http->collected);
	conn->is_held = false;
}

/* An answer that is in the outbox already need not leave before the next request is looked at. */
static bool may_gather(const struct conn *conn)
{
	return http_conn_is(conn) && conn->http->stage == HTTP_ANSWERED && !conn->http->closes &&
	       conn->http->file.fd < 0 && conn->outbox.bytes < GATHER_BYTES;
}

/*
 * Unless somebody asks for it: a short body is skipped, a long one ends the connection with the
 * answer.
 */
static void expect_body(struct conn *conn, const struct http_head *head)
{
	bool is_short = !head->is_chunked && head->content_length <= TRANSPORT_SKIP_MAX;

	conn->http->framing = (struct http_framing){
		head->is_chunked, head->expects_continue, head->content_length};
	conn->http->body_left = 0;
	conn->http->closes = conn->http->is_last = !head->keep_alive || conn->set->is_stopping;
	if (!head->has_body)
		return;
	if (is_short && !head->expects_continue)
		conn->http->body_left = head->content_length;
	else
		conn->http->closes = true;
}

static void ask(struct conn *conn, const struct http_head *head, struct span raw)
{
	struct err why;

	conn->http->is_old = head->minor == 0;
	conn->http->is_head = span_equal(head->method, SPAN("HEAD"));
	expect_body(conn, head);
	if (head->is_upgrade && conn->set->is_stopping) {
		err_set(&why, ERR_UNAVAILABLE, "the host is stopping");
		http_conn_refuse(conn, &why);
		return;
	}
	/* Who runs a full host can still look at it, and make room. */
	if (!extra_of(conn)->of_call.is_admin && !entry_admit(conn)) {
		err_set(&why, ERR_UNAVAILABLE, "the host has as many connections as it may have");
		http_conn_refuse(conn, &why);
		return;
	}
	end_waiting(conn, HTTP_ASKED);
	if (extra_of(conn)->https_port != 0)
		https_redirect_reply(conn, head);
	else
		host_request(conn->set->host, &conn->transport, head, raw);
}

/* Returns how many bytes were used up; 0: the head goes on. */
static size_t take_head(struct conn *conn, const char *data, size_t len)
{
	struct span input = {data, len};
	struct http_head head;
	struct err why;

	if (conn->http->progress.scanned == 0)
		conn->http->since_ms = clock_ms();
	switch (http_head_decode(&head, &conn->http->progress, input, &why)) {
	case WIRE_MORE:
		return 0;
	case WIRE_BAD:
		log_debug("%s: bad request: %s", conn_client(conn), why.text);
		http_conn_refuse(conn, &why);
		return len;
	default:
		ask(conn, &head, (struct span){data, head.length});
		return head.length;
	}
}

static size_t skip_body(struct conn *conn, size_t len)
{
	size_t part = len < conn->http->body_left ? len : (size_t)conn->http->body_left;

	conn->http->body_left -= part;
	return part;
}

static size_t consume(struct conn *conn, const char *data, size_t len)
{
	size_t used = 0, part;

	while (used < len && is_reading(conn)) {
		if (conn->http->stage == HTTP_BODY)
			part = http_exchange_take_body(conn, data + used, len - used);
		else if (conn->http->body_left > 0)
			part = skip_body(conn, len - used);
		else
			part = take_head(conn, data + used, len - used);
		if (part == 0)
			break;
		used += part;
		if (may_gather(conn))
			begin_next(conn);
	}
	return used;
}

/* What follows the request just taken: frames, when it was an upgrade that has been accepted. */
static void keep_rest(struct conn *conn, uint8_t *data, size_t len)
{
	if (len == 0 || conn->is_dead)
		return;
	if (!http_conn_is(conn)) {
		conn_receive(conn, data, len);
		return;
	}
	conn_extra_stash(conn, data, len);
	if (!is_reading(conn) && extra_of(conn)->stash.len >= HTTP_STASH_MAX)
		conn->is_held = true;
}

static void consume_stash(struct conn *conn)
{
	struct buf stash = conn_extra_take_stash(conn);
	size_t used;

	used = consume(conn, stash.data, stash.len);
	if (used == 0 && is_reading(conn)) {
		conn_extra(conn)->stash = stash;
		return;
	}
	keep_rest(conn, (uint8_t *)stash.data + used, stash.len - used);
	buf_fini(&stash);
}

static void http_received(struct conn *conn, uint8_t *data, size_t len)
{
	size_t used;

	if (is_reading(conn) && extra_of(conn)->stash.len == 0) {
		used = consume(conn, (const char *)data, len);
		keep_rest(conn, data + used, len - used);
		return;
	}
	keep_rest(conn, data, len);
	if (is_reading(conn))
		consume_stash(conn);
}

/* ---- answers -------------------------------------------------------------------------------- */

static const char *connection_header(const struct http_state *http)
{
	if (http->closes)
		return "close";
	return http->is_old ? "keep-alive" : NULL;
}

static const char *date_now(struct conn *conn)
{
	return http_date_text(&conn->set->date, time(NULL));
}

/* A session that answers late holds the generation that its style is of. */
static const struct http_style *style_of(const struct conn *conn)
{
	return extra_of(conn)->of_call.style != NULL ? extra_of(conn)->of_call.style
						     : host_style(conn->set->host);
}

static void take_file(struct conn *conn, const struct reply *reply, bool has_body)
{
	if (reply->fd < 0)
		return;
	if (!has_body || reply->fd_bytes == 0) {
		close(reply->fd);
		return;
	}
	conn->http->file = (struct http_file){
		.fd = reply->fd, .at = (off_t)reply->fd_offset, .left = reply->fd_bytes};
}

static struct span all_headers(struct conn *conn, const struct reply *reply, struct buf *room)
{
	const char *hsts = tls_io_hsts(conn);

	if (hsts == NULL)
		return buf_span(&reply->headers);
	buf_printf(room, "Strict-Transport-Security: %s\r\n", hsts);
	buf_append_span(room, buf_span(&reply->headers));
	return buf_span(room);
}

bool http_conn_has_body(const struct conn *conn, const struct reply *reply)
{
	return !conn->http->is_head && http_reply_has_body(reply->status);
}

static void queue_reply(struct conn *conn, const struct reply *reply, struct span body,
	enum http_reply_framing framing)
{
	struct buf lines = {0};
	struct http_reply out = {
		.status = reply->status,
		.date = date_now(conn),
		.content_type = reply->content_type,
		.headers = all_headers(conn, reply, &lines),
		.content_length = reply->fd >= 0 ? reply->fd_bytes : reply->body.len,
		.connection = connection_header(conn->http),
		.style = style_of(conn),
		.framing = framing,
	};
	struct buf head = {0};

	conn_extra(conn)->of_call.answer = (struct answer){
		out.status, http_conn_has_body(conn, reply) ? out.content_length : 0};
	http_reply_encode(&head, &out);
	conn_send(conn, buf_span(&head), body);
	buf_fini(&head);
	buf_fini(&lines);
}

void http_conn_put_head(struct conn *conn, const struct reply *reply)
{
	queue_reply(conn, reply, (struct span){NULL, 0},
		conn->http->is_old ? HTTP_BY_CLOSING : HTTP_BY_CHUNKS);
}

void http_conn_answered(struct conn *conn)
{
	conn->http->stage = HTTP_ANSWERED;
	usual_patience(conn);
	conn->http->unsent = UINT64_MAX;
	conn->is_held = true;
	conn_touch(conn);
}

void http_conn_reply(struct transport *transport, struct reply *reply)
{
	struct conn *conn = conn_of(transport);
	bool has_body;

	if (!http_conn_is(conn)) {
		if (reply->fd >= 0)
			close(reply->fd);
		return;
	}
	has_body = http_conn_has_body(conn, reply);
	assert(conn->http->stage == HTTP_ASKED || conn->http->stage == HTTP_BODY);
	/* In the middle of a body nobody could find the next request. */
	if (reply->close || conn->http->stage == HTTP_BODY || conn->set->is_stopping)
		conn->http->closes = true;
	queue_reply(conn, reply, has_body ? reply->body : (struct span){NULL, 0}, HTTP_BY_LENGTH);
	take_file(conn, reply, has_body);
	http_conn_answered(conn);
}

void http_conn_upgrade(struct transport *transport, const struct upgrade *upgrade)
{
	struct conn *conn = conn_of(transport);
	char accept[WS_ACCEPT_SIZE];
	struct buf head = {0};

	if (!http_conn_is(conn))
		return;
	assert(conn->http->stage == HTTP_ASKED);
	ws_accept_key(conn->set->sha1, upgrade->key, accept);
	http_upgrade_encode(&head, &(struct http_upgrade){
					   .date = date_now(conn),
					   .accept = accept,
					   .subprotocol = upgrade->subprotocol,
					   .headers = upgrade->headers,
					   .style = style_of(conn),
				   });
	conn_send(conn, buf_span(&head), (struct span){NULL, 0});
	buf_fini(&head);
	forget_style(conn);
	ws_conn_begin(conn, upgrade);
}

/* Whether all of it has left. */
static bool send_file(struct conn *conn)
{
	switch (extra_of(conn)->io->send_file(conn, &conn->http->file)) {
	case HTTP_FILE_WHOLE:
		http_file_close(&conn->http->file);
		return true;
	case HTTP_FILE_PART:
		conn->is_blocked = true;
		return false;
	case HTTP_FILE_SHRANK:
		/* The peer must not take for whole what is shorter than announced. */
		log_warn("%s: a file became shorter while it was sent", conn_client(conn));
		conn_drop(conn);
		return false;
	default:
		conn->has_failed = true;
		return false;
	}
}

static void http_sent(struct conn *conn)
{
	bool owes_drained = conn->owes_drained;

	conn->owes_drained = false;
	if (conn->http->stage == HTTP_STREAMING)
		http_exchange_sent(conn, owes_drained);
	else if (conn->http->stage == HTTP_BODY && extra_of(conn)->stash.len > 0)
		consume_stash(conn);
	if (!http_conn_is(conn) || conn->http->stage != HTTP_ANSWERED || conn->outbox.bytes > 0)
		return;
	if (conn->http->file.fd >= 0 && !send_file(conn))
		return;
	if (conn->http->closes) {
		linger_begin(conn, HTTP_LINGER_MS);
		return;
	}
	begin_next(conn);
	if (extra_of(conn)->stash.len > 0)
		consume_stash(conn);
}

bool http_conn_is_idle(const struct conn *conn)
{
	return http_conn_is(conn) && conn->http->stage == HTTP_READING &&
	       extra_of(conn)->stash.len == 0 && conn->http->body_left == 0 &&
	       conn->outbox.bytes == 0;
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void http_ended(struct conn *conn)
{
	struct err why;

	/* Perhaps only its sending side is closed. */
	if (conn->http->stage == HTTP_READING && extra_of(conn)->stash.len > 0 &&
		!conn->has_failed) {
		err_set(&why, ERR_BAD_REQUEST, "the connection ended within the request head");
		http_conn_refuse(conn, &why);
		return;
	}
	if (conn->http->stage == HTTP_BODY && !conn->has_failed) {
		http_exchange_cut_body(conn);
		return;
	}
	if (conn->transport.session != NULL)
		session_end(conn->transport.session, CODE_LOST, SPAN(""), ENDED_BY_PEER);
	conn_drop(conn);
}

static uint64_t late_head(struct conn *conn)
{
	struct err why;

	if (extra_of(conn)->stash.len == 0) {
		conn_drop(conn);
		return 0;
	}
	err_set(&why, ERR_TIMEOUT, "the request head took longer than %llu ms",
		(unsigned long long)conn->set->handshake_ms);
	http_conn_refuse(conn, &why);
	return out_of_patience(conn);
}

static uint64_t late_plugin(struct conn *conn)
{
	struct span reason = SPAN("the plugin did not answer in time");
	struct err why;

	log_warn("%s %s: the plugin did not answer within %llu ms", conn_client(conn),
		conn->transport.session == NULL ? "" : session_label(conn->transport.session),
		(unsigned long long)conn->http->patience_ms);
	err_set(&why, ERR_UNAVAILABLE, "%s", reason.ptr);
	http_conn_refuse(conn, &why);
	if (conn->transport.session != NULL)
		session_end(conn->transport.session, CODE_TRY_LATER, reason, ENDED_BY_HOST);
	return out_of_patience(conn);
}

/* A slow reader is fine as long as it reads at all. */
static uint64_t late_reader(struct conn *conn, uint64_t now_ms)
{
	uint64_t unsent = conn->outbox.bytes + conn->http->file.left;

	if (unsent >= conn->http->unsent) {
		conn_drop(conn);
		return 0;
	}
	conn->http->unsent = unsent;
	return now_ms + conn->set->handshake_ms;
}

static uint64_t http_due(struct conn *conn, uint64_t now_ms)
{
	if (conn->http->stage == HTTP_STREAMING)
		return http_exchange_due(conn, now_ms);
	if (now_ms < out_of_patience(conn))
		return out_of_patience(conn);
	if (conn->http->stage == HTTP_ASKED)
		return late_plugin(conn);
	if (conn->http->stage == HTTP_BODY) {
		http_exchange_late_body(conn);
		return out_of_patience(conn);
	}
	if (conn->http->stage == HTTP_ANSWERED || conn->outbox.bytes > 0)
		return late_reader(conn, now_ms);
	return late_head(conn);
}

/*
 * States outlive no handshake, and what stands beside them in memory stays for hours: given back to
 * the allocator they would leave holes between connections that nothing fits into.
 */
static struct http_state *get_state(struct conn_set *set)
{
	struct http_state *state = set->http_spares;

	if (state == NULL)
		return xmalloc(sizeof(*state));
	set->http_spares = state->next_spare;
	set->http_spare_count--;
	return state;
}

static void put_state(struct conn_set *set, struct http_state *state)
{
	if (set->http_spare_count == HTTP_SPARES_MAX) {
		free(state);
		return;
	}
	state->next_spare = set->http_spares;
	set->http_spares = state;
	set->http_spare_count++;
}

void http_conn_free_spares(struct conn_set *set)
{
	while (set->http_spares != NULL)
		free(get_state(set));
}

static void http_fini(struct conn *conn)
{
	end_waiting(conn, HTTP_ANSWERED);
	http_file_close(&conn->http->file);
	buf_fini(&conn->http->collected);
	put_state(conn->set, conn->http);
	conn->http = NULL;
}

const struct conn_protocol http_conn_protocol = {
	.received = http_received,
	.ended = http_ended,
	.sent = http_sent,
	.due = http_due,
	.fini = http_fini,
};

void http_conn_begin(struct conn *conn)
{
	conn_speak(conn, CONN_SPEAKS_HTTP);
	conn->http = get_state(conn->set);
	*conn->http = (struct http_state){.file = {.fd = -1},
		.progress = {.limits = &conn->set->head_limits},
		.since_ms = clock_ms(),
		.patience_ms = conn->set->handshake_ms};
	begin_waiting(conn);
	conn_schedule(conn, out_of_patience(conn));
}
