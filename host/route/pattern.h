/*
 * One path pattern: "/items/{item_id}/ws", "/f/{n:int}", "/files/{rest:path}" (Starlette's
 * converters). A parameter is a whole segment. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_ROUTE_PATTERN_H
#define SOCKLET_ROUTE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

/* A tree as deep as a pattern is walked by recursion, so the depth has an end. */
enum { PATTERN_PARAMS_MAX = 16, PATTERN_SEGMENTS_MAX = 64 };

/* Most particular first: the order in which a segment is tried. */
enum segment_kind {
	SEGMENT_STATIC,
	SEGMENT_INT,   /* [0-9]+ */
	SEGMENT_FLOAT, /* [0-9]+(\.[0-9]+)? */
	SEGMENT_UUID,  /* dashes optional */
	SEGMENT_STR,   /* not empty */
	SEGMENT_PATH,  /* the rest, slashes and all, may be empty; last only */
};

struct segment {
	enum segment_kind kind;
	struct span text; /* static: the text, may be empty; else the parameter's name */
};

struct pattern {
	const char *text; /* as written */
	struct segment *segments;
	size_t segment_count;
	const char *params[PATTERN_PARAMS_MAX];     /* names, in order */
	const char *converters[PATTERN_PARAMS_MAX]; /* theirs: "str", "int", … */
	size_t param_count;
};

/*
 * The text is cut at each '/': "/" is one empty segment, "/a/" is "a" and an empty one.
 * Memory is the arena's. False fills `why` (unbalanced brace, unknown converter, name twice, …).
 */
bool pattern_parse(struct pattern *out, const char *text, struct arena *arena, struct err *why);
/* Whether a decoded, non-empty segment fits the kind. */
bool segment_fits(enum segment_kind kind, struct span segment);

#endif
