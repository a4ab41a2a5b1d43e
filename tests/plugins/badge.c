/*
 * Says what it was given about whoever came in, and which subprotocols it can see. Its providers
 * stand on top of a token: they hand it on with the scopes that they are asked for.
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet.h>
#include <stdio.h>
#include <string.h>

enum badge_color { BADGE_RED = 1, BADGE_GREEN };
static const struct sl_enum_name color_names[] = {{"red", BADGE_RED}, {"green", BADGE_GREEN}};

struct badge_args {
	const char *who;
	int64_t level;
	struct sl_datetime until;
	struct sl_list_text tags;
	enum badge_color color;
	struct sl_opt_text mail;
	struct sl_opt_text choose; /* the subprotocol to accept; "later": never answers */
};
SL_ARGS(badge_args, SL_FIELD(who), SL_FIELD(level, .default_value = "-1"),
	SL_FIELD(until, .default_value = "2000-01-01T00:00:00Z"),
	SL_FIELD(tags, .default_value = ""),
	SL_FIELD_ENUM(color, color_names, .default_value = "red"), SL_FIELD(mail),
	SL_FIELD(choose));

enum { LINE_MAX_BYTES = 1024 };

static void put(char *line, const char *before, struct sl_str text)
{
	size_t len = strlen(line);

	snprintf(line + len, LINE_MAX_BYTES - len, "%s%.*s", before, SL_STR(text));
}

static int badge_connect(struct sl_conn *conn, const struct badge_args *args)
{
	char *tags = sl_alloc(conn, LINE_MAX_BYTES), *offers = sl_alloc(conn, LINE_MAX_BYTES);
	const struct sl_datetime *until = &args->until;
	struct sl_str offer;
	int accepted;

	for (size_t i = 0; i < args->tags.count; i++)
		put(tags, i > 0 ? "," : "",
			(struct sl_str){args->tags.items[i], strlen(args->tags.items[i])});
	for (size_t n = 0; (offer = sl_subprotocol(conn, n)).ptr; n++)
		put(offers, n > 0 ? "," : "", offer);
	if (args->choose.set && strcmp(args->choose.value, "later") == 0)
		return SL_LATER;
	accepted = sl_accept(conn, args->choose.set ? args->choose.value : NULL);
	if (accepted != SL_OK)
		return accepted;
	return sl_sendf(conn,
		"who=%s level=%" PRId64 " until=%04" PRId32 "-%02" PRId32 "-%02" PRId32
		" tags=%s color=%d mail=%s offers=%s",
		args->who, args->level, until->year, until->month, until->day, tags,
		(int)args->color, args->mail.set ? args->mail.value : "-", offers);
}

static int badge_message(
	struct sl_conn *conn, const struct badge_args *args, const struct sl_message *msg)
{
	return sl_sendf(conn, "%s: %.*s", args->who, SL_STR(msg->data));
}

/* ---- on top of a token ---- */

struct reader_args {
	const char *token;
};
SL_ARGS(reader_args, SL_FIELD(token));

static int reader(struct sl_conn *conn, const struct reader_args *args, const char **result)
{
	char *text = sl_alloc(conn, LINE_MAX_BYTES);
	struct sl_str scope;

	put(text, "", (struct sl_str){args->token, strlen(args->token)});
	for (size_t n = 0; (scope = sl_security_scope(conn, n)).ptr; n++)
		put(text, n > 0 ? "+" : "/", scope);
	*result = text;
	return SL_OK;
}
SL_PROVIDER(reader, reader_args, const char *);

SL_PLUGIN(badge, badge_args, .providers = {&reader_provider}, .connect = badge_connect,
	.message = badge_message);
