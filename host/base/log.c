/*
 * One write(2) a line, so that lines of several threads do not mix. Long lines are cut. Who reads
 * the log and stops reading (a pager, a stuck collector) must not stop the host: lines that a full
 * pipe does not take within WAIT_MS are counted and lost. SPDX-License-Identifier: MIT
 */
#include "base/log.h"

#include <poll.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A pipe that poll calls writable takes a page at once. */
#define LINE_MAX_BYTES 4096

enum { WAIT_MS = 100 }; /* for a reader that is only busy; not again while lines are being lost */

/* One of two mutable globals of the host; the other is the crash handler's. */
static struct {
	enum log_level lowest;
	char label[24];   /* with what separates it from the text */
	atomic_uint lost; /* lines, since one was written */
} sink = {.lowest = LOG_INFO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
	sink.lowest = level;
}

void log_set_label(const char *label)
{
	snprintf(sink.label, sizeof(sink.label), "%s%s", label, label[0] == '\0' ? "" : ": ");
}

static size_t put_time(char *out, size_t size)
{
	struct timespec now;
	struct tm utc;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &utc);
	return len + (size_t)snprintf(out + len, size - len, ".%03ldZ", now.tv_nsec / 1000000);
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static size_t put_escaped(char *out, size_t size, const char *text)
{
	size_t len = 0;

	for (; *text != '\0' && len + 5 < size; text++) {
		if (is_control((unsigned char)*text))
			len += (size_t)snprintf(
				out + len, size - len, "\\x%02x", (unsigned)(unsigned char)*text);
		else
			out[len++] = *text;
	}
	return len;
}

static bool takes_a_line(int wait_ms)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, wait_ms) != 0;
}

static void write_line(enum log_level level, const char *text)
{
	char line[LINE_MAX_BYTES];
	size_t len = put_time(line, sizeof(line));
	ssize_t written;

	len += (size_t)snprintf(
		line + len, sizeof(line) - len, " %s %s", level_names[level], sink.label);
	len += put_escaped(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';
	written = write(STDERR_FILENO, line, len);
	(void)written; /* a closed standard error is nobody's business here */
}

void log_vline(enum log_level level, const char *format, va_list args)
{
	char text[LINE_MAX_BYTES];
	unsigned lost;

	if (level < sink.lowest)
		return;
	if (!takes_a_line(atomic_load(&sink.lost) == 0 ? WAIT_MS : 0)) {
		atomic_fetch_add(&sink.lost, 1);
		return;
	}
	lost = atomic_exchange(&sink.lost, 0);
	if (lost > 0) {
		snprintf(text, sizeof(text), "log: %u lines lost, nobody read them", lost);
		write_line(LOG_WARN, text);
		/* This one may have filled the pipe. */
		if (!takes_a_line(0)) {
			atomic_fetch_add(&sink.lost, 1);
			return;
		}
	}
	vsnprintf(text, sizeof(text), format, args);
	write_line(level, text);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
