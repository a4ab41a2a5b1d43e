/*
 * Says which subprotocol was chosen, or accepts with the one that its option names.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct subprotocols_options {
	struct sl_opt_text accept;
};
SL_ARGS(subprotocols_options, SL_FIELD(accept));

static int subprotocols_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	const struct subprotocols_options *options = sl_options(sl_plugin_of(conn));

	(void)args;
	return options->accept.set ? sl_accept(conn, options->accept.value) : SL_OK;
}

static int subprotocols_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	const char *name = sl_chosen_subprotocol(conn);

	(void)args;
	(void)msg;
	return sl_sendf(conn, "%s from %s", name == NULL ? "none" : name, sl_peer(conn));
}

SL_PLUGIN(subprotocols, sl_no_args, .connect = subprotocols_connect,
	.message = subprotocols_message, .options = subprotocols_options_table);
