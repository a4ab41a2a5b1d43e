/*
 * A plugin whose peers come again with the last position that they saw. SPDX-License-Identifier:
 * MIT
 */
#include <socklet.h>

struct args {
	struct sl_opt_text position;
};
SL_ARGS(args, SL_FIELD(position));

static int connect(struct sl_conn *conn, const struct args *args)
{
	return sl_subscribe_from(
		conn, "news/#", SL_EXCLUDE_SELF | SL_POSITIONS | SL_KEPT, args->position.value);
}

SL_PLUGIN(history, args, .connect = connect);
