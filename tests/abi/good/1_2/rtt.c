/*
 * What 1.2 brought: how far away the peer is. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

static int far_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *message)
{
	(void)args;
	(void)message;
	return sl_sendf(conn, "%llu us, last %llu us", (unsigned long long)sl_rtt(conn),
		(unsigned long long)sl_rtt_last(conn));
}

SL_PLUGIN(far, sl_no_args, .message = far_message);
