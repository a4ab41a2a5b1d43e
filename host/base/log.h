/*
 * Leveled lines: "2026-11-22T16:20:29.123Z info text", or the same as one JSON object, on standard
 * error or to syslog. The only writer there. Control characters in the text come out as \xNN, so
 * that a peer cannot forge a line. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_LOG_H
#define SOCKLET_BASE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };

/* What a line is about. */
enum log_area {
	LOG_HOST,       /* the processes, loads, the machine */
	LOG_CONNECTION, /* one connection, as the host sees it */
	LOG_PLUGIN,     /* what plugins say by themselves */
	LOG_ACCESS,     /* who came, who went */
	LOG_AREAS,
};

/* host/CMakeLists.txt says it for the folders whose lines are about connections. */
#ifndef LOG_AREA
#define LOG_AREA LOG_HOST
#endif

struct log_settings {
	enum log_level lowest[LOG_AREAS]; /* lines below are dropped */
	bool as_json, to_syslog;
};

/* LOG_INFO, as text, on standard error at first. */
void log_configure(const struct log_settings *settings);
const struct log_settings *log_current(void);
/* Of all areas. */
void log_set_level(enum log_level level);
/* Who writes, where several processes share a log: "… info worker 2: text". "" for nobody. */
void log_set_label(const char *label);
/* Whether such a line would be written, for those that cost something to make. */
bool log_wants(enum log_area area, enum log_level level);

/*
 * Lines about connections and plugins of one format that come more than LOG_REPEATS_MAX times
 * within a second are counted, and the count is logged when the second is over: by the next line,
 * or by log_settle.
 */
enum { LOG_REPEATS_MAX = 100 };
void log_line(enum log_area area, enum log_level level, const char *format, ...)
	__attribute__((cold, format(printf, 3, 4)));
void log_vline(enum log_area area, enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));
/* A line whose text somebody else has made by `format`: the lines that count as its repeats. */
void log_text(enum log_area area, enum log_level level, const char *format, const char *text);
void log_settle(void);

/* A text, or a number when `text.ptr` is NULL. */
struct log_field {
	const char *name;
	struct span text;
	int64_t number;
};

/* Something that happened, as "<event> name=value name="two words"", never counted as a repeat. */
void log_event(enum log_area area, enum log_level level, const char *event,
	const struct log_field *fields, size_t count);

/* Hardly anybody reads them: what they are made of is not even looked at. */
#define log_debug(...)                                              \
	do {                                                        \
		if (log_wants(LOG_AREA, LOG_DEBUG))                 \
			log_line(LOG_AREA, LOG_DEBUG, __VA_ARGS__); \
	} while (0)
#define log_info(...)  log_line(LOG_AREA, LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_AREA, LOG_WARN, __VA_ARGS__)
#define log_error(...) log_line(LOG_AREA, LOG_ERROR, __VA_ARGS__)

#endif
