/*
 * The words of a log line into a buffer of fixed size: what does not fit is cut, never written
 * beyond. Called by log.c only. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_LOG_FORMAT_H
#define SOCKLET_BASE_LOG_FORMAT_H

#include "base/log.h"

/* A pipe that poll calls writable takes a page at once. */
enum { LOG_LINE_MAX = 4096 };

struct log_words {
	char text[LOG_LINE_MAX];
	size_t len;
};

void log_put(struct log_words *words, const char *text);
/* Now, "2026-11-22T16:20:29.123Z". */
void log_put_time(struct log_words *words);
/* Control characters as \xNN. */
void log_put_escaped(struct log_words *words, struct span text);
/* A JSON string with its quotes; what is no UTF-8 comes out as U+FFFD. */
void log_put_json(struct log_words *words, struct span text);
/* " name=value", in quotes where a reader would lose it otherwise. */
void log_put_field(struct log_words *words, const struct log_field *field);
/* ", "name": value" */
void log_put_field_json(struct log_words *words, const struct log_field *field);

#endif
