/*
 * Text becomes a value, or an error, exactly as the table says, and the messages are FastAPI's.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <inttypes.h>

#include "wire/value.h"

/* As it stands in the table; "text" is the only type without a name of its own. */
static enum value_type type_of(const char *name)
{
	enum value_type type = VALUE_TEXT;

	if (strcmp(name, "text") != 0 && !value_type_find(span_of(name), &type))
		fail_msg("no type is called %s", name);
	return type;
}

static void describe_number(char *out, size_t size, enum value_type type, const union value *value)
{
	if (type == VALUE_INT)
		snprintf(out, size, "%" PRId64, value->integer);
	else if (type == VALUE_DOUBLE)
		snprintf(out, size, "%.17g", value->number);
	else if (type == VALUE_BOOL)
		snprintf(out, size, "%s", value->truth ? "true" : "false");
	else if (type == VALUE_TIMEDELTA)
		snprintf(out, size, "%" PRId64, value->timedelta_us);
	else
		snprintf(out, size, "%" PRIu64, value->uinteger);
}

static void describe_uuid(char *out, size_t size, const struct value_uuid *uuid)
{
	int used = 0;

	for (size_t i = 0; i < sizeof(uuid->bytes); i++)
		used += snprintf(out + used, size - (size_t)used, "%s%02x",
			i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid->bytes[i]);
}

static void describe_date(char *out, size_t size, const struct value_date *date)
{
	snprintf(out, size, "%04d-%02d-%02d", date->year, date->month, date->day);
}

static void describe_time(char *out, size_t size, const struct value_time *time)
{
	int used = snprintf(out, size, "%02d:%02d:%02d.%06d", time->hour, time->minute,
		time->second, time->microsecond);

	if (time->has_offset)
		snprintf(out + used, size - (size_t)used, " %+d", time->offset_s);
	else
		assert_int_equal(time->offset_s, 0);
}

static void describe_datetime(char *out, size_t size, const struct value_datetime *when)
{
	struct value_date date = {when->year, when->month, when->day};
	struct value_time time = {when->hour, when->minute, when->second, when->microsecond,
		when->has_offset, when->offset_s};

	describe_date(out, size, &date);
	strcat(out, " ");
	describe_time(strchr(out, '\0'), size - strlen(out), &time);
}

static void describe(char *out, size_t size, enum value_type type, const union value *value)
{
	if (type == VALUE_TEXT)
		table_escape(out, size, span_of(value->text));
	else if (type == VALUE_STR)
		table_escape(out, size, value->str);
	else if (type == VALUE_UUID)
		describe_uuid(out, size, &value->uuid);
	else if (type == VALUE_DATETIME)
		describe_datetime(out, size, &value->datetime);
	else if (type == VALUE_DATE)
		describe_date(out, size, &value->date);
	else if (type == VALUE_TIME)
		describe_time(out, size, &value->time);
	else
		describe_number(out, size, type, value);
}

/* "type: ctx's value"; where a ctx explains, the message ends with it. */
static void describe_error(char *out, size_t size, const struct value_error *why)
{
	int used = snprintf(out, size, "%s", why->type);
	size_t message_len = strlen(why->message), ctx_len;

	if (why->ctx[0].name == NULL)
		return;
	ctx_len = strlen(why->ctx[0].value);
	assert_true(message_len > ctx_len);
	assert_string_equal(why->message + message_len - ctx_len, why->ctx[0].value);
	assert_string_equal(why->ctx[0].name, why->ctx[0].is_number ? "ge" : "error");
	strcpy(out + used, ": ");
	table_escape(out + used + 2, size - (size_t)used - 2, span_of(why->ctx[0].value));
}

/* Parses a copy of exactly the size, so that a sanitizer sees a byte read too far. */
static bool parse_copy(enum value_type type, struct span input, struct arena *arena,
	union value *value, struct value_error *why)
{
	char *copy = malloc(input.len == 0 ? 1 : input.len);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, input.ptr, input.len);
	ok = value_parse(type, (struct span){copy, input.len}, arena, value, why);
	free(copy);
	return ok;
}

static void check_table(const char *name)
{
	struct table table;
	char *columns[3], shown[600], found[600];

	table_open(&table, name);
	while (table_next(&table, columns, 3)) {
		struct arena arena = {0};
		enum value_type type = type_of(columns[0]);
		struct span input = table_unescape(columns[1]);
		struct value_error why;
		union value value;

		if (parse_copy(type, input, &arena, &value, &why))
			describe(found, sizeof(found), type, &value);
		else
			describe_error(found, sizeof(found), &why);
		table_expect(&table, table_escape(shown, sizeof(shown), input), found, columns[2]);
		arena_fini(&arena);
	}
	table_close(&table);
}

static void parses_as_the_table_says(void **state)
{
	(void)state;
	check_table("value.txt");
}

static void reads_dates_and_times_as_the_table_says(void **state)
{
	(void)state;
	check_table("value_time.txt");
}

static void says_it_in_fastapis_words(void **state)
{
	static const struct {
		enum value_type type;
		const char *input, *message;
	} rows[] = {
		{VALUE_INT, "x",
			"Input should be a valid integer, unable to parse string as an integer"},
		{VALUE_INT, "9223372036854775808",
			"Unable to parse input string as an integer, exceeded maximum size"},
		{VALUE_DOUBLE, "x",
			"Input should be a valid number, unable to parse string as a number"},
		{VALUE_BOOL, "x", "Input should be a valid boolean, unable to interpret input"},
		{VALUE_SIZE, "x", "Input should be a size such as 512, 64KiB or 1MiB"},
		{VALUE_DURATION, "x", "Input should be a time such as 250ms, 20s or 1m30s"},
		{VALUE_DURATION, "5",
			"Input should be a time with a unit, such as 250ms, 20s or 1m30s: add a "
			"unit"},
		{VALUE_UINT, "x",
			"Input should be a valid integer, unable to parse string as an integer"},
		{VALUE_UINT, "-1", "Input should be greater than or equal to 0"},
		{VALUE_UUID, "x",
			"Input should be a valid UUID, invalid character: found `x` at 1"},
		{VALUE_DATETIME, "x",
			"Input should be a valid datetime or date, input is too short"},
		{VALUE_DATETIME, "0000-01-01",
			"Input should be a valid datetime, year 0 is out of range"},
		{VALUE_DATE, "x", "Input should be a valid date or datetime, input is too short"},
		{VALUE_DATE, "0000-01-01",
			"Input should be a valid date in the format YYYY-MM-DD, year 0 is out of "
			"range"},
		{VALUE_DATE, "1",
			"Datetimes provided to dates should have zero time - e.g. be exact dates"},
		{VALUE_TIME, "x", "Input should be in a valid time format, input is too short"},
		{VALUE_TIMEDELTA, "3600",
			"Input should be a valid timedelta, \"day\" identifier in duration not "
			"correctly formatted"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena arena = {0};
		struct value_error why;
		union value value;

		assert_false(
			value_parse(rows[i].type, span_of(rows[i].input), &arena, &value, &why));
		assert_string_equal(why.message, rows[i].message);
		arena_fini(&arena);
	}
}

static void stores_what_a_struct_has_room_for(void **state)
{
	struct {
		const char *text;
		int64_t integer;
		bool truth;
		char behind;
	} args = {.behind = 'x'};
	union value value;

	(void)state;
	assert_int_equal(value_size(VALUE_TEXT), sizeof(args.text));
	assert_int_equal(value_size(VALUE_STR), sizeof(struct span));
	assert_int_equal(value_size(VALUE_INT), sizeof(args.integer));
	assert_int_equal(value_size(VALUE_DOUBLE), sizeof(double));
	assert_int_equal(value_size(VALUE_BOOL), sizeof(args.truth));
	assert_int_equal(value_size(VALUE_UINT), sizeof(uint64_t));
	assert_int_equal(value_size(VALUE_UUID), 16);
	assert_int_equal(value_size(VALUE_DATETIME), 9 * sizeof(int32_t));
	assert_int_equal(value_size(VALUE_DATE), 3 * sizeof(int32_t));
	assert_int_equal(value_size(VALUE_TIME), 6 * sizeof(int32_t));
	assert_int_equal(value_size(VALUE_TIMEDELTA), sizeof(int64_t));
	value.integer = INT64_MIN;
	value_store(VALUE_INT, &value, &args.integer);
	value.text = "t";
	value_store(VALUE_TEXT, &value, &args.text);
	value.truth = true;
	value_store(VALUE_BOOL, &value, &args.truth);
	assert_true(args.integer == INT64_MIN && args.truth && args.behind == 'x');
	assert_string_equal(args.text, "t");
}

static void names_types_as_fastapi_does(void **state)
{
	enum value_type type;

	(void)state;
	assert_string_equal(value_type_name(VALUE_TEXT), "str");
	assert_string_equal(value_type_name(VALUE_STR), "str");
	assert_string_equal(value_type_name(VALUE_DOUBLE), "float");
	assert_true(value_type_find(SPAN("str"), &type));
	assert_int_equal(type, VALUE_STR);
	assert_false(value_type_find(SPAN("text"), &type));
	assert_false(value_type_find(SPAN("INT"), &type));
	assert_false(value_type_find(SPAN(""), &type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_as_the_table_says),
		cmocka_unit_test(reads_dates_and_times_as_the_table_says),
		cmocka_unit_test(says_it_in_fastapis_words),
		cmocka_unit_test(stores_what_a_struct_has_room_for),
		cmocka_unit_test(names_types_as_fastapi_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
