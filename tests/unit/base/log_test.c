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
		log_text(LOG_HOST, LOG_INFO, "", "what nobody reads");
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

static void lines_that_repeat_themselves_are_counted(void **state)
{
	static char out[60000];
	struct capture capture = capture_begin();
	unsigned lines = 0;

	(void)state;
	for (unsigned i = 0; i < 5 * LOG_REPEATS_MAX; i++)
		log_line(LOG_CONNECTION, LOG_INFO, "again %u", i);
	log_info("another one");
	sleep(1);
	log_settle();
	capture_end(capture, out, sizeof(out));
	for (const char *at = out; (at = strstr(at, " info again ")) != NULL; at++)
		lines++;
	/* A second may have ended in between: then there are two hundred, and two counts. */
	assert_in_range(lines, LOG_REPEATS_MAX, 2 * LOG_REPEATS_MAX);
	assert_non_null(strstr(out, "more lines within a second such as: again "));
	assert_non_null(strstr(out, " info another one\n"));
}

static void areas_have_levels_of_their_own(void **state)
{
	struct log_settings settings = *log_current(), quiet = settings;
	char out[256];
	struct capture capture = capture_begin();

	(void)state;
	quiet.lowest[LOG_ACCESS] = LOG_OFF;
	quiet.lowest[LOG_PLUGIN] = LOG_DEBUG;
	log_configure(&quiet);
	log_line(LOG_ACCESS, LOG_ERROR, "not this");
	log_line(LOG_PLUGIN, LOG_DEBUG, "this");
	log_line(LOG_HOST, LOG_DEBUG, "nor this");
	log_configure(&settings);
	capture_end(capture, out, sizeof(out));
	assert_string_equal(out + 24, " debug this\n");
}

static const struct log_field fields[] = {
	{.name = "id", .number = 17},
	{.name = "route", .text = {"/ws", 3}},
	{.name = "reason", .text = {"two words \"quoted\"\n", 19}},
	{.name = "empty", .text = {"", 0}},
	{.name = "bad", .text = {"a\xff z", 4}},
};

static void an_event_has_fields(void **state)
{
	char out[512];
	struct capture capture = capture_begin();

	(void)state;
	log_event(LOG_ACCESS, LOG_INFO, "close", fields, 5);
	capture_end(capture, out, sizeof(out));
	assert_string_equal(out + 24,
		" info close id=17 route=/ws reason=\"two words "
		"\\\"quoted\\\"\\u000a\" empty=\"\" bad=\"a\xef\xbf\xbd z\"\n");
}

static void json_lines_are_objects(void **state)
{
	struct log_settings settings = *log_current(), json = settings;
	char out[1024], *line;
	struct capture capture = capture_begin();

	(void)state;
	json.as_json = true;
	log_configure(&json);
	log_set_label("worker 2");
	log_event(LOG_ACCESS, LOG_INFO, "close", fields, 5);
	log_warn("tab\there \"%s\"", "\xff");
	log_set_label("");
	log_configure(&settings);
	capture_end(capture, out, sizeof(out));
	line = strchr(out, '\n');
	assert_non_null(line);
	assert_string_equal(strchr(line + 1, ','),
		",\"level\":\"warn\",\"area\":\"host\",\"process\":\"worker 2\","
		"\"text\":\"tab\\u0009here "
		"\\\"\xef\xbf\xbd\\\"\"}\n");
	*line = '\0';
	assert_string_equal(strchr(out, ','),
		",\"level\":\"info\",\"area\":\"access\",\"process\":\"worker 2\","
		"\"event\":\"close\","
		"\"id\":17,\"route\":\"/ws\","
		"\"reason\":\"two words \\\"quoted\\\"\\u000a\",\"empty\":\"\","
		"\"bad\":\"a\xef\xbf\xbd z\"}");
}

static void a_long_field_leaves_the_line_whole(void **state)
{
	static char text[10000], out[10000];
	struct log_settings settings = *log_current(), json = settings;
	struct log_field field = {.name = "long", .text = {text, sizeof(text)}};
	struct capture capture;
	size_t len;

	(void)state;
	for (int fill = 0; fill < 4; fill++) {
		memset(text, "a\n\"\xc3"[fill], sizeof(text));
		json.as_json = true;
		log_configure(&json);
		capture = capture_begin();
		log_event(LOG_ACCESS, LOG_INFO, "long", &field, 1);
		log_configure(&settings);
		len = capture_end(capture, out, sizeof(out));
		assert_in_range(len, 4000, 4096);
		assert_string_equal(out + len - 3, "\"}\n");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_and_text),
		cmocka_unit_test(control_bytes_cannot_forge_a_line),
		cmocka_unit_test(a_long_line_is_cut_and_ended),
		cmocka_unit_test(a_reader_that_stops_does_not_stop_the_host),
		cmocka_unit_test(levels_below_are_dropped),
		cmocka_unit_test(lines_that_repeat_themselves_are_counted),
		cmocka_unit_test(areas_have_levels_of_their_own),
		cmocka_unit_test(an_event_has_fields),
		cmocka_unit_test(json_lines_are_objects),
		cmocka_unit_test(a_long_field_leaves_the_line_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
