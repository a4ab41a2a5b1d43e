/* Built with the kept header of ABI 1.0, whatever the host's is now. SPDX-License-Identifier: MIT
 */
#include "../abi/v1_0/socklet.h"

struct old_args {
	const char *name;
	struct sl_opt_str color;
};
SL_ARGS(old_args, SL_FIELD(name), SL_FIELD(color));

static int old_message(
	struct sl_conn *conn, const struct old_args *args, const struct sl_message *message)
{
	(void)conn;
	(void)args;
	return (int)message->data.len;
}

SL_PLUGIN(built_for_1_0, old_args, .message = old_message);
