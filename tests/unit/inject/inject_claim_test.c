/*
 * What a built-in provider found out becomes members as parameters do, and where it looked is
 * known to strict sources. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "inject/inject.h"
#include "inject/made_up.h"
#include "wire/claims.h"

struct claim_args {
	const char *sub;
	int64_t level;
	struct sl_list_int rooms;
	struct sl_opt_text mail;
	struct sl_opt_list_text tags;
};
SL_ARGS(claim_args, SL_FIELD(sub, .max_length = "5"), SL_FIELD(level, .default_value = "-1"),
	SL_FIELD(rooms, .default_value = "1|2", .max_items = "3"), SL_FIELD(mail), SL_FIELD(tags));

#define FROM_TOKEN(name)                                                                    \
	{                                                                                   \
		.field = #name, .source = INJECT_PROVIDER, .alias = "token", .claim = #name \
	}
static const struct inject_rule rules[] = {
	{.field = "sub", .source = INJECT_PROVIDER, .alias = "token"}, FROM_TOKEN(level),
	FROM_TOKEN(rooms), FROM_TOKEN(mail), FROM_TOKEN(tags)};

static const struct inject_looked looked[] = {
	{INJECT_HEADER, "x-token"}, {INJECT_QUERY, "t"}, {INJECT_COOKIE, "session"}};
static const struct inject_provider token = {.name = "token",
	.security = &token,
	.security_kind = "jwt",
	.default_claim = "sub",
	.looked = looked,
	.looked_count = 3};

static const struct inject_provider *find_provider(void *context, const char *name)
{
	(void)context;
	return strcmp(name, "token") == 0 ? &token : NULL;
}

static int give(void *context, const struct plan_call *planned, const void *args, void *result)
{
	(void)planned;
	(void)args;
	*(struct claims **)result = context;
	return SL_OK;
}

static bool not_stopped(void *context)
{
	(void)context;
	return false;
}

/* "sub=ada rooms=[3,4]" */
static struct claims *read_claims(struct arena *arena, const char *text)
{
	struct claims *claims = arena_alloc(arena, sizeof(*claims));
	struct claim *items = arena_alloc(arena, 8 * sizeof(*items));
	struct span rest = span_of(text);

	while (rest.len > 0) {
		struct span value = span_cut(&rest, ' ');
		struct span *texts = arena_alloc(arena, 8 * sizeof(*texts));
		struct claim *claim = &items[claims->count++];

		claim->name = made_up_cut(arena, &value, '=');
		claim->texts = texts;
		claim->is_list = value.len > 0 && value.ptr[0] == '[';
		if (claim->is_list)
			value = (struct span){value.ptr + 1, value.len - 2};
		while (value.len > 0 || (!claim->is_list && claim->count == 0))
			texts[claim->count++] = span_cut(&value, ',');
	}
	claims->items = items;
	return claims;
}

static void print_texts(struct buf *out, const struct sl_list_text *list)
{
	buf_printf(out, "[");
	for (size_t i = 0; i < list->count; i++)
		buf_printf(out, "%s%s", i > 0 ? "," : "", list->items[i]);
	buf_printf(out, "]");
}

static void print_args(struct buf *out, const struct claim_args *args)
{
	buf_printf(out, "%s %lld [", args->sub, (long long)args->level);
	for (size_t i = 0; i < args->rooms.count; i++)
		buf_printf(out, "%s%lld", i > 0 ? "," : "", (long long)args->rooms.items[i]);
	buf_printf(out, "] %s ", args->mail.set ? args->mail.value : "unset");
	if (args->tags.set)
		print_texts(out, &args->tags.value);
	else
		buf_printf(out, "unset");
}

static void print_errors(struct buf *out, const struct inject_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct inject_error *error = &errors->items[i];

		buf_printf(out, "%s%s %s.%s", i > 0 ? "; " : "! ", error->type, error->source,
			error->name);
		if (error->has_index)
			buf_printf(out, ".%d", (int)error->index);
	}
}

/* Claims NULL: no credential, and none is required. */
static const struct row {
	const char *claims, *query, *said;
} table[] = {
	{"sub=ada", "", "ada -1 [1,2] unset unset"},
	{"sub=ada level=7 rooms=[3,4] mail=a@b tags=[x,y]", "", "ada 7 [3,4] a@b [x,y]"},
	/* One text is a list of one, of several the first counts, none is not there. */
	{"sub=[ada,eve] rooms=5 tags=x", "", "ada -1 [5] unset [x]"},
	{"sub=ada level=[] rooms=[] mail=[] tags=[]", "", "ada -1 [1,2] unset unset"},
	{"sub= mail=", "", " -1 [1,2]  unset"},
	{"level=7", "", "! missing claim.sub"},
	{NULL, "", "! missing claim.sub"},
	{"sub=[]", "", "! missing claim.sub"},
	{"sub=ada level=high", "", "! int_parsing claim.level"},
	{"sub=ada level=true", "", "! int_parsing claim.level"},
	{"sub=adadad rooms=[x,3,y]", "",
		"! string_too_long claim.sub; int_parsing claim.rooms.0; "
		"int_parsing claim.rooms.2"},
	{"sub=ada rooms=[1,2,3,4]", "", "! too_long claim.rooms"},
	/* Where it looked is known, whatever stands there; all else is not. */
	{"sub=ada", "t=1", "ada -1 [1,2] unset unset"},
	{"sub=ada", "t=1&t=2&x-token=3", "! extra_forbidden query.x-token"},
	{"sub=ada", "session=1&sub=2",

		"! extra_forbidden query.session; extra_forbidden query.sub"},
};

static void run_row(const struct row *row)
{
	struct arena arena = {0};
	struct http_head head = {.header_count = 0};
	struct pair cookie = {SPAN("session"), SPAN("x")};
	struct inject_request request = {.head = &head, .cookies = &cookie, .cookie_count = 1};
	const struct plan_input input = {.table = claim_args_table(),
		.label = "route /",
		.rules = rules,
		.rule_count = sizeof(rules) / sizeof(rules[0]),
		.is_query_strict = true,
		.is_cookie_strict = true,
		.find_provider = find_provider};
	struct err_list why = {0};
	struct plan plan;
	struct inject_run run = {.plan = &plan,
		.request = &request,
		.arena = &arena,
		.call = give,
		.stopped = not_stopped,
		.context = row->claims == NULL ? NULL : read_claims(&arena, row->claims)};
	struct buf said = {0};

	request.query = url_decode_query(span_of(row->query), &arena, &request.query_count);
	if (!plan_build(&plan, &input, &arena, &why))
		fail_msg("%s", why.items[0].text);
	if (inject_run(&run) == INJECT_DONE)
		print_args(&said, run.args);
	print_errors(&said, &run.errors);
	buf_append(&said, "", 1);
	if (strcmp(said.data, row->said) != 0)
		fail_msg("%s ?%s\nsaid   %s\nwanted %s", row->claims, row->query, said.data,
			row->said);
	buf_fini(&said);
	plan_fini(&plan);
	arena_fini(&arena);
}

static void each_row_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		run_row(&table[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_row_of_the_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
