/*
 * Each author's texts become values; the tighter of both is kept; each rule kept is one test with
 * its error ready made. Knows no source and no request. plan.c and inject_options.c compile,
 * inject.c checks. SPDX-License-Identifier: MIT
 */
#include "wire/rules.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "wire/regex.h"
#include "wire/rules_bound.h"
#include "base/utf8.h"

struct rules_test {
	enum rules_key key;
	union value bound;
	struct regex *regex;
	struct value_error error, exhausted;
};

/* A pattern of each author counts, of the rest one. */
struct rules {
	enum value_type type;
	uint64_t least_items, most_items;
	size_t test_count;
	struct rules_test tests[RULES_KEY_COUNT + 1];
};

struct building {
	const struct rules_field *field;
	struct arena *arena;
	struct err_list *why;
	bool is_good;
};

/* One rule as its author said it. */
struct said {
	const char *text; /* NULL: not said */
	const char *author;
	struct place place;
	union value value;
};

#define BIT(type) (1u << (type))
#define NUMBERS   (BIT(VALUE_INT) | BIT(VALUE_UINT) | BIT(VALUE_DOUBLE))
#define ORDERED \
	(NUMBERS | BIT(VALUE_DATETIME) | BIT(VALUE_DATE) | BIT(VALUE_TIME) | BIT(VALUE_TIMEDELTA))
#define TEXTS (BIT(VALUE_TEXT) | BIT(VALUE_STR))
#define LISTS (~0u) /* of whatever type */

/* `own`: the text is a value of the field's type, else of `type`. */
static const struct key_row {
	const char *name;
	unsigned fits; /* BIT of each type that can have it */
	bool own;
	enum value_type type;
	const char *error, *message; /* message: before the bound */
} rows[RULES_KEY_COUNT] = {
	[RULES_ALLOW_INF_NAN] = {"allow_inf_nan", BIT(VALUE_DOUBLE), false, VALUE_BOOL,
		"finite_number", "Input should be a finite number"},
	[RULES_MULTIPLE_OF] = {"multiple_of", NUMBERS, true, VALUE_INT, "multiple_of",
		"Input should be a multiple of "},
	[RULES_LE] = {"le", ORDERED, true, VALUE_INT, "less_than_equal",
		"Input should be less than or equal to "},
	[RULES_LT] = {"lt", ORDERED, true, VALUE_INT, "less_than", "Input should be less than "},
	[RULES_GE] = {"ge", ORDERED, true, VALUE_INT, "greater_than_equal",
		"Input should be greater than or equal to "},
	[RULES_GT] = {"gt", ORDERED, true, VALUE_INT, "greater_than",
		"Input should be greater than "},
	[RULES_MAX_LENGTH] = {"max_length", TEXTS, false, VALUE_UINT, "string_too_long",
		"String should have at most "},
	[RULES_MIN_LENGTH] = {"min_length", TEXTS, false, VALUE_UINT, "string_too_short",
		"String should have at least "},
	[RULES_PATTERN] = {"pattern", TEXTS, false, VALUE_TEXT, "string_pattern_mismatch",
		"String should match pattern "},
	[RULES_MAX_ITEMS] = {"max_items", LISTS, false, VALUE_UINT, "too_long", "at most"},
	[RULES_MIN_ITEMS] = {"min_items", LISTS, false, VALUE_UINT, "too_short", "at least"},
};

const char *rules_key_name(enum rules_key key)
{
	return rows[key].name;
}

__attribute__((format(printf, 3, 4))) static void complain(
	struct building *building, struct place place, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(building->why, place.file == NULL ? building->field->place : place, "%s: %s",
		building->field->label, arena_vprintf(building->arena, format, args));
	va_end(args);
	building->is_good = false;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* As FastAPI's: a thousand-millionth of the number is forgiven, for 0.3 is no multiple of 0.1. */
static bool is_multiple(enum value_type type, const union value *a, const union value *of)
{
	double rest, forgiven;

	if (type == VALUE_UINT)
		return a->uinteger % of->uinteger == 0;
	if (type == VALUE_INT)
		return of->integer == -1 || a->integer % of->integer == 0;
	rest = fabs(fmod(a->number, of->number));
	forgiven = fabs(a->number) / 1e9;
	return rest <= forgiven || fabs(rest - fabs(of->number)) <= forgiven;
}

static bool is_zero(enum value_type type, const union value *value)
{
	const union value zero = {.uinteger = 0};

	return type == VALUE_DOUBLE ? !(fabs(value->number) > 0) || !isfinite(value->number)
				    : value->uinteger == zero.uinteger;
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool read_value(struct building *building, enum rules_key key, struct said *said)
{
	enum value_type type = rows[key].own ? building->field->type : rows[key].type;
	struct value_error error;

	if ((rows[key].fits & BIT(building->field->type)) == 0 ||
		(rows[key].fits == LISTS && !building->field->is_list))
		complain(building, said->place,
			"%s is nothing for %s; take it away, or change the field's type",
			rows[key].name, value_type_name(building->field->type));
	else if (!value_parse(type, span_of(said->text), building->arena, &said->value, &error))
		complain(building, said->place, "%s \"%s\" is no %s: %s", rows[key].name,
			said->text, value_type_name(type), error.message);
	else if (type == VALUE_DOUBLE && isnan(said->value.number))
		complain(building, said->place, "%s \"%s\" is no bound; write a number",
			rows[key].name, said->text);
	else if (key == RULES_MULTIPLE_OF && is_zero(type, &said->value))
		complain(building, said->place,
			"multiple_of \"%s\": nothing is a multiple of it; write another number",
			said->text);
	else
		return true;
	return false;
}

static void read_said(
	struct building *building, const struct rules_said *from, struct said out[RULES_KEY_COUNT])
{
	static const enum rules_key pairs[][2] = {{RULES_LE, RULES_LT}, {RULES_GE, RULES_GT}};

	memset(out, 0, RULES_KEY_COUNT * sizeof(*out));
	for (int key = 0; key < RULES_KEY_COUNT; key++) {
		out[key] = (struct said){.text = from->texts[key],
			.author = from->author,
			.place = from->places[key]};
		if (out[key].text != NULL && !read_value(building, (enum rules_key)key, &out[key]))
			out[key].text = NULL;
	}
	for (size_t i = 0; i < 2; i++)
		if (out[pairs[i][0]].text != NULL && out[pairs[i][1]].text != NULL)
			complain(building, out[pairs[i][1]].place,
				"%s has both %s and %s; say one of them", from->author,
				rows[pairs[i][0]].name, rows[pairs[i][1]].name);
}

/* ---- two authors ----------------------------------------------------------------------------- */

/* A bound in one direction: which of the two keys was said, or neither. */
static const struct said *bound_of(
	const struct said *said, enum rules_key closed, enum rules_key open, enum rules_key *key)
{
	*key = said[closed].text != NULL ? closed : open;
	return said[*key].text == NULL ? NULL : &said[*key];
}

static void complain_of_loosening(struct building *building, const struct said *route,
	enum rules_key route_key, const struct said *plugin, enum rules_key plugin_key)
{
	complain(building, route->place,
		"%s %s of %s is looser than %s %s of %s; a route may only tighten: take it away, "
		"or write a tighter one",
		rows[route_key].name, route->text, route->author, rows[plugin_key].name,
		plugin->text, plugin->author);
}

/* gt 2 and ge 3 are the same of whole numbers: then neither is looser. */
static bool is_looser(enum value_type type, const struct said *route, bool route_is_open,
	const struct said *plugin, bool plugin_is_open, int sign)
{
	int order = sign * rules_bound_order(type, &route->value, &plugin->value);

	if (order == 0)
		return plugin_is_open && !route_is_open;
	if (order > 0 || !route_is_open || plugin_is_open || !rules_bound_is_stepped(type))
		return order < 0;
	return route->value.uinteger + (uint64_t)sign != plugin->value.uinteger;
}

/* sign: 1 for lower bounds, -1 for upper ones. What is kept stands in `kept` alone. */
static void merge_bound(struct building *building, const struct said *plugin,
	const struct said *route, struct said *kept, int sign)
{
	enum rules_key closed = sign > 0 ? RULES_GE : RULES_LE;
	enum rules_key open = sign > 0 ? RULES_GT : RULES_LT;
	enum rules_key plugin_key, route_key;
	const struct said *own = bound_of(plugin, closed, open, &plugin_key);
	const struct said *other = bound_of(route, closed, open, &route_key);

	if (own != NULL && other != NULL &&
		is_looser(building->field->type, other, route_key == open, own, plugin_key == open,
			sign))
		complain_of_loosening(building, other, route_key, own, plugin_key);
	if (other != NULL)
		kept[route_key] = *other;
	else if (own != NULL)
		kept[plugin_key] = *own;
}

static bool value_is_looser(enum rules_key key, enum value_type type, const union value *route,
	const union value *plugin)
{
	switch (key) {
	case RULES_MAX_LENGTH:
	case RULES_MAX_ITEMS:
		return route->uinteger > plugin->uinteger;
	case RULES_MIN_LENGTH:
	case RULES_MIN_ITEMS:
		return route->uinteger < plugin->uinteger;
	case RULES_MULTIPLE_OF:
		return !is_multiple(type, route, plugin);
	case RULES_ALLOW_INF_NAN:
		return route->truth && !plugin->truth;
	default:
		return false;
	}
}

static void merge(struct building *building, const struct said *plugin, const struct said *route,
	struct said *kept)
{
	static const enum rules_key plain[] = {RULES_ALLOW_INF_NAN, RULES_MULTIPLE_OF,
		RULES_MAX_LENGTH, RULES_MIN_LENGTH, RULES_MAX_ITEMS, RULES_MIN_ITEMS};

	memset(kept, 0, RULES_KEY_COUNT * sizeof(*kept));
	merge_bound(building, plugin, route, kept, 1);
	merge_bound(building, plugin, route, kept, -1);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		enum rules_key key = plain[i];

		kept[key] = route[key].text != NULL ? route[key] : plugin[key];
		if (route[key].text != NULL && plugin[key].text != NULL &&
			value_is_looser(
				key, building->field->type, &route[key].value, &plugin[key].value))
			complain_of_loosening(building, &route[key], key, &plugin[key], key);
	}
}

static void complain_of_nothing_left(struct building *building, const struct said *a,
	enum rules_key a_key, const struct said *b, enum rules_key b_key)
{
	complain(building, a->place.file == NULL ? b->place : a->place,
		"%s %s of %s and %s %s of %s leave no value; change one of them", rows[a_key].name,
		a->text, a->author, rows[b_key].name, b->text, b->author);
}

static void check_sizes(
	struct building *building, const struct said *kept, enum rules_key low, enum rules_key high)
{
	if (kept[low].text != NULL && kept[high].text != NULL &&
		kept[low].value.uinteger > kept[high].value.uinteger)
		complain_of_nothing_left(building, &kept[low], low, &kept[high], high);
}

/* Nothing between the bounds, or of whole numbers nothing between 1 and 2 without both. */
static void check_contradictions(struct building *building, const struct said *kept)
{
	enum value_type type = building->field->type;
	const struct said *least, *most;
	enum rules_key low, high;
	int order;

	check_sizes(building, kept, RULES_MIN_LENGTH, RULES_MAX_LENGTH);
	check_sizes(building, kept, RULES_MIN_ITEMS, RULES_MAX_ITEMS);
	least = bound_of(kept, RULES_GE, RULES_GT, &low);
	most = bound_of(kept, RULES_LE, RULES_LT, &high);
	if (least == NULL || most == NULL)
		return;
	order = rules_bound_order(type, &least->value, &most->value);
	if (order > 0 || (order == 0 && (low == RULES_GT || high == RULES_LT)) ||
		(order < 0 && low == RULES_GT && high == RULES_LT && rules_bound_is_stepped(type) &&
			least->value.uinteger + 1 == most->value.uinteger))
		complain_of_nothing_left(building, least, low, most, high);
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* A text as Python would quote it: FastAPI's messages do. */
static const char *pattern_message(const char *start, const char *pattern, struct arena *arena)
{
	return arena_printf(arena, "%s'%s'", start, pattern);
}

static void fill_error(
	struct rules_test *test, enum value_type type, const struct said *said, struct arena *arena)
{
	const struct key_row *row = &rows[test->key];
	const char *bound;

	test->error = (struct value_error){.type = row->error, .message = row->message};
	if (test->key == RULES_ALLOW_INF_NAN)
		return;
	if (test->key == RULES_PATTERN) {
		test->error.message = pattern_message(row->message, said->text, arena);
		test->error.ctx[0] = (struct value_ctx){row->name, said->text, false};
		test->exhausted = test->error;
		test->exhausted.type = "string_pattern_limit";
		test->exhausted.message = pattern_message(
			"String takes too long to be compared with pattern ", said->text, arena);
		return;
	}
	type = row->own ? type : row->type;
	bound = rules_bound_text(type, &test->bound, arena);
	test->error.ctx[0] = (struct value_ctx){row->name, bound, rules_bound_is_number(type)};
	test->error.message = row->own ? arena_printf(arena, "%s%s", row->message, bound)
				       : arena_printf(arena, "%s%s character%s", row->message,
						 bound, test->bound.uinteger == 1 ? "" : "s");
}

static void add_test(
	struct building *building, struct rules *rules, enum rules_key key, const struct said *said)
{
	struct rules_test *test = &rules->tests[rules->test_count];
	struct err why;

	/* "true" is what holds anyway. */
	if (said->text == NULL || (key == RULES_ALLOW_INF_NAN && said->value.truth))
		return;
	*test = (struct rules_test){.key = key, .bound = said->value};
	if (key == RULES_PATTERN) {
		test->regex = regex_new(said->text, &why);
		if (test->regex == NULL) {
			complain(building, said->place, "pattern \"%s\": %s", said->text, why.text);
			return;
		}
	}
	fill_error(test, rules->type, said, building->arena);
	rules->test_count++;
}

struct rules *rules_new(const struct rules_field *field, const struct rules_said *plugin,
	const struct rules_said *route, struct arena *arena, struct err_list *why)
{
	struct building building = {field, arena, why, true};
	struct said own[RULES_KEY_COUNT], other[RULES_KEY_COUNT], kept[RULES_KEY_COUNT];
	struct rules *rules = arena_alloc(arena, sizeof(*rules));

	rules->type = field->type;
	read_said(&building, plugin, own);
	read_said(&building, route, other);
	merge(&building, own, other, kept);
	check_contradictions(&building, kept);
	rules->least_items = kept[RULES_MIN_ITEMS].value.uinteger;
	rules->most_items = kept[RULES_MAX_ITEMS].text == NULL
				    ? UINT64_MAX
				    : kept[RULES_MAX_ITEMS].value.uinteger;
	for (int key = 0; key <= RULES_LAST_OF_ITEM; key++)
		add_test(&building, rules, (enum rules_key)key, &kept[key]);
	/* Patterns cannot be compared, so both have to match. */
	add_test(&building, rules, RULES_PATTERN, &own[RULES_PATTERN]);
	add_test(&building, rules, RULES_PATTERN, &other[RULES_PATTERN]);
	if (building.is_good &&
		(rules->test_count > 0 || rules->least_items > 0 || rules->most_items < UINT64_MAX))
		return rules;
	rules_fini(rules);
	return NULL;
}

void rules_fini(struct rules *rules)
{
	for (size_t i = 0; i < rules->test_count; i++)
		regex_free(rules->tests[i].regex);
	rules->test_count = 0;
}

/* ---- a value --------------------------------------------------------------------------------- */

static struct span text_of(enum value_type type, const union value *value)
{
	return type == VALUE_TEXT ? span_of(value->text) : value->str;
}

/* A not-a-number is neither less nor greater than anything, so it passes no bound. */
static bool passes_bound(
	const struct rules_test *test, enum value_type type, const union value *value)
{
	int order = rules_bound_order(type, value, &test->bound);

	if (type == VALUE_DOUBLE && isnan(value->number))
		return false;
	switch (test->key) {
	case RULES_LE:
		return order <= 0;
	case RULES_LT:
		return order < 0;
	case RULES_GE:
		return order >= 0;
	default:
		return order > 0;
	}
}

static const struct value_error *test_pattern(const struct rules_test *test, struct span text)
{
	switch (regex_match(test->regex, text)) {
	case REGEX_MATCHES:
		return NULL;
	case REGEX_DIFFERS:
		return &test->error;
	case REGEX_EXHAUSTED:
		break;
	}
	return &test->exhausted;
}

static const struct value_error *run_test(
	const struct rules_test *test, enum value_type type, const union value *value)
{
	bool passes = true;

	switch (test->key) {
	case RULES_ALLOW_INF_NAN:
		passes = isfinite(value->number);
		break;
	case RULES_MULTIPLE_OF:
		passes = is_multiple(type, value, &test->bound);
		break;
	case RULES_MAX_LENGTH:
		passes = utf8_length(text_of(type, value)) <= test->bound.uinteger;
		break;
	case RULES_MIN_LENGTH:
		passes = utf8_length(text_of(type, value)) >= test->bound.uinteger;
		break;
	case RULES_PATTERN:
		return test_pattern(test, text_of(type, value));
	default:
		passes = passes_bound(test, type, value);
		break;
	}
	return passes ? NULL : &test->error;
}

bool rules_check(const struct rules *rules, const union value *value, struct value_error *why)
{
	for (size_t i = 0; i < rules->test_count; i++) {
		const struct value_error *error = run_test(&rules->tests[i], rules->type, value);

		if (error != NULL) {
			*why = *error;
			return false;
		}
	}
	return true;
}

const char *rules_slow_pattern(const struct rules *rules)
{
	for (size_t i = 0; i < rules->test_count; i++) {
		const struct rules_test *test = &rules->tests[i];

		if (test->key == RULES_PATTERN && regex_is_slow(test->error.ctx[0].value))
			return test->error.ctx[0].value;
	}
	return NULL;
}

/* ---- a list ---------------------------------------------------------------------------------- */

static void fill_count_error(struct value_error *why, enum rules_key key, uint64_t bound,
	size_t count, struct arena *arena)
{
	const char *said = arena_printf(arena, "%llu", (unsigned long long)bound);
	const char *found = arena_printf(arena, "%zu", count);

	*why = (struct value_error){.type = rows[key].error,
		.message = arena_printf(arena,
			"List should have %s %s item%s after validation, not %s", rows[key].message,
			said, bound == 1 ? "" : "s", found),
		.ctx = {{"field_type", "List", false},
			{key == RULES_MAX_ITEMS ? "max_length" : "min_length", said, true},
			{"actual_length", found, true}}};
}

bool rules_check_most(
	const struct rules *rules, size_t count, struct arena *arena, struct value_error *why)
{
	if (count <= rules->most_items)
		return true;
	fill_count_error(why, RULES_MAX_ITEMS, rules->most_items, count, arena);
	return false;
}

bool rules_check_least(
	const struct rules *rules, size_t count, struct arena *arena, struct value_error *why)
{
	if (count >= rules->least_items)
		return true;
	fill_count_error(why, RULES_MIN_ITEMS, rules->least_items, count, arena);
	return false;
}
