/*
 * A log line is one line whatever is logged, and only of the levels asked for.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error goes into a file between begin and end. */
struct capture {
	FILE *file;
	int saved;
};

static struct capture capture_begin(void)
{
	struct capture capture = {tmpfile(), dup(STDERR_FILENO)};

	assert_non_null(capture.file);
	dup2(fileno(capture.file), STDERR_FILENO);
	return capture;
}

static size_t capture_end(struct capture capture, char *out, size_t size)
{
	size_t len;

	dup2(capture.saved, STDERR_FILENO);
	close(capture.saved);
	rewind(capture.file);
	len = fread(out, 1, size - 1, capture.file);
	out[len] = '\0';
	fclose(capture.file);
	return len;
}

static void a_line_has_time_level_and_text(void **state)
{
	char out[256];
	struct capture capture = capture_begin();

	(void)state;
	log_warn("hello %d", 7);
	capture_end(capture, out, sizeof(out));
	/* 2026-11-22T16:20:29.123Z */
	assert_int_equal(strspn(out, "0123456789-T:.Z"), 24);
	assert_string_equal(out + 24, " warn hello 7\n");
}

static void control_bytes_cannot_forge_a_line(void **state)
{
	char out[256];
	struct capture capture = capture_begin();

	(void)state;
	log_info("a\nb\r\tc\x1b[0m\x7f \xc3\xa9");
	capture_end(capture, out, sizeof(out));
	assert_string_equal(out + 24, " info a\\x0ab\\x0d\\x09c\\x1b[0m\\x7f \xc3\xa9\n");
}

static void a_reader_that_stops_does_not_stop_the_host(void **state)
{
	static char out[200000];
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	for (unsigned i = 0; i < 3000; i++)
		log_info("line %u of what nobody reads", i);
	len = read(ends[0], out, sizeof(out) - 1);
	log_info("read again");
	dup2(saved, STDERR_FILENO);
	close(ends[1]);
	assert_true(len > 4096);
	len = read(ends[0], out, sizeof(out) - 1);
	assert_true(len > 0);
	out[len] = '\0';
	assert_non_null(strstr(out, " lines lost, nobody read them\n"));
	assert_non_null(strstr(out, " info read again\n"));
	close(ends[0]);
	close(saved);
}

static void a_long_line_is_cut_and_ended(void **state)
{
	static char text[10000], out[10000];
	struct capture capture;
	size_t len;

	(void)state;
	for (int fill = 0; fill < 2; fill++) {
		memset(text, fill == 0 ? 'a' : '\n', sizeof(text) - 1);
		capture = capture_begin();
		log_error("%s", text);
		len = capture_end(capture, out, sizeof(out));
		assert_in_range(len, 4000, 4096);
		assert_ptr_equal(strchr(out, '\n'), out + len - 1);
	}
}

static void levels_below_are_dropped(void **state)
{
	char out[256];
	struct capture capture = capture_begin();

	(void)state;
	log_debug("not by default");
	log_set_level(LOG_ERROR);
	log_warn("not now");
	log_set_level(LOG_DEBUG);
	log_debug("this");
	log_set_level(LOG_INFO);
	capture_end(capture, out, sizeof(out));
	assert_string_equal(out + 24, " debug this\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_and_text),
		cmocka_unit_test(control_bytes_cannot_forge_a_line),
		cmocka_unit_test(a_long_line_is_cut_and_ended),
		cmocka_unit_test(a_reader_that_stops_does_not_stop_the_host),
		cmocka_unit_test(levels_below_are_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
