/*
 * Plans and requests from the same bytes: rules over every type and source, providers of providers,
 * then pairs for each source. What a plan fills is complete, and texts are what a second look finds
 * in the request; what it refuses it refuses with reasons. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "base/arena.h"
#include "inject/inject.h"

enum color { RED = 1, GREEN = 2 };
static const struct sl_enum_name color_names[] = {{"red", RED}, {"green", GREEN}, {"", -1}};

#define MEMBERS(word, type, number)      \
	type plain##word;                \
	struct sl_opt##word opt##word;   \
	struct sl_list##word list##word; \
	struct sl_opt_list##word opt_list##word;
#define FIELDS_OF(word) \
	SL_FIELD(plain##word), SL_FIELD(opt##word), SL_FIELD(list##word), SL_FIELD(opt_list##word)

struct all_args {
	SL_TYPES_(MEMBERS)
	enum color plain_enum;
	struct sl_opt_enum opt_enum;
	struct sl_list_enum list_enum;
	struct sl_opt_list_enum opt_list_enum;
};
SL_ARGS(all_args, FIELDS_OF(_text), FIELDS_OF(_str), FIELDS_OF(_int), FIELDS_OF(_double),
	FIELDS_OF(_bool), FIELDS_OF(_uint), FIELDS_OF(_uuid), FIELDS_OF(_datetime),
	FIELDS_OF(_date), FIELDS_OF(_time), FIELDS_OF(_timedelta),
	SL_FIELD_ENUM(plain_enum, color_names), SL_FIELD_ENUM(opt_enum, color_names),
	SL_FIELD_ENUM(list_enum, color_names), SL_FIELD_ENUM(opt_list_enum, color_names));

/* A field's number is its type's (from 0), times the forms, plus its form's. */
enum { FORMS = 4, LIST_FORM = 2, TYPES = SL_TYPE_ENUM, FIELDS = TYPES * FORMS };
enum { PROVIDERS = 6, PAIRS_MAX = 64, PARAMS = 2 };

/* ---- the bytes ------------------------------------------------------------------------------- */

struct story {
	struct span rest;
	struct arena arena;
	struct inject_rule rules[PROVIDERS + 1][FIELDS];
	struct inject_provider providers[PROVIDERS];
	struct pair pairs[2][PAIRS_MAX]; /* query, cookies */
	size_t pair_count[2];
	struct span params[PARAMS];
	const char *converters[PARAMS];
	struct http_head head;
	bool has_run[PROVIDERS];
	bool was_stopped;
};

static unsigned take(struct story *story)
{
	unsigned byte;

	if (story->rest.len == 0)
		return 0;
	byte = (unsigned char)story->rest.ptr[0];
	story->rest = span_from(story->rest, 1);
	return byte;
}

static const char *field_name(size_t field)
{
	return all_args_table()->fields[field].name;
}

static const char *const param_names[PARAMS] = {"plain_text", "n"};

/* Mostly a field's own name, so that rules and requests meet. */
static const char *pick_name(unsigned byte)
{
	static const char *const others[] = {"n", "x-y", "", "opt-text", "OPT-INT", "nothing"};

	return byte < 240 ? field_name(byte % FIELDS) : others[byte % 6];
}

/* ---- providers ------------------------------------------------------------------------------- */

static int give(struct sl_conn *conn, const void *args, void *result)
{
	(void)conn;
	(void)args;
	(void)result;
	/* The plan hands providers to the run's own call and never calls one. */
	abort();
}

#define FUNCTION(name_, table, number, c_type)                                                     \
	{                                                                                          \
		.name = name_, .args = table, .type = number, .size = sizeof(c_type), .call = give \
	}
static const struct sl_provider functions[PROVIDERS] = {
	FUNCTION("p0", all_args_table, SL_TYPE_TEXT, const char *),
	FUNCTION("p1", all_args_table, SL_TYPE_STR, struct sl_str),
	FUNCTION("p2", all_args_table, SL_TYPE_INT, int64_t),
	FUNCTION("p3", sl_no_args_table, SL_TYPE_DOUBLE, double),
	FUNCTION("p4", all_args_table, SL_TYPE_BOOL | SL_TYPE_OPTIONAL, struct sl_opt_bool),
	FUNCTION("p5", all_args_table, SL_TYPE_INT | SL_TYPE_LIST, struct sl_list_int),
};

static const struct inject_provider *find_provider(void *context, const char *name)
{
	struct story *story = context;

	for (size_t i = 0; i < PROVIDERS; i++)
		if (strcmp(functions[i].name, name) == 0)
			return &story->providers[i];
	return NULL;
}

/* ---- the plan ----------------------------------------------------------------------------------
 */

/* The provider whose result fits the field and that comes behind `taker`, so that no circle forms.
 */
static const char *fitting_provider(size_t field, size_t taker)
{
	size_t type = field / FORMS, i = PROVIDERS;

	if (field % FORMS < LIST_FORM && type < 4)
		i = type;
	else if (field % FORMS >= LIST_FORM && type + 1 == SL_TYPE_INT)
		i = 5;
	else if (field % FORMS == 1 && type + 1 == SL_TYPE_BOOL)
		i = 4;
	return i < PROVIDERS && (taker == PROVIDERS || i > taker) ? functions[i].name : NULL;
}

/* A default, a bound, and three rules for each type; check_kept knows what those of int promise. */
static const struct fitting {
	const char *value;
	struct {
		enum rules_key key;
		const char *text;
	} rules[3];
} fittings[TYPES] = {
	{"x", {{RULES_MAX_LENGTH, "3"}, {RULES_MIN_LENGTH, "1"}, {RULES_PATTERN, "^(a+|.*)+$"}}},
	{"", {{RULES_MAX_LENGTH, "3"}, {RULES_MIN_LENGTH, "1"}, {RULES_PATTERN, "\\w"}}},
	{"7", {{RULES_GE, "-5"}, {RULES_LT, "1000"}, {RULES_MULTIPLE_OF, "1"}}},
	{"0.5", {{RULES_GT, "-1e3"}, {RULES_ALLOW_INF_NAN, "false"}, {RULES_MULTIPLE_OF, "0.5"}}},
	{"true", {{RULES_ALLOW_INF_NAN, NULL}}},
	{"8", {{RULES_GE, "1"}, {RULES_LE, "18446744073709551615"}, {RULES_MULTIPLE_OF, "2"}}},
	{"01234567-89ab-cdef-0123-456789abcdef", {{RULES_ALLOW_INF_NAN, NULL}}},
	{"2026-01-31", {{RULES_GE, "2000-01-01T00:00Z"}, {RULES_LT, "9999-12-31T23:59:59"}}},
	{"2026-01-31", {{RULES_GT, "0001-01-01"}, {RULES_LE, "9999-12-31"}}},
	{"12:30", {{RULES_GT, "00:00"}, {RULES_LE, "23:59-05:00"}}},
	{"P1D", {{RULES_GE, "-P1D"}, {RULES_LT, "P10000D"}}},
	{"red", {{RULES_ALLOW_INF_NAN, NULL}}},
};

/* Rules that fit the field's type. */
static void take_said(struct story *story, struct inject_rule *rule, size_t field)
{
	static const char *const names[] = {"red", "", "a", "bb"};
	const struct fitting *fitting = &fittings[field / FORMS];
	size_t type = field / FORMS + 1;
	unsigned which = take(story);

	for (size_t i = 0; i < 3; i++)
		if ((which >> i & 1) && fitting->rules[i].text != NULL)
			rule->said.texts[fitting->rules[i].key] = fitting->rules[i].text;
	if (field % FORMS >= LIST_FORM && (which & 8))
		rule->said.texts[RULES_MIN_ITEMS] = "2";
	if (field % FORMS >= LIST_FORM && (which & 16))
		rule->said.texts[RULES_MAX_ITEMS] = "4";
	if ((which & 32) && (type == SL_TYPE_ENUM || type <= SL_TYPE_STR))
		rule->enum_values = (struct texts){names, type == SL_TYPE_ENUM ? 2 : 4};
}

static void take_default(struct inject_rule *rule, size_t field)
{
	rule->default_text = fittings[field / FORMS].value;
	if (field % FORMS >= LIST_FORM) {
		rule->default_text = NULL;
		rule->default_items = (struct texts){&fittings[field / FORMS].value, field % 2};
	}
}

/* Completes a rule so that it can work. */
static void make_right(struct story *story, struct inject_rule *rule, size_t field, size_t taker)
{
	if (rule->source == INJECT_PROVIDER) {
		rule->alias = fitting_provider(field, taker);
		if (rule->alias != NULL)
			return;
		rule->source = INJECT_QUERY;
	}
	take_said(story, rule, field);
	if (rule->source == INJECT_PATH && field % FORMS >= LIST_FORM)
		rule->source = INJECT_COOKIE;
	if (rule->source == INJECT_PATH)
		rule->alias = param_names[take(story) % PARAMS];
	if (rule->source == INJECT_QUERY || rule->source == INJECT_COOKIE) {
		unsigned more = take(story);

		rule->alias = more & 1 ? pick_name(take(story)) : NULL;
		if (more & 2)
			take_default(rule, field);
	}
	if (rule->source == INJECT_HEADER && take(story) % 2 == 0)
		rule->alias = "x-y";
}

/* Any mistake an author can make. */
static void make_wrong(struct story *story, struct inject_rule *rule)
{
	static const char *const defaults[] = {"", "1", "0.5", "true", "x", "9223372036854775808"};
	static const char *const types[] = {"str", "int", "float?", "bool list"};
	unsigned how = take(story);

	rule->alias = how & 1 ? functions[take(story) % PROVIDERS].name : pick_name(take(story));
	rule->said.texts[take(story) % RULES_KEY_COUNT] = defaults[take(story) % 6];
	if (how & 0x20)
		rule->enum_values = (struct texts){defaults, take(story) % 7};
	if (how & 0x40)
		rule->default_items = (struct texts){defaults, take(story) % 7};
	rule->default_text = how & 2 ? defaults[take(story) % 6] : NULL;
	rule->type = how & 4 ? types[take(story) % 4] : NULL;
	if ((how & 0x18) == 0)
		rule->field = "unheard_of";
}

static void take_rule(struct story *story, struct inject_rule *rule, size_t field, size_t taker)
{
	unsigned what = take(story);

	*rule = (struct inject_rule){.field = field_name(field),
		.place = {"routes.yaml", 1, 1},
		.source = (enum inject_source)(what % 6),
		.said.author = "the route"};
	if (what < 0xf8)
		make_right(story, rule, field, taker);
	else
		make_wrong(story, rule);
}

static bool take_plan(struct story *story, struct plan *plan)
{
	struct plan_input input = {.table = all_args_table(),
		.label = "route /",
		.path_params = param_names,
		.path_converters = story->converters,
		.path_param_count = PARAMS,
		.find_provider = find_provider,
		.context = story};
	static const char *const converters[] = {"str", "str", "path", "int", "uuid", "float"};
	struct err_list why = {0};
	unsigned strict = take(story);
	bool is_good;

	input.is_query_strict = strict & 1;
	input.is_cookie_strict = strict & 2;
	for (size_t i = 0; i < PARAMS; i++)
		story->converters[i] = strict & 0x80 ? converters[take(story) % 6] : "str";
	for (size_t i = 0; i <= PROVIDERS; i++) {
		/* Many fields are rare: each takes bytes. */
		unsigned most = take(story);
		size_t count = most < 250 ? most % 12 : FIELDS;

		for (size_t j = 0; j < count; j++)
			take_rule(story, &story->rules[i][j], (j * 5 + most) % FIELDS, i);
		if (i == PROVIDERS) {
			input.rules = story->rules[i];
			input.rule_count = count;
		} else {
			story->providers[i] = (struct inject_provider){.name = functions[i].name,
				.function = &functions[i],
				.rules = story->rules[i],
				.rule_count = i == 3 ? 0 : count};
		}
	}
	is_good = plan_build(plan, &input, &story->arena, &why);
	fuzz_assert(is_good == (why.count == 0));
	err_list_fini(&why);
	return is_good;
}

/* ---- the request
 * --------------------------------------------------------------------------------- */

static void take_request(struct story *story)
{
	for (size_t i = 0; i < PARAMS; i++)
		story->params[i] = SPAN("1");
	while (story->rest.len > 0) {
		unsigned where = take(story) % 4;
		struct span name = span_of(pick_name(take(story)));
		size_t len = take(story) % 24;
		struct span value = {
			story->rest.ptr, len < story->rest.len ? len : story->rest.len};

		story->rest = span_from(story->rest, value.len);
		if (value.len == 0 && len == 0)
			value.ptr = NULL; /* as decoders may leave an empty value */
		if (where == 3)
			story->params[name.len % PARAMS] = value;
		else if (where == 2 && story->head.header_count < HTTP_HEADERS_MAX)
			story->head.headers[story->head.header_count++] = (struct http_header){
				name, value.ptr == NULL ? SPAN("") : value};
		else if (where < 2 && story->pair_count[where] < PAIRS_MAX)
			story->pairs[where][story->pair_count[where]++] = (struct pair){
				name, value};
	}
}

/* ---- the run
 * --------------------------------------------------------------------------------------- */

static void check_text(const char *text)
{
	fuzz_assert(text != NULL);
	fuzz_assert(strlen(text) < 1000);
}

static void check_str(const struct sl_str *str)
{
	fuzz_assert(str->ptr != NULL && str->len < 1000);
}

/* A member of its own or an item of a list. */
static void check_value(uint32_t type, const void *where)
{
	if (type == SL_TYPE_TEXT)
		check_text(*(const char *const *)where);
	if (type == SL_TYPE_STR)
		check_str(where);
	if (type == SL_TYPE_BOOL)
		fuzz_assert(*(const unsigned char *)where <= 1);
}

static size_t item_size(uint32_t type)
{
#define SIZE(word, type, number) [number] = sizeof(type),
	static const size_t sizes[] = {SL_TYPES_(SIZE) SL_ENUM_TYPE_(SIZE)};
#undef SIZE

	return sizes[type];
}

static void check_list(uint32_t type, const void *where)
{
	const struct sl_list_text *list = where;

	fuzz_assert(list->count == 0 || list->items != NULL);
	fuzz_assert(list->count <= PAIRS_MAX + HTTP_HEADERS_MAX);
	for (size_t i = 0; i < list->count; i++)
		check_value(type, (const char *)list->items + i * item_size(type));
}

static uint32_t set_of(const struct sl_field *field, const void *where)
{
#define SET(word, type, number) [number] = offsetof(struct sl_opt##word, set),
	static const size_t offsets[] = {SL_TYPES_(SET) SL_ENUM_TYPE_(SET)};
#undef SET
	size_t offset = field->type & SL_TYPE_LIST ? offsetof(struct sl_opt_list_int, set)
						   : offsets[field->type & 0xff];
	uint32_t set;

	memcpy(&set, (const char *)where + offset, sizeof(set));
	return set;
}

/* Every member was written; what is not set is empty. */
static void check_complete(const struct all_args *args)
{
	const struct sl_table *table = all_args_table();

	for (size_t i = 0; i < FIELDS; i++) {
		const struct sl_field *field = &table->fields[i];
		const void *where = (const char *)args + field->offset;

		if (field->type & SL_TYPE_LIST)
			check_list(field->type & 0xff, where);
		else
			check_value(field->type & 0xff, where);
		if (field->type & SL_TYPE_OPTIONAL)
			fuzz_assert(set_of(field, where) <= 1);
	}
	fuzz_assert(args->opt_text.set || args->opt_text.value[0] == '\0');
	fuzz_assert(args->opt_str.set || args->opt_str.value.len == 0);
	fuzz_assert(args->opt_int.set || args->opt_int.value == 0);
	fuzz_assert(args->opt_list_int.set || args->opt_list_int.value.count == 0);
	fuzz_assert(args->opt_enum.value >= -1 && args->opt_enum.value <= GREEN);
}

static int call(
	void *context, const struct inject_provider *provider, const void *args, void *result)
{
	struct story *story = context;
	size_t i = (size_t)(provider - story->providers);

	fuzz_assert(i < PROVIDERS && !story->has_run[i] && !story->was_stopped);
	story->has_run[i] = true;
	if (i != 3)
		check_complete(args);
	for (size_t at = 0; at < functions[i].size; at++)
		fuzz_assert(((const char *)result)[at] == 0);
	if (i == 0 && story->head.header_count != 1)
		*(const char **)result = "given";
	story->was_stopped = i == 2 && story->pair_count[0] == 7;
	return i == 1 && story->pair_count[1] == 5 ? SL_FAILED : SL_OK;
}

static bool stopped(void *context)
{
	return ((struct story *)context)->was_stopped;
}

/* The second look: the last pair of that name. */
static void check_pair(
	const struct story *story, const struct plan_fetch *fetch, const struct sl_str *value)
{
	size_t from = fetch->source == INJECT_QUERY ? 0 : 1;
	const struct pair *last = NULL;

	for (size_t i = 0; i < story->pair_count[from]; i++)
		if (span_equal(story->pairs[from][i].name, span_of(fetch->name)))
			last = &story->pairs[from][i];
	if (last == NULL)
		fuzz_assert(fetch->default_value != NULL);
	else
		fuzz_assert(span_equal(last->value, (struct span){value->ptr, value->len}));
}

/* And of a list: all pairs of that name, in their order. */
static void check_pairs(
	const struct story *story, const struct plan_fetch *fetch, const struct sl_list_str *list)
{
	size_t from = fetch->source == INJECT_QUERY ? 0 : 1, found = 0;

	for (size_t i = 0; i < story->pair_count[from]; i++) {
		const struct pair *pair = &story->pairs[from][i];

		if (!span_equal(pair->name, span_of(fetch->name)))
			continue;
		fuzz_assert(found < list->count);
		fuzz_assert(span_equal(pair->value,
			(struct span){list->items[found].ptr, list->items[found].len}));
		found++;
	}
	fuzz_assert(found == list->count || (found == 0 && fetch->default_value != NULL));
	fuzz_assert(found == 0 || fetch->item.rules == NULL || found <= 4 || fetch->note_count > 0);
}

/* A strict source holds nothing but what some fetch takes. */
static void check_strict(const struct story *story, const struct plan *plan)
{
	const struct plan_names *names[] = {&plan->query, &plan->cookies};

	for (size_t from = 0; from < 2; from++)
		for (size_t i = 0; names[from]->is_strict && i < story->pair_count[from]; i++) {
			size_t j = 0;

			while (j < names[from]->count &&
				!span_equal(names[from]->names[j], story->pairs[from][i].name))
				j++;
			fuzz_assert(j < names[from]->count);
		}
}

/* What the integer's rules promise; every default that is given keeps them. */
static void check_kept(
	const struct story *story, const struct plan_fetch *fetch, const struct all_args *args)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct inject_rule *rule = &story->rules[PROVIDERS][i];

		if (rule->field == NULL || strcmp(rule->field, "plain_int") != 0)
			continue;
		fuzz_assert(rule->said.texts[RULES_GE] == NULL || args->plain_int >= -5 ||
			    rule->said.texts[RULES_GE][0] != '-');
		fuzz_assert(rule->said.texts[RULES_LT] == NULL || args->plain_int < 1000 ||
			    strcmp(rule->said.texts[RULES_LT], "1000") != 0);
		fuzz_assert(fetch->note_count > 0 || rule->said.texts[RULES_LT] == NULL);
	}
}

static void check_done(
	const struct story *story, const struct plan *plan, const struct all_args *args)
{
	const struct plan_call *own = &plan->calls[plan->call_count - 1];

	check_complete(args);
	check_strict(story, plan);
	for (size_t i = 0; i < own->fetch_count; i++) {
		if (strcmp(own->fetches[i].field, "plain_int") == 0 &&
			own->fetches[i].source != INJECT_PROVIDER)
			check_kept(story, &own->fetches[i], args);
		if (strcmp(own->fetches[i].field, "plain_str") == 0 &&
			(own->fetches[i].source == INJECT_QUERY ||
				own->fetches[i].source == INJECT_COOKIE))
			check_pair(story, &own->fetches[i], &args->plain_str);
		if (strcmp(own->fetches[i].field, "list_str") == 0 &&
			(own->fetches[i].source == INJECT_QUERY ||
				own->fetches[i].source == INJECT_COOKIE))
			check_pairs(story, &own->fetches[i], &args->list_str);
	}
}

static void check_errors(const struct inject_errors *errors)
{
	fuzz_assert(errors->count <= INJECT_ERRORS_MAX);
	for (size_t i = 0; i < errors->count; i++) {
		const struct inject_error *error = &errors->items[i];

		fuzz_assert(error->type != NULL && error->message != NULL && error->name != NULL);
		fuzz_assert((error->has_input || error->inputs != NULL) ==
			    (strcmp(error->type, "missing") != 0));
		fuzz_assert(!error->has_index || error->index < PAIRS_MAX + HTTP_HEADERS_MAX);
		fuzz_assert(error->input.len == 0 || error->input.ptr != NULL);
	}
}

static void run_plan(struct story *story, const struct plan *plan)
{
	const struct inject_request request = {.head = &story->head,
		.path_params = story->params,
		.query = story->pairs[0],
		.query_count = story->pair_count[0],
		.cookies = story->pairs[1],
		.cookie_count = story->pair_count[1]};
	struct inject_run run = {.plan = plan,
		.request = &request,
		.arena = &story->arena,
		.call = call,
		.stopped = stopped,
		.context = story};
	enum inject_result result = inject_run(&run);

	fuzz_assert((result == INJECT_DONE) == (run.args != NULL));
	fuzz_assert(result != INJECT_INVALID || run.errors.count > 0);
	fuzz_assert(result != INJECT_DONE || run.errors.count == 0);
	fuzz_assert(result != INJECT_STOPPED || run.provider_result != SL_OK || story->was_stopped);
	if (result == INJECT_DONE)
		check_done(story, plan, run.args);
	check_errors(&run.errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct story *story = calloc(1, sizeof(*story));
	struct plan plan;

	fuzz_assert(story != NULL);
	story->rest = fuzz_rest(&input);
	if (take_plan(story, &plan)) {
		take_request(story);
		run_plan(story, &plan);
	}
	plan_fini(&plan);
	arena_fini(&story->arena);
	free(story);
	fuzz_end(&input);
	return 0;
}
