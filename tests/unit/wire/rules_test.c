/*
 * A value passes the tighter of plugin's and route's rules or is refused in FastAPI's words, and a
 * route that loosens, contradicts or does not fit is refused at load. SPDX-License-Identifier: MIT
 */
#include "wire/rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "table.h"

static char *text_of(struct arena *arena, struct span span)
{
	span = span_trim(span);
	return arena_text(arena, span.ptr, span.len);
}

/* "\x41" is 'A'. */
static struct span unescape(char *text)
{
	char *out = text;
	const char *in = text;

	while (*in != '\0') {
		unsigned byte = (unsigned char)*in;
		int used = 1;

		if (in[0] == '\\' && in[1] == 'x' && sscanf(in + 2, "%2x", &byte) == 1)
			used = 4;
		*out++ = (char)byte;
		in += used;
	}
	return (struct span){text, (size_t)(out - text)};
}

static void read_said(struct rules_said *said, struct span text, struct arena *arena)
{
	while (text.len > 0) {
		struct span part = span_cut(&text, ';');
		const char *name = text_of(arena, span_cut(&part, '='));
		int key = 0;

		if (name[0] == '\0')
			continue;
		while (key < RULES_KEY_COUNT &&
			strcmp(rules_key_name((enum rules_key)key), name) != 0)
			key++;
		if (key == RULES_KEY_COUNT)
			fail_msg("no rule %s", name);
		said->texts[key] = text_of(arena, part);
	}
}

static void print_refusal(struct buf *said, const struct value_error *error)
{
	buf_printf(said, "%s / %s /", error->type, error->message);
	for (size_t i = 0; i < VALUE_CTX_MAX && error->ctx[i].name != NULL; i++) {
		const char *quote = error->ctx[i].is_number ? "" : "\"";

		buf_printf(
			said, " %s=%s%s%s", error->ctx[i].name, quote, error->ctx[i].value, quote);
	}
}

static void print_checked(struct buf *said, const struct rules *rules, enum value_type type,
	struct span text, struct arena *arena)
{
	struct value_error error;
	union value value;

	if (!value_parse(type, text, arena, &value, &error))
		fail_msg("%.*s: %s", SPAN_ARG(text), error.message);
	if (rules == NULL || rules_check(rules, &value, &error))
		buf_printf(said, "ok");
	else
		print_refusal(said, &error);
}

/* Of a list only the number of its items counts, which stands for the value. */
static void print_counted(
	struct buf *said, const struct rules *rules, const char *text, struct arena *arena)
{
	size_t count = (size_t)strtoul(text, NULL, 10);
	struct value_error error;

	if (rules == NULL || (rules_check_most(rules, count, arena, &error) &&
				     rules_check_least(rules, count, arena, &error)))
		buf_printf(said, "ok");
	else
		print_refusal(said, &error);
}

/* "int", or "int list". */
static void read_type(struct rules_field *field, struct span text)
{
	struct span name = span_cut(&text, ' ');

	field->is_list = text.ptr != NULL;
	if (span_equal(name, SPAN("text")))
		field->type = VALUE_TEXT;
	else if (!value_type_find(name, &field->type))
		fail_msg("no type %.*s", SPAN_ARG(name));
}

static void run_row(const char *line, unsigned number)
{
	struct arena arena = {0};
	struct err_list why = {0};
	struct rules_said own = {.author = "the plugin"}, other = {.author = "the route"};
	struct rules_field field = {.label = "q"};
	struct span rest = span_of(line), columns[5];
	struct buf said = {0};
	struct rules *rules;

	for (size_t i = 0; i < 5; i++)
		columns[i] = span_trim(i < 4 ? span_cut(&rest, '|') : rest);
	read_type(&field, columns[0]);
	read_said(&own, columns[1], &arena);
	read_said(&other, columns[2], &arena);
	rules = rules_new(&field, &own, &other, &arena, &why);
	if (why.count > 0)
		buf_printf(&said, "! %s", why.items[0].text + strlen("q: "));
	else if (field.is_list)
		print_counted(&said, rules, text_of(&arena, columns[3]), &arena);
	else
		print_checked(
			&said, rules, field.type, unescape(text_of(&arena, columns[3])), &arena);
	buf_append(&said, "", 1);
	if (!span_equal(span_of(said.data), columns[4]))
		fail_msg("line %u: %s\nsaid   %s\nwanted %.*s", number, line, said.data,
			SPAN_ARG(columns[4]));
	if (rules != NULL)
		rules_fini(rules);
	buf_fini(&said);
	err_list_fini(&why);
	arena_fini(&arena);
}

static void each_row_of_the_table(void **state)
{
	struct table table;
	char *line;

	(void)state;
	table_open(&table, "rules.txt");
	while (table_next(&table, &line, 1))
		run_row(line, table.number);
	assert_true(table.rows > 80);
	table_close(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_row_of_the_table)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
