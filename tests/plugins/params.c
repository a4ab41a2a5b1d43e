/*
 * Says which route was found (its option `route`) and what the path's parameters are.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdio.h>

struct params_options {
	const char *route;
};
SL_ARGS(params_options, SL_FIELD(route));

static int params_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	static const char *const names[] = {"name", "x", "rest", "a", "b"};
	const struct params_options *options = sl_options(sl_plugin_of(conn));
	char text[1024];
	int len = snprintf(text, sizeof(text), "route=%s", options->route);

	(void)args;
	(void)msg;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct sl_str value = sl_path_param(conn, names[i]);

		if (value.ptr)
			len += snprintf(text + len, sizeof(text) - (size_t)len, " %s=%.*s",
				names[i], SL_STR(value));
	}
	return sl_sendf(conn, "%s", text);
}

SL_PLUGIN(params, sl_no_args, .flags = SL_KEEP_REQUEST, .options = params_options_table,
	.message = params_message);
