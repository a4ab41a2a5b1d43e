/*
 * Topic to subject and back. Pure: knows no connection. Called by nats.c.
 * SPDX-License-Identifier: MIT
 */
#include "nats_subject.h"

#include <stdio.h>
#include <string.h>

static bool is_escaped(char c)
{
	return c == '.' || c == '*' || c == '>' || c == '%' || (unsigned char)c <= ' ' || c == 127;
}

static char *write_byte(char *to, char c)
{
	if (is_escaped(c))
		return to + sprintf(to, "%%%02X", (unsigned char)c);
	*to = c == '/' ? '.' : c;
	return to + 1;
}

/* A wildcard is a whole level. */
static char wildcard_at(struct sl_str filter, size_t i)
{
	const char c = filter.ptr[i];
	const bool begins = i == 0 || filter.ptr[i - 1] == '/';
	const bool ends = i + 1 == filter.len || filter.ptr[i + 1] == '/';

	if (!begins || !ends)
		return '\0';
	return c == '+' ? '*' : c == '#' ? '>' : '\0';
}

static bool write_subject(
	char out[NATS_SUBJECT_MAX], const char *prefix, struct sl_str name, bool is_filter)
{
	char *to = out, wildcard;

	if (strlen(prefix) > NATS_PREFIX_MAX || name.len > 255)
		return false;
	to += sprintf(to, "%s.", prefix);
	for (size_t i = 0; i < name.len; i++) {
		wildcard = is_filter ? wildcard_at(name, i) : '\0';
		if (wildcard != '\0')
			*to++ = wildcard;
		else
			to = write_byte(to, name.ptr[i]);
	}
	*to = '\0';
	return true;
}

bool nats_subject_of_topic(char out[NATS_SUBJECT_MAX], const char *prefix, struct sl_str topic)
{
	return write_subject(out, prefix, topic, false);
}

bool nats_subject_of_filter(char out[NATS_SUBJECT_MAX], const char *prefix, struct sl_str filter)
{
	return write_subject(out, prefix, filter, true);
}

bool nats_subject_read(
	struct sl_str *out, char room[NATS_SUBJECT_MAX], const char *prefix, const char *subject)
{
	const size_t skipped = strlen(prefix);
	const char *from = subject + skipped + 1;
	size_t len = 0;
	unsigned byte;

	if (strlen(subject) >= NATS_SUBJECT_MAX || strncmp(subject, prefix, skipped) != 0 ||
		subject[skipped] != '.')
		return false;
	for (; *from != '\0'; from++) {
		if (*from == '%' && sscanf(from + 1, "%2X", &byte) == 1 && from[2] != '\0') {
			room[len++] = (char)byte;
			from += 2;
		} else {
			room[len++] = *from == '.' ? '/' : *from;
		}
	}
	*out = (struct sl_str){room, len};
	return true;
}
