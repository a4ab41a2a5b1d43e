/*
 * A credential is found at the first place where one stands, by the rules of that place, and Basic
 * ones decode as in FastAPI. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "made_request.h"
#include "security/credential.h"

static const struct {
	const char *name;
	enum credential_place place;
} places[] = {
	{"authorization", CREDENTIAL_AUTHORIZATION},
	{"subprotocol", CREDENTIAL_SUBPROTOCOL},
	{"header", CREDENTIAL_HEADER},
	{"cookie", CREDENTIAL_COOKIE},
	{"query", CREDENTIAL_QUERY},
};

static size_t read_places(struct credential_from *out, char *text)
{
	size_t count = 0;

	for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
		char *colon = strchr(word, ':');
		size_t i = 0;

		if (colon != NULL)
			*colon++ = '\0';
		while (strcmp(places[i].name, word) != 0)
			i++;
		out[count++] = (struct credential_from){places[i].place, colon};
	}
	return count;
}

static void is_found_where_the_table_says(void **state)
{
	static struct table table;
	static struct made_request made;
	char *columns[4], found[200], escaped[100];

	(void)state;
	table_open(&table, "credential.txt");
	while (table_next(&table, columns, 4)) {
		struct credential_from from[4];
		struct credential credential;
		size_t count = read_places(from, columns[1]);
		bool ok;

		made_request_open(&made, span_of(columns[0]), 0);
		ok = credential_find(&credential, from, count, columns[2], &made.request);
		assert_true(ok == (credential.place != CREDENTIAL_NOWHERE));
		snprintf(found, sizeof(found), "%s%s%s", credential_place_name(credential.place),
			ok ? " " : "", table_escape(escaped, sizeof(escaped), credential.value));
		table_expect(&table, columns[0], found, columns[3]);
		made_request_close(&made);
	}
	table_close(&table);
}

/* Thousands of offers are looked at once, not once for each. */
static void many_offers_cost_one_pass(void **state)
{
	static char line[HTTP_HEAD_MAX];
	static struct http_head head = {.header_count = 1,
		.headers = {{{"Sec-WebSocket-Protocol", 22}, {line, sizeof(line)}}}};
	struct security_request request = {.head = &head};
	struct credential_from from = {CREDENTIAL_SUBPROTOCOL, NULL};
	struct credential credential;

	(void)state;
	for (size_t i = 0; i < sizeof(line); i++)
		line[i] = i % 2 == 0 ? 'a' : ',';
	for (int i = 0; i < 200; i++)
		assert_false(credential_find(&credential, &from, 1, "Bearer", &request));
}

static void basic_decodes_as_in_fastapi(void **state)
{
	static const struct {
		const char *text;
		bool is_url;
		const char *username, *password; /* NULL: refused */
	} rows[] = {
		{"YWRhOmh1bnRlcjI=", false, "ada", "hunter2"},
		{"YWRhOmh1bnRlcjI", true, "ada", "hunter2"},
		{"YWRhOmh1bnRlcjI=", true, NULL, NULL},
		{"YWRhOmh1bnRlcjI", false, NULL, NULL},
		{"YTpiOmM=", false, "a", "b:c"}, /* a:b:c */
		{"Og==", false, "", ""},
		{"YTo=", false, "a", ""},
		{"YWRh", false, NULL, NULL},     /* no colon */
		{"w6Q6YQ==", false, NULL, NULL}, /* no ASCII */
		{"YTphAA==", false, NULL, NULL}, /* a NUL */
		{"YTphCg==", false, NULL, NULL}, /* a line end */
		{"!!!!", false, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct credential given = {
			rows[i].is_url ? CREDENTIAL_SUBPROTOCOL : CREDENTIAL_AUTHORIZATION,
			span_of(rows[i].text)};
		struct credential_basic basic;
		struct arena arena = {0};
		bool ok = credential_decode_basic(&given, &arena, &basic);

		if (ok != (rows[i].username != NULL))
			fail_msg("%s: found %d", rows[i].text, ok);
		if (ok && (!span_equal(basic.username, span_of(rows[i].username)) ||
				  !span_equal(basic.password, span_of(rows[i].password))))
			fail_msg("%s: found \"%.*s\" \"%.*s\"", rows[i].text,
				SPAN_ARG(basic.username), SPAN_ARG(basic.password));
		arena_fini(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found_where_the_table_says),
		cmocka_unit_test(many_offers_cost_one_pass),
		cmocka_unit_test(basic_decodes_as_in_fastapi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
