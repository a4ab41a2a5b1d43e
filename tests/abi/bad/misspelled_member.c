/* A member that the struct does not have must not compile. SPDX-License-Identifier: MIT */
#include <socklet.h>

struct bad_args {
	int64_t item_id;
};
#ifdef RIGHT
SL_ARGS(bad_args, SL_FIELD(item_id));
#else
SL_ARGS(bad_args, SL_FIELD(item_di));
#endif

static int bad_message(
	struct sl_conn *conn, const struct bad_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(bad, bad_args, .message = bad_message);
