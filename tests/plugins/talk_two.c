/*
 * Version two of the plugin that reload stories replace under talking clients: says its version,
 * the members it counts, and its own count of messages. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct talk_plugin {
	int members;
};
struct talk_state {
	int messages;
};

static int talk_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct talk_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	all->members++;
	return SL_OK;
}

static int talk_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	const struct talk_plugin *all = sl_plugin_state(sl_plugin_of(conn));
	struct talk_state *state = sl_state(conn);

	(void)args;
	return sl_sendf(conn, "two members=%d messages=%d %.*s", all->members, ++state->messages,
		SL_STR(msg->data));
}

static void talk_disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	struct talk_plugin *all = sl_plugin_state(sl_plugin_of(conn));

	(void)args;
	(void)end;
	all->members--;
}

SL_PLUGIN(talk, sl_no_args, .state_size = sizeof(struct talk_state),
	.plugin_state_size = sizeof(struct talk_plugin), .connect = talk_connect,
	.message = talk_message, .disconnect = talk_disconnect);
