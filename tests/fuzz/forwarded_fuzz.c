/*
 * Whatever proxies and clients write, the client is an address that stands in the header, and one
 * that no proxy added to the right of is never taken. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/authority.h"
#include "wire/forwarded.h"
#include "wire/origin.h"

static void check(const struct http_head *head, enum forwarded_header header)
{
	const struct ip_range trusted = {
		.first.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10}, .bits = 104};
	struct forwarded found;
	struct ip_address address;
	struct authority authority;
	struct err why;

	if (!forwarded_find(&found, head, header, &trusted, 1, &why)) {
		fuzz_assert(why.text[0] != '\0');
		return;
	}
	if (found.peer.ptr != NULL)
		fuzz_assert(ip_address_parse(&address, found.peer) && found.peer.len < 64);
	if (found.host.ptr != NULL && authority_parse(&authority, found.host))
		fuzz_assert(authority.host.len > 0);
}

/* What our own proxy adds counts, whatever the client wrote before it. */
static void check_appended(struct http_head *head)
{
	const struct ip_range trusted = {
		.first.bytes = {[10] = 0xff, [11] = 0xff, [12] = 10}, .bits = 104};
	struct forwarded found;
	struct err why;

	head->headers[head->header_count++] = (struct http_header){
		SPAN("X-Forwarded-For"), SPAN("203.0.113.9")};
	if (forwarded_find(&found, head, FORWARDED_X, &trusted, 1, &why))
		fuzz_assert(span_equal(found.peer, SPAN("203.0.113.9")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {
		"Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"};
	static struct http_head head;
	struct fuzz_input input = fuzz_input(data, size);
	struct span rest = fuzz_rest(&input), line;

	head.header_count = 0;
	while (rest.ptr != NULL && head.header_count < 8) {
		line = span_cut(&rest, '\n');
		head.headers[head.header_count] = (struct http_header){
			span_of(names[head.header_count % 4]), span_trim(line)};
		if (origin_is_same(line, SPAN("example.org")))
			fuzz_assert(line.len >= sizeof("http://example.org") - 1);
		head.header_count++;
	}
	check(&head, FORWARDED_X);
	check(&head, FORWARDED_RFC7239);
	check_appended(&head);
	fuzz_end(&input);
	return 0;
}
