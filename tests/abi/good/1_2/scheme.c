/* A plugin asks how its peer is connected. SPDX-License-Identifier: MIT */
#include <socklet.h>

#include <string.h>

static int scheme_connect(struct sl_conn *conn, const struct sl_no_args *args)
{
	(void)args;
	return strcmp(sl_scheme(conn), "wss") == 0 ? SL_OK : sl_refuse(conn, 403, "wss only");
}

SL_PLUGIN(scheme, sl_no_args, .connect = scheme_connect);
