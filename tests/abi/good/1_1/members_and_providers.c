/*
 * What 1.1 brought: lists, enums, structs by pointer, providers that release, wait and live for a
 * message. SPDX-License-Identifier: MIT
 */
#include <socklet.h>

enum color { RED, GREEN = 5 };
static const struct sl_enum_name color_names[] = {{"red", RED}, {"green", GREEN}};

struct user {
	int64_t id;
};

struct user_args {
	int64_t id;
	struct sl_opt_list_text roles;
};
SL_ARGS(user_args, SL_FIELD(id, .ge = "1"), SL_FIELD(roles, .max_items = "8"));

static int user(struct sl_conn *conn, const struct user_args *args, struct user **result)
{
	(void)result;
	if (sl_security_scope(conn, 0).len > 0 && args->roles.value.count == 0)
		return sl_reject(conn, 403, 4403, "no role");
	return SL_LATER;
}
static void user_back(struct sl_conn *conn, struct user *value, const struct sl_end *end)
{
	if (end != NULL)
		sl_log(conn, SL_LOG_INFO, "%d %u", (int)value->id, end->status);
}
SL_PROVIDER_STRUCT(user, user_args, user, .release = user_back);

static int stamp(struct sl_conn *conn, const struct sl_no_args *args, int64_t *result)
{
	(void)conn;
	(void)args;
	*result = 1;
	return SL_OK;
}
SL_PROVIDER(stamp, sl_no_args, int64_t, .scope = SL_SCOPE_MESSAGE);

struct args {
	enum color color;
	struct sl_opt_enum border;
	struct sl_list_enum colors;
	struct sl_list_uuid ids;
	struct sl_opt_list_date days;
	const struct user *user;
	int64_t stamp;
};
SL_ARGS(args, SL_FIELD_ENUM(color, color_names, .default_value = "red"),
	SL_FIELD_ENUM(border, color_names), SL_FIELD_ENUM(colors, color_names, .min_items = "1"),
	SL_FIELD(ids), SL_FIELD(days), SL_FIELD_STRUCT(user, user), SL_FIELD(stamp));

static void found(struct sl_conn *conn, void *data)
{
	user_provide(conn, (struct user *)data);
}

static int message(struct sl_conn *conn, const struct args *args, const struct sl_message *msg)
{
	(void)msg;
	sl_conn_timer(conn, 1, 0, found, NULL);
	return sl_sendf(conn, "%d", (int)args->color);
}

SL_PLUGIN(members_and_providers, args, .providers = {&user_provider, &stamp_provider},
	.message = message);
