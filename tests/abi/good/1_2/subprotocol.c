/*
 * A plugin asks which subprotocol its route has chosen. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int subprotocol_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	const char *name = sl_chosen_subprotocol(conn);

	(void)args;
	(void)msg;
	return sl_sendf(conn, "%s", name == NULL ? "none" : name);
}

SL_PLUGIN(subprotocol, sl_no_args, .message = subprotocol_message);
