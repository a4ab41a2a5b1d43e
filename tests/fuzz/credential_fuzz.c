/*
 * Whatever a request holds, a credential is found only where it was looked for, and no answer shows
 * it to anyone. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "security/security.h"
#include "wire/cookie.h"
#include "base/utf8.h"

static const struct credential_from places[] = {{CREDENTIAL_AUTHORIZATION, NULL},
	{CREDENTIAL_SUBPROTOCOL, NULL}, {CREDENTIAL_HEADER, "x-key"}, {CREDENTIAL_COOKIE, "c"},
	{CREDENTIAL_QUERY, "q"}};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

/* Lines "<which>value": the first letter chooses the header. */
static void take_headers(struct http_head *head, struct span *query, struct span rest)
{
	static const struct span names[] = {
		{"Authorization", 13}, {"Sec-WebSocket-Protocol", 22}, {"X-Key", 5}, {"Cookie", 6}};

	while (rest.ptr != NULL && head->header_count < HTTP_HEADERS_MAX) {
		struct span line = span_cut(&rest, '\n');
		unsigned which = line.len == 0 ? 0 : (unsigned char)line.ptr[0] % 5;
		struct span value = span_trim(span_from(line, 1));

		if (which == 4)
			*query = value;
		else
			head->headers[head->header_count++] = (struct http_header){
				names[which], value.ptr == NULL ? SPAN("") : value};
	}
}

static void check_answer(bool ok, const struct security_answer *answer, enum security_kind kind)
{
	struct span given = answer->found.value;

	fuzz_assert(ok == (answer->status == 0));
	fuzz_assert((answer->found.place == CREDENTIAL_NOWHERE) == (given.len == 0));
	for (size_t i = 0; i < answer->claims.count; i++)
		fuzz_assert(utf8_valid(answer->claims.items[i].texts[0]));
	if (ok)
		fuzz_assert(answer->is_absent == (answer->claims.count == 0));
	else
		fuzz_assert(answer->detail != NULL && answer->www_authenticate != NULL &&
			    answer->status == 401 && answer->close_code == 4401);
	if (ok && kind == SECURITY_API_KEY && !answer->is_absent)
		fuzz_assert(span_equal(answer->claims.items[0].texts[0], given));
	/* Longer than the longest word of our texts, and without a blank. */
	if (!ok && given.len > 40 && span_find(given, ' ') == given.len)
		fuzz_assert(memmem(answer->log_text, strlen(answer->log_text), given.ptr,
				    given.len) == NULL);
}

static void check_kind(const struct security_request *request, enum security_kind kind,
	size_t first, bool is_required, struct arena *arena)
{
	struct security_input input = {.kind = kind,
		.is_required = is_required,
		.from = places + first,
		.from_count = PLACES - first};
	const char *const scopes[] = {"a", "b", NULL};
	struct err_list why = {0};
	struct security *security = security_new(&input, &why);
	struct security_answer answer;
	bool ok;

	fuzz_assert(security != NULL);
	ok = security_check(security, request, scopes, arena, &answer);
	check_answer(ok, &answer, kind);
	security_free(security);
	err_list_fini(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	struct fuzz_input input = fuzz_input(data, size);
	struct security_request request = {.head = &head};
	struct span query = {NULL, 0};
	struct arena arena = {0};

	head.header_count = 0;
	take_headers(&head, &query, fuzz_rest(&input));
	request.query = url_decode_query(query, &arena, &request.query_count);
	request.cookies = cookie_decode(&head, &arena, &request.cookie_count);
	for (int kind = 0; kind <= SECURITY_OAUTH2; kind++)
		check_kind(&request, (enum security_kind)kind, input.chops[0] % PLACES,
			input.chops[1] % 2 == 0, &arena);
	arena_fini(&arena);
	fuzz_end(&input);
	return 0;
}
