/* A member type that the host cannot inject, uint32_t, must not compile. SPDX-License-Identifier:
 * MIT */
#include <socklet.h>

struct bad_args {
#ifdef RIGHT
	int64_t member;
#else
	uint32_t member;
#endif
};
SL_ARGS(bad_args, SL_FIELD(member));

static int bad_message(
	struct sl_conn *conn, const struct bad_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(bad, bad_args, .message = bad_message);
