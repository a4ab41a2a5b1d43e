/* A callback that takes another argument struct must not compile. SPDX-License-Identifier: MIT */
#include <socklet.h>

struct bad_args {
	int64_t item_id;
};
SL_ARGS(bad_args, SL_FIELD(item_id));

#ifdef RIGHT
#define TAKEN bad_args
#else
#define TAKEN sl_no_args
#endif

static int bad_message(struct sl_conn *conn, const struct TAKEN *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(bad, bad_args, .message = bad_message);
