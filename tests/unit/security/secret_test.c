/*
 * Secrets come from files and variables line by line, are known again and nothing like them is,
 * and no complaint repeats one. SPDX-License-Identifier: MIT
 */
#include "key_file.h"

#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/secret_test_XXXXXX";

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(struct span text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
	fclose(file);
}

static const struct secret_source from_file = {.file = path, .place = {"routes.yaml", 3, 7}};

/* The one complaint, without the path. */
static void expect_complaint(struct err_list *why, const char *wanted)
{
	char found[500] = "(none)", *at;

	if (why->count > 0)
		snprintf(found, sizeof(found), "%s", why->items[0].text);
	at = strstr(found, path);
	if (at != NULL)
		memmove(at + 1, at + strlen(path), strlen(at + strlen(path)) + 1);
	if (at != NULL)
		*at = 'F';
	assert_string_equal(found, wanted);
	assert_int_equal(why->count, 1);
	assert_int_equal(why->items[0].place.line, 3);
	err_list_fini(why);
}

static void lines_are_secrets(void **state)
{
	static const char *const in[] = {"one", "  two words ", "u:p:q", "has # inside", "last"};
	static const char *const out[] = {"", "# note", "on", "onee", "one\r", "one\n", "two words",
		"u:p", "One", "last\r", "one\r\n  two words "};
	struct err_list why = {0};
	struct secret_set *set;

	(void)state;
	write_file(SPAN("one\r\n# note\n\n  \n  two words \nu:p:q\nhas # inside\nlast\r\n\n"));
	set = secret_set_new(&from_file, 1, '\0', &why);
	assert_non_null(set);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		if (!secret_set_has(set, span_of(in[i])))
			fail_msg("not known: %s", in[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		if (secret_set_has(set, span_of(out[i])))
			fail_msg("known: %s", out[i]);
	secret_set_free(set);
}

static void all_sources_count(void **state)
{
	struct secret_source from[2] = {from_file, {.env = "SECRET_TEST_VARIABLE"}};
	struct err_list why = {0};
	struct secret_set *set;

	(void)state;
	write_file(SPAN("of the file"));
	setenv("SECRET_TEST_VARIABLE", "of the variable\nits second", 1);
	set = secret_set_new(from, 2, '\0', &why);
	assert_non_null(set);
	assert_true(secret_set_has(set, SPAN("of the file")));
	assert_true(secret_set_has(set, SPAN("of the variable")));
	assert_true(secret_set_has(set, SPAN("its second")));
	assert_false(secret_set_has(set, SPAN("")));
	secret_set_free(set);
	unsetenv("SECRET_TEST_VARIABLE");
}

static void a_whole_one_loses_only_its_line_ends(void **state)
{
	struct err_list why = {0};
	struct secret secret = {0};

	(void)state;
	write_file(SPAN("# a\0b\n\n c \r\n\n"));
	assert_true(secret_read(&secret, &from_file, &why));
	assert_true(span_equal((struct span){secret.bytes, secret.len}, SPAN("# a\0b\n\n c ")));
	secret_fini(&secret);
	assert_null(secret.bytes);
}

static void mistakes_are_told_without_the_secret(void **state)
{
	static char large[SECRET_SOURCE_MAX + 1];
	struct secret_source absent = {.env = "SECRET_TEST_NO_SUCH", .place = from_file.place};
	struct secret_source no_file = {.file = "/nowhere/at/all", .place = from_file.place};
	struct secret_source folder = {.file = "/tmp", .place = from_file.place};
	struct err_list why = {0};

	(void)state;
	assert_null(secret_set_new(&absent, 1, '\0', &why));
	expect_complaint(&why, "the variable SECRET_TEST_NO_SUCH is not in the environment: set it "
			       "where socklet is started");
	assert_null(secret_set_new(&no_file, 1, '\0', &why));
	expect_complaint(&why, "the file \"/nowhere/at/all\" cannot be read (No such file or "
			       "directory): check the path");
	assert_null(secret_set_new(&folder, 1, '\0', &why));
	expect_complaint(&why, "\"/tmp\" is no regular file: give one with the secret");
	write_file(SPAN("\r\n\n"));
	assert_null(secret_set_new(&from_file, 1, '\0', &why));
	expect_complaint(&why, "the file F is empty: put the secret into it");
	write_file(SPAN("# a\n  \n"));
	assert_null(secret_set_new(&from_file, 1, '\0', &why));
	expect_complaint(&why, "F holds only blank lines and comments: add a secret");
	write_file(SPAN("a:b\nhunter2\n"));
	assert_null(secret_set_new(&from_file, 1, ':', &why));
	expect_complaint(&why, "line 2 of F has no ':', wanted user:password");
	memset(large, 'a', sizeof(large));
	write_file((struct span){large, sizeof(large)});
	assert_null(secret_set_new(&from_file, 1, '\0', &why));
	expect_complaint(&why, "the file \"F\" has more than 1 MiB: give one with the secret only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_secrets),
		cmocka_unit_test(all_sources_count),
		cmocka_unit_test(a_whole_one_loses_only_its_line_ends),
		cmocka_unit_test(mistakes_are_told_without_the_secret),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
