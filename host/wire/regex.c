/*
 * PCRE2 with its JIT. Patterns are the author's and trusted to be meant, texts are a peer's: so
 * the limits are on matching. As in FastAPI's engine \d and \w are Unicode's and $ is the very end.
 * Called by rules.c. SPDX-License-Identifier: MIT
 */
#include "wire/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "base/xalloc.h"

enum {
	MATCH_LIMIT = 100000, /* steps: some milliseconds, where sound patterns need hundreds */
	DEPTH_LIMIT = 10000,
	HEAP_LIMIT = 16 << 10, /* KiB; used where there is no JIT */
	STACK_FIRST = 32 << 10,
	STACK_LIMIT = 512 << 10, /* bytes of the JIT's own stack */
};

struct regex {
	pcre2_code *code;
	/* Kept from match to match: matching allocates nothing. */
	pcre2_match_data *data;
	pcre2_match_context *limits;
	pcre2_jit_stack *stack;
};

static void fill_why(struct err *why, int code, size_t offset)
{
	PCRE2_UCHAR text[160];

	pcre2_get_error_message(code, text, sizeof(text));
	err_set(why, ERR_INTERNAL, "%s at byte %zu", (const char *)text, offset);
}

struct regex *regex_new(const char *pattern, struct err *why)
{
	const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF |
				 PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
	struct regex *regex;
	size_t offset = 0;
	int code = 0;
	pcre2_code *compiled = pcre2_compile(
		(PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &code, &offset, NULL);

	if (compiled == NULL) {
		fill_why(why, code, offset);
		return NULL;
	}
	regex = xcalloc(1, sizeof(*regex));
	regex->code = compiled;
	regex->data = pcre2_match_data_create(1, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(regex->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(regex->limits, HEAP_LIMIT);
	/* Without a JIT for this machine pcre2_match goes its slower way by itself. */
	if (pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0) {
		regex->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_LIMIT, NULL);
		pcre2_jit_stack_assign(regex->limits, NULL, regex->stack);
	}
	return regex;
}

enum regex_result regex_match(const struct regex *regex, struct span text)
{
	PCRE2_SPTR subject = (PCRE2_SPTR)(text.ptr == NULL ? "" : text.ptr);
	int result = pcre2_match(regex->code, subject, text.len, 0, 0, regex->data, regex->limits);

	if (result >= 0)
		return REGEX_MATCHES;
	return result == PCRE2_ERROR_NOMATCH ? REGEX_DIFFERS : REGEX_EXHAUSTED;
}

void regex_free(struct regex *regex)
{
	if (regex == NULL)
		return;
	pcre2_jit_stack_free(regex->stack);
	pcre2_match_context_free(regex->limits);
	pcre2_match_data_free(regex->data);
	pcre2_code_free(regex->code);
	free(regex);
}
