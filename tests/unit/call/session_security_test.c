/*
 * A credential that expires ends its connection then and not before, whatever state that is in,
 * and leaves no timer behind. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "call/generation.h"
#include "call/memory_transport.h"

#define KEY "0123456789abcdef0123456789abcdef"

static const char routes[] =
	"plugins: " TEST_PLUGINS "\n"
	"routes:\n"
	"  - {path: /one, plugin: badge, inject: {who: {from: provider, alias: token}}}\n"
	"  - path: /close\n"
	"    plugin: badge\n"
	"    reject: close\n"
	"    inject: {who: {from: provider, alias: other}}\n"
	"  - path: /two\n"
	"    plugin: badge\n"
	"    inject:\n"
	"      who: {from: provider, alias: token}\n"
	"      mail: {from: provider, alias: other, claim: sub}\n"
	"providers:\n"
	"  token: {jwt: {from: {query: t}, algorithms: HS256, keys: {env: SECURITY_TEST_KEY}}}\n"
	"  other:\n"
	"    jwt: {from: {query: o}, algorithms: HS256, keys: {env: SECURITY_TEST_KEY},\n"
	"          expire_code: 4408}\n";

/* ---- the clock on the wall ---- */

static int64_t wall_ms;

/* Instead of libc's: a token's time is that of the wall, and the test is its own. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){wall_ms / 1000, (long)(wall_ms % 1000) * 1000000};
	return 0;
}

/* ---- host and peers ---- */

struct bench {
	struct memory_loop loop;
	struct host *host;
	struct memory_transport t;
};

static int set_up(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));
	struct err_list why = {0};
	struct config config;
	struct generation_input input = {.config = &config};
	struct generation *generation;

	wall_ms = 1000000;
	setenv("SECURITY_TEST_KEY", KEY, 1);
	memory_loop_init(&bench->loop);
	bench->host = host_new(&bench->loop.base, &why);
	assert_non_null(bench->host);
	config_parse(&config, span_of(routes), "routes.yaml", &why);
	input.images = host_images(bench->host);
	input.host = host_functions(bench->host);
	generation = generation_build(&input, &why);
	if (generation == NULL)
		fail_msg("%s", why.items[0].text);
	host_swap(bench->host, generation);
	err_list_fini(&why);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	host_turn_end(bench->host);
	if (bench->loop.timers != NULL)
		fail_msg("a timer is left");
	assert_int_equal(host_session_count(bench->host), 0);
	memory_transport_fini(&bench->t);
	host_free(bench->host);
	free(bench);
	return 0;
}

static void put_base64url(struct buf *out, const void *data, size_t len)
{
	char text[256];
	int all = EVP_EncodeBlock((unsigned char *)text, data, (int)len);

	for (int i = 0; i < all && text[i] != '='; i++)
		buf_append(out, text[i] == '+' ? "-" : text[i] == '/' ? "_" : &text[i], 1);
}

/* With `exp` in seconds from now; 0: none. */
static void put_token(struct buf *out, int expires_in_s)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	struct buf claims = {0};
	size_t start = out->len;
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;

	buf_printf(&claims, "{\"sub\":\"ada\"");
	if (expires_in_s != 0)
		buf_printf(&claims, ",\"exp\":%lld", (long long)(wall_ms / 1000 + expires_in_s));
	buf_printf(&claims, "}");
	put_base64url(out, header, sizeof(header) - 1);
	buf_printf(out, ".");
	put_base64url(out, claims.data, claims.len);
	HMAC(EVP_sha256(), KEY, sizeof(KEY) - 1, (const unsigned char *)out->data + start,
		out->len - start, mac, &mac_len);
	buf_printf(out, ".");
	put_base64url(out, mac, mac_len);
	buf_fini(&claims);
}

/* Tokens of these times in the query parameters t and o. */
static void ask(struct bench *bench, const char *path, int t_in_s, int o_in_s)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct buf raw = {0};
	struct err why;

	memory_transport_init(&bench->t);
	buf_printf(&raw, "GET %s%st=", path, strchr(path, '?') != NULL ? "&" : "?");
	put_token(&raw, t_in_s);
	buf_printf(&raw, "&o=");
	put_token(&raw, o_in_s);
	buf_printf(&raw, " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			 "Sec-WebSocket-Version: 13\r\n\r\n");
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&raw), &why), WIRE_DONE);
	host_request(bench->host, &bench->t.base, &head, buf_span(&raw));
	buf_fini(&raw);
	host_turn_end(bench->host);
}

/* Both clocks; returns whether the host has closed the connection by then. */
static bool pass(struct bench *bench, int ms)
{
	wall_ms += ms;
	memory_loop_advance(&bench->loop, (uint64_t)ms);
	host_turn_end(bench->host);
	return bench->t.is_closed;
}

static void leave(struct bench *bench)
{
	if (bench->t.base.session != NULL)
		session_end(bench->t.base.session, 1000, SPAN(""), ENDED_BY_PEER);
}

/* ---- claims ---- */

static void an_open_connection_is_closed_to_the_millisecond(void **state)
{
	struct bench *bench = *state;

	wall_ms += 250;
	ask(bench, "/one", 10, 0);
	assert_int_equal(bench->t.status, 101);
	assert_false(pass(bench, 9749));
	assert_true(pass(bench, 1));
	assert_int_equal(bench->t.close_code, 4401);
	leave(bench);
}

static void the_first_to_expire_counts(void **state)
{
	static const struct {
		int t_in_s, o_in_s;
		unsigned code;
	} table[] = {{5, 9, 4401}, {9, 5, 4408}, {0, 5, 4408}, {5, 0, 4401}};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct bench *bench = *state;

		ask(bench, "/two", table[i].t_in_s, table[i].o_in_s);
		assert_int_equal(bench->t.status, 101);
		assert_false(pass(bench, 4999));
		if (!pass(bench, 1) || bench->t.close_code != table[i].code)
			fail_msg("row %d: closed %d with %u, wanted %u", (int)i, bench->t.is_closed,
				bench->t.close_code, table[i].code);
		leave(bench);
		assert_false(bench->loop.timers != NULL);
		memory_transport_fini(&bench->t);
	}
	memory_transport_init(&((struct bench *)*state)->t);
}

static void a_clock_that_is_put_back_is_waited_for(void **state)
{
	struct bench *bench = *state;

	ask(bench, "/one", 10, 0);
	wall_ms -= 5000;
	assert_false(pass(bench, 10000));
	assert_false(pass(bench, 4999));
	assert_true(pass(bench, 1));
	leave(bench);
}

static void who_leaves_first_leaves_no_timer(void **state)
{
	struct bench *bench = *state;

	ask(bench, "/two", 10, 20);
	assert_non_null(bench->loop.timers);
	leave(bench);
	assert_null(bench->loop.timers);
}

static void a_refusal_after_the_first_credential_leaves_no_timer(void **state)
{
	struct bench *bench = *state;

	ask(bench, "/two", 10, -1);
	assert_int_equal(bench->t.status, 401);
	assert_non_null(
		strstr(bench->t.headers.data, "WWW-Authenticate: Bearer error=\"invalid_token\", "
					      "error_description=\"The token expired\"\r\n"));
	assert_string_equal(bench->t.body.data, "{\"detail\":\"The token expired\"}");
	assert_null(bench->loop.timers);
}

static void who_waits_for_an_answer_is_refused(void **state)
{
	struct bench *bench = *state;

	ask(bench, "/one?choose=later", 3, 0);
	pass(bench, 2999);
	assert_int_equal(bench->t.status, 0);
	pass(bench, 1);
	assert_int_equal(bench->t.status, 401);
	assert_non_null(strstr(
		bench->t.headers.data, "WWW-Authenticate: Bearer error=\"invalid_token\", "));
}

static void or_accepted_and_closed_with_the_code(void **state)
{
	struct bench *bench = *state;

	ask(bench, "/close?choose=later", 0, 3);
	assert_true(pass(bench, 3000));
	assert_int_equal(bench->t.status, 101);
	assert_int_equal(bench->t.close_code, 4408);
	assert_null(strstr(bench->t.headers.data, "WWW-Authenticate"));
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CLAIM(an_open_connection_is_closed_to_the_millisecond),
		CLAIM(the_first_to_expire_counts),
		CLAIM(a_clock_that_is_put_back_is_waited_for),
		CLAIM(who_leaves_first_leaves_no_timer),
		CLAIM(a_refusal_after_the_first_credential_leaves_no_timer),
		CLAIM(who_waits_for_an_answer_is_refused),
		CLAIM(or_accepted_and_closed_with_the_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
