/*
 * A route's options become the plugin's struct, or complaints with a line each.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include "inject/made_up.h"

struct room_options {
	const char *room;
	int64_t seats;
	struct sl_opt_double ratio;
	struct sl_opt_text topic;
	struct sl_str motto;
	bool is_open;
};
SL_ARGS(room_options, SL_FIELD(room), SL_FIELD(seats), SL_FIELD(ratio), SL_FIELD(topic),
	SL_FIELD(motto), SL_FIELD(is_open));

#define AT(n)                       \
	{                           \
		"routes.yaml", n, 3 \
	}
#define GIVEN(name_, value_, line)                                \
	{                                                         \
		.name = name_, .value = value_, .place = AT(line) \
	}

static bool fill(const struct sl_table *table, const struct inject_option *options, size_t count,
	struct arena *arena, const void **out, struct err_list *why)
{
	return inject_options(
		table, options, count, "route /ws", (struct place)AT(1), arena, out, why);
}

static void values_arrive(void **state)
{
	const struct inject_option options[] = {GIVEN("seats", "12", 2), GIVEN("room", "lobby", 3),
		GIVEN("motto", "", 4), GIVEN("is_open", "Yes", 5), GIVEN("ratio", "0.5", 6)};
	struct arena arena = {0};
	struct err_list why = {0};
	const void *out;
	const struct room_options *filled;

	(void)state;
	if (!fill(room_options_table(), options, 5, &arena, &out, &why))
		fail_msg("%s", why.items[0].text);
	filled = out;
	assert_string_equal(filled->room, "lobby");
	assert_int_equal(filled->seats, 12);
	assert_int_equal(filled->ratio.set, 1);
	assert_true(filled->ratio.value > 0.49 && filled->ratio.value < 0.51);
	assert_int_equal(filled->topic.set, 0);
	assert_string_equal(filled->topic.value, "");
	assert_int_equal(filled->motto.len, 0);
	assert_true(filled->is_open);
	arena_fini(&arena);
}

static void every_mistake_has_its_line(void **state)
{
	const struct inject_option options[] = {GIVEN("rom", "lobby", 2), GIVEN("colour", "red", 3),
		GIVEN("seats", "many", 4), GIVEN("motto", "m", 5)};
	static const struct {
		unsigned line;
		const char *text;
	} wanted[] = {
		{2, "route /ws: the plugin has no option rom; did you mean room?"},
		{3, "route /ws: the plugin has no option colour; it has: room, seats, ratio, "
		    "topic, "
		    "motto, is_open"},
		{1, "route /ws: option room is missing; add options: {room: <str>}"},
		{4, "route /ws: option seats: \"many\" is no int: Input should be a valid integer, "
		    "unable "
		    "to parse string as an integer"},
		{1, "route /ws: option is_open is missing; add options: {is_open: <bool>}"},
	};
	struct arena arena = {0};
	struct err_list why = {0};
	const void *out;

	(void)state;
	assert_false(fill(room_options_table(), options, 4, &arena, &out, &why));
	assert_int_equal(why.count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_string_equal(why.items[i].text, wanted[i].text);
		assert_int_equal(why.items[i].place.line, wanted[i].line);
	}
	err_list_fini(&why);
	arena_fini(&arena);
}

static void a_plugin_without_options_takes_none(void **state)
{
	const struct inject_option option = GIVEN("room", "lobby", 2);
	struct arena arena = {0};
	struct err_list why = {0};
	const void *out = &option;

	(void)state;
	assert_true(fill(NULL, NULL, 0, &arena, &out, &why));
	assert_null(out);
	assert_false(fill(NULL, &option, 1, &arena, &out, &why));
	assert_string_equal(why.items[0].text, "route /ws: the plugin has no options; remove room");
	assert_int_equal(why.items[0].place.line, 2);
	err_list_fini(&why);
	arena_fini(&arena);
}

static const struct sl_enum_name shade_names[] = {{"light", 1}, {"dark", -1}};

struct list_options {
	struct sl_list_int sizes;
	struct sl_opt_list_text tags;
	struct sl_opt_enum shade;
};
SL_ARGS(list_options, SL_FIELD(sizes, .default_value = "1|2", .ge = "1", .max_items = "3"),
	SL_FIELD(tags, .enum_values = "a|b"), SL_FIELD_ENUM(shade, shade_names));

#define ITEMS(name_, line, ...)                                                     \
	{                                                                           \
		.name = name_, .place = AT(line), .items = {                        \
			(const char *const[]){__VA_ARGS__},                         \
			sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) \
		}                                                                   \
	}

static void lists_and_enums_arrive(void **state)
{
	const struct inject_option options[] = {
		ITEMS("tags", 2, "b", "a"), GIVEN("shade", "dark", 3)};
	const struct inject_option scalar = GIVEN("sizes", "7", 2);
	struct arena arena = {0};
	struct err_list why = {0};
	const struct list_options *filled;
	const void *out;

	(void)state;
	assert_true(fill(list_options_table(), options, 2, &arena, &out, &why));
	filled = out;
	assert_int_equal(filled->sizes.count, 2);
	assert_int_equal(filled->sizes.items[1], 2);
	assert_int_equal(filled->tags.set, 1);
	assert_string_equal(filled->tags.value.items[0], "b");
	assert_int_equal(filled->shade.value, -1);
	assert_true(fill(list_options_table(), &scalar, 1, &arena, &out, &why));
	filled = out;
	assert_int_equal(filled->sizes.count, 1);
	assert_int_equal(filled->sizes.items[0], 7);
	assert_int_equal(filled->tags.set, 0);
	arena_fini(&arena);
}

static void wrong_lists_and_enums_are_named(void **state)
{
	const struct inject_option options[] = {ITEMS("sizes", 2, "0", "x", "3", "4"),
		ITEMS("tags", 3, "a", "c"), ITEMS("shade", 4, "dark")};
	static const char *const wanted[] = {
		"route /ws: option sizes: found \"0\": Input should be greater than or equal to 1",
		"route /ws: option sizes: \"x\" is no int: Input should be a valid integer",
		"route /ws: option sizes: List should have at most 3 items after validation, not 4",
		"route /ws: option tags: found \"c\": Input should be 'a' or 'b'",
		"route /ws: option shade is no list, but is given one; write one value"};
	struct arena arena = {0};
	struct err_list why = {0};
	const void *out;

	(void)state;
	assert_false(fill(list_options_table(), options, 3, &arena, &out, &why));
	assert_int_equal(why.count, 5);
	for (size_t i = 0; i < 5; i++)
		if (strncmp(why.items[i].text, wanted[i], strlen(wanted[i])) != 0)
			fail_msg("said \"%s\"\nwanted \"%s\"", why.items[i].text, wanted[i]);
	assert_int_equal(why.items[3].place.line, 3);
	err_list_fini(&why);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_arrive),
		cmocka_unit_test(every_mistake_has_its_line),
		cmocka_unit_test(a_plugin_without_options_takes_none),
		cmocka_unit_test(lists_and_enums_arrive),
		cmocka_unit_test(wrong_lists_and_enums_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
