/*
 * Plans and requests from the same bytes: rules over every type and source, providers of providers,
 * then pairs for each source. What a plan fills is complete, and texts are what a second look finds
 * in the request; what it refuses it refuses with reasons. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "base/arena.h"
#include "inject/inject.h"

struct all_args {
	const char *text;
	struct sl_str str;
	int64_t integer;
	double number;
	bool truth;
	struct sl_opt_text opt_text;
	struct sl_opt_str opt_str;
	struct sl_opt_int opt_int;
	struct sl_opt_double opt_double;
	struct sl_opt_bool opt_bool;
};
SL_ARGS(all_args, SL_FIELD(text), SL_FIELD(str), SL_FIELD(integer), SL_FIELD(number),
	SL_FIELD(truth), SL_FIELD(opt_text), SL_FIELD(opt_str), SL_FIELD(opt_int),
	SL_FIELD(opt_double), SL_FIELD(opt_bool));

enum { FIELDS = 10, PROVIDERS = 5, PAIRS_MAX = 64, PARAMS = 2 };

/* ---- the bytes ------------------------------------------------------------------------------- */

struct story {
	struct span rest;
	struct arena arena;
	struct inject_rule rules[PROVIDERS + 1][FIELDS];
	struct inject_provider providers[PROVIDERS];
	struct pair pairs[2][PAIRS_MAX]; /* query, cookies */
	size_t pair_count[2];
	struct span params[PARAMS];
	struct http_head head;
	struct inject_attached attached[PROVIDERS];
	const struct inject_run *run;
	size_t last_run; /* index + 1 of the call that ran last in this pass */
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

static const char *const field_names[FIELDS] = {"text", "str", "integer", "number", "truth",
	"opt_text", "opt_str", "opt_int", "opt_double", "opt_bool"};
static const char *const param_names[PARAMS] = {"text", "n"};

/* Mostly a field's own name, so that rules and requests meet. */
static const char *pick_name(unsigned byte)
{
	static const char *const others[] = {"n", "x-y", "", "opt-text", "OPT-INT", "nothing"};

	return byte < 200 ? field_names[byte % FIELDS] : others[byte % 6];
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
	static const size_t fitting[FIELDS] = {0, 1, 2, 3, PROVIDERS, 0, 1, 2, 3, 4};
	size_t i = fitting[field];

	return i < PROVIDERS && (taker == PROVIDERS || i > taker) ? functions[i].name : NULL;
}

/* Rules that fit the field's type; check_kept knows what they promise. */
static void take_said(struct story *story, struct inject_rule *rule, size_t field)
{
	static const struct {
		enum rules_key key;
		const char *text;
	} fitting[4][3] = {
		{{RULES_MAX_LENGTH, "3"}, {RULES_MIN_LENGTH, "1"}, {RULES_PATTERN, "^(a+|.*)+$"}},
		{{RULES_MAX_LENGTH, "3"}, {RULES_MIN_LENGTH, "1"}, {RULES_PATTERN, "\\w"}},
		{{RULES_GE, "-5"}, {RULES_LT, "1000"}, {RULES_MULTIPLE_OF, "1"}},
		{{RULES_GT, "-1e3"}, {RULES_ALLOW_INF_NAN, "false"}, {RULES_MULTIPLE_OF, "0.5"}},
	};
	unsigned which = take(story);

	for (size_t i = 0; i < 3 && field % 5 < 4; i++)
		if (which >> i & 1)
			rule->said.texts[fitting[field % 5][i].key] = fitting[field % 5][i].text;
}

/* Completes a rule so that it can work. */
static void make_right(struct story *story, struct inject_rule *rule, size_t field, size_t taker)
{
	static const char *const defaults[] = {"x", "", "7", "0.5", "true"};

	if (rule->source == INJECT_PROVIDER) {
		static const char *const scopes[] = {"a", "b", NULL};
		unsigned how = take(story);

		rule->alias = fitting_provider(field, taker);
		rule->is_fresh = (how & 1) != 0;
		rule->scopes = how & 2 ? scopes + (how >> 2) % 3 : NULL;
		if (rule->alias != NULL)
			return;
		rule->is_fresh = false;
		rule->scopes = NULL;
		rule->source = INJECT_QUERY;
	}
	take_said(story, rule, field);
	if (rule->source == INJECT_PATH)
		rule->alias = param_names[take(story) % PARAMS];
	if (rule->source == INJECT_QUERY || rule->source == INJECT_COOKIE) {
		unsigned more = take(story);

		rule->alias = more & 1 ? pick_name(take(story)) : NULL;
		rule->default_text = more & 2 ? defaults[field % 5] : NULL;
	}
	if (rule->source == INJECT_HEADER && take(story) % 2 == 0)
		rule->alias = "x-y";
}

/* Any mistake an author can make. */
static void make_wrong(struct story *story, struct inject_rule *rule)
{
	static const char *const defaults[] = {"", "1", "0.5", "true", "x", "9223372036854775808"};
	static const char *const types[] = {"str", "int", "float?", "bool"};
	unsigned how = take(story);

	rule->alias = how & 1 ? functions[take(story) % PROVIDERS].name : pick_name(take(story));
	rule->said.texts[take(story) % RULES_KEY_COUNT] = defaults[take(story) % 6];
	rule->default_text = how & 2 ? defaults[take(story) % 6] : NULL;
	rule->type = how & 4 ? types[take(story) % 4] : NULL;
	if ((how & 0x18) == 0)
		rule->field = "unheard_of";
}

static void take_rule(struct story *story, struct inject_rule *rule, size_t field, size_t taker)
{
	unsigned what = take(story);

	*rule = (struct inject_rule){.field = field_names[field],
		.place = {"routes.yaml", 1, 1},
		.source = (enum inject_source)(what % 6)};
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
		.path_param_count = PARAMS,
		.find_provider = find_provider,
		.context = story};
	struct err_list why = {0};
	bool is_good;

	for (size_t i = 0; i <= PROVIDERS; i++) {
		size_t count = take(story) % (FIELDS + 1);

		for (size_t j = 0; j < count; j++)
			take_rule(story, &story->rules[i][j], j, i);
		if (i == PROVIDERS) {
			input.rules = story->rules[i];
			input.rule_count = count;
		} else {
			story->providers[i] = (struct inject_provider){.name = functions[i].name,
				.function = &functions[i],
				.rules = story->rules[i],
				.rule_count = i == 3 ? 0 : count,
				.scope = take(story) % 8 < 6 ? 0 : take(story) % 3};
		}
	}
	input.attached = story->attached;
	input.attached_count = take(story) % PROVIDERS;
	for (size_t i = 0; i < input.attached_count; i++)
		story->attached[i].name = functions[take(story) % PROVIDERS].name;
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

/* Every member was written; what is not set is empty. */
static void check_complete(const struct all_args *args)
{
	check_text(args->text);
	check_text(args->opt_text.value);
	fuzz_assert(args->str.ptr != NULL && args->opt_str.value.ptr != NULL);
	fuzz_assert((args->opt_text.set | args->opt_str.set | args->opt_int.set |
			    args->opt_double.set | args->opt_bool.set) <= 1);
	fuzz_assert(args->opt_text.set || args->opt_text.value[0] == '\0');
	fuzz_assert(args->opt_str.set || args->opt_str.value.len == 0);
	fuzz_assert(args->opt_int.set || args->opt_int.value == 0);
}

static int call(void *context, const struct plan_call *planned, const void *args, void *result)
{
	struct story *story = context;
	size_t i = (size_t)(planned->provider - story->providers);

	size_t at_call = (size_t)(planned - story->run->plan->calls);

	fuzz_assert(i < PROVIDERS && !story->was_stopped && at_call >= story->last_run);
	fuzz_assert((planned->scope == SL_SCOPE_MESSAGE) == story->run->is_message);
	story->last_run = at_call + 1;
	if (i != 3)
		check_complete(args);
	for (size_t at = 0; at < functions[i].size; at++)
		fuzz_assert(((const char *)result)[at] == 0);
	if (i == 0 && story->head.header_count != 1)
		*(const char **)result = "given";
	story->was_stopped = i == 2 && story->pair_count[0] == 7;
	if (i == 4 && !story->was_stopped && story->pair_count[1] % 2 == 1)
		return SL_LATER;
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

/* What the integer's rules promise; every default that is given keeps them. */
static void check_kept(
	const struct story *story, const struct plan_fetch *fetch, const struct all_args *args)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct inject_rule *rule = &story->rules[PROVIDERS][i];

		if (rule->field == NULL || strcmp(rule->field, "integer") != 0)
			continue;
		fuzz_assert(rule->said.texts[RULES_GE] == NULL || args->integer >= -5 ||
			    rule->said.texts[RULES_GE][0] != '-');
		fuzz_assert(rule->said.texts[RULES_LT] == NULL || args->integer < 1000 ||
			    strcmp(rule->said.texts[RULES_LT], "1000") != 0);
		fuzz_assert(fetch->note_count > 0 || rule->said.texts[RULES_LT] == NULL);
	}
}

static void check_done(
	const struct story *story, const struct plan *plan, const struct all_args *args)
{
	const struct plan_call *own = &plan->calls[plan->call_count - 1];

	check_complete(args);
	for (size_t i = 0; i < own->fetch_count; i++) {
		if (strcmp(own->fetches[i].field, "integer") == 0 &&
			own->fetches[i].source != INJECT_PROVIDER)
			check_kept(story, &own->fetches[i], args);
		if (strcmp(own->fetches[i].field, "str") == 0 &&
			(own->fetches[i].source == INJECT_QUERY ||
				own->fetches[i].source == INJECT_COOKIE))
			check_pair(story, &own->fetches[i], &args->str);
	}
}

static void check_errors(const struct inject_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct inject_error *error = &errors->items[i];

		fuzz_assert(error->type != NULL && error->message != NULL && error->name != NULL);
		fuzz_assert(error->has_input == (strcmp(error->type, "missing") != 0));
		fuzz_assert(error->input.len == 0 || error->input.ptr != NULL);
	}
}

/* What waits is given nothing, and goes on. */
static enum inject_result finish(struct story *story, struct inject_run *run,
	enum inject_result (*go)(struct inject_run *run))
{
	enum inject_result result;

	story->last_run = 0;
	for (result = go(run); result == INJECT_WAITING; result = inject_resume(run))
		fuzz_assert(run->plan->calls[run->at].provider == &story->providers[4]);
	return result;
}

/* A message's providers run again and again, and nothing else does. */
static void run_messages(struct story *story, const struct plan *plan, struct inject_run *run)
{
	run->request = NULL;
	for (int message = 0; message < 2; message++) {
		enum inject_result result = finish(story, run, inject_message);

		fuzz_assert(result == INJECT_DONE || result == INJECT_STOPPED);
		if (result == INJECT_STOPPED)
			return;
		check_done(story, plan, run->args);
		inject_clear(run, SL_SCOPE_MESSAGE);
		inject_clear(run, SL_SCOPE_HANDSHAKE);
		check_complete(run->args);
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
	enum inject_result result;

	story->run = &run;
	result = finish(story, &run, inject_run);
	fuzz_assert((result == INJECT_DONE) == (run.args != NULL));
	fuzz_assert(result != INJECT_INVALID || run.errors.count > 0);
	fuzz_assert(result != INJECT_DONE || run.errors.count == 0);
	fuzz_assert(result != INJECT_STOPPED || run.provider_result != SL_OK || story->was_stopped);
	check_errors(&run.errors);
	if (result != INJECT_DONE)
		return;
	check_done(story, plan, run.args);
	run_messages(story, plan, &run);
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
