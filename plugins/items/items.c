/*
 * items: typed arguments and a provider, as the second program of FastAPI's WebSocket tutorial.
 * Whoever brings neither a session cookie nor a token is refused before a message can arrive.
 * The page beside it talks to it. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>

struct credentials {
	struct sl_opt_text session; /* cookie */
	struct sl_opt_text token;   /* query */
};
SL_ARGS(credentials, SL_FIELD(session), SL_FIELD(token));

/* An empty cookie is what a browser keeps after a log-out, so the token may stand in for it. */
static int cookie_or_token(
	struct sl_conn *conn, const struct credentials *given, const char **result)
{
	if (given->session.set && given->session.value[0])
		*result = given->session.value;
	else if (given->token.set)
		*result = given->token.value;
	else
		return sl_close(conn, 1008, "a session cookie or a token is required");
	return SL_OK;
}
SL_PROVIDER(cookie_or_token, credentials, const char *);

struct item_args {
	const char *item_id;
	const char *cookie_or_token;
	struct sl_opt_int q;
};
SL_ARGS(item_args, SL_FIELD(item_id), SL_FIELD(cookie_or_token), SL_FIELD(q));

static int items_message(
	struct sl_conn *conn, const struct item_args *args, const struct sl_message *msg)
{
	sl_sendf(conn, "Session cookie or query token value is: %s", args->cookie_or_token);
	if (args->q.set)
		sl_sendf(conn, "Query parameter q is: %" PRId64, args->q.value);
	return sl_sendf(
		conn, "Message text was: %.*s, for item ID: %s", SL_STR(msg->data), args->item_id);
}

SL_PLUGIN(items, item_args, .accepts = SL_TEXT, .providers = {&cookie_or_token_provider},
	.message = items_message);
