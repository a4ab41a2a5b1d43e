/*
 * A request out of one text: lines parted by '|', "?…" is the query. Shared by the tests of this
 * folder. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_MADE_REQUEST_H
#define SOCKLET_TESTS_MADE_REQUEST_H

#include "base/arena.h"
#include "security/credential.h"
#include "wire/cookie.h"

struct made_request {
	struct http_head head;
	struct arena arena;
	struct security_request request;
};

static inline void made_request_open(struct made_request *made, struct span text, int64_t now_s)
{
	made->head = (struct http_head){0};
	made->arena = (struct arena){0};
	made->request = (struct security_request){.head = &made->head, .now_s = now_s};
	while (text.ptr != NULL) {
		struct span line = span_cut(&text, '|'), name;

		if (line.len > 0 && line.ptr[0] == '?') {
			made->request.query = url_decode_query(
				span_from(line, 1), &made->arena, &made->request.query_count);
			continue;
		}
		name = span_cut(&line, ':');
		if (line.ptr != NULL)
			made->head.headers[made->head.header_count++] = (struct http_header){
				name, span_trim(line)};
	}
	made->request.cookies = cookie_decode(
		&made->head, &made->arena, &made->request.cookie_count);
}

static inline void made_request_close(struct made_request *made)
{
	arena_fini(&made->arena);
}

#endif
