/*
 * One write(2) a line, so that lines of several processes and threads do not mix. A log file is
 * standard error as well: daemon/log_file.c puts it there, so that what a plugin, a library or a
 * sanitizer prints is found with the rest. SPDX-License-Identifier: MIT
 */
#include "base/log_sink.h"

#include <poll.h>
#include <syslog.h>
#include <unistd.h>

enum { WAIT_MS = 100 }; /* for a reader that is only busy; not again while lines are being lost */

bool log_sink_takes_a_line(bool is_losing)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, is_losing ? 0 : WAIT_MS) != 0;
}

void log_sink_write(const char *line, size_t len)
{
	ssize_t written = write(STDERR_FILENO, line, len);

	(void)written; /* a closed standard error is nobody's business here */
}

void log_sink_syslog(unsigned level, const char *text)
{
	static const int priorities[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

	syslog(LOG_DAEMON | priorities[level], "%s", text);
}
