/*
 * Remembers where each connection's address stands from connect on, and says it in disconnect, with
 * that of who came before. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct address_book_plugin {
	const char *last;
};
struct address_book_state {
	const char *own;
};

static int address_book_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	struct address_book_state *state = sl_state(conn);

	(void)args;
	state->own = sl_peer(conn);
	return SL_OK;
}

static int address_book_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	struct address_book_plugin *all = sl_plugin_state(sl_plugin_of(conn));
	const struct address_book_state *state = sl_state(conn);
	const char *before = all->last;

	(void)args;
	(void)msg;
	all->last = state->own;
	return sl_sendf(conn, "%s behind %s", state->own, before ? before : "nobody");
}

static void address_book_disconnect(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_end *end)
{
	struct address_book_plugin *all = sl_plugin_state(sl_plugin_of(conn));
	const struct address_book_state *state = sl_state(conn);

	(void)args;
	(void)end;
	sl_log(conn, SL_LOG_INFO, "left: %s, who is %s", state->own, sl_peer(conn));
	if (all->last == state->own)
		all->last = NULL;
}

SL_PLUGIN(address_book, sl_no_args, .state_size = sizeof(struct address_book_state),
	.plugin_state_size = sizeof(struct address_book_plugin), .connect = address_book_connect,
	.message = address_book_message, .disconnect = address_book_disconnect);
