/*
 * A death is blamed on the plugin whose code the process was in, and on nobody for a signal from
 * outside; so many within the time are a quarantine, of these bytes only.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/suspects.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/order.h"

enum { MASTER = 100, OTHER = 200 };

/* What a dead worker left: the step is of plugin "step", image 0 of plugin "image". */
static const struct {
	const char *claim;
	uint32_t turn;
	int signal, image;
	int64_t sender;
	uint8_t is_other_thread;
	const char *blamed; /* "": nobody */
} deaths[] = {
	{"killed in a callback", 7, 0, -1, 0, 0, "step"},
	{"killed between callbacks", 8, 0, -1, 0, 0, ""},
	{"before any callback", 0, 0, -1, 0, 0, ""},
	{"fault in its own code", 7, SIGSEGV, 0, 0, 0, "step"},
	{"fault in a library that it called", 7, SIGSEGV, -1, 0, 0, "step"},
	{"fault between callbacks, in code of an image", 8, SIGSEGV, 0, 0, 0, "image"},
	{"fault of the host", 8, SIGSEGV, -1, 0, 0, ""},
	{"fault on a thread of another plugin", 7, SIGSEGV, 0, 0, 1, "image"},
	{"fault on a thread, who knows whose", 7, SIGSEGV, -1, 0, 1, ""},
	{"aborted by the master", 7, SIGABRT, -1, MASTER, 0, "step"},
	{"aborted by somebody else", 7, SIGABRT, -1, OTHER, 0, ""},
	{"a page that was written over", 7, SIGSEGV, 10000, 0, 1, ""},
};

static void blames_whose_code_it_was(void **state)
{
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++) {
		struct breadcrumb *page = breadcrumb_new();
		struct blame blame;

		breadcrumb_image_opened(page, "image", 2, 0x1000, 0x2000);
		snprintf(page->plugin, sizeof(page->plugin), "step");
		page->step.version = 2;
		page->turn = deaths[i].turn;
		page->fault = (struct breadcrumb_fault){.signal = deaths[i].signal,
			.image = deaths[i].image,
			.sender = deaths[i].sender,
			.is_other_thread = deaths[i].is_other_thread};
		blame = suspects_blame(page, MASTER);
		if (strcmp(blame.plugin, deaths[i].blamed) != 0 ||
			(blame.plugin[0] != '\0' && blame.version != 2)) {
			failures++;
			print_error("%s: wanted \"%s\" 2, got \"%s\" %u\n", deaths[i].claim,
				deaths[i].blamed, blame.plugin, blame.version);
		}
		breadcrumb_free(page);
	}
	assert_int_equal(failures, 0);
}

static void survives_a_name_without_end(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	struct blame blame;

	(void)state;
	memset(page->plugin, 'x', sizeof(page->plugin));
	page->turn = 1;
	blame = suspects_blame(page, MASTER);
	assert_int_equal(strlen(blame.plugin), sizeof(blame.plugin) - 1);
	breadcrumb_free(page);
}

/* Deaths at these times, in ms; the one that begins a quarantine, 0 for none. */
static const struct {
	struct quarantine_conf rule;
	uint64_t times_ms[8];
	unsigned begins;
} windows[] = {
	{{3, 100}, {10, 20, 30, 40}, 3},
	{{3, 100}, {10, 20, 110}, 3},
	{{3, 100}, {10, 20, 111, 121}, 0},
	{{3, 100}, {10, 20, 115, 116}, 4},
	{{1, 1}, {5}, 1},
	{{0, 100}, {1, 2, 3, 4, 5}, 0},
	{{5, 60000}, {1, 2, 3, 4}, 0},
};

static void counts_within_the_time(void **state)
{
	const struct blame blame = {"x", 1};

	(void)state;
	for (size_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++) {
		struct suspects suspects = {0};
		unsigned begins = 0;

		for (unsigned n = 0; n < 8 && windows[i].times_ms[n] > 0; n++) {
			const struct suspect *found = suspects_note(
				&suspects, &blame, &windows[i].rule, windows[i].times_ms[n]);

			if (found == NULL)
				continue;
			assert_int_equal(begins, 0);
			begins = n + 1;
		}
		if (begins != windows[i].begins)
			fail_msg("window %zu: wanted the quarantine at death %u, got %u", i,
				windows[i].begins, begins);
		suspects_fini(&suspects);
	}
}

static void counts_far_more_deaths_than_it_keeps(void **state)
{
	const struct quarantine_conf rule = {SUSPECT_DEATHS_MAX, 1000};
	const struct blame blame = {"x", 1};
	struct suspects suspects = {0};

	(void)state;
	for (unsigned n = 0; n < 5 * SUSPECT_DEATHS_MAX; n++)
		assert_null(suspects_note(&suspects, &blame, &rule, n * 100));
	for (unsigned n = 0; n < SUSPECT_DEATHS_MAX - 1; n++)
		assert_null(suspects_note(&suspects, &blame, &rule, 1000000));
	assert_non_null(suspects_note(&suspects, &blame, &rule, 1000000));
	suspects_fini(&suspects);
}

static void is_over_with_other_bytes(void **state)
{
	const struct quarantine_conf rule = {1, 1000}, never = {0, 1000};
	struct image_offer same = {.name = "x", .version = 1}, other = {.name = "x", .version = 2};
	struct order order = {.offers = &same, .offer_count = 1};
	struct suspects suspects = {0};

	(void)state;
	assert_non_null(suspects_note(&suspects, &(struct blame){"x", 1}, &rule, 1));
	assert_non_null(suspects_note(&suspects, &(struct blame){"y", 1}, &rule, 1));
	assert_true(suspects_is_held(&suspects.items[0], &order));
	assert_false(suspects_is_held(&suspects.items[1], &order));
	suspects_settle(&suspects, &order, &rule);
	assert_int_equal(suspects.count, 1);
	order.offers = &other;
	assert_false(suspects_is_held(&suspects.items[0], &order));
	suspects_settle(&suspects, &order, &rule);
	assert_int_equal(suspects.count, 0);
	order.offers = &same;
	assert_non_null(suspects_note(&suspects, &(struct blame){"x", 1}, &rule, 1));
	suspects_settle(&suspects, &order, &never);
	assert_int_equal(suspects.count, 0);
	suspects_fini(&suspects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blames_whose_code_it_was),
		cmocka_unit_test(survives_a_name_without_end),
		cmocka_unit_test(counts_within_the_time),
		cmocka_unit_test(counts_far_more_deaths_than_it_keeps),
		cmocka_unit_test(is_over_with_other_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
