/*
 * As little of call/ as net/ can tell from the whole of it. SPDX-License-Identifier: MIT
 */
#include "net/fake_call.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "call/admin.h"
#include "call/host.h"

struct sl_conn {
	struct host *host;
	struct transport *transport;
};

void fake_host_init(struct host *host, struct loop *loop)
{
	memset(host, 0, sizeof(*host));
	host->loop = loop;
	host->collect_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	host->big_bytes = 100000;
	host->limits = (struct transport_limits){
		.message_bytes = 1 << 20,
		.queue_bytes = 1 << 24,
		.close_ms = 1000000, /* a test that waits for it in vain shall fail */
	};
}

void fake_host_fini(struct host *host)
{
	close(host->collect_fd);
	buf_fini(&host->log);
}

const char *fake_host_log(struct host *host)
{
	*buf_reserve(&host->log, 1) = '\0';
	return host->log.data;
}

static void session_new(struct host *host, struct transport *transport)
{
	struct sl_conn *session = xcalloc(1, sizeof(*session));

	session->host = host;
	session->transport = transport;
	transport->session = session;
	host->transport = transport;
}

static void session_free(struct sl_conn *session)
{
	if (session->host->transport == session->transport)
		session->host->transport = NULL;
	session->transport->session = NULL;
	session->host->has_turn_end = true;
	session->host->loop->ops->want_turn_end(session->host->loop);
	free(session);
}

void fake_accept(struct host *host)
{
	struct upgrade upgrade = {
		.key = host->key, .limits = host->limits, .compression = host->compression};

	transport_ops(host->transport)->upgrade(host->transport, &upgrade);
}

static void answer(struct transport *transport, unsigned status, struct span body, bool closes)
{
	struct reply reply = {.status = status, .content_type = "text/plain", .body = body};

	reply.fd = -1;
	reply.close = closes;
	transport_ops(transport)->reply(transport, &reply);
}

void fake_refuse(struct host *host)
{
	answer(host->transport, 403, SPAN("no"), true);
	session_free(host->transport->session);
}

void fake_close(struct host *host, unsigned code, const char *reason)
{
	transport_ops(host->transport)->close(host->transport, code, span_of(reason));
	session_free(host->transport->session);
}

bool fake_send(struct host *host, const void *data, size_t len)
{
	struct transport *transport = host->transport;

	return transport_ops(transport)->send(transport, WS_BINARY, (struct span){data, len}, 0) ==
	       SENT_QUEUED;
}

/* ---- what net/ calls ------------------------------------------------------------------------ */

static void answer_big(struct host *host, struct transport *transport)
{
	char *body = xcalloc(1, host->big_bytes);

	memset(body, 'b', host->big_bytes);
	answer(transport, 200, (struct span){body, host->big_bytes}, false);
	free(body);
}

static void answer_file(struct host *host, struct transport *transport)
{
	struct reply reply = {.status = 200, .fd_bytes = host->file_bytes};

	reply.fd = open(host->file, O_RDONLY | O_CLOEXEC);
	assert(reply.fd >= 0);
	transport_ops(transport)->reply(transport, &reply);
}

static void websocket(struct host *host, struct transport *transport, const struct http_head *head)
{
	struct span key = http_header_get(head, SPAN("Sec-WebSocket-Key"), 0);

	assert(key.len < sizeof(host->key_text));
	memcpy(host->key_text, key.ptr, key.len);
	host->key = (struct span){host->key_text, key.len};
	session_new(host, transport);
	if (span_equal(head->path, SPAN("/later")))
		return;
	fake_accept(host);
	if (span_equal(head->path, SPAN("/greet")))
		fake_send(host, "hi", 2);
}

bool host_is_proxy(const struct host *host, struct span peer)
{
	return !host->has_no_proxy && span_starts(peer, SPAN("127.0.0.1:"));
}

void host_request(struct host *host, struct transport *transport, const struct http_head *head,
	struct span raw)
{
	assert(raw.len == head->length && raw.ptr[raw.len - 1] == '\n');
	buf_printf(&host->log, "request %.*s\n", SPAN_ARG(head->target));
	if (head->is_upgrade)
		websocket(host, transport, head);
	else if (span_equal(head->path, SPAN("/big")))
		answer_big(host, transport);
	else if (span_equal(head->path, SPAN("/file")))
		answer_file(host, transport);
	else
		answer(transport, 200, head->target, span_equal(head->path, SPAN("/close")));
}

const struct http_style *host_style(const struct host *host)
{
	(void)host;
	return NULL;
}

void host_bad_request(struct transport *transport, const struct err *why)
{
	answer(transport, err_http_status(why->code), span_of(why->text), true);
}

void host_turn_end(struct host *host)
{
	assert(host->has_turn_end);
	host->has_turn_end = false;
}

void host_watch(struct host *host)
{
	(void)host;
}

void host_own_descriptor(struct host *host, int fd)
{
	(void)host;
	(void)fd;
}

void host_disown_descriptor(struct host *host, int fd)
{
	(void)host;
	(void)fd;
}

int host_collect_fd(const struct host *host)
{
	return host->collect_fd;
}

void host_collect(struct host *host)
{
	uint64_t count;

	assert(read(host->collect_fd, &count, sizeof(count)) == sizeof(count));
	buf_printf(&host->log, "collect\n");
}

const char *session_label(const struct sl_conn *session)
{
	(void)session;
	return "fake /ws #1";
}

static void flood(struct host *host, size_t count)
{
	static char block[10000];

	for (size_t i = 0; i < count; i++)
		host->refused_sends += !fake_send(host, block, sizeof(block));
}

void session_message(struct sl_conn *session, enum ws_opcode opcode, struct span payload)
{
	struct host *host = session->host;

	host->transport = session->transport;
	if (host->is_counting) {
		host->counted++;
		return;
	}
	if (payload.len < 60)
		buf_printf(&host->log, "message %.*s\n", SPAN_ARG(payload));
	if (span_equal(payload, SPAN("close")))
		fake_close(host, 4000, "bye");
	else if (span_starts(payload, SPAN("flood ")))
		flood(host, strtoul(payload.ptr + 6, NULL, 10));
	else if (span_equal(payload, SPAN("pause")))
		transport_ops(host->transport)->set_paused(host->transport, true);
	else if (span_equal(payload, SPAN("hold")))
		transport_ops(host->transport)->set_held(host->transport, true);
	else
		host->refused_sends += transport_ops(session->transport)
					       ->send(session->transport, opcode, payload, 0) !=
				       SENT_QUEUED;
}

void exchange_body(struct sl_conn *session, struct buf *body)
{
	buf_printf(&session->host->log, "body %.*s\n", SPAN_ARG(buf_span(body)));
	answer(session->transport, 200, buf_span(body), false);
	buf_fini(body);
	session_free(session);
}

void admin_body(struct transport *transport, struct buf *body)
{
	(void)transport;
	(void)body;
}

void admin_forget(struct transport *transport)
{
	(void)transport;
}

void session_drained(struct sl_conn *session)
{
	assert(transport_ops(session->transport)->queued(session->transport) == 0 ||
		session->host->limits.overflow == OVERFLOW_TELL);
	buf_printf(&session->host->log, "drained\n");
}

void session_end(struct sl_conn *session, unsigned code, struct span reason, unsigned by)
{
	buf_printf(&session->host->log, "end %u \"%.*s\" by %s\n", code, SPAN_ARG(reason),
		by == ENDED_BY_PEER ? "peer" : "host");
	session_free(session);
}
