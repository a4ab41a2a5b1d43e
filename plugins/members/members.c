/*
 * members: a WebSocket for those who bring a JWT, in a session cookie or as a bearer token. The
 * host has checked its signature and its times; what it says comes as typed arguments, and when
 * it expires the host closes with 4401. No code here knows about tokens.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>

struct member_args {
	const char *user;           /* claim sub */
	struct sl_datetime expires; /* claim exp */
};
SL_ARGS(member_args, SL_FIELD(user), SL_FIELD(expires));

static int members_connect(struct sl_conn *conn, const struct member_args *args)
{
	const struct sl_datetime *until = &args->expires;

	sl_accept(conn, NULL);
	return sl_sendf(conn,
		"Hello %s, you may stay until %04" PRId32 "-%02" PRId32 "-%02" PRId32 " %02" PRId32
		":%02" PRId32 " UTC",
		args->user, until->year, until->month, until->day, until->hour, until->minute);
}

static int members_message(
	struct sl_conn *conn, const struct member_args *args, const struct sl_message *msg)
{
	return sl_sendf(conn, "%s: %.*s", args->user, SL_STR(msg->data));
}

SL_PLUGIN(members, member_args, .accepts = SL_TEXT, .connect = members_connect,
	.message = members_message);
