/*
 * Uses the host's functions wrongly, in the way that the path's `how` or a message names. Results
 * that a closed connection could not tell are in the log. SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdlib.h>
#include <string.h>

struct misuse_args {
	const char *how;
};
SL_ARGS(misuse_args, SL_FIELD(how));

static void misuse_on_never(struct sl_conn *conn, void *data)
{
	(void)data;
	sl_sendf(conn, "a timer of half an eternity fired");
}

static bool is(struct sl_str text, const char *word)
{
	return text.len == strlen(word) && memcmp(text.ptr, word, text.len) == 0;
}

static int misuse_connect(struct sl_conn *conn, const struct misuse_args *args)
{
	int result;

	if (strcmp(args->how, "content_type") == 0) {
		result = sl_refuse_with(conn, 403, "text/plain\r\nX-Forged: 1", "no", 2);
		return result == SL_INVALID ? sl_refuse(conn, 403, "as it should be") : SL_OK;
	}
	if (strcmp(args->how, "no_detail") == 0)
		return sl_refuse(conn, 403, NULL);
	if (strcmp(args->how, "closed_in_connect") == 0) {
		sl_accept(conn, NULL);
		return sl_close(conn, 4000, "at once");
	}
	return SL_OK;
}

static int misuse_message(
	struct sl_conn *conn, const struct misuse_args *args, const struct sl_message *msg)
{
	int result = 1;

	(void)args;
	if (is(msg->data, "binary of -1"))
		result = sl_send(conn, SL_BINARY, "", (size_t)-1);
	else if (is(msg->data, "text of -1"))
		result = sl_send(conn, SL_TEXT, "", (size_t)-1);
	else if (is(msg->data, "NULL"))
		result = sl_send(conn, SL_BINARY, NULL, 5);
	else if (is(msg->data, "200 million"))
		result = sl_sendf(conn, "%*d", 200000000, 1);
	else if (is(msg->data, "late timer"))
		result = sl_conn_timer(conn, UINT64_MAX, UINT64_MAX, misuse_on_never, NULL) ? SL_OK
											    : 1;
	else if (is(msg->data, "reason"))
		result = sl_close(conn, 4000, "not UTF-8: \xff");
	sl_log(conn, SL_LOG_INFO, "%.*s: %d", SL_STR(msg->data), result);
	sl_sendf(conn, "%.*s: %d", SL_STR(msg->data), result);
	return SL_OK;
}

static void misuse_disconnect(
	struct sl_conn *conn, const struct misuse_args *args, const struct sl_end *end)
{
	(void)end;
	sl_log(conn, SL_LOG_INFO, "%s: target at the end \"%.*s\"", args->how,
		SL_STR(sl_target(conn)));
}

SL_PLUGIN(misuse, misuse_args, .flags = SL_KEEP_REQUEST, .connect = misuse_connect,
	.message = misuse_message, .disconnect = misuse_disconnect);
