/*
 * UTF-8 many bytes at a time, where the processor has instructions for it (AVX2, NEON). utf8.c
 * calls it for long texts, and goes on byte by byte where it stops.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_UTF8_WIDE_H
#define SOCKLET_BASE_UTF8_WIDE_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_WIDE_BYTES = 64 }; /* fewer are not worth the call */

/*
 * How many of the first bytes are whole, valid characters, at least: what follows is wrong, or too
 * short for this, or there are no such instructions. The text begins with a character.
 */
size_t utf8_wide_run(const uint8_t *text, size_t len);

#endif
