/*
 * Errors carry their statuses, complaints name their place, and "did you mean" is near.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/err.h"

static void one_row_has_both_statuses(void **state)
{
	(void)state;
	assert_int_equal(err_http_status(ERR_BAD_REQUEST), 400);
	assert_int_equal(err_http_status(ERR_UPGRADE_REQUIRED), 426);
	assert_int_equal(err_close_code(ERR_TOO_LARGE), 1009);
	assert_int_equal(err_close_code(ERR_WS_PROTOCOL), 1002);
	assert_int_equal(err_close_code(ERR_WS_INVALID_PAYLOAD), 1007);
	assert_int_equal(err_close_code(ERR_NOT_FOUND), 0);
}

static void a_long_text_is_cut(void **state)
{
	struct err err;

	(void)state;
	err_set(&err, ERR_FORBIDDEN, "%0500d", 1);
	assert_int_equal(err.code, ERR_FORBIDDEN);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void complaints_name_their_place(void **state)
{
	struct err_list list = {0};
	struct arena arena = {0};
	char file[] = "a.yaml";

	(void)state;
	err_list_add(&list, (struct place){file, 3, 7}, "found %d, wanted %s", 1, "two");
	err_list_add(&list, (struct place){file, 0, 0}, "is empty");
	err_list_add(&list, (struct place){NULL, 0, 0}, "no place");
	file[0] = 'b';
	assert_int_equal(list.count, 3);
	assert_string_equal(
		complaint_line(&list.items[0], &arena), "a.yaml:3:7: found 1, wanted two");
	assert_string_equal(complaint_line(&list.items[1], &arena), "a.yaml: is empty");
	assert_string_equal(complaint_line(&list.items[2], &arena), "no place");
	arena_fini(&arena);
	err_list_fini(&list);
	assert_int_equal(list.count, 0);
}

static void hundreds_of_complaints_are_kept(void **state)
{
	struct err_list list = {0};

	(void)state;
	for (unsigned i = 0; i < 500; i++)
		err_list_add(&list, (struct place){"f", i, 1}, "number %u", i);
	assert_int_equal(list.count, 500);
	assert_string_equal(list.items[0].text, "number 0");
	assert_string_equal(list.items[499].text, "number 499");
	assert_int_equal(list.items[499].place.line, 499);
	err_list_fini(&list);
}

static void complaints_beyond_the_limit_are_only_counted(void **state)
{
	struct err_list list = {0};

	(void)state;
	for (unsigned i = 0; i < ERR_LIST_MAX + 7; i++)
		err_list_add(&list, (struct place){"f", i, 1}, "number %u", i);
	assert_int_equal(list.count, ERR_LIST_MAX);
	assert_int_equal(list.dropped, 7);
	err_list_fini(&list);
}

static void did_you_mean(void **state)
{
	static const char *const names[] = {"listen", "plugins", "workers", "path", "ping", NULL};
	static const struct {
		const char *found, *wanted;
	} rows[] = {
		{"listen", "listen"},
		{"lisen", "listen"},
		{"lsiten", "listen"},
		{"listens", "listen"},
		{"plugin", "plugins"},
		{"worker", "workers"},
		{"workres", "workers"},
		{"paht", "path"},
		{"pat", "path"},
		{"pth", "path"},
		{"pan", NULL},
		{"x", NULL},
		{"", NULL},
		{"completely-different", NULL},
		{"a-name-that-is-far-longer-than-31-letters", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *found = err_nearest(rows[i].found, names);

		if ((found == NULL) != (rows[i].wanted == NULL) ||
			(found != NULL && strcmp(found, rows[i].wanted) != 0))
			fail_msg("\"%s\": %s, wanted %s", rows[i].found,
				found == NULL ? "nothing" : found,
				rows[i].wanted == NULL ? "nothing" : rows[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_row_has_both_statuses),
		cmocka_unit_test(a_long_text_is_cut),
		cmocka_unit_test(complaints_name_their_place),
		cmocka_unit_test(hundreds_of_complaints_are_kept),
		cmocka_unit_test(complaints_beyond_the_limit_are_only_counted),
		cmocka_unit_test(did_you_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
