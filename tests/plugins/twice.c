/*
 * Sends each message to who connected first, then back as text, as binary, and once more without
 * its first byte. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static struct sl_conn *first;

static int twice_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	if (first == NULL)
		first = conn;
	return SL_OK;
}

static int twice_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	const char *text = msg->data.ptr;
	size_t len = msg->data.len;

	(void)args;
	if (first != NULL && conn != first)
		sl_send(first, SL_BINARY, text, len);
	sl_send(conn, SL_TEXT, text, len);
	sl_send(conn, SL_BINARY, text, len);
	return sl_send(conn, SL_BINARY, text + 1, len - 1);
}

static void twice_disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	(void)args;
	(void)end;
	if (conn == first)
		first = NULL;
}

SL_PLUGIN(twice, sl_no_args, .connect = twice_connect, .message = twice_message,
	.disconnect = twice_disconnect);
