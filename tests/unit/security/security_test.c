/*
 * Each kind of provider lets in and refuses as the table says, with FastAPI's texts, and reports
 * the mistakes of its settings at their place. SPDX-License-Identifier: MIT
 */
#include "key_file.h"

#include "base/buf.h"
#include "made_request.h"
#include "security/security.h"

static const struct credential_from key_places[] = {
	{CREDENTIAL_HEADER, "x-key"}, {CREDENTIAL_QUERY, "key"}};
static const struct credential_from scheme_places[] = {
	{CREDENTIAL_AUTHORIZATION, NULL}, {CREDENTIAL_SUBPROTOCOL, NULL}};
static const struct secret_source secrets = {.env = "SECURITY_TEST_SECRETS"};
static const enum jwt_alg hs256 = JWT_HS256;

static const struct {
	const char *name;
	enum security_kind kind;
	bool has_secrets, is_optional;
	const char *realm;
} setups[] = {
	{"api_key", SECURITY_API_KEY, false, false, NULL},
	{"api_key_secret", SECURITY_API_KEY, true, false, NULL},
	{"api_key_optional", SECURITY_API_KEY, true, true, NULL},
	{"basic", SECURITY_BASIC, false, false, NULL},
	{"basic_secret", SECURITY_BASIC, true, false, "the \"zone\""},
	{"bearer", SECURITY_BEARER, false, false, NULL},
	{"bearer_secret", SECURITY_BEARER, true, false, NULL},
	{"oauth2", SECURITY_OAUTH2, false, false, NULL},
	{"jwt", SECURITY_JWT, false, false, NULL},
	{"jwt_optional", SECURITY_JWT, false, true, NULL},
};

static struct security *make(const char *name)
{
	char path[1024];
	struct security_key key = {
		.source.file = key_file_path(path, sizeof(path), "secret_64.txt")};
	struct security_input input = {.realm = NULL};
	struct err_list why = {0};
	struct security *security;
	size_t i = 0;

	while (strcmp(setups[i].name, name) != 0)
		i++;
	input.kind = setups[i].kind;
	input.is_required = !setups[i].is_optional;
	input.from = input.kind == SECURITY_API_KEY ? key_places : scheme_places;
	input.from_count = 2;
	input.realm = setups[i].realm;
	input.secrets = &secrets;
	input.secret_count = setups[i].has_secrets ? 1 : 0;
	input.algorithms = &hs256;
	input.keys = &key;
	input.algorithm_count = input.key_count = input.kind == SECURITY_JWT ? 1 : 0;
	input.expire_code = 4402;
	setenv(secrets.env,
		input.kind == SECURITY_BASIC ? "eve:x\nada:hunter2" : "right\nalso right\nt0ken",
		1);
	security = security_new(&input, &why);
	if (security == NULL)
		fail_msg("%s: %s", name, why.items[0].text);
	return security;
}

static void put_claims(struct buf *out, const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *claim = &claims->items[i];

		/* Of a signed token the whole is there, too: jwt_test.c looks at it. */
		if (!strcmp(claim->name, "token") && claim->texts[0].len > 100)
			continue;
		buf_printf(out, "%s%s=", out->len == 0 ? "" : " ", claim->name);
		for (size_t k = 0; k < claim->count; k++)
			buf_printf(
				out, claim->is_list ? "[%.*s]" : "%.*s", SPAN_ARG(claim->texts[k]));
	}
}

/* As the last column has it. */
static void describe(struct buf *out, bool ok, const struct security_answer *answer)
{
	if (!ok) {
		assert_int_equal(answer->claims.count, 0);
		buf_printf(out, "%u %u [%s] [%s] %s", answer->status, answer->close_code,
			answer->detail, answer->www_authenticate, answer->log_text);
	} else if (answer->is_absent) {
		assert_int_equal(answer->claims.count, 0);
		buf_printf(out, "absent");
	} else {
		put_claims(out, &answer->claims);
		buf_printf(out, "; from %s", credential_place_name(answer->found.place));
		if (answer->expires_s != 0)
			buf_printf(out, "; until %lld, then %u", (long long)answer->expires_s,
				answer->expire_code);
	}
	buf_append(out, "", 1);
}

/* Nothing that is shown to anyone holds what the peer gave. */
static void expect_silence(const struct security_answer *answer)
{
	const char *const shown[] = {answer->log_text, answer->detail, answer->www_authenticate};
	struct span given = answer->found.value;

	for (size_t i = 0; i < 3; i++)
		if (given.len > 0 && shown[i] != NULL)
			assert_null(memmem(shown[i], strlen(shown[i]), given.ptr, given.len));
}

static void answers_as_the_table_says(void **state)
{
	static struct table table;
	static struct made_request made;
	char *columns[4];

	(void)state;
	table_open(&table, "security.txt");
	while (table_next(&table, columns, 4)) {
		struct security *security = make(columns[0]);
		struct security_answer answer;
		struct buf found = {0};
		const char *scopes[9] = {NULL};
		size_t count = 0;
		bool ok;

		for (char *word = strtok(columns[2], " "); word != NULL; word = strtok(NULL, " "))
			scopes[count++] = word;
		made_request_open(&made, table_unescape(columns[1]), 1000);
		ok = security_check(
			security, &made.request, count == 0 ? NULL : scopes, &made.arena, &answer);
		describe(&found, ok, &answer);
		table_expect(&table, columns[1], found.data, columns[3]);
		expect_silence(&answer);
		buf_fini(&found);
		made_request_close(&made);
		security_free(security);
	}
	table_close(&table);
}

static void a_field_without_a_claim_takes_the_usual_one(void **state)
{
	static const char *const rows[][2] = {{"api_key", "key"}, {"basic", "username"},
		{"bearer", "token"}, {"oauth2", "token"}, {"jwt", "sub"}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct security *security = make(rows[i][0]);

		assert_string_equal(security_kind_name(security), rows[i][0]);
		assert_string_equal(security_default_claim(security), rows[i][1]);
		security_free(security);
	}
}

/* Every mistake at once, each at its place. */
static void settings_are_checked_whole(void **state)
{
	static const enum jwt_alg algs[] = {JWT_HS512, JWT_ES256};
	static const char *const wanted[] = {
		"4: the variable SECURITY_TEST_NO_SUCH is not in the environment: set it where "
		"socklet is started",
		"5: key: found a secret of 48 bytes, wanted at least 64 for HS512: make one with "
		"openssl rand -hex 64",
		"6: key: found a public key for RS256, but algorithms has only HS512, ES256: add "
		"it there",
	};
	char paths[2][1024], found[300];
	struct security_key keys[] = {
		{{.env = "SECURITY_TEST_NO_SUCH", .place = {"r", 4, 1}}, NULL},
		{{.file = key_file_path(paths[0], sizeof(paths[0]), "secret_48.txt"),
			 .place = {"r", 5, 1}},
			NULL},
		{{.file = key_file_path(paths[1], sizeof(paths[1]), "rsa_certificate.pem"),
			 .place = {"r", 6, 1}},
			NULL},
	};
	struct security_input input = {.kind = SECURITY_JWT,
		.algorithms = algs,
		.algorithm_count = 2,
		.keys = keys,
		.key_count = 3};
	struct err_list why = {0};

	(void)state;
	assert_null(security_new(&input, &why));
	assert_int_equal(why.count, 3);
	for (size_t i = 0; i < 3; i++) {
		snprintf(
			found, sizeof(found), "%u: %s", why.items[i].place.line, why.items[i].text);
		assert_string_equal(found, wanted[i]);
	}
	err_list_fini(&why);
}

static void an_algorithm_without_a_key_is_a_mistake(void **state)
{
	static const enum jwt_alg algs[] = {JWT_HS256, JWT_ES256};
	char path[1024];
	struct security_key key = {
		.source.file = key_file_path(path, sizeof(path), "secret_64.txt")};
	struct security_input input = {.kind = SECURITY_JWT,
		.algorithms = algs,
		.algorithm_count = 2,
		.keys = &key,
		.key_count = 1,
		.place = {"r", 9, 2}};
	struct err_list why = {0};

	(void)state;
	assert_null(security_new(&input, &why));
	assert_int_equal(why.count, 1);
	assert_int_equal(why.items[0].place.line, 9);
	assert_string_equal(why.items[0].text,
		"algorithms has ES256, but no key is for it: add one, or take it away");
	err_list_fini(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_as_the_table_says),
		cmocka_unit_test(a_field_without_a_claim_takes_the_usual_one),
		cmocka_unit_test(settings_are_checked_whole),
		cmocka_unit_test(an_algorithm_without_a_key_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
