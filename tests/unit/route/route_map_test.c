/*
 * A path finds the most particular pattern that fits it, whatever the order they were added in,
 * among ten thousand as among ten. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/xalloc.h"
#include "route/route_map.h"

enum { PATTERNS_MAX = 8 };

/* The patterns of a row, cut at the blanks, then unescaped. */
static size_t parse_patterns(char *texts, struct pattern *patterns, struct arena *arena)
{
	struct span rest = span_of(texts);
	size_t count = 0;
	struct err why;

	while (rest.ptr != NULL) {
		struct span one = span_cut(&rest, ' ');
		struct span text = table_unescape(arena_text(arena, one.ptr, one.len));

		assert_true(count < PATTERNS_MAX);
		if (!pattern_parse(
			    &patterns[count++], arena_text(arena, text.ptr, text.len), arena, &why))
			fail_msg("%.*s: %s", SPAN_ARG(text), why.text);
	}
	return count;
}

static struct route_map *build(struct pattern *patterns, size_t count, bool backwards)
{
	struct route_map *map = route_map_new();

	for (size_t i = 0; i < count; i++) {
		struct pattern *pattern = &patterns[backwards ? count - 1 - i : i];
		void *taken;

		assert_true(route_map_add(map, pattern, pattern, &taken));
	}
	return map;
}

/* "/{x}/b [a]", or "-". */
static void describe(char *out, size_t size, const struct route_map *map, struct span path)
{
	struct route_match match;
	const struct pattern *pattern;
	char shown[300];
	size_t len;

	if (!route_map_match(map, path, &match)) {
		snprintf(out, size, "-");
		return;
	}
	pattern = match.route;
	assert_int_equal(match.param_count, pattern->param_count);
	table_escape(out, size, span_of(pattern->text));
	for (char *blank; (blank = strchr(out, ' ')) != NULL;) {
		memmove(blank + 4, blank + 1, strlen(blank));
		memcpy(blank, "\\x20", 4);
	}
	len = strlen(out);
	for (size_t i = 0; i < match.param_count; i++)
		len += (size_t)snprintf(out + len, size - len, " [%s]",
			table_escape(shown, sizeof(shown), match.params[i]));
}

static void finds_what_the_table_says(void **state)
{
	struct table table;
	char *columns[3], found[1000], shown[600], shown_path[300];

	(void)state;
	table_open(&table, "route.txt");
	while (table_next(&table, columns, 3)) {
		struct pattern patterns[PATTERNS_MAX];
		struct arena arena = {0};
		size_t count;
		struct span path;
		char *copy;

		snprintf(shown, sizeof(shown), "%s", columns[0]);
		count = parse_patterns(columns[0], patterns, &arena);
		path = table_unescape(columns[1]);
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), " at %s",
			table_escape(shown_path, sizeof(shown_path), path));
		/* Of exactly the size, so that a sanitizer sees a byte read too far. */
		copy = xmalloc(path.len == 0 ? 1 : path.len);
		memcpy(copy, path.ptr, path.len);
		for (int backwards = 0; backwards < 2; backwards++) {
			struct route_map *map = build(patterns, count, backwards);

			describe(found, sizeof(found), map, (struct span){copy, path.len});
			table_expect(&table, shown, found, columns[2]);
			route_map_free(map);
		}
		free(copy);
		arena_fini(&arena);
	}
	table_close(&table);
}

static void tells_which_route_is_taken(void **state)
{
	static const char *const rows[][2] = {
		{"/a", "/a"},
		{"/", "/"},
		{"/{a}", "/{b}"},
		{"/{a}", "/{b:str}"},
		{"/x/{a:int}/y", "/x/{b:int}/y"},
		{"/{a:path}", "/{b:path}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct route_map *map = route_map_new();
		struct arena arena = {0};
		struct pattern first, second;
		struct route_match match;
		int one = 1, two = 2;
		void *taken = NULL;
		struct err why;

		assert_true(pattern_parse(&first, rows[i][0], &arena, &why));
		assert_true(pattern_parse(&second, rows[i][1], &arena, &why));
		assert_true(route_map_add(map, &first, &one, &taken));
		if (route_map_add(map, &second, &two, &taken))
			fail_msg("%s and %s were both added", rows[i][0], rows[i][1]);
		assert_ptr_equal(taken, &one);
		assert_true(!route_map_match(map, SPAN("/a"), &match) || match.route == &one);
		route_map_free(map);
		arena_fini(&arena);
	}
}

static void keeps_apart_what_only_overlaps(void **state)
{
	static const char *const texts[] = {"/a", "/a/", "/{x}", "/{x}/", "/{n:int}", "/{f:float}",
		"/{u:uuid}", "/{p:path}", "//", "/a/{p:path}"};
	struct pattern patterns[sizeof(texts) / sizeof(texts[0])];
	struct route_map *map = route_map_new();
	struct arena arena = {0};
	struct err why;
	void *taken;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(pattern_parse(&patterns[i], texts[i], &arena, &why));
		if (!route_map_add(map, &patterns[i], &patterns[i], &taken))
			fail_msg("%s was refused", texts[i]);
	}
	route_map_free(map);
	arena_fini(&arena);
}

static void finds_each_of_ten_thousand(void **state)
{
	enum { COUNT = 10000 };
	struct pattern *patterns = xcalloc(COUNT, sizeof(*patterns));
	struct route_map *map = route_map_new();
	struct arena arena = {0};
	struct route_match match;
	struct err why;
	void *taken;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		const char *text = arena_printf(&arena, "/api/v%zu/{id}/ws%zu", i, i);

		assert_true(pattern_parse(&patterns[i], text, &arena, &why));
		assert_true(route_map_add(map, &patterns[i], &patterns[i], &taken));
	}
	for (size_t i = 0; i < COUNT; i++) {
		const char *path = arena_printf(&arena, "/api/v%zu/x/ws%zu", i, i);

		assert_true(route_map_match(map, span_of(path), &match));
		assert_ptr_equal(match.route, &patterns[i]);
	}
	assert_false(route_map_match(map, SPAN("/api/v10000/x/ws10000"), &match));
	assert_false(route_map_match(map, SPAN("/api/v1/x/ws2"), &match));
	route_map_free(map);
	arena_fini(&arena);
	free(patterns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_the_table_says),
		cmocka_unit_test(tells_which_route_is_taken),
		cmocka_unit_test(keeps_apart_what_only_overlaps),
		cmocka_unit_test(finds_each_of_ten_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
