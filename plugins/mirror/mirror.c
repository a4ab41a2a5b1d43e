/*
 * mirror: sends each message back as it came, same type and bytes. For conformance suites and
 * benchmarks, which is why it takes binary messages too and formats nothing.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int mirror_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(mirror, sl_no_args, .message = mirror_message);
