/*
 * Answers the handshake in the way that the argument `how` names: at once or later, yes or no.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <string.h>

struct handshake_args {
	const char *how;
	struct sl_opt_text protocol;
};
SL_ARGS(handshake_args, SL_FIELD(how), SL_FIELD(protocol));

static int handshake_answer(struct sl_conn *conn, const char *how, const char *protocol)
{
	static const char teapot[] = "<h1>teapot</h1>";

	sl_response_header(conn, "X-Answer", how);
	sl_response_header(conn, "Set-Cookie", "a=1");
	sl_response_header(conn, "Set-Cookie", "b=2");
	if (strcmp(how, "accept") == 0)
		return sl_accept(conn, protocol);
	if (strcmp(how, "refuse") == 0)
		return sl_refuse(conn, 401, "not you \xe4\xb8\x96 \"quoted\"");
	if (strcmp(how, "refuse_with") == 0)
		return sl_refuse_with(conn, 418, "text/html", teapot, sizeof(teapot) - 1);
	if (strcmp(how, "close") == 0)
		return sl_close(conn, 4001, "closed before");
	if (strcmp(how, "accept_then_close") == 0) {
		sl_accept(conn, NULL);
		sl_sendf(conn, "hello and");
		return sl_close(conn, 4002, "goodbye");
	}
	return strcmp(how, "fail") == 0 ? SL_FAILED : SL_OK;
}

static void handshake_on_timer(struct sl_conn *conn, void *data)
{
	const struct handshake_args *args = sl_conn_args(conn);

	(void)data;
	handshake_answer(conn, args->how + strlen("later_"), NULL);
}

static int handshake_connect(struct sl_conn *conn, const struct handshake_args *args)
{
	if (strcmp(args->how, "never") == 0)
		return SL_LATER;
	if (strncmp(args->how, "later_", 6) == 0) {
		sl_conn_timer(conn, 50, 0, handshake_on_timer, NULL);
		return SL_LATER;
	}
	return handshake_answer(conn, args->how, args->protocol.set ? args->protocol.value : NULL);
}

/* What the host answers to wrong uses, as a list of results. */
static int handshake_misuse(struct sl_conn *conn)
{
	return sl_sendf(conn, "%d %d %d %d %d %d", sl_accept(conn, NULL), sl_refuse(conn, 403, ""),
		sl_response_header(conn, "X-Late", "1"), sl_close(conn, 1005, ""),
		sl_close(conn, 999, ""), sl_send(conn, SL_TEXT, "\xff", 1));
}

static int handshake_message(
	struct sl_conn *conn, const struct handshake_args *args, const struct sl_message *msg)
{
	if (msg->data.len == 6 && memcmp(msg->data.ptr, "misuse", 6) == 0)
		return handshake_misuse(conn);
	if (msg->data.len == 4 && memcmp(msg->data.ptr, "fail", 4) == 0)
		return SL_FAILED;
	return sl_sendf(conn, "%s: %.*s", args->how, SL_STR(msg->data));
}

SL_PLUGIN(handshake, handshake_args, .connect = handshake_connect, .message = handshake_message);
