/*
 * echo: answers each text with the same text, as the first program of FastAPI's WebSocket
 * tutorial does. It wants nothing injected and keeps no state. The page beside it talks to it.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int echo_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_sendf(conn, "Message text was: %.*s", SL_STR(msg->data));
}

SL_PLUGIN(echo, sl_no_args, .accepts = SL_TEXT, .message = echo_message);
