/*
 * A request becomes a struct, or a list of all that is wrong with it, by FastAPI's rules.
 * SPDX-License-Identifier: MIT
 */
#include "inject/inject.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "inject/made_up.h"
#include "table.h"
#include "wire/cookie.h"

/* ---- one row of the table -------------------------------------------------------------------- */

struct row {
	struct arena arena;
	struct inject_rule rules[16];
	struct plan_input input;
	const char *param_names[8];
	struct span params[8];
	struct http_head head;
	struct inject_request request;
};

/* "\x41" is 'A'. */
static struct span unescape(struct arena *arena, struct span text)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned byte = (unsigned char)text.ptr[i];

		if (text.len - i > 3 && text.ptr[i] == '\\' && text.ptr[i + 1] == 'x') {
			sscanf(text.ptr + i + 2, "%2x", &byte);
			i += 3;
		}
		out[len++] = (char)byte;
	}
	return (struct span){out, len};
}

static enum inject_source source_find(const char *name)
{
	for (int source = INJECT_PATH; source <= INJECT_COOKIE; source++)
		if (strcmp(name, inject_source_name((enum inject_source)source)) == 0)
			return (enum inject_source)source;
	return INJECT_DEFAULT;
}

/* "a,b" */
static struct texts read_texts(struct arena *arena, const char *joined)
{
	const char **items = arena_alloc(arena, 16 * sizeof(*items));
	struct span rest = span_of(joined);
	size_t count = 0;

	while (rest.len > 0)
		items[count++] = made_up_cut(arena, &rest, ',');
	return (struct texts){items, count};
}

/* "name=value" */
static void read_option(struct row *row, struct inject_rule *rule, struct span option)
{
	const char *name = made_up_cut(&row->arena, &option, '=');
	const char *value = made_up_text(&row->arena, option);

	if (strcmp(name, "alias") == 0)
		rule->alias = value;
	else if (strcmp(name, "default") == 0)
		rule->default_text = value;
	else if (strcmp(name, "defaults") == 0)
		rule->default_items = read_texts(&row->arena, value);
	else if (strcmp(name, "enum") == 0)
		rule->enum_values = read_texts(&row->arena, value);
	for (int key = 0; key < RULES_KEY_COUNT; key++)
		if (strcmp(name, rules_key_name((enum rules_key)key)) == 0)
			rule->said.texts[key] = value;
}

static void read_strict(struct row *row, struct span sources)
{
	while (sources.ptr != NULL) {
		struct span source = span_trim(span_cut(&sources, '+'));

		row->input.is_query_strict |= span_equal(source, SPAN("query"));
		row->input.is_cookie_strict |= span_equal(source, SPAN("cookie"));
	}
}

static void read_rules(struct row *row, struct span fields)
{
	row->input.rules = row->rules;
	while (fields.ptr != NULL) {
		struct span part = span_trim(span_cut(&fields, ';'));
		struct inject_rule *rule = &row->rules[row->input.rule_count++];

		rule->said.author = "the route";
		made_up_cut(&row->arena, &part, ' ');
		rule->field = made_up_cut(&row->arena, &part, ' ');
		rule->source = source_find(made_up_cut(&row->arena, &part, ' '));
		while (part.ptr != NULL) {
			struct span option = span_trim(span_cut(&part, ' '));

			read_option(row, rule, option);
		}
	}
}

static void read_path(struct row *row, struct span path)
{
	while (path.len > 0) {
		struct span part = span_cut(&path, '&'), name = span_cut(&part, '=');
		size_t i = row->input.path_param_count++;

		row->param_names[i] = made_up_text(&row->arena, name);
		row->params[i] = url_decode_path(part, &row->arena);
	}
	row->input.path_params = row->param_names;
	row->request.path_params = row->params;
}

static void read_headers(struct row *row, struct span text)
{
	while (text.len > 0) {
		struct span line = span_trim(span_cut(&text, '~')), name = span_cut(&line, ':');

		row->head.headers[row->head.header_count++] = (struct http_header){
			name, unescape(&row->arena, span_trim(line))};
	}
	row->request.head = &row->head;
	row->request.cookies = cookie_decode(&row->head, &row->arena, &row->request.cookie_count);
}

/* ---- what came out, as the table writes it ----------------------------------------------------
 */

static void print_quoted(struct buf *out, struct span text)
{
	buf_printf(out, "\"");
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		buf_printf(out, c < 0x20 || c > 0x7e ? "\\x%02x" : "%c", c);
	}
	buf_printf(out, "\"");
}

/* Dates and times by their numbers, "+s" for an offset. */
static void print_calendar(struct buf *out, uint32_t base, const void *where)
{
	const int32_t *numbers = where;
	size_t count = base == SL_TYPE_DATETIME ? 7 : base == SL_TYPE_DATE ? 3 : 4;

	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%d", i > 0 ? " " : "", (int)numbers[i]);
	if (base != SL_TYPE_DATE && numbers[count])
		buf_printf(out, " %+d", (int)numbers[count + 1]);
}

static void print_newer(struct buf *out, uint32_t base, const void *where)
{
	const uint8_t *bytes = where;

	if (base == SL_TYPE_UINT)
		buf_printf(out, "%llu", (unsigned long long)*(const uint64_t *)where);
	if (base == SL_TYPE_TIMEDELTA)
		buf_printf(out, "%lld us",
			(long long)((const struct sl_timedelta *)where)->microseconds);
	for (size_t i = 0; i < 16 && base == SL_TYPE_UUID; i++)
		buf_printf(out, "%02x", bytes[i]);
	if (base == SL_TYPE_DATETIME || base == SL_TYPE_DATE || base == SL_TYPE_TIME)
		print_calendar(out, base, where);
	if (base == SL_TYPE_ENUM)
		buf_printf(out, "%d", (int)*(const int32_t *)where);
}

static void print_value(struct buf *out, uint32_t base, const void *where)
{
	if (base == SL_TYPE_TEXT)
		print_quoted(out, span_of(*(const char *const *)where));
	if (base == SL_TYPE_STR)
		print_quoted(out, *(const struct span *)where);
	if (base == SL_TYPE_INT)
		buf_printf(out, "%lld", (long long)*(const int64_t *)where);
	if (base == SL_TYPE_DOUBLE)
		buf_printf(out, "%g", *(const double *)where);
	if (base == SL_TYPE_BOOL)
		buf_printf(out, "%s", *(const bool *)where ? "true" : "false");
	if (base > SL_TYPE_BOOL)
		print_newer(out, base, where);
}

static void print_list(struct buf *out, uint32_t base, const void *where)
{
	/* As the plugin sees them, and not as the host's rows say. */
	static const size_t sizes[] = {0, sizeof(const char *), sizeof(struct sl_str),
		sizeof(int64_t), sizeof(double), sizeof(bool), sizeof(uint64_t),
		sizeof(struct sl_uuid), sizeof(struct sl_datetime), sizeof(struct sl_date),
		sizeof(struct sl_time), sizeof(struct sl_timedelta), sizeof(int32_t)};
	const struct sl_list_text *list = where;

	buf_printf(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		buf_printf(out, "%s", i > 0 ? ", " : "");
		print_value(out, base, (const char *)list->items + i * sizes[base]);
	}
	buf_printf(out, "]");
}

static void print_member(struct buf *out, const struct sl_field *field, const void *where)
{
#define SET_OFFSET(word, type, number) [number] = offsetof(struct sl_opt##word, set),
	static const size_t set_offsets[] = {SL_TYPES_(SET_OFFSET) SL_ENUM_TYPE_(SET_OFFSET)};
	uint32_t base = field->type & 0xff, set = 1;
	bool is_list = (field->type & SL_TYPE_LIST) != 0;
	size_t set_offset = is_list ? offsetof(struct sl_opt_list_int, set) : set_offsets[base];

	if (field->type & SL_TYPE_OPTIONAL)
		memcpy(&set, (const char *)where + set_offset, sizeof(set));
	assert_true(set == 0 || set == 1);
	buf_printf(out, "%s", set ? "" : "unset ");
	if (is_list)
		print_list(out, base, where);
	else
		print_value(out, base, where);
}

static void print_struct(struct buf *out, const struct sl_table *table, const char *args)
{
	for (size_t i = 0; i < table->field_count; i++) {
		buf_printf(out, "%s", i > 0 ? "; " : "");
		print_member(out, &table->fields[i], args + table->fields[i].offset);
	}
}

static void print_inputs(struct buf *out, const struct inject_error *error)
{
	buf_printf(out, "[");
	for (size_t i = 0; i < error->input_count; i++) {
		buf_printf(out, "%s", i > 0 ? ", " : "");
		print_quoted(out, error->inputs[i]);
	}
	buf_printf(out, "]");
}

static void print_errors(struct buf *out, const struct inject_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct inject_error *error = &errors->items[i];

		buf_printf(out, "%s%s %s.%s", i > 0 ? "; " : "! ", error->type, error->source,
			error->name);
		assert_true(error->message != NULL && error->message[0] != '\0');
		if (error->has_index)
			buf_printf(out, ".%zu", error->index);
		buf_printf(out, " ");
		if (error->inputs != NULL)
			print_inputs(out, error);
		else if (error->has_input)
			print_quoted(out, error->input);
		else
			buf_printf(out, "null");
	}
}

static void run_row(const char *line, unsigned number)
{
	struct row row = {0};
	struct span rest = span_of(line), columns[5], strict;
	struct err_list why = {0};
	struct plan plan;
	struct inject_run run = {.plan = &plan, .request = &row.request, .arena = &row.arena};
	struct buf said = {0};

	for (size_t i = 0; i < 5; i++)
		columns[i] = span_trim(i < 4 ? span_cut(&rest, '|') : rest);
	strict = columns[0];
	columns[0] = span_trim(span_cut(&strict, '!'));
	if (strict.ptr != NULL)
		read_strict(&row, strict);
	row.input.table = made_up_table(&row.arena, made_up_text(&row.arena, columns[0]));
	row.input.label = "route /";
	read_rules(&row, columns[0]);
	read_path(&row, columns[1]);
	row.request.query = url_decode_query(columns[2], &row.arena, &row.request.query_count);
	read_headers(&row, columns[3]);
	if (!plan_build(&plan, &row.input, &row.arena, &why))
		fail_msg("line %u: %s\n%s", number, line, why.items[0].text);
	if (inject_run(&run) == INJECT_DONE)
		print_struct(&said, row.input.table, run.args);
	print_errors(&said, &run.errors);
	buf_append(&said, "", 1);
	if (!span_equal(span_of(said.data), columns[4]))
		fail_msg("line %u: %s\nsaid   %s\nwanted %.*s", number, line, said.data,
			SPAN_ARG(columns[4]));
	buf_fini(&said);
	plan_fini(&plan);
	arena_fini(&row.arena);
}

static void each_row_of_the_table(void **state)
{
	struct table table;
	char *line;

	(void)state;
	table_open(&table, "inject.txt");
	while (table_next(&table, &line, 1))
		run_row(line, table.number);
	assert_true(table.rows > 100);
	table_close(&table);
}

/* ---- too much ----------------------------------------------------------------------------------
 */

/* A struct of these fields from these pairs, which are both the query's and the cookies'. */
static void flood(const char *fields, const struct pair *pairs, size_t count, const char *type)
{
	struct row row = {0};
	struct err_list why = {0};
	struct plan plan;
	struct inject_run run = {.plan = &plan, .request = &row.request, .arena = &row.arena};

	row.input.table = made_up_table(&row.arena, fields);
	row.input.label = "route /";
	row.input.is_query_strict = row.input.is_cookie_strict = true;
	read_rules(&row, span_of(fields));
	row.request.head = &row.head;
	row.request.query = row.request.cookies = pairs;
	row.request.query_count = row.request.cookie_count = count;
	assert_true(plan_build(&plan, &row.input, &row.arena, &why));
	assert_int_equal(inject_run(&run), INJECT_INVALID);
	assert_int_equal(run.errors.count, INJECT_ERRORS_MAX);
	for (size_t i = 0; i < run.errors.count; i++)
		assert_string_equal(run.errors.items[i].type, type);
	plan_fini(&plan);
	arena_fini(&row.arena);
}

static void a_flood_of_mistakes_is_cut(void **state)
{
	static struct pair pairs[16384];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		pairs[i] = (struct pair){SPAN("a"), SPAN("x")};
	flood("int[] a query; int[] b query alias=a; int[] c cookie alias=a", pairs, 16384,
		"int_parsing");
	flood("int? b query; int? c cookie", pairs, 16384, "extra_forbidden");
	flood("int[]? b query; int[]? c cookie", pairs, 1001, "extra_forbidden");
}

/* ---- providers ---------------------------------------------------------------------------------
 */

struct result_args {
	int64_t number;
	const char *text;
	struct sl_opt_int maybe;
};
SL_ARGS(result_args, SL_FIELD(number), SL_FIELD(text), SL_FIELD(maybe));

struct inner_args {
	int64_t a;
};
SL_ARGS(inner_args, SL_FIELD(a));

struct outer_args {
	int64_t inner;
	int64_t b;
};
SL_ARGS(outer_args, SL_FIELD(inner), SL_FIELD(b));

static int inner(struct sl_conn *conn, const struct inner_args *args, int64_t *result)
{
	(void)conn;
	*result = args->a * 10;
	return SL_OK;
}
SL_PROVIDER(inner, inner_args, int64_t);

static int outer(struct sl_conn *conn, const struct outer_args *args, int64_t *result)
{
	(void)conn;
	*result = args->inner + args->b;
	return SL_OK;
}
SL_PROVIDER(outer, outer_args, int64_t);

static int quiet(struct sl_conn *conn, const struct sl_no_args *args, const char **result)
{
	(void)conn;
	(void)args;
	(void)result;
	return SL_OK;
}
SL_PROVIDER(quiet, sl_no_args, const char *);

static int absent(struct sl_conn *conn, const struct sl_no_args *args, struct sl_opt_int *result)
{
	(void)conn;
	(void)args;
	(void)result;
	return SL_OK;
}
SL_PROVIDER(absent, sl_no_args, struct sl_opt_int);

static const struct inject_rule outer_rules[] = {{.field = "inner", .source = INJECT_PROVIDER}};
static const struct inject_provider providers[] = {
	{.name = "outer", .function = &outer_provider, .rules = outer_rules, .rule_count = 1},
	{.name = "inner", .function = &inner_provider},
	{.name = "quiet", .function = &quiet_provider},
	{.name = "absent", .function = &absent_provider},
};

static const struct inject_provider *find_provider(void *context, const char *name)
{
	(void)context;
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
		if (strcmp(providers[i].name, name) == 0)
			return &providers[i];
	return NULL;
}

/* What the caller of a plan knows: who was called, who is to answer itself. */
struct story {
	struct arena arena;
	const char *query;
	const struct inject_rule *rules;
	size_t rule_count;
	const char *answers; /* the provider that answers the connection itself */
	int returns;         /* what that one returns */
	char called[128];
	bool is_stopped;
	struct inject_run run;
	struct plan plan;
	struct inject_request request;
};

static int call(
	void *context, const struct inject_provider *provider, const void *args, void *result)
{
	struct story *story = context;
	size_t len = strlen(story->called);

	snprintf(story->called + len, sizeof(story->called) - len, "%s ", provider->name);
	if (story->answers == NULL || strcmp(story->answers, provider->name) != 0)
		return provider->function->call(NULL, args, result);
	story->is_stopped = story->returns == SL_OK;
	return story->returns;
}

static bool stopped(void *context)
{
	return ((struct story *)context)->is_stopped;
}

static enum inject_result tell(struct story *story, const struct sl_table *table)
{
	struct err_list why = {0};
	const struct plan_input input = {.table = table,
		.label = "route /",
		.rules = story->rules,
		.rule_count = story->rule_count,
		.find_provider = find_provider};

	if (!plan_build(&story->plan, &input, &story->arena, &why))
		fail_msg("%s", why.items[0].text);
	story->request.query = url_decode_query(
		span_of(story->query), &story->arena, &story->request.query_count);
	story->run = (struct inject_run){.plan = &story->plan,
		.request = &story->request,
		.arena = &story->arena,
		.call = call,
		.stopped = stopped,
		.context = story};
	return inject_run(&story->run);
}

static const struct inject_rule both_rules[] = {
	{.field = "number", .source = INJECT_PROVIDER, .alias = "outer"},
	{.field = "text", .source = INJECT_QUERY},
	{.field = "maybe", .source = INJECT_PROVIDER, .alias = "inner"},
};

static void assert_errors(const struct story *story, const char *wanted)
{
	struct buf said = {0};

	print_errors(&said, &story->run.errors);
	buf_append(&said, "", 1);
	assert_string_equal(said.data, wanted);
	buf_fini(&said);
}

static void providers_run_inner_first_and_once(void **state)
{
	struct story story = {.query = "a=4&b=2&text=t", .rules = both_rules, .rule_count = 3};
	const struct result_args *args;

	(void)state;
	assert_int_equal(tell(&story, result_args_table()), INJECT_DONE);
	assert_string_equal(story.called, "inner outer ");
	args = story.run.args;
	assert_int_equal(args->number, 42);
	assert_string_equal(args->text, "t");
	/* An optional member takes a result that is always there. */
	assert_int_equal(args->maybe.set, 1);
	assert_int_equal(args->maybe.value, 40);
	arena_fini(&story.arena);
}

static void a_provider_with_errors_is_not_called(void **state)
{
	struct story story = {.query = "a=x&b=y", .rules = both_rules, .rule_count = 3};

	(void)state;
	assert_int_equal(tell(&story, result_args_table()), INJECT_INVALID);
	assert_string_equal(story.called, "");
	assert_null(story.run.args);
	assert_errors(&story,
		"! int_parsing query.a \"x\"; int_parsing query.b \"y\"; missing query.text null");
	arena_fini(&story.arena);
}

static void its_neighbours_are(void **state)
{
	struct story story = {.query = "a=4&b=y", .rules = both_rules, .rule_count = 3};

	(void)state;
	assert_int_equal(tell(&story, result_args_table()), INJECT_INVALID);
	assert_string_equal(story.called, "inner ");
	assert_errors(&story, "! int_parsing query.b \"y\"; missing query.text null");
	arena_fini(&story.arena);
}

static void a_provider_may_end_it(void **state)
{
	static const int results[] = {SL_OK, SL_FAILED, SL_INVALID, SL_LATER, 5};

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct story story = {.query = "a=4&b=2",
			.rules = both_rules,
			.rule_count = 3,
			.answers = "inner",
			.returns = results[i]};

		assert_int_equal(tell(&story, result_args_table()), INJECT_STOPPED);
		assert_string_equal(story.called, "inner ");
		assert_int_equal(story.run.provider_result, results[i]);
		assert_null(story.run.args);
		arena_fini(&story.arena);
	}
}

static void nothing_stored_is_empty_not_null(void **state)
{
	static const struct inject_rule rules[] = {
		{.field = "number", .source = INJECT_QUERY, .default_text = "1"},
		{.field = "text", .source = INJECT_PROVIDER, .alias = "quiet"},
		{.field = "maybe", .source = INJECT_PROVIDER, .alias = "absent"}};
	struct story story = {.query = "", .rules = rules, .rule_count = 3};
	const struct result_args *args;

	(void)state;
	assert_int_equal(tell(&story, result_args_table()), INJECT_DONE);
	args = story.run.args;
	assert_string_equal(args->text, "");
	assert_int_equal(args->maybe.set, 0);
	arena_fini(&story.arena);
}

static void nothing_to_inject_is_done(void **state)
{
	struct story story = {.query = "a=1"};

	(void)state;
	assert_int_equal(tell(&story, sl_no_args_table()), INJECT_DONE);
	assert_non_null(story.run.args);
	arena_fini(&story.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_of_the_table),
		cmocka_unit_test(a_flood_of_mistakes_is_cut),
		cmocka_unit_test(providers_run_inner_first_and_once),
		cmocka_unit_test(a_provider_with_errors_is_not_called),
		cmocka_unit_test(its_neighbours_are),
		cmocka_unit_test(a_provider_may_end_it),
		cmocka_unit_test(nothing_stored_is_empty_not_null),
		cmocka_unit_test(nothing_to_inject_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
