/*
 * Which lines are written, and what stands before their text. Lines that nobody reads and lines
 * that repeat themselves are counted, and the counts are lines again. SPDX-License-Identifier: MIT
 */
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log_format.h"
#include "base/log_sink.h"

enum { REPEATS = 64, SAMPLE = 80 };

/* Lines of one format, within one second. */
struct repeat {
	const char *format;
	enum log_area area;
	enum log_level level;
	int64_t second;
	unsigned count;      /* written and left out */
	char sample[SAMPLE]; /* the first that was left out */
};

/* One of two mutable globals of the host; the other is the crash handler's. */
static struct {
	pthread_mutex_t lock;
	struct log_settings settings;
	char label[24];
	unsigned lost; /* lines, since one was written */
	struct repeat repeats[REPEATS];
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER,
	.settings = {.lowest = {LOG_INFO, LOG_INFO, LOG_INFO, LOG_INFO}}};

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const area_names[] = {"host", "connection", "plugin", "access"};

void log_configure(const struct log_settings *settings)
{
	sink.settings = *settings;
}

const struct log_settings *log_current(void)
{
	return &sink.settings;
}

void log_set_level(enum log_level level)
{
	for (unsigned area = 0; area < LOG_AREAS; area++)
		sink.settings.lowest[area] = level;
}

void log_set_label(const char *label)
{
	snprintf(sink.label, sizeof(sink.label), "%s", label);
}

bool log_wants(enum log_area area, enum log_level level)
{
	return level >= sink.settings.lowest[area];
}

/* ---- a line ----------------------------------------------------------------------------- */

static void begin_json(struct log_words *words, enum log_area area, enum log_level level)
{
	log_put(words, "{\"time\":\"");
	log_put_time(words);
	log_put(words, "\",\"level\":\"");
	log_put(words, level_names[level]);
	log_put(words, "\",\"area\":\"");
	log_put(words, area_names[area]);
	log_put(words, "\"");
	if (sink.label[0] != '\0')
		log_put_field_json(
			words, &(struct log_field){.name = "process", .text = span_of(sink.label)});
}

/* Syslog has a time and a level of its own. */
static void begin_text(struct log_words *words, enum log_level level)
{
	if (!sink.settings.to_syslog) {
		log_put_time(words);
		log_put(words, " ");
		log_put(words, level_names[level]);
		log_put(words, " ");
	}
	log_put(words, sink.label);
	if (sink.label[0] != '\0')
		log_put(words, ": ");
}

static void begin(struct log_words *words, enum log_area area, enum log_level level)
{
	words->len = 0;
	if (sink.settings.as_json)
		begin_json(words, area, level);
	else
		begin_text(words, level);
}

static void end(struct log_words *words, enum log_level level)
{
	if (sink.settings.as_json)
		words->text[words->len++] = '}';
	if (sink.settings.to_syslog) {
		words->text[words->len] = '\0';
		log_sink_syslog(level, words->text);
		return;
	}
	words->text[words->len++] = '\n';
	log_sink_write(words->text, words->len);
}

static void write_text(enum log_area area, enum log_level level, struct span text)
{
	struct log_words words;

	begin(&words, area, level);
	if (sink.settings.as_json)
		log_put_field_json(&words, &(struct log_field){.name = "text", .text = text});
	else
		log_put_escaped(&words, text);
	end(&words, level);
}

/* ---- lines that are not written --------------------------------------------------------- */

static bool takes_a_line(bool is_losing)
{
	return sink.settings.to_syslog || log_sink_takes_a_line(is_losing);
}

/* Whether a line can be written now; says first how many could not. */
static bool has_room(void)
{
	char text[64];

	if (!takes_a_line(sink.lost > 0)) {
		sink.lost++;
		return false;
	}
	if (sink.lost == 0)
		return true;
	snprintf(text, sizeof(text), "log: %u lines lost, nobody read them", sink.lost);
	sink.lost = 0;
	write_text(LOG_HOST, LOG_WARN, span_of(text));
	/* This one may have filled the pipe. */
	if (takes_a_line(true))
		return true;
	sink.lost++;
	return false;
}

static int64_t second_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

static void tell_repeat(struct repeat *repeat)
{
	char text[SAMPLE + 64];

	if (repeat->count > LOG_REPEATS_MAX && has_room()) {
		snprintf(text, sizeof(text), "log: %u more lines within a second such as: %s",
			repeat->count - LOG_REPEATS_MAX, repeat->sample);
		write_text(repeat->area, repeat->level, span_of(text));
	}
	repeat->count = 0;
	repeat->format = NULL;
}

static void settle(int64_t now)
{
	for (unsigned i = 0; i < REPEATS; i++)
		if (sink.repeats[i].format != NULL && sink.repeats[i].second != now)
			tell_repeat(&sink.repeats[i]);
}

/* Formats that share a place push each other out: then a line too many is written, none too few. */
static bool is_repeated(
	enum log_area area, enum log_level level, const char *format, const char *text)
{
	struct repeat *repeat = &sink.repeats[((uintptr_t)format >> 3) % REPEATS];
	int64_t now = second_now();

	settle(now);
	/* Nobody outside can make the host itself talk. */
	if (area == LOG_HOST)
		return false;
	if (repeat->format != format) {
		tell_repeat(repeat);
		*repeat = (struct repeat){format, area, level, now, 0, ""};
	}
	repeat->count++;
	if (repeat->count == LOG_REPEATS_MAX + 1)
		snprintf(repeat->sample, sizeof(repeat->sample), "%s", text);
	return repeat->count > LOG_REPEATS_MAX;
}

void log_settle(void)
{
	pthread_mutex_lock(&sink.lock);
	settle(second_now());
	pthread_mutex_unlock(&sink.lock);
}

/* ---- what others call ------------------------------------------------------------------- */

void log_text(enum log_area area, enum log_level level, const char *format, const char *text)
{
	if (!log_wants(area, level))
		return;
	pthread_mutex_lock(&sink.lock);
	if (!is_repeated(area, level, format, text) && has_room())
		write_text(area, level, span_of(text));
	pthread_mutex_unlock(&sink.lock);
}

void log_vline(enum log_area area, enum log_level level, const char *format, va_list args)
{
	char text[LOG_LINE_MAX];

	if (!log_wants(area, level))
		return;
	vsnprintf(text, sizeof(text), format, args);
	log_text(area, level, format, text);
}

void log_line(enum log_area area, enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(area, level, format, args);
	va_end(args);
}

void log_event(enum log_area area, enum log_level level, const char *event,
	const struct log_field *fields, size_t count)
{
	struct log_words words;

	if (!log_wants(area, level))
		return;
	pthread_mutex_lock(&sink.lock);
	if (has_room()) {
		begin(&words, area, level);
		if (sink.settings.as_json)
			log_put_field_json(&words,
				&(struct log_field){.name = "event", .text = span_of(event)});
		else
			log_put(&words, event);
		for (size_t i = 0; i < count; i++)
			(sink.settings.as_json ? log_put_field_json : log_put_field)(
				&words, &fields[i]);
		end(&words, level);
	}
	pthread_mutex_unlock(&sink.lock);
}
