/*
 * A chunked body gives one outcome however it is cut, holds no more than its limit, and what is
 * behind it is the same. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "wire/http_body.h"

enum { LIMIT = 100 };

static void check_error(const struct err *why)
{
	fuzz_assert(why->code == ERR_BAD_REQUEST || why->code == ERR_TOO_LARGE);
	fuzz_assert(why->text[0] != '\0');
	for (const char *c = why->text; *c != '\0'; c++)
		fuzz_assert(*c >= 0x20 && *c < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct span bytes = fuzz_rest(&input), rest = bytes;
	struct http_body body;
	struct buf whole = {0}, cut = {0};
	enum wire wanted, found = WIRE_MORE;
	struct err why;
	size_t used = 0;

	http_body_init_chunked(&body, LIMIT);
	wanted = http_body_decode(&body, &rest, &whole, &why);
	fuzz_assert(whole.len <= LIMIT && rest.len <= bytes.len);
	fuzz_assert(wanted != WIRE_MORE || rest.len == 0);
	if (wanted == WIRE_BAD)
		check_error(&why);
	http_body_init_chunked(&body, LIMIT);
	while (found == WIRE_MORE && used < bytes.len) {
		size_t len = fuzz_chop(&input, bytes.len - used);
		struct span part = {bytes.ptr + used, len};

		found = http_body_decode(&body, &part, &cut, &why);
		used += len - part.len;
	}
	fuzz_assert(found == wanted && used == bytes.len - rest.len && cut.len == whole.len);
	fuzz_assert(cut.len == 0 || memcmp(cut.data, whole.data, cut.len) == 0);
	buf_fini(&whole);
	buf_fini(&cut);
	fuzz_end(&input);
	return 0;
}
