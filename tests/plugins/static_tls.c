/* Static thread-local storage: the loader has room for few of these. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static _Thread_local int counter __attribute__((tls_model("initial-exec")));

static int message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	counter++;
	return sl_send(conn, message->type, message->data.ptr, (size_t)counter);
}

SL_PLUGIN(static_tls, sl_no_args, .message = message);
