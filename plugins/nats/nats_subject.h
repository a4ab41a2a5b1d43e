/*
 * Topics as subjects of NATS: levels are divided by '.', "+" is "*" and a last "#" is ">". What a
 * subject cannot hold within a level (space, '.', '*', '>') and '%' are written as %2E. All begin
 * with a prefix, so that others may use the same server. SPDX-License-Identifier: MIT
 */
#ifndef NATS_SUBJECT_H
#define NATS_SUBJECT_H

#include <socklet.h>

enum { NATS_PREFIX_MAX = 64, NATS_SUBJECT_MAX = NATS_PREFIX_MAX + 1 + 3 * 255 + 1 };

/* With a NUL at its end. False: too long. */
bool nats_subject_of_topic(char out[NATS_SUBJECT_MAX], const char *prefix, struct sl_str topic);
bool nats_subject_of_filter(char out[NATS_SUBJECT_MAX], const char *prefix, struct sl_str filter);
/* `out` points into `room`. False: it is not below the prefix. */
bool nats_subject_read(
	struct sl_str *out, char room[NATS_SUBJECT_MAX], const char *prefix, const char *subject);

#endif
