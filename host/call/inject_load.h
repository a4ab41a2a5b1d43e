/*
 * `inject` of routes.yaml as the rules of a plan. Private to call/. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_INJECT_LOAD_H
#define SOCKLET_CALL_INJECT_LOAD_H

#include "base/arena.h"
#include "config/config.h"
#include "inject/plan.h"

/* Texts are borrowed from the configuration. */
struct inject_rule *inject_load_rules(
	struct arena *arena, const struct inject_conf *conf, size_t count);

#endif
