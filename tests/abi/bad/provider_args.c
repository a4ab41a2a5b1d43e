/* A provider that takes another argument struct must not compile. SPDX-License-Identifier: MIT */
#include <socklet.h>

struct bad_args {
	int64_t item_id;
};
SL_ARGS(bad_args, SL_FIELD(item_id));

static int who(struct sl_conn *conn, const struct bad_args *args, int64_t *result)
{
	(void)conn;
	*result = args->item_id;
	return SL_OK;
}
#ifdef RIGHT
SL_PROVIDER(who, bad_args, int64_t);
#else
SL_PROVIDER(who, sl_no_args, int64_t);
#endif

static int bad_message(
	struct sl_conn *conn, const struct bad_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(bad, bad_args, .providers = {&who_provider}, .message = bad_message);
