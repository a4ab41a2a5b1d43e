/*
 * What route and plugin said of a field, for people. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_PLAN_NOTE_H
#define SOCKLET_INJECT_PLAN_NOTE_H

#include "inject/plan.h"

/* Fills fetch->notes; where both said something, the route's counts. */
void plan_note_all(struct plan_fetch *fetch, const struct inject_rule *rule,
	const struct sl_field *field, struct arena *arena);

#endif
