/*
 * What is told of a request is its path: queries, headers and cookies carry secrets. Knows no
 * format; base/log.c makes text or JSON of the fields. SPDX-License-Identifier: MIT
 */
#include "call/access_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "call/host_state.h"

enum { FIELDS_MAX = 20 };

struct fields {
	struct log_field items[FIELDS_MAX];
	size_t count;
};

static void put_text(struct fields *fields, const char *name, struct span text)
{
	fields->items[fields->count++] = (struct log_field){.name = name, .text = text};
}

static void put_number(struct fields *fields, const char *name, uint64_t number)
{
	fields->items[fields->count++] = (struct log_field){
		.name = name, .number = (int64_t)number};
}

static struct fields fields_of(const struct sl_conn *conn)
{
	struct fields fields = {.count = 0};

	put_number(&fields, "id", conn->id);
	put_text(&fields, "client", span_of(session_peer(conn)));
	put_text(&fields, "route", span_of(conn->route->conf->path.text));
	put_text(&fields, "plugin", span_of(conn->route->plugin->name));
	return fields;
}

static void write_line(const char *event, const struct fields *fields)
{
	log_event(LOG_ACCESS, LOG_INFO, event, fields->items, fields->count);
}

void access_log_open(struct sl_conn *conn, const char *subprotocol)
{
	struct fields fields;

	traffic_begin(&conn->traffic, clock_ms());
	session_host(conn)->metrics.connections_opened++;
	if (!log_wants(LOG_ACCESS, LOG_INFO))
		return;
	fields = fields_of(conn);
	if (subprotocol != NULL)
		put_text(&fields, "subprotocol", span_of(subprotocol));
	write_line("open", &fields);
}

static void put_traffic(struct fields *fields, const struct sl_conn *conn)
{
	const struct traffic *traffic = &conn->traffic;

	put_number(fields, "duration_ms", clock_ms() - traffic->opened_ms);
	put_number(fields, "messages_in", traffic_messages(traffic->in));
	put_number(fields, "bytes_in", traffic_bytes(traffic->in));
	put_number(fields, "messages_out", traffic_messages(traffic->out));
	put_number(fields, "bytes_out", traffic_bytes(traffic->out));
	put_number(fields, "queue_peak", conn->extra->queue_peak);
	if (conn->extra->rtt_us > 0)
		put_number(fields, "rtt_us", conn->extra->rtt_us);
	if (conn->extra->dropped > 0)
		put_number(fields, "dropped", conn->extra->dropped);
}

static void put_end(struct fields *fields, const struct sl_conn *conn)
{
	static const char *const who[] = {"", "peer", "plugin", "host"};

	put_number(fields, "code", conn->extra->end.code);
	put_text(fields, "reason",
		(struct span){conn->extra->end.reason.ptr, conn->extra->end.reason.len});
	put_text(fields, "by", span_of(who[conn->extra->end.by]));
}

void access_log_close(const struct sl_conn *conn)
{
	bool was_open = conn->traffic.opened_ms != 0;
	struct fields fields;

	if (was_open)
		session_host(conn)->metrics.connections_closed++;
	else
		session_host(conn)->metrics.handshakes_refused++;
	session_host(conn)->metrics.messages_dropped += conn->extra->dropped;
	metrics_add(&session_host(conn)->metrics, &conn->traffic);
	if (!log_wants(LOG_ACCESS, LOG_INFO))
		return;
	fields = fields_of(conn);
	if (was_open)
		put_traffic(&fields, conn);
	if (conn->extra->end.status != 0)
		put_number(&fields, "status", conn->extra->end.status);
	if (was_open || conn->extra->end.status == 0)
		put_end(&fields, conn);
	write_line(was_open ? "close" : "refused", &fields);
}

void access_log_request(
	struct host *host, const struct transport *transport, const struct request *request)
{
	struct fields fields = {.count = 0};

	if (request->head->is_upgrade)
		host->metrics.handshakes_refused++;
	else
		host->metrics.requests++;
	if (!log_wants(LOG_ACCESS, LOG_INFO))
		return;
	put_text(&fields, "client", span_of(transport_peer(transport)));
	put_text(&fields, "method", request->head->method);
	put_text(&fields, "path", request->path);
	put_number(&fields, "status", transport->extra->answer.status);
	put_number(&fields, "bytes", transport->extra->answer.bytes);
	write_line(request->head->is_upgrade ? "refused" : "request", &fields);
}

struct access access_log_begin(const struct request *request, struct arena *arena)
{
	return (struct access){
		.method = arena_span(arena, request->head->method),
		.path = arena_span(arena, request->path),
		.begun_ms = clock_ms(),
	};
}

void access_log_exchange(const struct sl_conn *conn, const struct access *access)
{
	struct fields fields;

	session_host(conn)->metrics.requests++;
	if (!log_wants(LOG_ACCESS, LOG_INFO))
		return;
	fields = fields_of(conn);
	put_text(&fields, "method", access->method);
	put_text(&fields, "path", access->path);
	put_number(&fields, "duration_ms", clock_ms() - access->begun_ms);
	if (access->answer.status != 0)
		put_number(&fields, "status", access->answer.status);
	put_number(&fields, "bytes", access->answer.bytes);
	/* Without an answer, or in the middle of one. */
	if (access->answer.status == 0 || conn->extra->end.by == SL_BY_PEER)
		put_end(&fields, conn);
	write_line("request", &fields);
}
