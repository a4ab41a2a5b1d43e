/*
 * Reads a table of tests/data: one row a line, columns parted by tabs, '#' begins a comment line.
 * Knows nothing about what the columns mean; the unit tests include it.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_TABLE_H
#define SOCKLET_TESTS_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/span.h"

struct table {
	FILE *file;
	const char *name;
	unsigned number; /* of the line last read, from 1 */
	unsigned rows, failures;
	char line[16384];
};

static inline void table_open(struct table *table, const char *name)
{
	char path[1024];

	snprintf(path, sizeof(path), "%s/%s", TEST_DATA, name);
	table->file = fopen(path, "r");
	table->name = name;
	table->number = table->rows = table->failures = 0;
	if (table->file == NULL)
		fail_msg("cannot open %s", path);
}

/* False at the end. Missing columns at the end of a row are empty. */
static inline bool table_next(struct table *table, char **columns, size_t count)
{
	do {
		if (fgets(table->line, sizeof(table->line), table->file) == NULL)
			return false;
		table->number++;
	} while (table->line[0] == '#' || table->line[0] == '\n');
	table->line[strcspn(table->line, "\n")] = '\0';
	table->rows++;
	columns[0] = table->line;
	for (size_t i = 1; i < count; i++) {
		char *tab = strchr(columns[i - 1], '\t');

		columns[i] = tab == NULL ? strchr(columns[i - 1], '\0') : tab + 1;
		if (tab != NULL)
			*tab = '\0';
	}
	return true;
}

/* Prints the difference of one row; the others are still looked at. */
static inline void table_expect(
	struct table *table, const char *input, const char *found, const char *wanted)
{
	if (strcmp(found, wanted) == 0)
		return;
	table->failures++;
	print_error("%s:%u: %.200s\n  found:  %.400s\n  wanted: %.400s\n", table->name,
		table->number, input, found, wanted);
}

static inline void table_close(struct table *table)
{
	fclose(table->file);
	if (table->rows == 0 || table->failures > 0)
		fail_msg("%s: %u wrong in %u rows", table->name, table->failures, table->rows);
}

static inline unsigned table_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') + 10;
}

static inline char table_hex_byte(const char *digits)
{
	return (char)(table_hex_digit(digits[0]) << 4 | table_hex_digit(digits[1]));
}

/* Undoes \r \n \t \\ and \xNN in place. */
static inline struct span table_unescape(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		if (*in != '\\') {
			*out++ = *in;
			continue;
		}
		in++;
		if (*in == 'x') {
			*out++ = table_hex_byte(in + 1);
			in += 2;
		} else {
			*out++ = *in == 'r' ? '\r' : *in == 'n' ? '\n' : *in == 't' ? '\t' : *in;
		}
	}
	return (struct span){text, (size_t)(out - text)};
}

/* Hex digits to bytes, in place. */
static inline struct span table_unhex(char *text)
{
	size_t len = strlen(text) / 2;

	for (size_t i = 0; i < len; i++)
		text[i] = table_hex_byte(text + 2 * i);
	return (struct span){text, len};
}

/* The bytes with everything unprintable as \xNN, cut to fit: for comparing and for messages. */
static inline const char *table_escape(char *out, size_t size, struct span bytes)
{
	size_t len = 0;

	for (size_t i = 0; i < bytes.len && len + 6 < size; i++) {
		uint8_t c = (uint8_t)bytes.ptr[i];

		if (c >= 0x20 && c < 0x7f && c != '\\')
			out[len++] = (char)c;
		else
			len += (size_t)snprintf(out + len, 5, "\\x%02x", (unsigned)c);
	}
	out[len] = '\0';
	return out;
}

#endif
