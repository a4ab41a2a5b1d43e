/*
 * Lines of patterns, the last line a path: the map finds a pattern exactly when a slow comparison,
 * segment by segment, finds one that fits, with the same parameters, and the most particular.
 * SPDX-License-Identifier: MIT
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "route/route_map.h"

enum { PATTERNS_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool fits(const struct pattern *pattern, struct span path, struct span *params)
{
	struct span rest = span_from(path, 1);

	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < pattern->segment_count; i++) {
		const struct segment *segment = &pattern->segments[i];
		struct span one;

		if (rest.ptr == NULL)
			return false;
		if (segment->kind == SEGMENT_PATH) {
			*params = rest;
			return true;
		}
		one = span_cut(&rest, '/');
		if (segment->kind == SEGMENT_STATIC ? !span_equal(one, segment->text)
						    : !segment_fits(segment->kind, one))
			return false;
		if (segment->kind != SEGMENT_STATIC)
			*params++ = one;
	}
	return rest.ptr == NULL;
}

/* Whether a is tried before b: the first segment that differs decides. */
static bool is_before(const struct pattern *a, const struct pattern *b)
{
	for (size_t i = 0; i < a->segment_count && i < b->segment_count; i++)
		if (a->segments[i].kind != b->segments[i].kind)
			return a->segments[i].kind < b->segments[i].kind;
	return false;
}

static void check_match(
	const struct route_map *map, const struct pattern **added, size_t count, struct span path)
{
	struct route_match match;
	struct span params[PATTERN_PARAMS_MAX];
	bool found = route_map_match(map, path, &match);
	const struct pattern *winner = found ? match.route : NULL;

	for (size_t i = 0; i < count; i++)
		if (fits(added[i], path, params))
			check(found && !is_before(added[i], winner));
	if (!found)
		return;
	check(fits(winner, path, params) && match.param_count == winner->param_count);
	for (size_t i = 0; i < match.param_count; i++)
		check(match.params[i].ptr == params[i].ptr && match.params[i].len == params[i].len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size}, line = span_cut(&rest, '\n');
	struct route_map *map = route_map_new();
	const struct pattern *added[PATTERNS_MAX];
	struct arena arena = {0};
	size_t count = 0;

	for (; rest.ptr != NULL; line = span_cut(&rest, '\n')) {
		struct pattern *pattern = arena_alloc(&arena, sizeof(*pattern));
		struct err why = {0};
		void *taken;

		if (count == PATTERNS_MAX ||
			!pattern_parse(
				pattern, arena_text(&arena, line.ptr, line.len), &arena, &why)) {
			check(count == PATTERNS_MAX || why.text[0] != '\0');
			continue;
		}
		if (route_map_add(map, pattern, pattern, &taken))
			added[count++] = pattern;
		else
			check(taken != NULL && taken != pattern);
	}
	check_match(map, added, count, line);
	route_map_free(map);
	arena_fini(&arena);
	return 0;
}
