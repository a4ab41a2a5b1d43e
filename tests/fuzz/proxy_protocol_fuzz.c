/*
 * Any bytes are a PROXY header, the start of one, or none: the same whether they come at once or
 * in parts; a client that is named can be read as an address, and no header passes its limit.
 * SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/ip_range.h"
#include "wire/proxy_protocol.h"

static void check_ranges(struct span text)
{
	struct ip_range range;
	struct err why;

	if (ip_range_parse(&range, text, &why))
		fuzz_assert(ip_range_has(&range, &range.first));
	else
		fuzz_assert(why.text[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct span bytes = fuzz_rest(&input);
	struct proxy_header whole, part;
	struct ip_address address;
	struct err why = {0};
	enum wire wanted = proxy_protocol_decode(&whole, bytes, &why), found = WIRE_MORE;

	for (size_t len = 0; found == WIRE_MORE && len < bytes.len;) {
		len += fuzz_chop(&input, bytes.len - len);
		found = proxy_protocol_decode(&part, (struct span){bytes.ptr, len}, &why);
	}
	fuzz_assert(found == wanted);
	if (wanted == WIRE_DONE) {
		fuzz_assert(whole.length == part.length && whole.length <= bytes.len);
		fuzz_assert(whole.length <= PROXY_V2_MAX);
		fuzz_assert(strcmp(whole.source, part.source) == 0);
		fuzz_assert(whole.source[0] == '\0' ||
			    ip_address_parse(&address, span_of(whole.source)));
	} else if (wanted == WIRE_MORE) {
		fuzz_assert(bytes.len < PROXY_V2_MAX);
	}
	check_ranges(bytes);
	fuzz_end(&input);
	return 0;
}
