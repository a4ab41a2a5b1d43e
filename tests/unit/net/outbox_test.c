/*
 * What goes into an outbox comes out in order, in whatever parts, and its memory comes from a pool
 * and goes back there. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "net/outbox.h"

/* Takes out at most `limit` bytes through at most three chunks. */
static size_t take(struct outbox *outbox, struct outbox_pool *pool, char *out, size_t limit)
{
	struct iovec iov[3];
	size_t count = outbox_peek(outbox, iov, 3), taken = 0;

	for (size_t i = 0; i < count && taken < limit; i++) {
		size_t part = iov[i].iov_len < limit - taken ? iov[i].iov_len : limit - taken;

		memcpy(out + taken, iov[i].iov_base, part);
		taken += part;
	}
	outbox_consume(outbox, pool, taken);
	return taken;
}

static void bytes_come_out_in_order(void **state)
{
	static const size_t sizes[] = {1, 20, 4063, 4064, 4065, 16383, 16384, 100000, 3, 0, 5000};
	enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };
	struct outbox_pool pool = {0};
	struct outbox outbox = {0};
	size_t all = 0, got = 0;
	char *in, *out;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		all += sizes[i];
	in = xmalloc(all);
	out = xmalloc(all);
	for (size_t i = 0; i < all; i++)
		in[i] = (char)(i * 31 + i / 256);
	for (size_t i = 0, at = 0; i < COUNT; at += sizes[i++])
		outbox_append(&outbox, &pool, (struct span){in + at, sizes[i]});
	assert_int_equal(outbox.bytes, all);
	while (outbox.bytes > 0)
		got += take(&outbox, &pool, out + got, 777 + got % 9000);
	assert_int_equal(got, all);
	assert_memory_equal(in, out, all);
	assert_int_equal(pool.used_count, 0);
	outbox_pool_fini(&pool);
	free(in);
	free(out);
}

static void steady_traffic_reuses_one_chunk(void **state)
{
	struct outbox_pool pool = {0};
	struct outbox outbox = {0};

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		outbox_append(&outbox, &pool, SPAN("twenty bytes of text"));
		outbox_append(&outbox, &pool, SPAN("and as many of these"));
		outbox_consume(&outbox, &pool, 40);
		assert_null(outbox.head);
		assert_int_equal(pool.free_count, 1);
	}
	outbox_pool_fini(&pool);
}

static void the_pool_keeps_a_bounded_number(void **state)
{
	enum { COUNT = OUTBOX_POOL_CHUNKS + 100 };
	struct outbox_pool pool = {0};
	struct outbox *many = xcalloc(COUNT, sizeof(*many));

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		outbox_append(&many[i], &pool, SPAN("x"));
	for (size_t i = 0; i < COUNT; i++)
		outbox_clear(&many[i], &pool);
	assert_int_equal(pool.free_count, OUTBOX_POOL_CHUNKS);
	outbox_pool_fini(&pool);
	free(many);
}

/* What a crowd of slow peers needed is asked back from the allocator once most of them are gone. */
static void a_peak_that_is_over_is_let_go(void **state)
{
	enum { COUNT = 20000 };
	struct outbox_pool pool = {0};
	struct outbox *many = xcalloc(COUNT, sizeof(*many));

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		outbox_append(&many[i], &pool, SPAN("x"));
	for (size_t i = 0; i < COUNT / 2; i++)
		outbox_clear(&many[i], &pool);
	assert_int_equal(pool.peak_count, COUNT);
	for (size_t i = COUNT / 2; i < COUNT; i++)
		outbox_clear(&many[i], &pool);
	assert_true(pool.peak_count <= COUNT / 4);
	outbox_pool_fini(&pool);
	free(many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_order),
		cmocka_unit_test(steady_traffic_reuses_one_chunk),
		cmocka_unit_test(the_pool_keeps_a_bounded_number),
		cmocka_unit_test(a_peak_that_is_over_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
