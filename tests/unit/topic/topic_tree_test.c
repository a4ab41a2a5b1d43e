/*
 * A member is given each message once that one of its filters matches, also when members come and
 * go in the middle of a walk; a model that asks every filter every time agrees.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "topic/topic_tree.h"

enum { MEMBERS = 12, SEQUENCES = 300, STEPS = 400 };

/* ---- by hand ---------------------------------------------------------------------------- */

struct named {
	struct topic_member member; /* the first, so that a walk's answer is one of these */
	const char *name;
};

/* Who is given a message to `name`, as "a b ". */
static const char *given(struct topic_tree *tree, const char *name, char out[256])
{
	const struct topic_entry *entry;
	struct topic_walk walk;

	out[0] = '\0';
	topic_walk_begin(&walk, tree, span_of(name), tree->born);
	while ((entry = topic_walk_next(&walk)) != NULL)
		strcat(strcat(out, ((struct named *)entry->member)->name), " ");
	topic_walk_end(&walk);
	return out;
}

static void name_it(void *context, struct topic_member *member)
{
	strcat(strcat(context, ((struct named *)member)->name), " ");
}

/* The same, looked at without a walk. */
static const char *looked_at(const struct topic_tree *tree, const char *name, char out[256])
{
	out[0] = '\0';
	topic_tree_each_member(tree, span_of(name), name_it, out);
	return out;
}

static void matches_by_levels(void **state)
{
	static const struct {
		const char *filter, *name;
		bool matches;
	} table[] = {
		{"room", "room", true},
		{"room", "rooms", false},
		{"room", "room/1", false},
		{"room/1", "room", false},
		{"room/+", "room/1", true},
		{"room/+", "room", false},
		{"room/+", "room/1/2", false},
		{"room/#", "room/1/2", true},
		{"room/#", "room", true},
		{"room/#", "roo", false},
		{"#", "a/b/c", true},
		{"+", "a", true},
		{"+", "a/b", false},
		{"+/+", "a/b", true},
		{"+/b/+", "a/b/c", true},
		{"+/b/#", "a/c/b", false},
		{"a/+/#", "a/b", true},
		{"a/+/#", "a", false},
		{"\xc3\xa4/\xc3\xb6", "\xc3\xa4/\xc3\xb6", true},
	};
	struct topic_tree tree;
	char out[256];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct named a = {.name = "a"};
		bool is_given;

		topic_tree_init(&tree, NULL);
		topic_tree_subscribe(&tree, &a.member, span_of(table[i].filter), 0);
		is_given = given(&tree, table[i].name, out)[0] != '\0';
		if (is_given != table[i].matches ||
			topic_filter_matches(span_of(table[i].filter), span_of(table[i].name)) !=
				table[i].matches)
			fail_msg("%s for %s: given %d, wanted %d", table[i].filter, table[i].name,
				is_given, table[i].matches);
		topic_tree_leave(&tree, &a.member);
		topic_tree_fini(&tree);
	}
}

static void gives_once_and_knows_first_and_last(void **state)
{
	struct named a = {.name = "a"}, b = {.name = "b"};
	struct topic_tree tree;
	char out[256];

	(void)state;
	topic_tree_init(&tree, NULL);
	assert_true(topic_tree_subscribe(&tree, &a.member, SPAN("x/1"), 0));
	assert_false(topic_tree_subscribe(&tree, &a.member, SPAN("x/1"), 1));
	assert_true(topic_tree_subscribe(&tree, &a.member, SPAN("x/+"), 0));
	assert_true(topic_tree_subscribe(&tree, &a.member, SPAN("#"), 0));
	assert_true(topic_tree_subscribe(&tree, &b.member, SPAN("x/+"), 0));
	assert_int_equal(topic_tree_count(&tree, SPAN("x/1")), 4);
	assert_int_equal(strlen(given(&tree, "x/1", out)), 4);
	assert_int_equal(strlen(looked_at(&tree, "x/1", out)), 4);
	assert_string_equal(looked_at(&tree, "y", out), "a ");
	assert_string_equal(looked_at(&tree, "x/2/3", out), "a ");
	assert_int_equal(tree.filter_count, 3);
	assert_true(topic_tree_unsubscribe(&tree, &a.member, SPAN("x/+")));
	assert_false(topic_tree_unsubscribe(&tree, &a.member, SPAN("x/+")));
	assert_false(topic_tree_unsubscribe(&tree, &a.member, SPAN("never/heard")));
	assert_int_equal(strlen(given(&tree, "x/1", out)), 4);
	topic_tree_leave(&tree, &a.member);
	assert_string_equal(given(&tree, "x/1", out), "b ");
	topic_tree_leave(&tree, &b.member);
	assert_int_equal(tree.node_count, 1);
	topic_tree_fini(&tree);
}

struct heard {
	struct buf text;
};

static void on_first(void *context, struct span filter)
{
	buf_printf(&((struct heard *)context)->text, "+%.*s ", SPAN_ARG(filter));
}

static void on_last(void *context, struct span filter)
{
	buf_printf(&((struct heard *)context)->text, "-%.*s ", SPAN_ARG(filter));
}

static void tells_who_watches(void **state)
{
	struct heard heard = {0};
	const struct topic_watcher watcher = {on_first, on_last, &heard, NULL};
	struct named a = {0}, b = {0};
	struct topic_tree tree;

	(void)state;
	topic_tree_init(&tree, &watcher);
	topic_tree_subscribe(&tree, &a.member, SPAN("chat/lobby"), 0);
	topic_tree_subscribe(&tree, &b.member, SPAN("chat/lobby"), 0);
	topic_tree_subscribe(&tree, &b.member, SPAN("chat/#"), 0);
	topic_tree_leave(&tree, &a.member);
	topic_tree_leave(&tree, &b.member);
	buf_append(&heard.text, "", 1);
	assert_string_equal(heard.text.data, "+chat/lobby +chat/# -chat/# -chat/lobby ");
	buf_fini(&heard.text);
	topic_tree_fini(&tree);
}

static void knows_the_flags_of_all_that_match(void **state)
{
	struct named a = {.name = "a"};
	struct topic_tree tree;
	struct topic_walk walk;

	(void)state;
	topic_tree_init(&tree, NULL);
	topic_tree_subscribe(&tree, &a.member, SPAN("x"), 0);
	topic_tree_subscribe(&tree, &a.member, SPAN("+"), 2);
	topic_tree_subscribe(&tree, &a.member, SPAN("y"), 4);
	topic_walk_begin(&walk, &tree, SPAN("x"), tree.born);
	assert_non_null(topic_walk_next(&walk));
	assert_int_equal(topic_walk_flags(&walk, &a.member), 2);
	topic_walk_end(&walk);
	topic_tree_leave(&tree, &a.member);
	topic_tree_fini(&tree);
}

/* ---- changes of counts ------------------------------------------------------------------ */

static void on_changed(void *context)
{
	buf_printf(&((struct heard *)context)->text, "! ");
}

static void on_change(void *context, struct span filter, size_t count)
{
	buf_printf(&((struct heard *)context)->text, "%.*s=%zu ", SPAN_ARG(filter), count);
}

static void keeps_changes_until_they_are_taken(void **state)
{
	struct heard heard = {0};
	const struct topic_watcher watcher = {NULL, NULL, &heard, on_changed};
	struct named a = {0}, b = {0};
	struct topic_tree tree;

	(void)state;
	topic_tree_init(&tree, &watcher);
	topic_tree_subscribe(&tree, &a.member, SPAN("before/1"), 0);
	topic_tree_track(&tree, true);
	for (int i = 0; i < 1000; i++) {
		topic_tree_subscribe(&tree, &b.member, SPAN("x/+"), 0);
		topic_tree_unsubscribe(&tree, &b.member, SPAN("x/+"));
	}
	topic_tree_subscribe(&tree, &a.member, SPAN("x/1"), 0);
	topic_tree_subscribe(&tree, &b.member, SPAN("x/1"), 0);
	topic_tree_subscribe(&tree, &b.member, SPAN("x/1"), 1);
	topic_tree_take_changes(&tree, 1, on_change, &heard);
	topic_tree_take_changes(&tree, 100, on_change, &heard);
	topic_tree_take_changes(&tree, 100, on_change, &heard);
	topic_tree_leave(&tree, &b.member);
	topic_tree_take_changes(&tree, 100, on_change, &heard);
	/* What is kept goes with the tracking; the level that only it needed, too. */
	topic_tree_leave(&tree, &a.member);
	topic_tree_track(&tree, false);
	assert_int_equal(tree.node_count, 1);
	buf_append(&heard.text, "", 1);
	assert_string_equal(heard.text.data, "! before/1=1 x/+=0 x/1=2 ! x/1=1 ! ");
	buf_fini(&heard.text);
	topic_tree_fini(&tree);
}

/* ---- a walk with changes between its steps ---------------------------------------------- */

static void a_walk_survives_changes(void **state)
{
	struct named members[6] = {{.name = "0"}, {.name = "1"}, {.name = "2"}, {.name = "3"},
		{.name = "4"}, {.name = "5"}};
	const struct topic_entry *entry;
	struct topic_tree tree;
	struct topic_walk walk;
	char seen[64] = "";

	(void)state;
	topic_tree_init(&tree, NULL);
	for (int i = 0; i < 4; i++)
		topic_tree_subscribe(&tree, &members[i].member, SPAN("t"), 0);
	topic_tree_subscribe(&tree, &members[4].member, SPAN("+"), 0);
	topic_walk_begin(&walk, &tree, SPAN("t"), tree.born);
	while ((entry = topic_walk_next(&walk)) != NULL) {
		strcat(seen, ((struct named *)entry->member)->name);
		/* The one given, the one that would be next, and one that comes. */
		topic_tree_leave(&tree, entry->member);
		topic_tree_leave(&tree, &members[1].member);
		topic_tree_subscribe(&tree, &members[5].member, SPAN("t"), 0);
	}
	topic_walk_end(&walk);
	assert_int_equal(strlen(seen), 4); /* 0 2 3 4 in some order */
	assert_null(strchr(seen, '1'));
	assert_null(strchr(seen, '5'));
	for (int i = 0; i < 6; i++)
		topic_tree_leave(&tree, &members[i].member);
	topic_tree_fini(&tree);
}

/* ---- the model -------------------------------------------------------------------------- */

static const char *const filters[] = {"a", "b", "a/b", "a/c", "a/b/c", "+", "+/b", "a/+", "#",
	"a/#", "+/+/c", "a/b/#", "b/+/#", "c"};
static const char *const names[] = {
	"a", "b", "c", "a/b", "a/c", "b/b", "a/b/c", "b/a/c", "d/e/f/g"};

enum { FILTERS = sizeof(filters) / sizeof(filters[0]), NAMES = sizeof(names) / sizeof(names[0]) };

struct model {
	struct topic_tree tree;
	struct topic_member members[MEMBERS];
	uint64_t has[MEMBERS][FILTERS]; /* when it subscribed, 0: has not */
	uint64_t now;
};

static void change(struct model *model, unsigned *seed)
{
	int m = rand_r(seed) % MEMBERS, f = rand_r(seed) % FILTERS, what = rand_r(seed) % 16;
	const struct span filter = span_of(filters[f]);

	if (what == 0) {
		topic_tree_leave(&model->tree, &model->members[m]);
		memset(model->has[m], 0, sizeof(model->has[m]));
	} else if (what < 9) {
		bool is_new = topic_tree_subscribe(&model->tree, &model->members[m], filter, 0);

		assert_int_equal(is_new, model->has[m][f] == 0);
		if (is_new)
			model->has[m][f] = ++model->now;
	} else {
		assert_int_equal(topic_tree_unsubscribe(&model->tree, &model->members[m], filter),
			model->has[m][f] != 0);
		model->has[m][f] = 0;
	}
}

/* Whether the member has what matches, and had it at `born`. */
static bool matches(const struct model *model, int m, const char *name, uint64_t born)
{
	for (int f = 0; f < FILTERS; f++)
		if (model->has[m][f] != 0 && model->has[m][f] <= born &&
			topic_filter_matches(span_of(filters[f]), span_of(name)))
			return true;
	return false;
}

/* A walk, with changes between its steps: all who matched throughout, nobody twice, no stranger. */
static void walk_and_change(struct model *model, unsigned *seed, unsigned first_seed)
{
	const char *name = names[rand_r(seed) % NAMES];
	uint64_t born = model->tree.born, counts[MEMBERS] = {0};
	bool throughout[MEMBERS];
	const struct topic_entry *entry;
	struct topic_walk walk;

	model->now = born;
	for (int m = 0; m < MEMBERS; m++)
		throughout[m] = matches(model, m, name, born);
	topic_walk_begin(&walk, &model->tree, span_of(name), born);
	while ((entry = topic_walk_next(&walk)) != NULL) {
		long m = entry->member - model->members;

		if (counts[m]++ > 0 || !matches(model, (int)m, name, born))
			fail_msg("seed %u: %s: member %ld given %d times, matches %d", first_seed,
				name, m, (int)counts[m], matches(model, (int)m, name, born));
		for (int i = rand_r(seed) % 3; i > 0; i--)
			change(model, seed);
		for (int k = 0; k < MEMBERS; k++)
			throughout[k] = throughout[k] && matches(model, k, name, born);
	}
	topic_walk_end(&walk);
	for (int m = 0; m < MEMBERS; m++)
		if (throughout[m] && counts[m] != 1)
			fail_msg("seed %u: %s: member %d given %d times, wanted once", first_seed,
				name, m, (int)counts[m]);
}

static void a_model_agrees(void **state)
{
	unsigned first = (unsigned)time(NULL);

	(void)state;
	printf("seeds from %u\n", first);
	for (unsigned i = 0; i < SEQUENCES; i++) {
		struct model *model = xcalloc(1, sizeof(*model));
		unsigned seed = first + i;

		topic_tree_init(&model->tree, NULL);
		for (int step = 0; step < STEPS; step++)
			if (rand_r(&seed) % 8 == 0)
				walk_and_change(model, &seed, first + i);
			else
				change(model, &seed);
		for (int m = 0; m < MEMBERS; m++)
			topic_tree_leave(&model->tree, &model->members[m]);
		topic_tree_fini(&model->tree);
		free(model);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_by_levels),
		cmocka_unit_test(gives_once_and_knows_first_and_last),
		cmocka_unit_test(tells_who_watches),
		cmocka_unit_test(knows_the_flags_of_all_that_match),
		cmocka_unit_test(keeps_changes_until_they_are_taken),
		cmocka_unit_test(a_walk_survives_changes),
		cmocka_unit_test(a_model_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
