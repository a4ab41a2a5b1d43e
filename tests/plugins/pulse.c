/* Says how long the way to its peer and back takes. SPDX-License-Identifier: MIT */
#include <socklet.h>

static int pulse_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	(void)msg;
	return sl_sendf(conn, "%llu %llu", (unsigned long long)sl_rtt(conn),
		(unsigned long long)sl_rtt_last(conn));
}

SL_PLUGIN(pulse, sl_no_args, .message = pulse_message);
