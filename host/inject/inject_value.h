/*
 * One member out of a request's own sources, and what a strict source holds besides. For inject.c,
 * and for who explains one field. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_INJECT_VALUE_H
#define SOCKLET_INJECT_INJECT_VALUE_H

#include "inject/inject.h"

/* Fills the member at `where`; false adds what is wrong to run->errors. */
bool inject_value_fetch(struct inject_run *run, const struct plan_fetch *fetch, void *where);
/* False adds a row for each pair of a strict source whose name nobody takes. */
bool inject_value_refuse_extras(struct inject_run *run, enum inject_source source);

#endif
