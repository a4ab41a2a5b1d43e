/*
 * A provider's section of routes.yaml becomes a struct security. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_SECURITY_LOAD_H
#define SOCKLET_CALL_SECURITY_LOAD_H

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "inject/inject_rule.h"
#include "security/security.h"

/* What it looks at, for strict sources; how many. The arena's. */
size_t security_load_looked(
	const struct security_conf *conf, struct arena *arena, const struct inject_looked **out);

/*
 * Reads the files and variables with keys and secrets. NULL adds to `why` every mistake with its
 * place in the file. The arena is for scratch; the result is the caller's to security_free.
 */
struct security *security_load(
	const struct security_conf *conf, struct arena *arena, struct err_list *why);

/* NULL without tokens; else as security_load. */
struct secret_set *security_load_tokens(
	const struct secret_list_conf *tokens, struct arena *arena, struct err_list *why);

#endif
