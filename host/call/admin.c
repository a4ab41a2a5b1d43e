/*
 * A request is checked, its body awaited, then its action begun. What an action asks of others is
 * answered through the link, or not at all: a timer goes on without them. Knows neither topics nor
 * connections; admin_actions.c does. Called by host.c, net/ and daemon/.
 * SPDX-License-Identifier: MIT
 */
#include "call/admin.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/detail.h"
#include "call/host_state.h"
#include "security/secret.h"

enum { PATIENCE_MS = 60000, ANSWER_MS = 5000 };

void admin_init(struct host *host)
{
	TAILQ_INIT(&host->admin.waiting);
	host->admin.last_id = (uint64_t)arc4random() << 32;
}

void admin_set_link(struct host *host, struct admin_link *link)
{
	host->admin.link = link;
}

/* ---- life ------------------------------------------------------------------------------- */

static struct admin_request *take(
	struct host *host, struct transport *transport, const struct admin_action *action)
{
	struct admin_request *request = xcalloc(1, sizeof(*request));

	request->host = host;
	request->transport = transport;
	request->action = action;
	request->id = ++host->admin.last_id;
	transport_extra(transport)->admin = request;
	TAILQ_INSERT_TAIL(&host->admin.waiting, request, link);
	host->admin.waiting_count++;
	return request;
}

static void drop(struct admin_request *request)
{
	struct host *host = request->host;

	if (request->is_claiming)
		admin_tell_master(request, ADMIN_KEY_RELEASE,
			(struct span){(const char *)request->params.key, ADMIN_KEY_BYTES});
	if (request->timer != NULL)
		host->loop->ops->timer_stop(request->timer);
	transport_extra(request->transport)->admin = NULL;
	TAILQ_REMOVE(&host->admin.waiting, request, link);
	host->admin.waiting_count--;
	json_decref(request->rows);
	buf_fini(&request->body);
	buf_fini(&request->answer);
	arena_fini(&request->arena);
	free(request);
}

void admin_forget(struct transport *transport)
{
	if (transport->extra->admin != NULL)
		drop(transport->extra->admin);
}

static struct admin_request *find(struct host *host, uint64_t id)
{
	struct admin_request *request;

	TAILQ_FOREACH (request, &host->admin.waiting, link)
		if (request->id == id)
			return request;
	return NULL;
}

/* ---- replies ---------------------------------------------------------------------------- */

void admin_reply_text(struct admin_request *request, const char *content_type, struct span text)
{
	struct reply reply = {.status = 200, .content_type = content_type, .body = text, .fd = -1};

	transport_ops(request->transport)->reply(request->transport, &reply);
	drop(request);
}

void admin_reply_json(struct admin_request *request, unsigned status, json_t *body)
{
	char *text = json_dumps(body, JSON_COMPACT);
	struct reply reply = {.status = status,
		.content_type = "application/json",
		.body = span_of(text),
		.fd = -1};

	transport_ops(request->transport)->reply(request->transport, &reply);
	free(text);
	json_decref(body);
	drop(request);
}

void admin_refuse(struct admin_request *request, unsigned status, const char *text)
{
	struct buf headers = {0};

	if (status == 503)
		buf_printf(&headers, "Retry-After: 1\r\n");
	detail_reply(request->transport, status, text, &headers, false);
	drop(request);
}

/* ---- asking others ---------------------------------------------------------------------- */

static void finish(struct admin_request *request)
{
	request->is_asking = false;
	if (request->timer != NULL)
		request->host->loop->ops->timer_stop(request->timer);
	request->timer = NULL;
	request->action->finish(request);
}

static void late_on_timer(void *arg)
{
	finish(arg);
}

static void await(struct admin_request *request, unsigned asked)
{
	struct loop *loop = request->host->loop;

	request->is_asking = true;
	request->asked = asked;
	request->answered = 0;
	request->timer = loop->ops->timer_start(loop, ANSWER_MS, 0, late_on_timer, request);
}

void admin_ask_all(struct admin_request *request, json_t *question)
{
	struct admin_link *link = request->host->admin.link;
	char *text = json_dumps(question, JSON_COMPACT);
	struct buf own = {0};

	admin_question(request->host, span_of(text), &own);
	request->action->take(request, buf_span(&own));
	await(request, UINT32_MAX);
	if (link == NULL)
		admin_asked(request->host, request->id, 0);
	else if (!link->ops->ask_others(link, request->id, span_of(text)))
		admin_refuse(request, 503, "the other workers cannot be asked");
	buf_fini(&own);
	free(text);
	json_decref(question);
}

void admin_ask_master(struct admin_request *request, enum admin_to_master what, struct span body)
{
	struct admin_link *link = request->host->admin.link;

	if (link == NULL || !link->ops->ask_master(link, request->id, what, body))
		admin_refuse(request, 503, "the master cannot be asked");
	else
		await(request, 1);
}

void admin_tell_master(struct admin_request *request, enum admin_to_master what, struct span body)
{
	struct admin_link *link = request->host->admin.link;

	if (link != NULL)
		link->ops->ask_master(link, request->id, what, body);
	request->is_claiming = false;
}

void admin_asked(struct host *host, uint64_t id, unsigned count)
{
	struct admin_request *request = find(host, id);

	if (request == NULL || !request->is_asking)
		return;
	request->asked = count;
	if (request->answered >= count)
		finish(request);
}

void admin_answered(struct host *host, uint64_t id, struct span answer)
{
	struct admin_request *request = find(host, id);

	if (request == NULL || !request->is_asking)
		return;
	request->action->take(request, answer);
	if (++request->answered >= request->asked)
		finish(request);
}

/* ---- requests --------------------------------------------------------------------------- */

/* A connection may outlive the section that its listener was of. */
static bool is_served(const struct host *host)
{
	return host->generation->config.admin.body_bytes > 0;
}

/* Says neither which was expected nor how much of it was right. */
static bool is_let_in(
	const struct host *host, const struct transport *transport, const struct http_head *head)
{
	static const char scheme[] = "bearer ";
	const struct secret_set *tokens = host->generation->admin_tokens;
	struct span given = http_header_get(head, SPAN("authorization"), 0);

	/* A listener that a reload has taken away may have wanted one. */
	if (tokens == NULL)
		return span_starts(span_of(transport_peer(transport)), SPAN("unix:"));
	if (given.len <= sizeof(scheme) - 1 ||
		!span_equal_nocase((struct span){given.ptr, sizeof(scheme) - 1}, span_of(scheme)) ||
		http_header_get(head, SPAN("authorization"), 1).ptr != NULL)
		return false;
	given.ptr += sizeof(scheme) - 1;
	given.len -= sizeof(scheme) - 1;
	return secret_set_has(tokens, span_trim(given));
}

static void refuse_stranger(struct transport *transport)
{
	struct buf headers = {0};

	log_info("%s: admin: refused with 401", transport_peer(transport));
	buf_printf(&headers, "WWW-Authenticate: Bearer\r\n");
	detail_reply(transport, 401, "Not authenticated", &headers, false);
}

static void refuse_path(struct transport *transport, const char *allowed)
{
	struct buf headers = {0};

	if (allowed != NULL)
		buf_printf(&headers, "Allow: %s\r\n", allowed);
	detail_reply(transport, allowed != NULL ? 405 : 404,
		allowed != NULL ? "Method Not Allowed" : "Not Found", &headers, false);
}

/* What is wrong with what the head says of the body, before anybody sends it. */
static unsigned check_body(const struct host *host, const struct http_head *head, struct err *why)
{
	uint64_t most = host->generation->config.admin.body_bytes;

	if (http_header_get(head, SPAN("content-encoding"), 0).ptr != NULL) {
		err_set(why, ERR_BAD_REQUEST,
			"found Content-Encoding, wanted the message as it is");
		return 415;
	}
	if (head->is_chunked || head->content_length <= most)
		return 200;
	err_set(why, ERR_BAD_REQUEST, "the body is longer than %llu bytes",
		(unsigned long long)most);
	return 413;
}

static void begin(struct host *host, struct transport *transport, const struct http_head *head,
	const struct admin_action *action)
{
	bool has_body = head->has_body && action->takes_body;
	struct admin_request *request = take(host, transport, action);
	struct err why = {0};
	unsigned status = has_body ? check_body(host, head, &why) : 200;

	if (status != 200 || !admin_params_read(request, head, &status, &why)) {
		admin_refuse(request, status, why.text);
		return;
	}
	transport_ops(transport)->set_patience(transport, PATIENCE_MS);
	if (has_body)
		transport_ops(transport)->want_body(
			transport, host->generation->config.admin.body_bytes);
	else
		action->begin(request);
}

void admin_take(struct host *host, struct transport *transport, const struct http_head *head)
{
	const char *allowed;
	const struct admin_action *action = admin_action_find(head->method, head->path, &allowed);

	transport_extra(transport)->style = host_style(host);
	if (!is_served(host))
		refuse_path(transport, NULL);
	else if ((action == NULL || !action->is_open) && !is_let_in(host, transport, head))
		refuse_stranger(transport);
	else if (action == NULL)
		refuse_path(transport, allowed);
	else if (host->admin.waiting_count >= ADMIN_REQUESTS_MAX)
		detail_reply(transport, 503, "too many requests wait", NULL, false);
	else
		begin(host, transport, head, action);
}

void admin_body(struct transport *transport, struct buf *body)
{
	struct admin_request *request = transport->extra->admin;

	request->body = *body;
	*body = (struct buf){0};
	request->action->begin(request);
}
