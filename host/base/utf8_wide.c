/*
 * Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2021): each byte is
 * looked at together with the one before it. Three tables of sixteen, for the halves of these two,
 * give the mistakes that each half allows; what all three allow is one. Where a character has three
 * or four bytes the pair alone cannot say whether a continuation is due; that is added as a fourth
 * opinion. Blocks of ASCII are passed over. SPDX-License-Identifier: MIT
 */
#include "base/utf8_wide.h"

#include <stdbool.h>

#if defined(__x86_64__)
#include <immintrin.h>

#define HAS_WIDE 1
#define WIDE     __attribute__((target("avx2")))
#define INLINE   __attribute__((target("avx2"), always_inline)) static inline

typedef __m256i wide;
enum { LANES = 32 };

static bool is_there(void)
{
	return __builtin_cpu_supports("avx2") != 0;
}

INLINE wide load(const uint8_t *from)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

INLINE wide fill(uint8_t byte)
{
	return _mm256_set1_epi8((char)byte);
}

/* The table twice: a look-up stays within its half. */
INLINE wide table(const uint8_t sixteen[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)sixteen));
}

INLINE wide look_up(wide in, wide indices)
{
	return _mm256_shuffle_epi8(in, indices);
}

INLINE wide high_halves(wide v)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 4), fill(0x0f));
}

INLINE wide both(wide a, wide b)
{
	return _mm256_and_si256(a, b);
}

INLINE wide either(wide a, wide b)
{
	return _mm256_or_si256(a, b);
}

INLINE wide differ(wide a, wide b)
{
	return _mm256_xor_si256(a, b);
}

/* 0 where b is the larger. */
INLINE wide minus(wide a, wide b)
{
	return _mm256_subs_epu8(a, b);
}

/* The bytes `by` places before those of `now`; the first come from the end of `before`. */
#define EARLIER(now, before, by) \
	_mm256_alignr_epi8(now, _mm256_permute2x128_si256(before, now, 0x21), 16 - (by))

INLINE bool is_zero(wide v)
{
	return _mm256_testz_si256(v, v) != 0;
}

INLINE bool is_ascii(wide v)
{
	return _mm256_movemask_epi8(v) == 0;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

#define HAS_WIDE 1
#define WIDE
#define INLINE static inline

typedef uint8x16_t wide;
enum { LANES = 16 };

static bool is_there(void)
{
	return true;
}

INLINE wide load(const uint8_t *from)
{
	return vld1q_u8(from);
}

INLINE wide fill(uint8_t byte)
{
	return vdupq_n_u8(byte);
}

INLINE wide table(const uint8_t sixteen[16])
{
	return vld1q_u8(sixteen);
}

INLINE wide look_up(wide in, wide indices)
{
	return vqtbl1q_u8(in, indices);
}

INLINE wide high_halves(wide v)
{
	return vshrq_n_u8(v, 4);
}

INLINE wide both(wide a, wide b)
{
	return vandq_u8(a, b);
}

INLINE wide either(wide a, wide b)
{
	return vorrq_u8(a, b);
}

INLINE wide differ(wide a, wide b)
{
	return veorq_u8(a, b);
}

INLINE wide minus(wide a, wide b)
{
	return vqsubq_u8(a, b);
}

#define EARLIER(now, before, by) vextq_u8(before, now, 16 - (by))

INLINE bool is_zero(wide v)
{
	return vmaxvq_u8(v) == 0;
}

INLINE bool is_ascii(wide v)
{
	return vmaxvq_u8(v) < 0x80;
}

#endif

#ifdef HAS_WIDE

/* What can be wrong with two bytes that follow each other. */
enum mistake {
	TOO_SHORT = 1 << 0, /* a first byte, then none that continues it */
	TOO_LONG = 1 << 1,  /* ASCII, then one that continues */
	OVERLONG_3 = 1 << 2,
	TOO_LARGE = 1 << 3, /* F4 90 and above */
	SURROGATE = 1 << 4,
	OVERLONG_2 = 1 << 5,
	TOO_LARGE_1000 = 1 << 6, /* F5 and above, then 80 to 8F; of F0 it is … */
	OVERLONG_4 = 1 << 6,     /* … this */
	TWO_CONTINUE = 1 << 7,   /* right if it is the third or fourth byte of a character */
	CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUE, /* that the first's low half says nothing of */
};

#define TIMES_4(m) m, m, m, m
#define LARGE      CARRY | TOO_LARGE | TOO_LARGE_1000

static const uint8_t first_high[16] = {
	TIMES_4(TOO_LONG), TIMES_4(TOO_LONG),                /* 0 to 7 */
	TIMES_4(TWO_CONTINUE),                               /* 8 to B */
	TOO_SHORT | OVERLONG_2,                              /* C */
	TOO_SHORT,                                           /* D */
	TOO_SHORT | OVERLONG_3 | SURROGATE,                  /* E */
	TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4, /* F */
};

static const uint8_t first_low[16] = {
	CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, /* 0 */
	CARRY | OVERLONG_2,                           /* 1 */
	CARRY, CARRY,                                 /* 2, 3 */
	CARRY | TOO_LARGE,                            /* 4 */
	TIMES_4(LARGE), TIMES_4(LARGE),               /* 5 to C */
	LARGE | SURROGATE,                            /* D */
	LARGE, LARGE,                                 /* E, F */
};

static const uint8_t second_high[16] = {
	TIMES_4(TOO_SHORT), TIMES_4(TOO_SHORT), /* 0 to 7 */
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4, /* 8 */
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | OVERLONG_3 | TOO_LARGE,                   /* 9 */
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | SURROGATE | TOO_LARGE,                    /* A */
	TOO_LONG | OVERLONG_2 | TWO_CONTINUE | SURROGATE | TOO_LARGE,                    /* B */
	TIMES_4(TOO_SHORT), /* C to F */
};

/* Not zero where `now`, which follows `before`, is wrong. */
INLINE wide mistakes(wide now, wide before)
{
	wide first = EARLIER(now, before, 1);
	wide pairs = both(both(look_up(table(first_high), high_halves(first)),
				  look_up(table(first_low), both(first, fill(0x0f)))),
		look_up(table(second_high), high_halves(now)));
	/* From E0 on the top bit stays: two behind it must continue; from F0 on three. */
	wide third = minus(EARLIER(now, before, 2), fill(0xe0 - 0x80));
	wide fourth = minus(EARLIER(now, before, 3), fill(0xf0 - 0x80));

	return differ(both(either(third, fourth), fill(TWO_CONTINUE)), pairs);
}

/* Where the last character before `at` begins, if it may go on behind; else `at`. */
static size_t border(const uint8_t *text, size_t at)
{
	size_t begin = at;

	while (begin > 0 && at - begin < 3 && (text[begin - 1] & 0xc0) == 0x80)
		begin--;
	return begin > 0 && text[begin - 1] >= 0xc0 ? begin - 1 : at;
}

WIDE static size_t run(const uint8_t *text, size_t len)
{
	wide before = fill(0);
	bool may_go_on = false; /* the last block did not end in ASCII */
	size_t done = 0;

	for (; len - done >= 2 * LANES; done += 2 * LANES) {
		wide a = load(text + done), b = load(text + done + LANES);

		if (may_go_on || !is_ascii(either(a, b))) {
			if (!is_zero(either(mistakes(a, before), mistakes(b, a))))
				break;
			may_go_on = text[done + 2 * LANES - 1] >= 0x80;
		}
		before = b;
	}
	return border(text, done);
}

size_t utf8_wide_run(const uint8_t *text, size_t len)
{
	return is_there() ? run(text, len) : 0;
}

#else

size_t utf8_wide_run(const uint8_t *text, size_t len)
{
	(void)text;
	(void)len;
	return 0;
}

#endif
