/*
 * Finds patterns that backtrack without end by trying them: a piece of the pattern's own text, many
 * times, and then something that spoils the match. A text that exhausts the pattern is a proof, so
 * no harmless one is accused; one that would need another text is not found. Called through
 * rules.c by `socklet check`. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "base/buf.h"
#include "wire/regex.h"

enum {
	REPEATS =
		200, /* cubic growth is found with so many, and harmless patterns take no notice */
	PIECES_MAX = 64,
	PIECE_MAX = 16, /* bytes */
};

struct trial {
	const struct regex *regex;
	struct span head; /* what the pattern begins with, literally */
	struct span tail; /* all literal characters of the pattern */
	struct span pieces[PIECES_MAX];
	size_t piece_count;
};

static bool is_plain(char c)
{
	return strchr("\\^$.|?*+()[]{}", c) == NULL;
}

static void add_piece(struct trial *trial, struct span piece)
{
	for (size_t i = 0; i < trial->piece_count; i++)
		if (span_equal(trial->pieces[i], piece))
			return;
	if (piece.len > 0 && piece.len <= PIECE_MAX && trial->piece_count < PIECES_MAX)
		trial->pieces[trial->piece_count++] = piece;
}

/* Each run of plain characters, each of them alone, and one for each of the usual classes. */
static void collect_pieces(struct trial *trial, struct span pattern, struct buf *plain)
{
	static const char *const usual[] = {"a", "A", "0", " ", "_", "-", "."};
	size_t start = 0;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		add_piece(trial, span_of(usual[i]));
	for (size_t i = 0; i <= pattern.len; i++) {
		if (i < pattern.len && is_plain(pattern.ptr[i])) {
			add_piece(trial, (struct span){pattern.ptr + i, 1});
			buf_append(plain, pattern.ptr + i, 1);
			continue;
		}
		add_piece(trial, (struct span){pattern.ptr + start, i - start});
		start = i + 1;
	}
	trial->tail = buf_span(plain);
}

static struct span head_of(struct span pattern)
{
	size_t start = pattern.len > 0 && pattern.ptr[0] == '^' ? 1 : 0, end = start;

	while (end < pattern.len && is_plain(pattern.ptr[end]))
		end++;
	/* What follows may say how often the last one comes. */
	if (end > start && end < pattern.len && strchr("?*{", pattern.ptr[end]) != NULL)
		end--;
	return (struct span){pattern.ptr + start, end - start};
}

static bool exhausts(const struct trial *trial, struct span head, struct span piece)
{
	struct buf text = {0};
	bool is_slow;

	buf_append_span(&text, head);
	for (size_t i = 0; i < REPEATS; i++)
		buf_append_span(&text, piece);
	/* Not in the pattern, most likely; the rest makes sure that no character is missed. */
	buf_append_span(&text, SPAN("\x01"));
	buf_append_span(&text, trial->tail);
	is_slow = regex_match(trial->regex, buf_span(&text)) == REGEX_EXHAUSTED;
	buf_fini(&text);
	return is_slow;
}

bool regex_is_slow(const char *pattern)
{
	struct err ignored;
	struct regex *regex = regex_new(pattern, &ignored);
	struct trial trial = {.regex = regex, .head = head_of(span_of(pattern))};
	struct buf plain = {0};
	bool is_slow = false;

	if (regex == NULL)
		return false;
	collect_pieces(&trial, span_of(pattern), &plain);
	for (size_t i = 0; i < trial.piece_count && !is_slow; i++)
		is_slow = exhausts(&trial, trial.head, trial.pieces[i]) ||
			  exhausts(&trial, SPAN(""), trial.pieces[i]);
	buf_fini(&plain);
	regex_free(regex);
	return is_slow;
}
