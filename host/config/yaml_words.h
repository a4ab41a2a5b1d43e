/*
 * What libyaml says about a syntax error, in words that say what to do about it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_YAML_WORDS_H
#define SOCKLET_CONFIG_YAML_WORDS_H

#include <stdbool.h>

struct yaml_words {
	const char *text;
	/* The mistake is where the unfinished thing (a quote, a bracket, a key) begins. */
	bool is_at_context;
};

/*
 * `problem` is libyaml's sentence, `at` the byte the problem was found at (0 at the end of the
 * file), `starts_line` whether only blanks stand before it. A sentence nobody has met yet comes
 * back as it is.
 */
struct yaml_words yaml_words_find(const char *problem, char at, bool starts_line);

#endif
