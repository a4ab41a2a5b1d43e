/*
 * Whatever Range, If-Range, dates and Accept-Encoding hold, a part lies within the file and weights
 * are at most 1000. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/http_accept.h"
#include "wire/http_conditions.h"
#include "wire/http_range.h"

static void check_range(const struct http_head *head, uint64_t size)
{
	uint64_t first = 0, len = 0;

	if (http_range_find(head, size, &first, &len) != HTTP_RANGE_PART)
		return;
	fuzz_assert(len > 0 && first < size && len <= size - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"Range", "If-Range", "If-None-Match", "If-Match",
		"If-Modified-Since", "If-Unmodified-Since", "Accept-Encoding"};
	static struct http_head head;
	struct fuzz_input input = fuzz_input(data, size);
	struct span rest = fuzz_rest(&input), line;
	const struct http_validators now = {SPAN("\"a\""), 784111777};
	uint64_t sizes[] = {0, 1, 100, UINT64_MAX};

	head.header_count = 0;
	while (rest.ptr != NULL && head.header_count < sizeof(names) / sizeof(names[0])) {
		line = span_cut(&rest, '\n');
		head.headers[head.header_count] = (struct http_header){
			span_of(names[head.header_count]), span_trim(line)};
		head.header_count++;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check_range(&head, sizes[i]);
	http_conditions_check(&head, &now);
	http_conditions_may_range(&head, &now);
	fuzz_assert(http_accept_coding(&head, SPAN("gzip")) <= 1000);
	fuzz_assert(http_accept_coding(&head, SPAN("identity")) >= 1);
	fuzz_end(&input);
	return 0;
}
