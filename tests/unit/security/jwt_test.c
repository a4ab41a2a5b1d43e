/*
 * Every token of the table gives its claims or is refused for its reason, whoever signed it: the
 * RFCs' authors, or another implementation. SPDX-License-Identifier: MIT
 */
#include "key_file.h"

#include "base/buf.h"
#include "security/jwt.h"

enum { WORDS_MAX = 8 };

/* The settings of a row. */
struct rig {
	struct jwt_key *keys[WORDS_MAX];
	const char *audiences[WORDS_MAX], *needed[WORDS_MAX];
	struct jwt_rules rules;
	unsigned algs;
	size_t audience_count, needed_count;
};

static void read_algs(struct rig *rig, const char *word)
{
	struct span rest = span_of(word);
	enum jwt_alg alg;

	while (rest.ptr != NULL) {
		assert_true(jwt_alg_find(span_cut(&rest, ','), &alg));
		rig->algs |= 1u << alg;
	}
}

static void read_key(struct rig *rig, char *word)
{
	char *equals = strchr(word, '=');
	struct secret file = {0};
	struct span bytes;
	struct err why;

	if (equals != NULL)
		*equals = '\0';
	if (!strncmp(word, "hex:", 4)) {
		bytes = table_unhex(word + 4);
	} else {
		file = key_file_read(equals == NULL ? word : equals + 1);
		bytes = (struct span){file.bytes, file.len};
	}
	rig->keys[rig->rules.key_count] = jwt_key_new(
		bytes, equals == NULL ? NULL : word, rig->algs, &why);
	if (rig->keys[rig->rules.key_count++] == NULL)
		fail_msg("%s: %s", word, why.text);
	secret_fini(&file);
}

static void read_word(struct rig *rig, char *word)
{
	if (!strncmp(word, "leeway=", 7))
		rig->rules.leeway_ms = strtoull(word + 7, NULL, 10) * 1000;
	else if (!strncmp(word, "aud=", 4))
		rig->audiences[rig->audience_count++] = word + 4;
	else if (!strncmp(word, "iss=", 4))
		rig->rules.issuer = word + 4;
	else if (!strncmp(word, "need=", 5))
		rig->needed[rig->needed_count++] = word + 5;
	else if (rig->algs == 0)
		read_algs(rig, word);
	else
		read_key(rig, word);
}

static void rig_open(struct rig *rig, char *settings)
{
	memset(rig, 0, sizeof(*rig));
	for (char *word = strtok(settings, " "); word != NULL; word = strtok(NULL, " "))
		read_word(rig, word);
	rig->rules.keys = rig->keys;
	rig->rules.audiences = rig->audience_count == 0 ? NULL : rig->audiences;
	rig->rules.required_claims = rig->needed;
}

static void rig_close(struct rig *rig)
{
	for (size_t i = 0; i < rig->rules.key_count; i++)
		jwt_key_free(rig->keys[i]);
}

static const char *const result_names[] = {
#define ROW(token, text) #token,
	JWT_RESULTS(ROW)
#undef ROW
};

static void put_claim(struct buf *out, const struct claim *claim)
{
	char escaped[200];

	table_escape(escaped, sizeof(escaped), span_of(claim->name));
	buf_printf(out, "%s%s=", out->len == 0 ? "" : " ", escaped);
	assert_true(claim->is_list || claim->count == 1);
	for (size_t i = 0; i < claim->count; i++) {
		table_escape(escaped, sizeof(escaped), claim->texts[i]);
		buf_printf(out, claim->is_list ? "[%s]" : "%s", escaped);
	}
	if (claim->is_list && claim->count == 0)
		buf_printf(out, "[]");
}

/* As the last column has it. */
static void describe(struct buf *out, const struct jwt_token *token, struct span text)
{
	const struct claim *whole = claims_find(&token->claims, "token");

	if (token->result != JWT_OK) {
		assert_null(whole);
		assert_true(token->public_text[0] != '\0');
		buf_printf(out, "%s %s", result_names[token->result] + 4, token->log_text);
	} else {
		assert_non_null(whole);
		assert_true(span_equal(whole->texts[0], text));
		for (size_t i = 0; i < token->claims.count; i++)
			if (&token->claims.items[i] != whole)
				put_claim(out, &token->claims.items[i]);
		if (token->expires_s != 0)
			buf_printf(out, "; until %lld", (long long)token->expires_s);
	}
	buf_append(out, "", 1);
}

/* Nothing of the token may reach the log: no run of its letters. */
static void expect_no_part(const char *name, const char *line, struct span text)
{
	enum { PART = 12 };

	for (size_t i = 0; i + PART <= text.len; i++)
		if (memmem(line, strlen(line), text.ptr + i, PART) != NULL)
			fail_msg("%s: the log line has a part of the token: %s", name, line);
}

static void tokens_are_judged_as_the_table_says(void **state)
{
	static struct table table;
	char *columns[5];

	(void)state;
	table_open(&table, "jwt.txt");
	while (table_next(&table, columns, 5)) {
		struct span text = span_of(columns[3]);
		/* Of exactly the size, so that a sanitizer sees a byte read too far. */
		char *copy = memcpy(malloc(text.len + 1), text.ptr, text.len);
		struct arena arena = {0};
		struct buf found = {0};
		struct jwt_token token;
		struct rig rig;

		text.ptr = copy = realloc(copy, text.len == 0 ? 1 : text.len);
		rig_open(&rig, columns[1]);
		token = jwt_check(text, &rig.rules, strtoll(columns[2], NULL, 10), &arena);
		describe(&found, &token, text);
		table_expect(&table, columns[0], found.data, columns[4]);
		expect_no_part(columns[0], token.log_text, text);
		rig_close(&rig);
		buf_fini(&found);
		free(copy);
		arena_fini(&arena);
	}
	table_close(&table);
}

static void longer_than_the_limit_is_not_looked_at(void **state)
{
	static char text[JWT_TOKEN_MAX + 1];
	char settings[] = "HS256 secret_64.txt";
	struct arena arena = {0};
	struct jwt_token token;
	struct rig rig;

	(void)state;
	rig_open(&rig, settings);
	memset(text, 'A', sizeof(text));
	text[10] = text[20] = '.';
	token = jwt_check((struct span){text, sizeof(text)}, &rig.rules, 5, &arena);
	assert_int_equal(token.result, JWT_TOO_LONG);
	assert_string_equal(token.log_text, "token of 16385 bytes, at most 16384 are read");
	token = jwt_check((struct span){text, sizeof(text) - 1}, &rig.rules, 5, &arena);
	assert_int_equal(token.result, JWT_BAD_HEADER);
	rig_close(&rig);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_judged_as_the_table_says),
		cmocka_unit_test(longer_than_the_limit_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
