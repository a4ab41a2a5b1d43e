/*
 * A plan that cannot work is refused at load, naming route, field, both types and the line, all
 * mistakes at once. SPDX-License-Identifier: MIT
 */
#include "inject/plan.h"

#include <stdlib.h>

#include "inject/made_up.h"
#include "inject/member.h"

/* ---- the providers of all cases
 * ------------------------------------------------------------------ */

static const struct sl_table *pair_table(void)
{
	static const struct sl_field fields[] = {{.name = "left", .type = SL_TYPE_TEXT},
		{.name = "right", .offset = 8, .type = SL_TYPE_INT | SL_TYPE_OPTIONAL}};
	static const struct sl_table table = {
		sizeof(table), sizeof(struct sl_field), 24, 2, "pair_args", fields};

	return &table;
}

static int never(struct sl_conn *conn, const void *args, void *result)
{
	(void)conn;
	(void)args;
	(void)result;
	return SL_FAILED;
}

#define PROVIDER(name_, type_, c_type)                           \
	static const struct sl_provider name_ = {.name = #name_, \
		.args = pair_table,                              \
		.type = type_,                                   \
		.size = sizeof(c_type),                          \
		.call = never}
PROVIDER(text, SL_TYPE_TEXT, const char *);
PROVIDER(number, SL_TYPE_INT, int64_t);
PROVIDER(maybe, SL_TYPE_TEXT | SL_TYPE_OPTIONAL, struct sl_opt_text);

#define LINE(n)                     \
	{                           \
		"routes.yaml", n, 5 \
	}
#define FROM_PROVIDER(field_, name)                                                          \
	{                                                                                    \
		.field = field_, .place = LINE(90), .source = INJECT_PROVIDER, .alias = name \
	}

static const struct inject_rule takes_a[] = {FROM_PROVIDER("left", "a")};
static const struct inject_rule takes_b[] = {FROM_PROVIDER("left", "b")};
static const struct inject_rule takes_c[] = {FROM_PROVIDER("left", "c")};
static const struct inject_rule takes_both[] = {
	FROM_PROVIDER("left", "leaf"), FROM_PROVIDER("right", "number")};
static const struct inject_rule takes_nothing[] = {FROM_PROVIDER("left", "nobody")};
static const struct inject_rule misspelled[] = {{.field = "lift", .place = LINE(91)}};

static const struct inject_provider providers[] = {
	{"text", &text, NULL, LINE(80), NULL, 0, NULL},
	{"leaf", &text, NULL, LINE(80), NULL, 0, NULL},
	{"number", &number, NULL, LINE(80), NULL, 0, NULL},
	{"maybe", &maybe, NULL, LINE(80), NULL, 0, NULL},
	{"both", &text, NULL, LINE(80), takes_both, 2, NULL},
	{"a", &text, NULL, LINE(80), takes_b, 1, NULL},
	{"b", &text, NULL, LINE(80), takes_c, 1, NULL},
	{"c", &text, NULL, LINE(80), takes_a, 1, NULL},
	{"into_circle", &text, NULL, LINE(80), takes_a, 1, NULL},
	{"lost", &text, NULL, LINE(80), takes_nothing, 1, NULL},
	{"misspelled", &text, NULL, LINE(80), misspelled, 1, NULL},
};

static const struct inject_provider *find_provider(void *context, const char *name)
{
	assert_ptr_equal(context, providers);
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (strcmp(providers[i].name, name) == 0)
			return &providers[i];
	return NULL;
}

static bool build(struct plan *plan, const struct sl_table *table, const struct inject_rule *rules,
	size_t rule_count, struct arena *arena, struct err_list *why)
{
	static const char *const params[] = {"item_id", "user"};
	const struct plan_input input = {.table = table,
		.label = "route /{item_id}/{user}",
		.place = LINE(1),
		.path_params = params,
		.path_param_count = 2,
		.rules = rules,
		.rule_count = rule_count,
		.find_provider = find_provider,
		.context = (void *)(uintptr_t)providers};

	return plan_build(plan, &input, arena, why);
}

/* ---- what is refused
 * ----------------------------------------------------------------------------- */

/* A struct of these fields with this one rule is refused with this text, behind the label. */
static const struct {
	const char *fields;
	struct inject_rule rule;
	const char *text;
	unsigned line;
} refusals[] = {
	{"int item_id", {.field = "item_di", .place = LINE(7)},
		"struct made_up of the plugin has no field item_di; did you mean item_id?", 7},
	{"int item_id", {.field = "colour", .place = LINE(7)},
		"struct made_up of the plugin has no field colour; remove the line, or add the "
		"member and "
		"its SL_FIELD",
		7},
	{"int n", {.field = "n", .place = LINE(7), .source = INJECT_PATH},
		"field n comes from the path, which has no {n}; add it there, or take the field "
		"from "
		"elsewhere",
		7},
	{"int item_id",
		{.field = "item_id", .place = LINE(7), .source = INJECT_PATH, .alias = "item"},
		"field item_id comes from the path, which has no {item}; add it there, or take the "
		"field "
		"from elsewhere",
		7},
	{"int item_id", {.field = "item_id", .place = LINE(7), .default_text = "5"},
		"field item_id comes from the path, so its default \"5\" can never be used; remove "
		"it",
		7},
	{"int? q", {.field = "q", .place = LINE(7), .type = "str"},
		"field q is int? in the plugin (struct sl_opt_int), the file says str; change one "
		"of them",
		7},
	{"int q", {.field = "q", .place = LINE(7), .type = "int?"},
		"field q is int in the plugin (int64_t), the file says int?; change one of them",
		7},
	{"int q", {.field = "q", .place = LINE(7), .default_text = "five"},
		"field q: default \"five\" is no int: Input should be a valid integer, unable to "
		"parse "
		"string as an integer",
		7},
	{"bool? q", {.field = "q", .place = LINE(7), .source = INJECT_COOKIE, .default_text = ""},
		"field q: default \"\" is no bool: Input should be a valid boolean, unable to "
		"interpret "
		"input",
		7},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_HEADER, .alias = "x token"},
		"field q: no header can be called \"x token\"; use letters, digits and -", 7},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER},
		"field q: there is no provider q; add it to providers:, or correct the name", 7},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "texts"},
		"field q: there is no provider texts; add it to providers:, or correct the name",
		7},
	{"text text",
		{.field = "text", .place = LINE(7), .source = INJECT_PROVIDER, .default_text = "x"},
		"field text comes from a provider, so its default \"x\" can never be used; remove "
		"it",
		7},
	{"int q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "text"},
		"field q is int64_t, but provider text gives const char *; make them equal", 7},
	{"str q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "text"},
		"field q is struct sl_str, but provider text gives const char *; make them equal",
		7},
	{"int? q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "maybe"},
		"field q is struct sl_opt_int, but provider maybe gives struct sl_opt_text; make "
		"them "
		"equal",
		7},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "maybe"},
		"field q is const char *, but provider maybe gives struct sl_opt_text, which may "
		"be "
		"absent; make the member struct sl_opt_text",
		7},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "a"},
		"provider c: providers wait for each other in a circle: a -> b -> c -> a; take one "
		"of the "
		"fields from elsewhere",
		90},
	{"text q",
		{.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "into_circle"},
		"provider c: providers wait for each other in a circle: a -> b -> c -> a; take one "
		"of the "
		"fields from elsewhere",
		90},
	{"text q", {.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "lost"},
		"provider lost: field left: there is no provider nobody; add it to providers:, or "
		"correct "
		"the name",
		90},
	{"text q",
		{.field = "q", .place = LINE(7), .source = INJECT_PROVIDER, .alias = "misspelled"},
		"provider misspelled: struct pair_args of the plugin has no field lift; did you "
		"mean left?",
		91},
};

static void each_mistake_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		static const char label[] = "route /{item_id}/{user}: ";
		struct arena arena = {0};
		struct err_list why = {0};
		struct plan plan;

		if (build(&plan, made_up_table(&arena, refusals[i].fields), &refusals[i].rule, 1,
			    &arena, &why))
			fail_msg("row %zu was accepted: %s", i, refusals[i].text);
		if (strncmp(why.items[0].text, label, strlen(label)) != 0 ||
			strcmp(why.items[0].text + strlen(label), refusals[i].text) != 0)
			fail_msg("row %zu: said \"%s\"\nwanted \"%s\"", i, why.items[0].text,
				refusals[i].text);
		assert_int_equal(why.count, 1);
		assert_int_equal(why.items[0].place.line, refusals[i].line);
		err_list_fini(&why);
		arena_fini(&arena);
	}
}

static void all_mistakes_come_at_once(void **state)
{
	const struct inject_rule rules[] = {{.field = "x", .place = LINE(7)},
		{.field = "q", .place = LINE(8), .type = "str", .default_text = "x"},
		{.field = "user", .place = LINE(9), .source = INJECT_PROVIDER, .alias = "a"}};
	static const unsigned lines[] = {7, 8, 8, 9, 90};
	struct arena arena = {0};
	struct err_list why = {0};
	struct plan plan;

	(void)state;
	assert_false(
		build(&plan, made_up_table(&arena, "int q; int user"), rules, 3, &arena, &why));
	assert_int_equal(why.count, 5);
	for (size_t i = 0; i < why.count; i++)
		assert_int_equal(why.items[i].place.line, lines[i]);
	err_list_fini(&why);
	arena_fini(&arena);
}

/* ---- what comes out
 * ------------------------------------------------------------------------------ */

static void fetches_say_where_from(void **state)
{
	const struct inject_rule rules[] = {{.field = "x_token", .source = INJECT_HEADER},
		{.field = "sid", .source = INJECT_COOKIE, .alias = "session"},
		{.field = "n", .type = "int", .default_text = "7"},
		{.field = "t", .type = "str?", .source = INJECT_PROVIDER, .alias = "text"}};
	static const struct {
		const char *field, *name;
		enum inject_source source;
		uint32_t index, offset;
	} wanted[] = {{"user", "user", INJECT_PATH, 1, 4 * MADE_UP_STEP},
		{"n", "n", INJECT_QUERY, 0, 2 * MADE_UP_STEP},
		{"x_token", "x-token", INJECT_HEADER, 0, 0},
		{"sid", "session", INJECT_COOKIE, 0, 1 * MADE_UP_STEP},
		{"t", "text", INJECT_PROVIDER, 0, 3 * MADE_UP_STEP}};
	struct arena arena = {0};
	struct err_list why = {0};
	struct plan plan;

	(void)state;
	if (!build(&plan, made_up_table(&arena, "text x_token; str sid; int n; text? t; int user"),
		    rules, 4, &arena, &why))
		fail_msg("%s", why.items[0].text);
	assert_int_equal(plan.call_count, 2);
	assert_string_equal(plan.calls[0].provider->name, "text");
	assert_null(plan.calls[1].provider);
	assert_int_equal(plan.calls[1].fetch_count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct plan_fetch *fetch = &plan.calls[1].fetches[i];

		assert_string_equal(fetch->field, wanted[i].field);
		assert_string_equal(fetch->name, wanted[i].name);
		assert_int_equal(fetch->source, wanted[i].source);
		assert_int_equal(fetch->index, wanted[i].index);
		assert_int_equal(fetch->offset, wanted[i].offset);
		assert_int_equal(fetch->default_value != NULL, fetch->name[0] == 'n');
	}
	assert_int_equal(*(const int64_t *)plan.calls[1].fetches[1].default_value, 7);
	arena_fini(&arena);
}

static void providers_come_before_their_takers_each_once(void **state)
{
	const struct inject_rule rules[] = {FROM_PROVIDER("x", "number"),
		FROM_PROVIDER("y", "both"), FROM_PROVIDER("z", "leaf"), FROM_PROVIDER("w", "both")};
	struct arena arena = {0};
	struct err_list why = {0};
	struct plan plan;
	size_t end = 0;

	(void)state;
	if (!build(&plan, made_up_table(&arena, "int x; text y; text? z; text w"), rules, 4, &arena,
		    &why))
		fail_msg("%s", why.items[0].text);
	assert_int_equal(plan.call_count, 4);
	assert_string_equal(plan.calls[0].provider->name, "number");
	assert_string_equal(plan.calls[1].provider->name, "leaf");
	assert_string_equal(plan.calls[2].provider->name, "both");
	/* Declared order among equal sources. */
	assert_int_equal(plan.calls[3].fetches[0].index, 0);
	assert_int_equal(plan.calls[3].fetches[1].index, 2);
	assert_int_equal(plan.calls[3].fetches[2].index, 1);
	assert_int_equal(plan.calls[3].fetches[3].index, 2);
	/* Nothing overlaps in the block. */
	for (size_t i = 0; i < plan.call_count; i++) {
		assert_true(plan.calls[i].args_offset >= end);
		end = plan.calls[i].args_offset + (i < 3 ? 24 : 16 * MADE_UP_STEP);
		if (i < 3) {
			assert_true(plan.calls[i].result_offset >= end);
			end = plan.calls[i].result_offset + sizeof(const char *);
		}
	}
	assert_true(plan.block_size >= end);
	arena_fini(&arena);
}

static void a_strict_source_knows_the_names_of_all_calls(void **state)
{
	const struct inject_rule rules[] = {FROM_PROVIDER("x", "number"),
		{.field = "c", .source = INJECT_COOKIE}, {.field = "long_name", .alias = "z"}};
	struct arena arena = {0};
	struct err_list why = {0};
	const struct plan_input input = {
		.table = made_up_table(&arena, "int x; int c; int? long_name"),
		.label = "route /",
		.rules = rules,
		.rule_count = 3,
		.is_query_strict = true,
		.find_provider = find_provider,
		.context = (void *)(uintptr_t)providers};
	/* left and right are the provider's. */
	static const char *const wanted[] = {"z", "left", "right"};
	struct plan plan;

	(void)state;
	assert_true(plan_build(&plan, &input, &arena, &why));
	assert_true(plan.query.is_strict && !plan.cookies.is_strict);
	assert_int_equal(plan.query.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(span_equal(plan.query.names[i], span_of(wanted[i])));
	arena_fini(&arena);
}

static void a_row_of_1_0_has_no_newer_rules(void **state)
{
	/* Rows of 1.0's size: what follows the last is not to be read. */
	static const size_t size = offsetof(struct sl_field, min_items);
	struct sl_field *rows = malloc(size);
	struct sl_field field = {.name = "q", .type = SL_TYPE_INT, .ge = "1"};
	const struct sl_table table = {sizeof(table), (uint32_t)size, 8, 1, "old", rows};

	(void)state;
	memcpy(rows, &field, size);
	field = member_field(&table, 0);
	assert_string_equal(field.ge, "1");
	assert_null(field.min_items);
	assert_null(field.names);
	assert_int_equal(field.name_count, 0);
	free(rows);
}

/* What a plugin sees, a value's row and socklet.h's own list agree. */
static void each_type_has_four_forms(void **state)
{
	static const struct {
		uint32_t type;
		const char *c_name, *name;
	} rows[] = {
#define ROWS(word, type, number)                                                          \
	{number, #type, NULL}, {(number) | SL_TYPE_OPTIONAL, "struct sl_opt" #word, "?"}, \
		{(number) | SL_TYPE_LIST, "struct sl_list" #word, " list"},               \
		{(number) | SL_TYPE_LIST | SL_TYPE_OPTIONAL, "struct sl_opt_list" #word,  \
			" list?"},
		SL_TYPES_(ROWS) SL_ENUM_TYPE_(ROWS)
#undef ROWS
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct member_type *type = member_type_find(rows[i].type);
		const char *name = plan_type_name(rows[i].type);

		assert_non_null(type);
		assert_string_equal(type->c_name, rows[i].c_name);
		assert_int_equal(type->value_size,
			type->is_list ? sizeof(struct sl_list_int) : value_size(type->base));
		if (rows[i].name != NULL)
			assert_string_equal(
				name + strlen(value_type_name(type->base)), rows[i].name);
	}
	assert_null(member_type_find(0));
	assert_null(member_type_find(SL_TYPE_LIST));
	assert_null(member_type_find(SL_TYPE_INT | 0x400));
}

static void types_and_sources_have_names(void **state)
{
	(void)state;
	assert_string_equal(plan_type_name(SL_TYPE_TEXT), "str");
	assert_string_equal(plan_type_name(SL_TYPE_STR | SL_TYPE_OPTIONAL), "str?");
	assert_string_equal(plan_type_name(SL_TYPE_INT | SL_TYPE_OPTIONAL), "int?");
	assert_string_equal(plan_type_name(SL_TYPE_DOUBLE), "float");
	assert_string_equal(plan_type_name(SL_TYPE_BOOL | SL_TYPE_OPTIONAL), "bool?");
	assert_string_equal(plan_type_name(99), "unknown");
	assert_string_equal(inject_source_name(INJECT_PROVIDER), "provider");
	assert_string_equal(inject_source_name(INJECT_DEFAULT), "path or query");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mistake_is_named),
		cmocka_unit_test(all_mistakes_come_at_once),
		cmocka_unit_test(fetches_say_where_from),
		cmocka_unit_test(providers_come_before_their_takers_each_once),
		cmocka_unit_test(a_strict_source_knows_the_names_of_all_calls),
		cmocka_unit_test(a_row_of_1_0_has_no_newer_rules),
		cmocka_unit_test(each_type_has_four_forms),
		cmocka_unit_test(types_and_sources_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
