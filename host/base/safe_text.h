/*
 * Text put together where neither malloc nor stdio may be called: in a signal handler. A fixed
 * buffer of the caller's; what does not fit is cut. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_SAFE_TEXT_H
#define SOCKLET_BASE_SAFE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Zero `len` starts it anew. `out` always ends with a NUL. */
struct safe_text {
	char *out;
	size_t size; /* at least 1 */
	size_t len;
};

/* Control characters come out as '?', so that no name can forge a line of the log. */
void safe_text_put(struct safe_text *text, const char *add);
/* For memory that foreign code may have written over: ends at a NUL or after `size` bytes. */
void safe_text_array(struct safe_text *text, const char *add, size_t size);
void safe_text_number(struct safe_text *text, uint64_t number);
/* "0x119c" */
void safe_text_hex(struct safe_text *text, uint64_t number);
/* "2026-11-22T16:20:29.123Z", as the log writes it. */
void safe_text_time(struct safe_text *text, int64_t seconds, unsigned ms);

#endif
