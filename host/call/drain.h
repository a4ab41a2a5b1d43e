/*
 * Ends sessions later, each at a time of its own: those that a reload has left behind, and all of
 * them when the host stops. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_DRAIN_H
#define SOCKLET_CALL_DRAIN_H

#include "call/session.h"

/*
 * The session has not moved to the serving generation: by the `drain` of its route it will be
 * closed, unless it moves before. Once only; later reloads change nothing about it.
 */
void drain_retired(struct sl_conn *conn);
/* It is closed with 1012 within that time. */
void drain_stop(struct sl_conn *conn, uint64_t spread_ms);
/* It has moved, or ended. */
void drain_cancel(struct sl_conn *conn);

#endif
