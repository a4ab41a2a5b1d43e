/*
 * A route's whole injection, worked out at load: which values to fetch, convert and store, and
 * which providers to call first, each once, in depth-first declared order. Knows no request and
 * no plugin code; call/generation.c builds plans, inject.h runs them.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_PLAN_H
#define SOCKLET_INJECT_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <socklet.h>

#include "base/arena.h"
#include "base/err.h"
#include "inject/inject_rule.h"
#include "inject/item.h"
#include "wire/value.h"

struct plan_input {
	const struct sl_table *table;
	const char *label; /* for complaints: "route /items/{item_id}/ws" */
	struct place place;
	const char *const *path_params;
	const char *const *path_converters; /* "int", "str", one a parameter; NULL: all "str" */
	size_t path_param_count;
	/* Sources whose every name has to be one that the plan takes. */
	bool is_query_strict, is_cookie_strict;
	const struct inject_rule *rules;
	size_t rule_count;
	const struct inject_attached *attached; /* called before those of fields, in this order */
	size_t attached_count;
	bool is_any_path; /* there is no route: the path may have every parameter */
	/* The provider of that name, or NULL. */
	const struct inject_provider *(*find_provider)(void *context, const char *name);
	void *context;
	const char *const *provider_names; /* for "did you mean", NULL-ended; or NULL */
};

/* Bounds of what a file may ask for. */
enum {
	PLAN_DEPTH_MAX = 32,   /* of a chain of providers */
	PLAN_CALLS_MAX = 1024, /* of one plan: `cache: false` and scopes multiply */
};

/* One thing said of a field, by route or plugin, for people: "ge" "1". */
struct plan_note {
	const char *name, *text;
	struct texts items; /* text is NULL: this list */
	bool is_text;       /* and not a number or a truth value */
};

/* One member to fill. */
struct plan_fetch {
	const char *field, *name; /* member; name at the source ("x-token" for a header x_token) */
	enum inject_source source;
	uint32_t index;            /* path: which parameter; provider, claim: which call */
	uint32_t offset;           /* bytes, in the call's struct */
	uint32_t type;             /* SL_TYPE_… with SL_TYPE_OPTIONAL and SL_TYPE_LIST */
	const void *default_value; /* the whole member, filled; NULL: none */
	struct item item;          /* but of providers' results */
	struct place place;        /* in routes.yaml */
	const struct plan_note *notes;
	size_t note_count;
};

/* One struct to fill, and the provider to call with it; the last of a plan is the plugin's own. */
struct plan_call {
	const struct inject_provider *provider; /* NULL: the plugin's own arguments */
	struct plan_fetch *fetches; /* by source, then as declared: the order of errors */
	size_t fetch_count;
	uint32_t args_offset, result_offset; /* bytes, in the plan's block */
	uint32_t scope;                      /* SL_SCOPE_…, of the provider */
	const char *const *scopes; /* security: those of all who take it; NULL-ended, never NULL */
	bool is_fresh;             /* nobody else shares the result */
	bool is_attached;          /* nobody takes it, or it was there before they did */
};

/* A strict source: the names that any call takes from it, in plan_compare_names's order. */
struct plan_names {
	bool is_strict;
	struct span *names;
	size_t count;
};

struct plan {
	struct plan_call *calls; /* in the order to run; the last is the plugin's own */
	size_t call_count;
	size_t block_size; /* bytes for all structs and results of one connection */
	struct plan_names query, cookies;
	unsigned scopes; /* 1 << SL_SCOPE_… for each that its providers have */
};

/*
 * Builds the plan in the arena. Every member must have a source that can supply it: a path
 * parameter, query, header, cookie, or a provider whose result has the member's type. False adds
 * to `why` every mistake, naming route, field, both types and the line: a rule for a member that
 * does not exist ("did you mean"), a path source the path does not have, a path parameter that no
 * field takes is fine, a type that differs, a default that does not convert, a default for a path
 * or provider field, a missing provider, a circle of providers, one that lives shorter than who
 * takes it (each names the whole chain, route -> field -> provider), a rule that does not fit the
 * type, that loosens the plugin's, or that leaves no value. Both ways *out wants plan_fini; all of
 * it but its patterns is the arena's.
 */
bool plan_build(struct plan *out, const struct plan_input *input, struct arena *arena,
	struct err_list *why);
void plan_fini(struct plan *plan);
/*
 * Whether both ask the same providers, of the same owners, for the same members at the same places,
 * so that a run begun with `a` can go on with `b`.
 */
bool plan_is_alike(const struct plan *a, const struct plan *b);

/* For qsort and bsearch over plan_names. */
int plan_compare_names(const void *a, const void *b);
/* Whose claim the fetch takes; NULL: it takes none. */
const char *plan_claimed_of(const struct plan *plan, const struct plan_fetch *fetch);

/* "int", "str?": the type as `socklet routes` and complaints name it. */
const char *plan_type_name(uint32_t type);
/* "connection", … of SL_SCOPE_…; NULL for another number. */
const char *plan_scope_name(uint32_t scope);

#endif
