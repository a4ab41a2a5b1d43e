/*
 * A key is claimed by one at a time, stays done for its window, and is free again when its claimer
 * gives it back or dies; the oldest go when there are too many.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/key_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOW_MS = 1000 };

static struct span key(char room[KEY_MEMORY_BYTES], unsigned number)
{
	memset(room, 0, KEY_MEMORY_BYTES);
	memcpy(room, &number, sizeof(number));
	return (struct span){room, KEY_MEMORY_BYTES};
}

enum step { CLAIM, DONE, RELEASE, DEATH };

static const struct {
	const char *text;
	enum step step;
	unsigned key, holder;
	uint64_t id, now_ms;
	enum key_state state; /* of a claim */
} steps[] = {
	{"the first", CLAIM, 1, 0, 1, 0, KEY_NEW},
	{"another worker's", CLAIM, 1, 1, 1, 1, KEY_BUSY},
	{"the same worker's", CLAIM, 1, 0, 2, 1, KEY_BUSY},
	{"not its own", DONE, 1, 0, 2, 1, 0},
	{"so it is still claimed", CLAIM, 1, 0, 3, 1, KEY_BUSY},
	{"nor another worker's", RELEASE, 1, 1, 1, 1, 0},
	{"so it still is", CLAIM, 1, 1, 2, 1, KEY_BUSY},
	{"given back", RELEASE, 1, 0, 1, 2, 0},
	{"free again", CLAIM, 1, 1, 3, 2, KEY_NEW},
	{"done", DONE, 1, 1, 3, 3, 0},
	{"known", CLAIM, 1, 0, 4, 3, KEY_DONE},
	{"what is done is nobody's to give back", RELEASE, 1, 1, 3, 3, 0},
	{"known still", CLAIM, 1, 0, 5, 1001, KEY_DONE},
	{"its time is over", CLAIM, 1, 0, 6, 1002, KEY_NEW},
	{"of one that will die", CLAIM, 2, 5, 1, 1002, KEY_NEW},
	{"and this is done", CLAIM, 3, 5, 2, 1002, KEY_NEW},
	{"before it does", DONE, 3, 5, 2, 1002, 0},
	{"it dies", DEATH, 0, 5, 0, 0, 0},
	{"what it had begun may be done by others", CLAIM, 2, 0, 7, 1003, KEY_NEW},
	{"what it had done may not", CLAIM, 3, 0, 8, 1003, KEY_DONE},
	{"nor what others have begun", CLAIM, 1, 1, 9, 1003, KEY_BUSY},
	{"unknown", DONE, 77, 0, 1, 1003, 0},
};

static void keys_are_claimed_done_and_given_back(void **state)
{
	struct key_memory memory = {0};
	char room[KEY_MEMORY_BYTES];
	unsigned failures = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct key_claim claim = {steps[i].holder, steps[i].id};
		struct span name = key(room, steps[i].key);
		enum key_state got = steps[i].state;

		if (steps[i].step == CLAIM)
			got = key_memory_claim(&memory, name, &claim, steps[i].now_ms, WINDOW_MS);
		else if (steps[i].step == DONE)
			key_memory_done(&memory, name, &claim);
		else if (steps[i].step == RELEASE)
			key_memory_release(&memory, name, &claim);
		else
			key_memory_release_all(&memory, steps[i].holder);
		if (got == steps[i].state)
			continue;
		print_error("%s: found %d, wanted %d\n", steps[i].text, got, steps[i].state);
		failures++;
	}
	key_memory_fini(&memory);
	assert_int_equal(failures, 0);
}

static void the_oldest_go_when_there_are_too_many(void **state)
{
	const struct key_claim claim = {0, 1};
	struct key_memory memory = {0};
	char room[KEY_MEMORY_BYTES];

	(void)state;
	for (unsigned i = 0; i < KEY_MEMORY_MAX + 10; i++)
		assert_int_equal(
			key_memory_claim(&memory, key(room, i), &claim, 0, WINDOW_MS), KEY_NEW);
	assert_int_equal(memory.count, KEY_MEMORY_MAX);
	assert_int_equal(
		key_memory_claim(&memory, key(room, KEY_MEMORY_MAX + 9), &claim, 1, WINDOW_MS),
		KEY_BUSY);
	assert_int_equal(key_memory_claim(&memory, key(room, 0), &claim, 1, WINDOW_MS), KEY_NEW);
	key_memory_fini(&memory);
}

static void nothing_is_known_before_the_first(void **state)
{
	const struct key_claim claim = {0, 1};
	struct key_memory memory = {0};
	char room[KEY_MEMORY_BYTES];

	(void)state;
	key_memory_done(&memory, key(room, 1), &claim);
	key_memory_release(&memory, key(room, 1), &claim);
	key_memory_release_all(&memory, 0);
	key_memory_fini(&memory);
	assert_int_equal(memory.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_claimed_done_and_given_back),
		cmocka_unit_test(the_oldest_go_when_there_are_too_many),
		cmocka_unit_test(nothing_is_known_before_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
