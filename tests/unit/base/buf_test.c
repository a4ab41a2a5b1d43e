/*
 * A buffer keeps every byte in order and grows by doubling. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/buf.h"

static void bytes_stay_in_order(void **state)
{
	struct buf buf = {0};

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char c = (char)(i % 251);

		buf_append(&buf, &c, 1);
	}
	assert_int_equal(buf.len, 100000);
	assert_in_range(buf.capacity, buf.len, 2 * buf.len);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(buf.data[i], (char)(i % 251));
	buf_fini(&buf);
	assert_null(buf.data);
	assert_int_equal(buf.len + buf.capacity, 0);
}

static void texts_and_spans(void **state)
{
	struct buf buf = {0};

	(void)state;
	buf_append(&buf, NULL, 0);
	buf_append_span(&buf, (struct span){NULL, 0});
	assert_null(buf.data);
	buf_printf(&buf, "%s", "");
	buf_printf(&buf, "%s=%d", "a", 1);
	buf_append_span(&buf, SPAN(";"));
	buf_printf(&buf, "%0200d", 7);
	assert_int_equal(buf.len, 204);
	assert_true(span_starts(buf_span(&buf), SPAN("a=1;000")));
	assert_int_equal(buf.data[203], '7');
	buf_fini(&buf);
}

static void reserving_changes_no_length(void **state)
{
	struct buf buf = {0};
	char *room;

	(void)state;
	buf_append(&buf, "ab", 2);
	room = buf_reserve(&buf, 1000);
	assert_ptr_equal(room, buf.data + 2);
	assert_int_equal(buf.len, 2);
	assert_true(buf.capacity >= 1002);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_stay_in_order),
		cmocka_unit_test(texts_and_spans),
		cmocka_unit_test(reserving_changes_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
