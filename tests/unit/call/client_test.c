/*
 * Whom a trusted proxy speaks for is the client of that request alone, and strangers speak for
 * themselves. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "call/client.h"
#include "call/memory_transport.h"

/* The memory transport's peer is 192.0.2.1. */
static void read_proxies(struct config *config, const char *proxies)
{
	struct err_list why = {0};
	struct buf text = {0};

	buf_printf(&text, "%s\nroutes: [{path: /, file: /dev/null}]\n", proxies);
	assert_true(config_parse(config, buf_span(&text), "routes.yaml", &why));
	buf_fini(&text);
	err_list_fini(&why);
}

static bool ask(const struct config *config, struct memory_transport *t, const char *headers,
	char host[64], struct err *why)
{
	struct http_progress progress = {0};
	struct request request;
	struct http_head head;
	struct buf raw = {0};
	bool found;

	buf_printf(&raw, "GET / HTTP/1.1\r\nHost: example.org\r\n%s\r\n", headers);
	assert_int_equal(http_head_decode(&head, &progress, buf_span(&raw), why), WIRE_DONE);
	request_init(&request, &head, buf_span(&raw));
	found = client_find(config, &t->base, &request, why);
	snprintf(host, 64, "%.*s", SPAN_ARG(request.host));
	request_fini(&request);
	buf_fini(&raw);
	return found;
}

static void each_request_has_its_client(void **state)
{
	/* Over one connection, one after the other. */
	static const struct {
		const char *headers, *peer, *host;
		bool is_secure;
	} rows[] = {
		{"", MEMORY_PEER, "example.org", false},
		{"X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\n", "203.0.113.9",
			"example.org", true},
		{"X-Forwarded-For: 203.0.113.8\r\nX-Forwarded-Host: a.example\r\n", "203.0.113.8",
			"a.example", false},
		{"X-Forwarded-Proto: https\r\n", MEMORY_PEER, "example.org", true},
		{"Forwarded: for=203.0.113.7\r\n", MEMORY_PEER, "example.org", false},
	};
	struct memory_transport t;
	struct config config;
	struct err why;
	char host[64];

	(void)state;
	read_proxies(&config, "proxies: 192.0.2.0/24");
	memory_transport_init(&t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(ask(&config, &t, rows[i].headers, host, &why));
		assert_string_equal(transport_peer(&t.base), rows[i].peer);
		assert_string_equal(host, rows[i].host);
		assert_int_equal(t.extra.is_secure, rows[i].is_secure);
	}
	memory_transport_fini(&t);
	config_fini(&config);
}

/* A proxy that we reach over TLS may say that the client came without. */
static void the_client_may_be_less_secure_than_its_proxy(void **state)
{
	struct memory_transport t;
	struct config config;
	struct err why;
	char host[64];

	(void)state;
	read_proxies(&config, "proxies: 192.0.2.1");
	memory_transport_init(&t);
	t.extra.is_secure = true;
	assert_true(ask(&config, &t, "X-Forwarded-Proto: http\r\n", host, &why));
	assert_false(t.extra.is_secure);
	assert_true(ask(&config, &t, "", host, &why));
	assert_true(t.extra.is_secure);
	memory_transport_fini(&t);
	config_fini(&config);
}

static void strangers_are_not_looked_at(void **state)
{
	struct memory_transport t;
	struct config config;
	struct err why;
	char host[64];

	(void)state;
	read_proxies(&config, "proxies: 10.0.0.0/8");
	memory_transport_init(&t);
	assert_true(ask(&config, &t, "X-Forwarded-For: rubbish\r\nX-Forwarded-Proto: https\r\n",
		host, &why));
	assert_string_equal(transport_peer(&t.base), MEMORY_PEER);
	assert_false(t.extra.is_secure);
	memory_transport_fini(&t);
	config_fini(&config);
}

static void what_a_proxy_lets_through_must_be_readable(void **state)
{
	struct memory_transport t;
	struct config config;
	struct err why;
	char host[64];

	(void)state;
	read_proxies(&config, "proxies: 192.0.2.1\nproxy_header: forwarded");
	memory_transport_init(&t);
	assert_false(ask(&config, &t, "Forwarded: for=rubbish\r\n", host, &why));
	assert_int_equal(why.code, ERR_BAD_REQUEST);
	assert_string_equal(transport_peer(&t.base), MEMORY_PEER);
	memory_transport_fini(&t);
	config_fini(&config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_has_its_client),
		cmocka_unit_test(the_client_may_be_less_secure_than_its_proxy),
		cmocka_unit_test(strangers_are_not_looked_at),
		cmocka_unit_test(what_a_proxy_lets_through_must_be_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
