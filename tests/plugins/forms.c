/*
 * Has each type in each form (plain with a default, optional, list, optional list), from the
 * header's own list of types, and sends each member back as "name text" for those that are set,
 * then "end". So also its options. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <socklet.h>

enum color { RED = 1, GREEN = 2, BLUE = -3 };
static const struct sl_enum_name color_names[] = {
	{"red", RED}, {"green", GREEN}, {"deep blue", BLUE}};

#define MEMBERS(word, type, number)      \
	type plain##word;                \
	struct sl_opt##word opt##word;   \
	struct sl_list##word list##word; \
	struct sl_opt_list##word opt_list##word;
#define FIELDS(word)                                                                \
	SL_FIELD(plain##word, .default_value = DEFAULT##word), SL_FIELD(opt##word), \
		SL_FIELD(list##word, .default_value = ""), SL_FIELD(opt_list##word)

#define DEFAULT_text      "t"
#define DEFAULT_str       "s"
#define DEFAULT_int       "1"
#define DEFAULT_double    "0.5"
#define DEFAULT_bool      "true"
#define DEFAULT_uint      "2"
#define DEFAULT_uuid      "00000000-0000-0000-0000-000000000001"
#define DEFAULT_datetime  "2026-01-31T12:00Z"
#define DEFAULT_date      "2026-01-31"
#define DEFAULT_time      "12:00"
#define DEFAULT_timedelta "PT1S"

struct forms_args {
	SL_TYPES_(MEMBERS)
	enum color plain_enum;
	struct sl_opt_enum opt_enum;
	struct sl_list_enum list_enum;
	struct sl_opt_list_enum opt_list_enum;
};
SL_ARGS(forms_args, FIELDS(_text), FIELDS(_str), FIELDS(_int), FIELDS(_double), FIELDS(_bool),
	FIELDS(_uint), FIELDS(_uuid), FIELDS(_datetime), FIELDS(_date), FIELDS(_time),
	FIELDS(_timedelta), SL_FIELD_ENUM(plain_enum, color_names, .default_value = "red"),
	SL_FIELD_ENUM(opt_enum, color_names),
	SL_FIELD_ENUM(list_enum, color_names, .default_value = "red|deep blue"),
	SL_FIELD_ENUM(opt_list_enum, color_names, .min_items = "1", .max_items = "3"));

struct forms_options {
	enum color shade;
	struct sl_list_int sizes;
	struct sl_opt_list_text tags;
};
SL_ARGS(forms_options, SL_FIELD_ENUM(shade, color_names, .default_value = "green"),
	SL_FIELD(sizes, .default_value = "1|2", .ge = "0", .max_items = "3"),
	SL_FIELD(tags, .enum_values = "a|b|c"));

/* ---- one value as text ----------------------------------------------------------------------- */

struct line {
	char text[4096];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line->text + line->len, room, format, args);
	va_end(args);
	line->len += len < (int)room ? (size_t)len : room - 1;
}

static void put_text(struct line *line, const char *const *value)
{
	put(line, "<%s>", *value);
}

static void put_str(struct line *line, const struct sl_str *value)
{
	put(line, "<%zu:", value->len);
	for (size_t i = 0; i < value->len; i++)
		put(line, value->ptr[i] == '\0' ? "NUL" : "%c", value->ptr[i]);
	put(line, ">");
}

static void put_int(struct line *line, const int64_t *value)
{
	put(line, "%" PRId64, *value);
}

static void put_double(struct line *line, const double *value)
{
	put(line, "%g", *value);
}

static void put_bool(struct line *line, const bool *value)
{
	put(line, "%s", *value ? "true" : "false");
}

static void put_uint(struct line *line, const uint64_t *value)
{
	put(line, "%" PRIu64, *value);
}

static void put_uuid(struct line *line, const struct sl_uuid *value)
{
	for (size_t i = 0; i < sizeof(value->bytes); i++)
		put(line, "%02x", value->bytes[i]);
}

static void put_date(struct line *line, const struct sl_date *value)
{
	put(line, "%d-%d-%d", (int)value->year, (int)value->month, (int)value->day);
}

static void put_time(struct line *line, const struct sl_time *value)
{
	put(line, "%d:%d:%d.%d", (int)value->hour, (int)value->minute, (int)value->second,
		(int)value->microsecond);
	if (value->has_offset)
		put(line, "%+d", (int)value->offset_s);
}

static void put_datetime(struct line *line, const struct sl_datetime *value)
{
	const struct sl_date date = {value->year, value->month, value->day};
	const struct sl_time time = {value->hour, value->minute, value->second, value->microsecond,
		value->has_offset, value->offset_s};

	put_date(line, &date);
	put(line, "T");
	put_time(line, &time);
}

static void put_timedelta(struct line *line, const struct sl_timedelta *value)
{
	put(line, "%" PRId64 "us", value->microseconds);
}

static void put_enum(struct line *line, const int32_t *value)
{
	put(line, "#%d", (int)*value);
}

/* ---- all of them ----------------------------------------------------------------------------- */

#define PUT_LIST(line, word, list)                          \
	do {                                                \
		put(line, "[");                             \
		for (size_t i = 0; i < (list).count; i++) { \
			put(line, "%s", i > 0 ? " " : "");  \
			put##word(line, &(list).items[i]);  \
		}                                           \
		put(line, "]");                             \
	} while (0)
#define START(line, name)               \
	do {                            \
		(line)->len = 0;        \
		put(line, "%s ", name); \
	} while (0)
#define SEND(word, type, number)                                          \
	START(&line, "plain" #word);                                      \
	put##word(&line, (type const *)(const void *)&args->plain##word); \
	sl_sendf(conn, "%s", line.text);                                  \
	START(&line, "list" #word);                                       \
	PUT_LIST(&line, word, args->list##word);                          \
	sl_sendf(conn, "%s", line.text);                                  \
	START(&line, "opt" #word);                                        \
	put##word(&line, &args->opt##word.value);                         \
	if (args->opt##word.set)                                          \
		sl_sendf(conn, "%s", line.text);                          \
	START(&line, "opt_list" #word);                                   \
	PUT_LIST(&line, word, args->opt_list##word.value);                \
	if (args->opt_list##word.set)                                     \
		sl_sendf(conn, "%s", line.text);

static int forms_message(
	struct sl_conn *conn, const struct forms_args *args, const struct sl_message *msg)
{
	const struct forms_options *options = sl_options(sl_plugin_of(conn));
	static struct line line;

	(void)msg;
	SL_TYPES_(SEND)
	SL_ENUM_TYPE_(SEND)
	START(&line, "options");
	put(&line, "#%d ", (int)options->shade);
	PUT_LIST(&line, _int, options->sizes);
	PUT_LIST(&line, _text, options->tags.value);
	put(&line, "%s", options->tags.set ? " set" : "");
	sl_sendf(conn, "%s", line.text);
	return sl_sendf(conn, "end");
}

SL_PLUGIN(forms, forms_args, .options = forms_options_table, .message = forms_message);
