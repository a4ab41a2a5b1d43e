/*
 * One write(2) a line, so that lines of several threads do not mix. Long lines are cut.
 * SPDX-License-Identifier: MIT
 */
#include "base/log.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 4096

/* The one mutable global of the host. */
static enum log_level lowest = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_set_level(enum log_level level)
{
	lowest = level;
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

void log_vline(enum log_level level, const char *format, va_list args)
{
	char line[LINE_MAX_BYTES], text[LINE_MAX_BYTES];
	size_t len;
	ssize_t written;

	if (level < lowest)
		return;
	vsnprintf(text, sizeof(text), format, args);
	len = put_time(line, sizeof(line));
	len += (size_t)snprintf(line + len, sizeof(line) - len, " %s ", level_names[level]);
	len += put_escaped(line + len, sizeof(line) - len - 1, text);
	line[len++] = '\n';
	written = write(STDERR_FILENO, line, len);
	(void)written; /* a closed standard error is nobody's business here */
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vline(level, format, args);
	va_end(args);
}
