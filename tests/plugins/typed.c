/*
 * Sends its arguments back: the required ones as one JSON object, then an object for each optional
 * one that is set, then "end". SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct typed_args {
	const char *text;
	int64_t number;
	double ratio;
	bool flag;
	struct sl_str bytes;
	struct sl_opt_text opt_text;
	struct sl_opt_int opt_number;
	struct sl_opt_double opt_ratio;
	struct sl_opt_bool opt_flag;
	struct sl_opt_str opt_bytes;
};
SL_ARGS(typed_args, SL_FIELD(text), SL_FIELD(number), SL_FIELD(ratio), SL_FIELD(flag),
	SL_FIELD(bytes), SL_FIELD(opt_text), SL_FIELD(opt_number), SL_FIELD(opt_ratio),
	SL_FIELD(opt_flag), SL_FIELD(opt_bytes));

static void typed_send_optional(struct sl_conn *conn, const struct typed_args *args)
{
	if (args->opt_text.set)
		sl_send_json(conn, "{s:s}", "opt_text", args->opt_text.value);
	if (args->opt_number.set)
		sl_send_json(conn, "{s:I}", "opt_number", args->opt_number.value);
	if (args->opt_ratio.set)
		sl_send_json(conn, "{s:f}", "opt_ratio", args->opt_ratio.value);
	if (args->opt_flag.set)
		sl_send_json(conn, "{s:b}", "opt_flag", (int)args->opt_flag.value);
	if (args->opt_bytes.set)
		sl_send_json(conn, "{s:s%}", "opt_bytes", args->opt_bytes.value.ptr,
			args->opt_bytes.value.len);
}

static int typed_message(
	struct sl_conn *conn, const struct typed_args *args, const struct sl_message *msg)
{
	(void)msg;
	sl_send_json(conn, "{s:s, s:I, s:f, s:b, s:s%}", "text", args->text, "number", args->number,
		"ratio", args->ratio, "flag", (int)args->flag, "bytes", args->bytes.ptr,
		args->bytes.len);
	typed_send_optional(conn, args);
	return sl_sendf(conn, "end");
}

SL_PLUGIN(typed, typed_args, .message = typed_message);
