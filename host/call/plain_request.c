/*
 * Which of a route's ways to answer a plain request takes, by its kind and the method. What the
 * answer is, static_file.c and the plugin know. Called by host.c. SPDX-License-Identifier: MIT
 */
#include "call/plain_request.h"

#include "call/detail.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/quarantine.h"
#include "call/static_file.h"

static void reply_upgrade_required(struct transport *transport)
{
	struct buf headers = {0};

	buf_printf(&headers, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Version: 13\r\n");
	detail_reply(transport, 426, "This route serves WebSocket only: connect with ws://",
		&headers, false);
}

static void reply_method_not_allowed(struct transport *transport, const char *allowed)
{
	struct buf headers = {0};

	buf_printf(&headers, "Allow: %s\r\n", allowed);
	detail_reply(transport, 405, "Method Not Allowed", &headers, false);
}

static bool is_method(const struct request *request, const char *method)
{
	return span_equal(request->head->method, span_of(method));
}

static void file_request(
	struct transport *transport, const struct route *route, struct request *request)
{
	if (!is_method(request, "GET") && !is_method(request, "HEAD"))
		reply_method_not_allowed(transport, "GET, HEAD");
	else if (request->head->content_length > TRANSPORT_SKIP_MAX)
		detail_reply(transport, 413, "Nobody reads a body here", NULL, true);
	else
		static_file_reply(transport, route, request);
}

static void redirect_request(
	struct transport *transport, const struct route *route, const struct request *request)
{
	struct reply reply = {.status = route->conf->redirect.status, .fd = -1};

	buf_append_span(&reply.headers, SPAN("Location: "));
	redirect_write(&route->redirect, &reply.headers, request->params, request->head->query);
	buf_append_span(&reply.headers, SPAN("\r\n"));
	transport_ops(transport)->reply(transport, &reply);
	buf_fini(&reply.headers);
}

/* ---- plugins ---------------------------------------------------------------------------- */

static bool takes_method(const struct route *route, const struct request *request)
{
	const char *const *methods = route->conf->methods;

	if (methods == NULL || (is_method(request, "HEAD") && route->takes_head))
		return true;
	while (*methods != NULL && !is_method(request, *methods))
		methods++;
	return *methods != NULL;
}

static void reply_options(struct transport *transport, const char *allowed)
{
	struct reply reply = {.status = 204, .fd = -1};

	buf_printf(&reply.headers, "Allow: %s\r\n", allowed);
	transport_ops(transport)->reply(transport, &reply);
	buf_fini(&reply.headers);
}

bool plain_request_is_taken(
	struct transport *transport, const struct route *route, const struct request *request)
{
	if (route->is_quarantined)
		quarantine_reply(transport);
	else if (takes_method(route, request))
		return true;
	else if (is_method(request, "OPTIONS"))
		reply_options(transport, route->allow);
	else
		reply_method_not_allowed(transport, route->allow);
	return false;
}

static void plugin_request(struct host *host, struct transport *transport,
	const struct route *route, struct request *request)
{
	if (plain_request_is_taken(transport, route, request))
		exchange_begin(session_new(host, transport, route, request));
}

/* ---- all -------------------------------------------------------------------------------- */

static void nobody_answers(
	struct generation *generation, struct transport *transport, struct request *request)
{
	const struct route *route = host_match(generation->websocket, transport, request);

	if (route == NULL)
		detail_reply(transport, 404, "Not Found", NULL, false);
	else if (route->plugin == NULL)
		quarantine_reply(transport); /* what it would answer, nobody knows */
	else if (is_method(request, "GET"))
		reply_upgrade_required(transport);
	else
		reply_method_not_allowed(transport, "GET");
}

void plain_request_answer(struct host *host, struct transport *transport, struct request *request)
{
	const struct route *route = host_match(host->generation->http, transport, request);

	if (route == NULL)
		nobody_answers(host->generation, transport, request);
	else if (route->conf->kind == ROUTE_PLUGIN)
		plugin_request(host, transport, route, request);
	else if (route->conf->kind == ROUTE_REDIRECT)
		redirect_request(transport, route, request);
	else
		file_request(transport, route, request);
}
