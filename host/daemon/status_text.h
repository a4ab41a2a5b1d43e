/*
 * The status document as a person reads it. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_STATUS_TEXT_H
#define SOCKLET_DAEMON_STATUS_TEXT_H

#include <jansson.h>

#include "base/buf.h"

void status_text(struct buf *out, const json_t *status);

#endif
