/*
 * A message that is sent on is queued as it lies: from a buffer of its own by whoever wants it,
 * from where it was received only by who sent it. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/xalloc.h"
#include "net/lent.h"

enum { SPARE = 8, BYTES = 20000 };

struct bench {
	struct lent lent;
	struct outbox_pool pool;
	struct outbox mine, other;
	char received[SPARE + BYTES];
	struct span message;
};

static int bench_init(void **state)
{
	struct bench *bench = xcalloc(1, sizeof(*bench));

	memset(bench->received, 'm', sizeof(bench->received));
	bench->message = (struct span){bench->received + SPARE, BYTES};
	*state = bench;
	return 0;
}

static int bench_fini(void **state)
{
	struct bench *bench = *state;

	outbox_clear(&bench->mine, &bench->pool);
	outbox_clear(&bench->other, &bench->pool);
	lent_end(&bench->lent);
	outbox_pool_fini(&bench->pool);
	free(bench);
	return 0;
}

static void an_echo_has_its_header_before_it_once(void **state)
{
	struct bench *bench = *state;
	struct iovec iov[4];

	lent_begin_received(&bench->lent, bench->message, SPARE, &bench->mine);
	assert_true(lent_is_echo(&bench->lent, &bench->mine, bench->message));
	lent_echo(&bench->lent, &bench->mine, &bench->pool, SPAN("head"));
	lent_echo(&bench->lent, &bench->mine, &bench->pool, SPAN("HEAD"));
	assert_int_equal(outbox_peek(&bench->mine, iov, 4), 3);
	assert_ptr_equal(iov[0].iov_base, bench->message.ptr - 4);
	assert_memory_equal(iov[0].iov_base, "headm", 5);
	assert_memory_equal(iov[1].iov_base, "HEAD", 4);
	assert_ptr_equal(iov[2].iov_base, bench->message.ptr);
	assert_int_equal(bench->mine.bytes, 2 * (4 + BYTES));
}

static void a_header_that_is_longer_than_the_room_is_apart(void **state)
{
	struct bench *bench = *state;
	struct iovec iov[4];

	lent_begin_received(&bench->lent, bench->message, 3, &bench->mine);
	lent_echo(&bench->lent, &bench->mine, &bench->pool, SPAN("head"));
	assert_int_equal(outbox_peek(&bench->mine, iov, 4), 2);
	assert_ptr_equal(iov[1].iov_base, bench->message.ptr);
	assert_memory_equal(bench->received, "mmmmmmmmm", 9);
}

static void only_the_whole_goes_back_uncopied(void **state)
{
	struct bench *bench = *state;

	lent_begin_received(&bench->lent, bench->message, SPARE, &bench->mine);
	assert_false(lent_is_echo(&bench->lent, &bench->other, bench->message));
	assert_false(lent_is_echo(&bench->lent, &bench->mine, span_from(bench->message, 1)));
	assert_false(lent_append(&bench->lent, &bench->other, &bench->pool, bench->message));
	lent_end(&bench->lent);
	assert_false(lent_is_echo(&bench->lent, &bench->mine, bench->message));
}

static void a_buffer_is_taken_by_whoever_wants_much_of_it(void **state)
{
	struct bench *bench = *state;
	struct buf buf = {0};
	struct iovec iov[4];
	const char *begin;

	buf_append(&buf, bench->received, BYTES);
	begin = buf.data;
	lent_begin(&bench->lent, &buf);
	assert_false(lent_is_echo(&bench->lent, &bench->mine, (struct span){begin, BYTES}));
	assert_false(lent_append(&bench->lent, &bench->mine, &bench->pool, bench->message));
	assert_false(lent_append(
		&bench->lent, &bench->mine, &bench->pool, (struct span){begin, LENT_LEAST - 1}));
	assert_non_null(buf.data);
	assert_true(
		lent_append(&bench->lent, &bench->mine, &bench->pool, (struct span){begin, BYTES}));
	assert_true(lent_append(
		&bench->lent, &bench->other, &bench->pool, (struct span){begin + 10, BYTES - 10}));
	assert_null(buf.data);
	lent_end(&bench->lent);
	assert_int_equal(outbox_peek(&bench->other, iov, 4), 1);
	assert_ptr_equal(iov[0].iov_base, begin + 10);
	assert_memory_equal(iov[0].iov_base, "mmm", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			an_echo_has_its_header_before_it_once, bench_init, bench_fini),
		cmocka_unit_test_setup_teardown(
			a_header_that_is_longer_than_the_room_is_apart, bench_init, bench_fini),
		cmocka_unit_test_setup_teardown(
			only_the_whole_goes_back_uncopied, bench_init, bench_fini),
		cmocka_unit_test_setup_teardown(
			a_buffer_is_taken_by_whoever_wants_much_of_it, bench_init, bench_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
