/*
 * A plugin that answers plain requests, at once and in pieces. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct page_args {
	struct sl_opt_int pieces;
};
SL_ARGS(page_args, SL_FIELD(pieces));

static void drained(struct sl_conn *conn, const struct page_args *args)
{
	(void)args;
	sl_respond_end(conn);
}

static int request(
	struct sl_conn *conn, const struct page_args *args, const struct sl_request *request)
{
	sl_response_header(conn, "Cache-Control", "no-store");
	if (request->body.len == 0)
		return sl_respond_json(conn, 200, "{s:b}", "empty", 1);
	if (!args->pieces.set)
		return sl_respond(conn, 200, request->content_type.ptr ? "text/plain" : NULL,
			request->body.ptr, request->body.len);
	sl_respond_start(conn, 200, "text/plain");
	for (int64_t i = 0; i < args->pieces.value; i++)
		if (sl_respond_write(conn, request->method.ptr, request->method.len) == SL_FULL)
			return SL_LATER;
	return SL_OK;
}

static void request_end(
	struct sl_conn *conn, const struct page_args *args, const struct sl_end *end)
{
	(void)args;
	sl_log(conn, SL_LOG_DEBUG, "%u by %u", end->status, end->by);
}

SL_PLUGIN(requests, page_args, .drained = drained, .request = request, .request_end = request_end);
