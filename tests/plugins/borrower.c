/*
 * Takes what lender gives, says in the log which callback runs with what, and answers every message
 * with it. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <string.h>

struct borrower_args {
	struct sl_opt_int a, b, c;
	struct sl_opt_text text;
	struct sl_opt_text how; /* "later": connect accepts from a timer; "fail", "close" */
};
SL_ARGS(borrower_args, SL_FIELD(a), SL_FIELD(b), SL_FIELD(c), SL_FIELD(text), SL_FIELD(how));

static void note(struct sl_conn *conn, const char *what, const struct borrower_args *args)
{
	sl_log(conn, SL_LOG_INFO, "%s a=%" PRId64 " b=%" PRId64 " c=%" PRId64, what, args->a.value,
		args->b.value, args->c.value);
}

static void accept_now(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_accept(conn, NULL);
}

static int borrower_connect(struct sl_conn *conn, const struct borrower_args *args)
{
	note(conn, "connect", args);
	if (!args->how.set)
		return SL_OK;
	if (strcmp(args->how.value, "fail") == 0)
		return SL_FAILED;
	if (strcmp(args->how.value, "close") == 0) {
		sl_accept(conn, NULL);
		return sl_close(conn, 4002, "closed by connect");
	}
	sl_conn_timer(conn, 20, 0, accept_now, NULL);
	return SL_LATER;
}

static int borrower_message(
	struct sl_conn *conn, const struct borrower_args *args, const struct sl_message *msg)
{
	note(conn, "message", args);
	if (msg->data.len == 3 && memcmp(msg->data.ptr, "bye", 3) == 0)
		return sl_close(conn, 4003, "bye");
	return sl_sendf(conn, "%.*s: a=%" PRId64 " b=%" PRId64 " c=%" PRId64 " text=%s",
		SL_STR(msg->data), args->a.value, args->b.value, args->c.value, args->text.value);
}

static void borrower_disconnect(
	struct sl_conn *conn, const struct borrower_args *args, const struct sl_end *end)
{
	(void)end;
	note(conn, "disconnect", args);
}

SL_PLUGIN(borrower, borrower_args, .connect = borrower_connect, .message = borrower_message,
	.disconnect = borrower_disconnect);
