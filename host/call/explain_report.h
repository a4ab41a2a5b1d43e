/*
 * An explanation in words: for people, or as JSON for machines. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_EXPLAIN_REPORT_H
#define SOCKLET_CALL_EXPLAIN_REPORT_H

#include "call/explain.h"

/* Appends the whole report, several lines. */
void explain_report_text(struct buf *out, struct explanation *explanation);
/* One object. */
void explain_report_json(struct buf *out, struct explanation *explanation);

#endif
