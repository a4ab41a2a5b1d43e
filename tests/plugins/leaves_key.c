/* A pthread key with a destructor, never deleted. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <socklet.h>

static pthread_key_t key;

static void destroy(void *value)
{
	(void)value;
}

static int leaves_key_start(struct sl_plugin *plugin)
{
	(void)plugin;
	return pthread_key_create(&key, destroy) == 0 ? SL_OK : -1;
}

static int leaves_key_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	return sl_sendf(conn, "key: %.*s", SL_STR(msg->data));
}

SL_PLUGIN(leaves_key, sl_no_args, .start = leaves_key_start, .message = leaves_key_message);
