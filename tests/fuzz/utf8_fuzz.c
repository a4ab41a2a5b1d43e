/*
 * utf8_check in parts of any size finds what a plain twin finds byte by byte, and cuts on
 * character borders. SPDX-License-Identifier: MIT
 */
#include "fuzz.h"

#include "base/utf8.h"

/* How many bytes the character at `at` takes, 0 when none is there: RFC 3629's ABNF, spelled out.
 */
static size_t twin_character(const uint8_t *at, size_t len)
{
	size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	uint8_t low = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
	uint8_t high = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;

	if (size == 0 || at[0] > 0xf4 || size > len)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if (at[i] < (i == 1 ? low : 0x80) || at[i] > (i == 1 ? high : 0xbf))
			return 0;
	}
	return size;
}

/* Bytes of the longest valid beginning, and the characters in it. */
static size_t twin_valid_prefix(const uint8_t *data, size_t size, size_t *characters)
{
	size_t done = 0, step;

	for (*characters = 0; done < size; ++*characters) {
		step = twin_character(data + done, size - done);
		if (step == 0)
			break;
		done += step;
	}
	return done;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = fuzz_input(data, size);
	struct span text = fuzz_rest(&input);
	size_t characters, cut, limit = text.len / 2;
	size_t good = twin_valid_prefix((const uint8_t *)text.ptr, text.len, &characters);
	struct utf8 utf8 = {0};
	bool ok = true;

	for (size_t at = 0, len; ok && at < text.len; at += len) {
		len = fuzz_chop(&input, text.len - at);
		ok = utf8_check(&utf8, text.ptr + at, len);
		/* What the twin took whole must be taken. */
		fuzz_assert(ok || at + len > good);
	}
	fuzz_assert((ok && utf8_is_complete(&utf8)) == (good == text.len));
	fuzz_assert(utf8_valid(text) == (good == text.len));
	fuzz_assert(utf8_length((struct span){text.ptr, good}) == characters);
	cut = utf8_cut(text, limit);
	fuzz_assert(cut <= limit && limit - cut <= 3);
	if (good == text.len)
		fuzz_assert(utf8_valid((struct span){text.ptr, cut}));
	fuzz_end(&input);
	return 0;
}
