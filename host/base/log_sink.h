/*
 * Where lines go: standard error, or syslog. Called by log.c only. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_LOG_SINK_H
#define SOCKLET_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Who reads standard error and stops reading (a pager, a stuck collector) must not stop the host:
 * false when a full pipe does not take the line within a moment, and at once while lines are being
 * lost.
 */
bool log_sink_takes_a_line(bool is_losing);
/* A whole line with its newline. */
void log_sink_write(const char *line, size_t len);
/* Level 0 to 3: debug, info, warn, error. */
void log_sink_syslog(unsigned level, const char *text);

#endif
