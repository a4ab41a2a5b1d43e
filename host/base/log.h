/*
 * Leveled lines on standard error: "2026-11-22T16:20:29.123Z info text". The only writer there.
 * Control characters in the text come out as \xNN, so that a peer cannot forge a line.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_LOG_H
#define SOCKLET_BASE_LOG_H

#include <stdarg.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Lines below this level are dropped; LOG_INFO at start. */
void log_set_level(enum log_level level);
/* Who writes, where several processes share a log: "… info worker 2: text". "" for nobody. */
void log_set_label(const char *label);
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
void log_vline(enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)

#endif
