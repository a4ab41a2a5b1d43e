/*
 * What a routes file says, served by a host in memory, and who connects to it. Header only, for the
 * tests of call/. SPDX-License-Identifier: MIT
 */
#ifndef TESTS_MEMORY_SERVE_H
#define TESTS_MEMORY_SERVE_H

#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"
#include "call/generation.h"
#include "call/host.h"
#include "call/memory_transport.h"

/* `format` and what follows it is the file, behind its folder of plugins. It has no mistake. */
__attribute__((format(printf, 2, 3))) static inline void memory_serve(
	struct host *host, const char *format, ...)
{
	struct err_list why = {0};
	struct config config;
	struct generation_input input = {
		.config = &config,
		.images = host_images(host),
		.host = host_functions(host),
		.previous = host_generation(host),
	};
	struct generation *next;
	char text[1000];
	va_list args;
	int len = snprintf(text, sizeof(text), "plugins: " TEST_PLUGINS "\n");

	va_start(args, format);
	len += vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
	va_end(args);
	assert_in_range(len, 0, sizeof(text) - 1);
	config_parse(&config, span_of(text), "routes.yaml", &why);
	next = generation_build(&input, &why);
	for (size_t i = 0; i < why.count; i++)
		printf("complaint: %s\n", why.items[i].text);
	assert_non_null(next);
	host_swap(host, next);
	err_list_fini(&why);
}

/* A handshake for the target, whose transport is new; it is accepted. */
static inline void memory_join(struct host *host, struct memory_transport *t, const char *target)
{
	struct http_progress progress = {0};
	struct http_head head;
	struct err why;
	char text[1000];

	snprintf(text, sizeof(text),
		"GET %s HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Version: 13\r\n\r\n",
		target);
	memory_transport_init(t);
	assert_int_equal(http_head_decode(&head, &progress, span_of(text), &why), WIRE_DONE);
	host_request(host, &t->base, &head, span_of(text));
	host_turn_end(host);
	assert_int_equal(t->status, 101);
}

#endif
