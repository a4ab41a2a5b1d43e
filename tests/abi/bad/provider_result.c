/* A provider declared with another result type must not compile. SPDX-License-Identifier: MIT */
#include <socklet.h>

#ifdef RIGHT
#define RESULT const char *
#else
#define RESULT int64_t
#endif

static int who(struct sl_conn *conn, const struct sl_no_args *args, const char **result)
{
	(void)conn;
	(void)args;
	*result = "somebody";
	return SL_OK;
}
SL_PROVIDER(who, sl_no_args, RESULT);

static int bad_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_send(conn, msg->type, msg->data.ptr, msg->data.len);
}

SL_PLUGIN(bad, sl_no_args, .providers = {&who_provider}, .message = bad_message);
