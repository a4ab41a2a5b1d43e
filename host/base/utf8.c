/*
 * RFC 3629 as a state machine of nine states whose table rows are 64-bit words: the state is a
 * shift count, so that one shift a byte is the whole chain of dependent work. Runs of ASCII and
 * long texts skip it (utf8_wide.c). Knows no frames; ws_message, url and value call it.
 * SPDX-License-Identifier: MIT
 */
#include "base/utf8.h"

#include <string.h>

#include "base/utf8_wide.h"

/* What may come next. The values are shift counts into a row; 0 is struct utf8's "complete". */
enum state {
	BETWEEN = 0, /* a first byte */
	BAD = 6,     /* nothing: the text is broken for good */
	ONE = 12,    /* one more continuation byte */
	TWO = 18,
	THREE = 24,
	AFTER_E0 = 30, /* A0 to BF: below are overlong forms */
	AFTER_ED = 36, /* 80 to 9F: above are surrogates */
	AFTER_F0 = 42, /* 90 to BF: below are overlong forms */
	AFTER_F4 = 48, /* 80 to 8F: above lies nothing */
};

/* A row maps every state to BAD, but for the edges XORed in. */
#define EDGE(from, to) ((uint64_t)((to) ^ BAD) << (from))
#define ALL_BAD                                                                             \
	((uint64_t)BAD << BETWEEN | (uint64_t)BAD << BAD | (uint64_t)BAD << ONE |           \
		(uint64_t)BAD << TWO | (uint64_t)BAD << THREE | (uint64_t)BAD << AFTER_E0 | \
		(uint64_t)BAD << AFTER_ED | (uint64_t)BAD << AFTER_F0 | (uint64_t)BAD << AFTER_F4)
#define CONTINUATION (ALL_BAD ^ EDGE(ONE, BETWEEN) ^ EDGE(TWO, ONE) ^ EDGE(THREE, TWO))

enum class {
	NEVER, /* C0, C1, F5 to FF */
	ASCII,
	LOW,    /* 80 to 8F */
	MIDDLE, /* 90 to 9F */
	HIGH,   /* A0 to BF */
	LEAD_2,
	LEAD_E0,
	LEAD_3,
	LEAD_ED,
	LEAD_F0,
	LEAD_4,
	LEAD_F4,
};

static const uint64_t rows[] = {
	[NEVER] = ALL_BAD,
	[ASCII] = ALL_BAD ^ EDGE(BETWEEN, BETWEEN),
	[LOW] = CONTINUATION ^ EDGE(AFTER_ED, ONE) ^ EDGE(AFTER_F4, TWO),
	[MIDDLE] = CONTINUATION ^ EDGE(AFTER_ED, ONE) ^ EDGE(AFTER_F0, TWO),
	[HIGH] = CONTINUATION ^ EDGE(AFTER_E0, ONE) ^ EDGE(AFTER_F0, TWO),
	[LEAD_2] = ALL_BAD ^ EDGE(BETWEEN, ONE),
	[LEAD_E0] = ALL_BAD ^ EDGE(BETWEEN, AFTER_E0),
	[LEAD_3] = ALL_BAD ^ EDGE(BETWEEN, TWO),
	[LEAD_ED] = ALL_BAD ^ EDGE(BETWEEN, AFTER_ED),
	[LEAD_F0] = ALL_BAD ^ EDGE(BETWEEN, AFTER_F0),
	[LEAD_4] = ALL_BAD ^ EDGE(BETWEEN, THREE),
	[LEAD_F4] = ALL_BAD ^ EDGE(BETWEEN, AFTER_F4),
};

#define TIMES_2(c)  c, c
#define TIMES_4(c)  TIMES_2(c), TIMES_2(c)
#define TIMES_8(c)  TIMES_4(c), TIMES_4(c)
#define TIMES_16(c) TIMES_8(c), TIMES_8(c)
#define TIMES_32(c) TIMES_16(c), TIMES_16(c)

static const uint8_t classes[256] = {
	TIMES_32(ASCII), TIMES_32(ASCII), TIMES_32(ASCII), TIMES_32(ASCII),  /* 00 */
	TIMES_16(LOW), TIMES_16(MIDDLE), TIMES_32(HIGH),                     /* 80 */
	TIMES_2(NEVER), TIMES_2(LEAD_2), TIMES_4(LEAD_2), TIMES_8(LEAD_2),   /* C0 */
	TIMES_16(LEAD_2),                                                    /* D0 */
	LEAD_E0, TIMES_4(LEAD_3), TIMES_8(LEAD_3), LEAD_ED, TIMES_2(LEAD_3), /* E0 */
	LEAD_F0, LEAD_4, TIMES_2(LEAD_4), LEAD_F4,                           /* F0 */
	TIMES_8(NEVER), TIMES_2(NEVER), NEVER,                               /* F5 */
};

static bool is_ascii_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return utf8_is_ascii(word);
}

/* How many leading bytes are surely ASCII: all of them, or a multiple of eight. */
static size_t ascii_run(const uint8_t *bytes, size_t len)
{
	size_t done = 0;

	for (; len - done >= 8; done += 8)
		if (!is_ascii_word(bytes + done))
			return done;
	return len >= 8 && is_ascii_word(bytes + len - 8) ? len : done;
}

/* How many leading bytes, which begin with a character, are valid whole ones at least. */
static size_t good_run(const uint8_t *bytes, size_t len)
{
	size_t done = len < UTF8_WIDE_BYTES ? 0 : utf8_wide_run(bytes, len);

	return done + ascii_run(bytes + done, len - done);
}

bool utf8_check(struct utf8 *utf8, const void *data, size_t len)
{
	const uint8_t *at = data;
	const uint8_t *end = len == 0 ? at : at + len;
	uint64_t state = utf8->state;

	while (at < end) {
		const uint8_t *stop;

		if (state == BETWEEN)
			at += good_run(at, (size_t)(end - at));
		/* BAD is final, so it is enough to look once in a while. */
		stop = end - at < 64 ? end : at + 64;
		/* The mask costs nothing where it is (shifts do it), and would behind the shift. */
		while (at < stop)
			state = rows[classes[*at++]] >> (state & 63);
		state &= 63;
		if (state == BAD)
			break;
	}
	utf8->state = (uint8_t)state;
	return state != BAD;
}

bool utf8_valid(struct span text)
{
	struct utf8 utf8 = {0};

	return utf8_check(&utf8, text.ptr, text.len) && utf8_is_complete(&utf8);
}

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

size_t utf8_cut(struct span text, size_t limit)
{
	size_t cut = limit;

	if (text.len <= limit)
		return text.len;
	/* A character has at most three continuation bytes; more of them are no character. */
	while (cut > 0 && limit - cut < 3 && is_continuation(text.ptr[cut]))
		cut--;
	return is_continuation(text.ptr[cut]) ? limit : cut;
}

size_t utf8_length(struct span text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.len; i++)
		count += !is_continuation(text.ptr[i]);
	return count;
}
