/*
 * The status document as Prometheus reads it (text exposition format 0.0.4).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_STATUS_METRICS_H
#define SOCKLET_DAEMON_STATUS_METRICS_H

#include <jansson.h>

#include "base/buf.h"

void status_metrics(struct buf *out, const json_t *status);

#endif
