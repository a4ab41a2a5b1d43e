/*
 * Answers plain requests in every way there is, by the path parameter `way`; also a WebSocket that
 * says hello. What becomes of each request, a WebSocket client that sent "watch" is told.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <socklet.h>

struct desk_args {
	const char *way;
	int64_t n;
};
SL_ARGS(desk_args, SL_FIELD(way), SL_FIELD(n, .default_value = "1", .ge = "0"));

struct desk_state {
	int64_t left; /* pieces, or bytes, still to come */
	char *piece;
};

static uint64_t watcher;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	struct sl_conn *conn = sl_find(watcher);
	va_list args;

	va_start(args, format);
	if (conn != NULL)
		sl_host_->vsendf(conn, format, args);
	va_end(args);
}

static struct sl_str or_empty(struct sl_str text)
{
	return text.ptr == NULL ? (struct sl_str){"", 0} : text;
}

/* ---- at once --------------------------------------------------------------------------------- */

static int echo(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	return sl_respond_json(conn, 200, "{s:s%, s:s%, s:s%, s:I}", "method", request->method.ptr,
		request->method.len, "body", request->body.ptr, request->body.len, "type",
		or_empty(request->content_type).ptr, request->content_type.len, "n",
		(long long)args->n);
}

/* The body as it came, whatever is in it. */
static int mirror(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)args;
	sl_response_header(conn, "X-Seen", "yes");
	return sl_respond(
		conn, 201, "application/octet-stream", request->body.ptr, request->body.len);
}

static int nothing(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)conn;
	(void)args;
	(void)request;
	return SL_OK;
}

static int fail(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)conn;
	(void)args;
	(void)request;
	return SL_FAILED;
}

static int refuse(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)args;
	(void)request;
	return sl_refuse(conn, 409, "taken");
}

/* Each call that is wrong for a request is refused, and an answer is given once. */
static int misuse(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	int results[] = {sl_accept(conn, NULL), sl_send(conn, SL_TEXT, "x", 1), sl_sendf(conn, "x"),
		sl_send_json(conn, "s", "x"), sl_pause(conn), sl_resume(conn),
		sl_respond(conn, 199, NULL, NULL, 0), sl_respond(conn, 600, NULL, NULL, 0),
		sl_respond(conn, 200, "a\nb", NULL, 0), sl_respond(conn, 200, NULL, NULL, 1),
		sl_respond_json(conn, 200, "nonsense"), sl_respond_write(conn, "x", 1),
		sl_respond_end(conn)};
	char text[200] = "";

	(void)args;
	(void)request;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		strcat(text, results[i] == SL_INVALID ? "I" : results[i] == SL_CLOSED ? "C" : "?");
	sl_respond(conn, 200, "text/plain", text, strlen(text));
	tell("again %d", sl_respond(conn, 200, NULL, NULL, 0));
	return SL_OK;
}

static int crash(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)conn;
	(void)args;
	(void)request;
	abort();
}

/* ---- later ----------------------------------------------------------------------------------- */

static void answer_later(struct sl_conn *conn, void *data)
{
	const struct sl_request *request = data;

	sl_respond(conn, 200, "text/plain", request->body.ptr, request->body.len);
}

static int later(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	sl_conn_timer(conn, (uint64_t)args->n, 0, answer_later, (void *)(uintptr_t)request);
	return SL_LATER;
}

static void think(void *data)
{
	(void)data;
	usleep(10000);
}

static void done(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_respond(conn, 200, "text/plain", "thought", 7);
}

static int offload(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)args;
	(void)request;
	return sl_offload(conn, think, done, NULL, NULL) == SL_OK ? SL_LATER : SL_FAILED;
}

static int never(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)conn;
	(void)args;
	(void)request;
	tell("waiting");
	return SL_LATER;
}

/* ---- in pieces ------------------------------------------------------------------------------- */

static void tick(struct sl_conn *conn, void *data)
{
	struct desk_state *state = sl_state(conn);
	char text[40];

	(void)data;
	snprintf(text, sizeof(text), "tick %" PRId64 "\n", state->left);
	sl_respond_write(conn, text, strlen(text));
	if (--state->left <= 0)
		sl_respond_end(conn);
}

static int ticks(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	struct desk_state *state = sl_state(conn);

	(void)request;
	state->left = args->n;
	sl_respond_start(conn, 200, "text/plain");
	sl_conn_timer(conn, 5, 5, tick, NULL);
	return SL_LATER;
}

static int pieces(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	(void)request;
	sl_response_header(conn, "X-Seen", "yes");
	sl_respond_start(conn, 200, "text/plain");
	for (int64_t i = 0; i < args->n; i++)
		sl_respond_write(conn, "piece", 5);
	return SL_OK;
}

static int cut(struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	pieces(conn, args, request);
	return SL_FAILED;
}

/* As much as fits; the rest when that has left. */
static void pour(struct sl_conn *conn)
{
	struct desk_state *state = sl_state(conn);
	int result = SL_OK;

	while (state->left > 0 && result == SL_OK) {
		size_t part = state->left < 10000 ? (size_t)state->left : 10000;

		result = sl_respond_write(conn, state->piece, part);
		if (result == SL_OK)
			state->left -= (int64_t)part;
	}
	if (state->left <= 0)
		sl_respond_end(conn);
}

static int flood(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	struct desk_state *state = sl_state(conn);

	(void)request;
	state->left = args->n;
	state->piece = sl_alloc(conn, 10000);
	memset(state->piece, 'f', 10000);
	sl_respond_start(conn, 200, "application/octet-stream");
	pour(conn);
	return SL_LATER;
}

/* ---- the plugin ------------------------------------------------------------------------------ */

static const struct way {
	const char *name;
	int (*go)(struct sl_conn *, const struct desk_args *, const struct sl_request *);
} ways[] = {
	{"echo", echo},
	{"mirror", mirror},
	{"nothing", nothing},
	{"fail", fail},
	{"refuse", refuse},
	{"misuse", misuse},
	{"crash", crash},
	{"later", later},
	{"offload", offload},
	{"never", never},
	{"ticks", ticks},
	{"pieces", pieces},
	{"cut", cut},
	{"flood", flood},
};

static int desk_request(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_request *request)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(ways[i].name, args->way) == 0)
			return ways[i].go(conn, args, request);
	return sl_refuse(conn, 404, "no such way");
}

static void desk_request_end(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_end *end)
{
	(void)conn;
	tell("end of %s: code %u by %u status %u", args->way, end->code, end->by, end->status);
}

static void desk_drained(struct sl_conn *conn, const struct desk_args *args)
{
	if (strcmp(args->way, "flood") == 0 && sl_id(conn) != watcher)
		pour(conn);
}

static int desk_message(
	struct sl_conn *conn, const struct desk_args *args, const struct sl_message *msg)
{
	(void)args;
	if (msg->data.len == 5 && memcmp(msg->data.ptr, "watch", 5) == 0)
		watcher = sl_id(conn);
	sl_respond(conn, 200, NULL, NULL, 0);
	return sl_sendf(conn, "hello %.*s", SL_STR(msg->data));
}

SL_PLUGIN(desk, desk_args, .state_size = sizeof(struct desk_state), .message = desk_message,
	.drained = desk_drained, .request = desk_request, .request_end = desk_request_end);
