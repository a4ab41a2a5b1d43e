/*
 * Decoding on demand, and the copy that SL_LATER and SL_KEEP_REQUEST need. Called by session.c,
 * host.c and host_table.c. SPDX-License-Identifier: MIT
 */
#include "call/request.h"

#include <assert.h>
#include <string.h>

#include "base/xalloc.h"
#include "wire/cookie.h"

void request_init(struct request *request, const struct http_head *head, struct span raw)
{
	memset(request, 0, sizeof(*request));
	request->head = head;
	request->raw = raw;
	request->host = head->host;
	request->path = url_decode_path(head->path, &request->arena);
}

void request_fini(struct request *request)
{
	arena_fini(&request->arena);
}

/* The same bytes seen from another base. */
static struct span moved(struct span part, struct span from, struct span to)
{
	return (struct span){to.ptr + (part.ptr - from.ptr), part.len};
}

struct request *request_copy(const struct request *request)
{
	struct request *copy = xcalloc(1, sizeof(*copy));
	struct http_head *head = arena_alloc(&copy->arena, sizeof(*head));
	struct http_progress progress = {.limits = &http_limits_none};
	struct err why;
	enum wire decoded;

	copy->raw = arena_span(&copy->arena, request->raw);
	decoded = http_head_decode(head, &progress, copy->raw, &why);
	/* It was decoded from the same bytes a moment ago. */
	assert(decoded == WIRE_DONE);
	(void)decoded;
	copy->head = head;
	if (request->host.ptr != NULL)
		copy->host = moved(request->host, request->raw, copy->raw);
	copy->path = arena_span(&copy->arena, request->path);
	copy->param_count = request->param_count;
	for (size_t i = 0; i < request->param_count; i++)
		copy->params[i] = moved(request->params[i], request->path, copy->path);
	return copy;
}

void request_free(struct request *request)
{
	if (request == NULL)
		return;
	request_fini(request);
	free(request);
}

void request_want_query(struct request *request)
{
	if (request->query == NULL && request->head->query.len > 0)
		request->query = url_decode_query(
			request->head->query, &request->arena, &request->query_count);
}

void request_want_cookies(struct request *request)
{
	if (request->cookies == NULL)
		request->cookies = cookie_decode(
			request->head, &request->arena, &request->cookie_count);
}
