/*
 * A table from libyaml's sentences to ours. libyaml describes its grammar ("did not find expected
 * <document start>"), a person wants to know which line to change and how. Knows neither libyaml
 * nor places; yaml_tree.c asks. SPDX-License-Identifier: MIT
 */
#include "config/yaml_words.h"

#include <stddef.h>
#include <string.h>

#define TAB_WORDS   "found a tab, but YAML is indented with spaces: replace it by spaces"
#define UTF8_WORDS  "found bytes that are not UTF-8: save the file as UTF-8"
#define QUOTE_WORDS "this quote is never closed: write the same quote at the end of the text"
#define SIGIL_WORDS "found a sign that no text may begin with (@ ` % & * !): put the text in quotes"

#define INLINE '\1'

static const struct {
	const char *problem;
	char at; /* 0: whatever stands there, INLINE: something before it in its line */
	bool is_at_context;
	const char *text;
} rows[] = {
	{"found character that cannot start any token", '\t', false, TAB_WORDS},
	{"found character that cannot start any token", 0, false, SIGIL_WORDS},
	{"found a tab character where an indentation space is expected", 0, false, TAB_WORDS},
	{"found a tab character that violates indentation", 0, false, TAB_WORDS},
	{"did not find expected alphabetic or numeric character", 0, true, SIGIL_WORDS},
	{"found undefined tag handle", 0, false, SIGIL_WORDS},
	{"did not find expected whitespace or line break", 0, true, SIGIL_WORDS},
	{"mapping values are not allowed in this context", 0, false,
		"found a ':' where no key can be: indent the line as the other keys of its "
		"section, see that the line above has its ':', or put a text with \": \" in it in "
		"quotes"},
	{"could not find expected ':'", 0, true,
		"found a line without \": \", wanted \"key: value\" with a blank after the ':'"},
	{"did not find expected key", INLINE, false,
		"found text behind a closed quote or bracket: put the text in quotes as a whole"},
	{"did not find expected key", 0, false,
		"this line does not fit to those above it: indent it as the other keys of its "
		"section"},
	{"did not find expected '-' indicator", 0, false,
		"found a line that does not begin with '-' in a list: begin it with \"- \", or "
		"indent it as the keys of the item above or of the list's own key"},
	{"block sequence entries are not allowed in this context", 0, false,
		"found a '-' where no list can begin: write the list on lines of its own below its "
		"key, or put a text that begins with \"- \" in quotes"},
	{"found unexpected end of stream", 0, true, QUOTE_WORDS},
	{"found unexpected document indicator", 0, true, QUOTE_WORDS},
	{"did not find expected ',' or ']'", 0, true,
		"this '[' is not closed: write ',' between the items and ']' at the end, or put a "
		"text that begins with '[' in quotes"},
	{"did not find expected ',' or '}'", 0, true,
		"this '{' is not closed: write ',' between the keys and '}' at the end, or put a "
		"text that begins with '{' in quotes"},
	{"did not find expected node content", 0, false,
		"found a sign where a value was wanted: put the whole text in quotes, such as "
		"\"[::1]:8000\""},
	{"did not find expected <document start>", 0, false,
		"this line does not fit to those above it: begin the file with \"key: value\" "
		"lines that are not indented"},
	{"found unexpected ':'", 0, false,
		"found a ':' without a blank behind it: write \"key: value\", or put the text in "
		"quotes"},
	{"found unknown directive name", 0, true,
		"found a line that begins with '%': take it away"},
	{"did not find expected comment or line break", 0, false,
		"found text behind '|' or '>': begin the text on the next line"},
	{"found unknown escape character", 0, false,
		"found an unknown escape after a '\\': write \"\\\\\", or use single quotes"},
	{"control characters are not allowed", 0, false, "found a control character: take it away"},
	{"invalid leading UTF-8 octet", 0, false, UTF8_WORDS},
	{"invalid trailing UTF-8 octet", 0, false, UTF8_WORDS},
	{"incomplete UTF-8 octet sequence", 0, false, UTF8_WORDS},
	{"invalid length of a UTF-8 sequence", 0, false, UTF8_WORDS},
	{"invalid Unicode character", 0, false, UTF8_WORDS},
};

static bool row_fits(size_t i, const char *problem, char at, bool starts_line)
{
	if (strcmp(rows[i].problem, problem) != 0)
		return false;
	if (rows[i].at == INLINE)
		return !starts_line;
	return rows[i].at == 0 || rows[i].at == at;
}

struct yaml_words yaml_words_find(const char *problem, char at, bool starts_line)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (row_fits(i, problem, at, starts_line))
			return (struct yaml_words){rows[i].text, rows[i].is_at_context};
	return (struct yaml_words){problem, false};
}
