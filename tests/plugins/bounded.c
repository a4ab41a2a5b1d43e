/*
 * Says beside its fields and options what they have to be, and sends its arguments back.
 * SPDX-License-Identifier: MIT
 */
#include <socklet.h>

struct bounded_args {
	int64_t seats;
	const char *name;
	struct sl_opt_double price;
	struct sl_opt_text x_note;
};
SL_ARGS(bounded_args, SL_FIELD(seats, .default_value = "2", .ge = "1", .le = "8", .title = "Seats"),
	SL_FIELD(name, .alias = "n", .min_length = "2", .max_length = "5", .pattern = "^[a-zé]+$"),
	SL_FIELD(price, .gt = "0", .multiple_of = "0.5", .allow_inf_nan = "false"),
	SL_FIELD(x_note, .convert_underscores = "false", .deprecated = "true"));

struct bounded_options {
	int64_t tables;
};
SL_ARGS(bounded_options, SL_FIELD(tables, .default_value = "4", .ge = "1", .lt = "100"));

static int bounded_message(
	struct sl_conn *conn, const struct bounded_args *args, const struct sl_message *msg)
{
	const struct bounded_options *options = sl_options(sl_plugin_of(conn));

	(void)msg;
	return sl_send_json(conn, "{s:I, s:s, s:s, s:I}", "seats", args->seats, "name", args->name,
		"x_note", args->x_note.value, "tables", options->tables);
}

SL_PLUGIN(bounded, bounded_args, .options = bounded_options_table, .message = bounded_message);
