/*
 * A security section is read as it is meant, in its short forms too, with what it leaves out filled
 * in. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "config/security_conf.h"

/* The provider `p` with that section. */
static const struct security_conf *parse(struct config *config, const char *section)
{
	struct err_list why = {0};
	char text[1000];

	snprintf(text, sizeof(text), "routes: [{path: /, file: x}]\nproviders:\n  p: {%s}\n",
		section);
	if (!config_parse(config, span_of(text), "conf/routes.yaml", &why))
		fail_msg("%s: %s", section, why.items[0].text);
	err_list_fini(&why);
	assert_int_equal(config->provider_count, 1);
	assert_null(config->providers[0].plugin.text);
	assert_non_null(config->providers[0].security);
	return config->providers[0].security;
}

static void reads_every_key_of_jwt(void **state)
{
	struct config config;
	const struct security_conf *jwt = parse(&config,
		"jwt: {from: [header, {cookie: c}, {query: q}, {header: x-h}, subprotocol],"
		" algorithms: [HS256, EdDSA], keys: [{env: K}, {file: k/a.pem, kid: '1'}],"
		" audience: [a, b], issuer: i, leeway: 1m, required_claims: exp,"
		" expire_code: 4999, required: no}");
	static const enum security_conf_place places[] = {SECURITY_CONF_AUTHORIZATION,
		SECURITY_CONF_COOKIE, SECURITY_CONF_QUERY, SECURITY_CONF_HEADER,
		SECURITY_CONF_SUBPROTOCOL};

	(void)state;
	assert_int_equal(jwt->kind, SECURITY_CONF_JWT);
	assert_int_equal(jwt->from.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(jwt->from.items[i].place, places[i]);
	assert_string_equal(jwt->from.items[1].name.text, "c");
	assert_string_equal(jwt->from.items[3].name.text, "x-h");
	assert_int_equal(jwt->algorithms.count, 2);
	assert_int_equal(jwt->algorithms.items[1], JWT_EDDSA);
	assert_int_equal(jwt->keys.count, 2);
	assert_string_equal(jwt->keys.items[0].env.text, "K");
	assert_null(jwt->keys.items[0].kid.text);
	assert_string_equal(jwt->keys.items[1].file.text, "conf/k/a.pem");
	assert_string_equal(jwt->keys.items[1].kid.text, "1");
	assert_int_equal(jwt->keys.items[1].place.line, 3);
	assert_int_equal(jwt->audiences.count, 2);
	assert_string_equal(jwt->audiences.items[1].text, "b");
	assert_string_equal(jwt->issuer.text, "i");
	assert_int_equal(jwt->leeway_ms, 60000);
	assert_int_equal(jwt->required_claims.count, 1);
	assert_int_equal(jwt->expire_code, 4999);
	assert_false(jwt->is_required);
	config_fini(&config);
}

static void fills_in_what_is_left_out(void **state)
{
	static const struct {
		const char *section;
		enum security_conf_kind kind;
		size_t from_count;
	} rows[] = {
		{"api_key: {from: {query: k}}", SECURITY_CONF_API_KEY, 1},
		{"basic: {}", SECURITY_CONF_BASIC, 2},
		{"bearer: {}", SECURITY_CONF_BEARER, 2},
		{"bearer: {from: subprotocol}", SECURITY_CONF_BEARER, 1},
		{"oauth2: {}", SECURITY_CONF_OAUTH2, 2},
		{"jwt: {algorithms: ES256, keys: {env: K}}", SECURITY_CONF_JWT, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;
		const struct security_conf *conf = parse(&config, rows[i].section);

		assert_int_equal(conf->kind, rows[i].kind);
		assert_int_equal(conf->from.count, rows[i].from_count);
		assert_true(conf->is_required);
		assert_int_equal(conf->secrets.count, 0);
		assert_null(conf->realm.text);
		if (conf->kind == SECURITY_CONF_JWT)
			assert_int_equal(conf->expire_code, 4401);
		config_fini(&config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_key_of_jwt),
		cmocka_unit_test(fills_in_what_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
