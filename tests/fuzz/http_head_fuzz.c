/*
 * A request head gives one outcome however it is cut, and a good one holds what its rules promise.
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "base/arena.h"
#include "wire/cookie.h"
#include "wire/http_head.h"
#include "wire/ws_key.h"

static void check_inside(struct span part, struct span whole)
{
	fuzz_assert(part.len <= whole.len);
	fuzz_assert(part.len == 0 ||
		    (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_error(const struct err *why)
{
	fuzz_assert(err_http_status(why->code) >= 400);
	fuzz_assert(why->text[0] != '\0');
	for (const char *c = why->text; *c != '\0'; c++)
		fuzz_assert(*c >= 0x20 && *c < 0x7f);
}

static void check_key(struct span key)
{
	struct evp_md_ctx_st *sha1 = ws_accept_new();
	char accept[WS_ACCEPT_SIZE];

	ws_accept_key(sha1, key, accept);
	fuzz_assert(strlen(accept) == WS_ACCEPT_SIZE - 1);
	ws_accept_free(sha1);
}

static void check_good(const struct http_head *head, struct span input)
{
	struct span whole = {input.ptr, head->length};
	struct err why;

	fuzz_assert(head->length <= input.len && head->length <= HTTP_HEAD_MAX);
	fuzz_assert(head->header_count <= HTTP_HEADERS_MAX);
	fuzz_assert(head->minor <= 1);
	fuzz_assert(http_is_token(head->method) && head->method.len <= HTTP_METHOD_MAX);
	fuzz_assert(head->target.len <= HTTP_TARGET_MAX);
	fuzz_assert(head->path.len > 0 && (head->path.ptr[0] == '/' || head->path.ptr[0] == '*'));
	fuzz_assert(!head->is_chunked || head->content_length == 0);
	fuzz_assert(head->has_body == (head->is_chunked || head->content_length > 0));
	check_inside(head->method, whole);
	check_inside(head->target, whole);
	check_inside(head->query, whole);
	for (size_t i = 0; i < head->header_count; i++) {
		check_inside(head->headers[i].name, whole);
		check_inside(head->headers[i].value, whole);
		fuzz_assert(http_is_token(head->headers[i].name));
		for (size_t j = 0; j < head->headers[i].value.len; j++)
			fuzz_assert(strchr("\r\n", head->headers[i].value.ptr[j]) == NULL);
	}
	if (!ws_handshake_check(head, &why))
		check_error(&why);
	else
		check_key(http_header_get(head, SPAN("Sec-WebSocket-Key"), 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head whole, head;
	struct fuzz_input input = fuzz_input(data, size);
	struct span bytes = fuzz_rest(&input);
	struct http_progress progress = {0};
	struct err why;
	enum wire wanted = http_head_decode(&whole, &progress, bytes, &why), found = WIRE_MORE;

	if (wanted == WIRE_BAD)
		check_error(&why);
	if (wanted == WIRE_DONE)
		check_good(&whole, bytes);
	progress = (struct http_progress){0};
	for (size_t len = 0; found == WIRE_MORE && len < bytes.len;) {
		char *copy;

		len += fuzz_chop(&input, bytes.len - len);
		copy = malloc(len);
		fuzz_assert(copy != NULL);
		memcpy(copy, bytes.ptr, len);
		memset(&head, 0xee, sizeof(head));
		found = http_head_decode(&head, &progress, (struct span){copy, len}, &why);
		free(copy);
	}
	/* Cut, a bad head may be told from its beginning, with another fault of the same head. */
	fuzz_assert(found == wanted);
	if (found == WIRE_DONE) {
		fuzz_assert(head.length == whole.length);
		fuzz_assert(head.header_count == whole.header_count);
		fuzz_assert(head.keep_alive == whole.keep_alive);
		fuzz_assert(head.is_upgrade == whole.is_upgrade);
		fuzz_assert(head.content_length == whole.content_length);
	}
	fuzz_end(&input);
	return 0;
}
