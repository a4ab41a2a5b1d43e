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

static void describe(char *out, size_t size, enum value_type type, const union value *value)
{
	switch (type) {
	case VALUE_TEXT:
		table_escape(out, size, span_of(value->text));
		break;
	case VALUE_STR:
		table_escape(out, size, value->str);
		break;
	case VALUE_INT:
		snprintf(out, size, "%" PRId64, value->integer);
		break;
	case VALUE_DOUBLE:
		snprintf(out, size, "%.17g", value->number);
		break;
	case VALUE_BOOL:
		snprintf(out, size, "%s", value->truth ? "true" : "false");
		break;
	case VALUE_SIZE:
	case VALUE_DURATION:
	case VALUE_UINT:
	default:
		snprintf(out, size, "%" PRIu64, value->size);
		break;
	}
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

static void parses_as_the_table_says(void **state)
{
	struct table table;
	char *columns[3], shown[600], found[600];

	(void)state;
	table_open(&table, "value.txt");
	while (table_next(&table, columns, 3)) {
		struct arena arena = {0};
		enum value_type type = type_of(columns[0]);
		struct span input = table_unescape(columns[1]);
		struct value_error why;
		union value value;

		if (parse_copy(type, input, &arena, &value, &why))
			describe(found, sizeof(found), type, &value);
		else
			snprintf(found, sizeof(found), "%s", why.type);
		table_expect(&table, table_escape(shown, sizeof(shown), input), found, columns[2]);
		arena_fini(&arena);
	}
	table_close(&table);
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
		cmocka_unit_test(says_it_in_fastapis_words),
		cmocka_unit_test(stores_what_a_struct_has_room_for),
		cmocka_unit_test(names_types_as_fastapi_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
