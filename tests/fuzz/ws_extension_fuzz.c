/*
 * Whatever stands in Sec-WebSocket-Extensions, the answer is one of RFC 7692, keeps to what is
 * allowed and to what was offered, and agrees with what the codec is told.
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/ws_deflate.h"

static bool says(struct span answer, const char *word)
{
	return answer.len > 0 && memmem(answer.ptr, answer.len, word, strlen(word)) != NULL;
}

/* Each input line is a header line. */
static void read_head(struct span bytes, struct http_head *head)
{
	while (bytes.ptr != NULL && head->header_count < HTTP_HEADERS_MAX)
		head->headers[head->header_count++] = (struct http_header){
			SPAN("Sec-WebSocket-Extensions"), span_trim(span_cut(&bytes, '\n'))};
}

static struct ws_compression read_allowed(const struct fuzz_input *input)
{
	return (struct ws_compression){
		.is_enabled = (input->chops[0] & 1) == 0,
		.server_context = (input->chops[0] & 2) == 0,
		.client_context = (input->chops[0] & 4) == 0,
		.server_bits = (uint8_t)(8 + input->chops[1] % 8),
		.client_bits = (uint8_t)(8 + input->chops[2] % 8),
		.level = 1,
		.memory_bytes = (uint64_t)input->chops[3] << 11,
	};
}

static void check_agreed(const struct ws_compression *agreed, const struct ws_compression *allowed,
	struct span answer, struct span offered)
{
	fuzz_assert(allowed->is_enabled);
	fuzz_assert(allowed->server_context || !agreed->server_context);
	fuzz_assert(allowed->client_context || !agreed->client_context);
	fuzz_assert(agreed->server_bits >= 8 && agreed->server_bits <= allowed->server_bits);
	fuzz_assert(agreed->client_bits >= 8 && agreed->client_bits <= 15);
	fuzz_assert(ws_deflate_memory(agreed) <= agreed->memory_bytes);
	fuzz_assert(says(answer, "permessage-deflate"));
	fuzz_assert(agreed->server_context != says(answer, "server_no_context_takeover"));
	fuzz_assert(agreed->client_context != says(answer, "client_no_context_takeover"));
	fuzz_assert(agreed->server_bits == 15 || says(answer, "server_max_window_bits="));
	fuzz_assert(agreed->client_bits == 15 || says(answer, "client_max_window_bits="));
	if (says(answer, "client_max_window_bits"))
		fuzz_assert(says(offered, "client_max_window_bits"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct http_head head;
	struct fuzz_input input = fuzz_input(data, size);
	struct ws_compression allowed = read_allowed(&input), agreed;
	struct buf answer = {0};
	struct err why = {0};

	head.header_count = 0;
	read_head(fuzz_rest(&input), &head);
	if (!ws_extension_check(&head, &why))
		fuzz_assert(why.code == ERR_BAD_REQUEST && why.text[0] != '\0');
	else if (ws_extension_negotiate(&head, &allowed, &agreed, &answer))
		check_agreed(&agreed, &allowed, buf_span(&answer), fuzz_rest(&input));
	else
		fuzz_assert(answer.len == 0);
	buf_fini(&answer);
	fuzz_end(&input);
	return 0;
}
