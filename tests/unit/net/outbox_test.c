/*
 * What goes into an outbox, as bytes or by reference, comes out in order, in whatever parts, and
 * its memory comes from a pool and goes back there. SPDX-License-Identifier: MIT
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
	static const size_t sizes[] = {1, 20, 4055, 4056, 4057, 16383, 16384, 100000, 3, 0, 5000};
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
		assert_null(outbox.last);
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

/* ---- messages for many ---------------------------------------------------------------------- */

static void references_cost_no_copy_and_no_chunk(void **state)
{
	struct ws_shared *shared = ws_shared_new(WS_TEXT, SPAN("for many"));
	struct span frame = ws_shared_frame(shared);
	struct outbox_pool pool = {0};
	struct outbox outbox = {0};
	struct iovec iov[8];

	(void)state;
	outbox_append_shared(&outbox, &pool, shared, frame);
	outbox_append_shared(&outbox, &pool, shared, frame);
	assert_int_equal(outbox_peek(&outbox, iov, 8), 2);
	assert_ptr_equal(iov[0].iov_base, frame.ptr);
	assert_ptr_equal(iov[1].iov_base, frame.ptr);
	assert_int_equal(pool.used_count, 0);
	ws_shared_unref(shared);
	/* Ours is gone, theirs is not. */
	outbox_consume(&outbox, &pool, frame.len + 2);
	assert_int_equal(outbox_peek(&outbox, iov, 8), 1);
	assert_memory_equal(iov[0].iov_base, "for many", 8);
	outbox_clear(&outbox, &pool);
	assert_null(outbox.last);
	assert_int_equal(pool.free_ref_count, 2);
	outbox_pool_fini(&pool);
}

/* A queue of a slow peer is not to hold 48 bytes and more for each message of two. */
static void a_long_queue_of_small_frames_is_dense(void **state)
{
	enum { COUNT = 100000 };
	struct ws_shared *shared = ws_shared_new(WS_TEXT, SPAN(""));
	struct outbox_pool pool = {0};
	struct outbox outbox = {0};

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		outbox_append_shared(&outbox, &pool, shared, ws_shared_frame(shared));
	assert_int_equal(outbox.bytes, 2 * COUNT);
	assert_true(pool.used_count <= 2 * COUNT / (OUTBOX_CHUNK - 64) + 1);
	outbox_clear(&outbox, &pool);
	assert_true(pool.free_ref_count <= OUTBOX_LONG / 2);
	ws_shared_unref(shared);
	outbox_pool_fini(&pool);
}

/* ---- against a model ------------------------------------------------------------------------ */

enum { MODEL_BYTES = 1 << 18, MODEL_SHARED = 8, SEQUENCES = 300, STEPS = 200 };

struct model {
	struct outbox_pool pool;
	struct outbox outbox;
	struct ws_shared *shared[MODEL_SHARED];
	unsigned seed;
	char *bytes; /* what is queued, begin to end */
	size_t begin, end;
};

static unsigned chance(struct model *model, unsigned below)
{
	model->seed = model->seed * 1103515245u + 12345u;
	return (model->seed >> 8) % below;
}

static void model_append(struct model *model)
{
	static const unsigned most[] = {3, 130, 5000, 20000};
	size_t len = chance(model, most[chance(model, 4)]);

	if (len > MODEL_BYTES - model->end)
		return;
	for (size_t i = 0; i < len; i++)
		model->bytes[model->end + i] = (char)chance(model, 256);
	outbox_append(&model->outbox, &model->pool, (struct span){model->bytes + model->end, len});
	model->end += len;
}

static void model_share(struct model *model)
{
	struct ws_shared *shared = model->shared[chance(model, MODEL_SHARED)];
	struct span part = ws_shared_frame(shared);

	part = span_from(part, chance(model, (unsigned)part.len));
	if (part.len > MODEL_BYTES - model->end)
		return;
	memcpy(model->bytes + model->end, part.ptr, part.len);
	outbox_append_shared(&model->outbox, &model->pool, shared, part);
	model->end += part.len;
}

/* What is lent is overwritten as soon as it is kept. */
static void model_borrow(struct model *model)
{
	static char lent[5000];
	size_t len = 1 + chance(model, sizeof(lent));

	if (len > MODEL_BYTES - model->end)
		return;
	for (size_t i = 0; i < len; i++)
		lent[i] = model->bytes[model->end + i] = (char)chance(model, 256);
	outbox_append_borrowed(&model->outbox, &model->pool, (struct span){lent, len});
	model->end += len;
	if (chance(model, 2) == 0)
		outbox_consume(&model->outbox, &model->pool, model->outbox.bytes - 1);
	model->begin = model->end - model->outbox.bytes;
	outbox_keep(&model->outbox);
	memset(lent, 'x', len);
}

static void model_leave(struct model *model)
{
	struct iovec iov[5];
	size_t count = outbox_peek(&model->outbox, iov, 1 + chance(model, 5)), at = model->begin;

	for (size_t i = 0; i < count; i++) {
		assert_true(iov[i].iov_len > 0);
		if (memcmp(model->bytes + at, iov[i].iov_base, iov[i].iov_len) != 0)
			fail_msg("seed %u: other bytes at %zu", model->seed, at);
		at += iov[i].iov_len;
	}
	if (at > model->begin)
		at -= chance(model, (unsigned)(at - model->begin));
	outbox_consume(&model->outbox, &model->pool, at - model->begin);
	model->begin = at;
}

static void model_run(struct model *model)
{
	static void (*const steps[])(struct model *) = {
		model_append, model_share, model_share, model_leave, model_borrow};

	model->begin = model->end = 0;
	for (unsigned i = 0; i < STEPS; i++) {
		steps[chance(model, 5)](model);
		assert_int_equal(model->outbox.bytes, model->end - model->begin);
		assert_int_equal(model->outbox.bytes == 0, model->outbox.last == NULL);
	}
	if (chance(model, 2) == 0)
		outbox_clear(&model->outbox, &model->pool);
	while (model->outbox.bytes > 0)
		model_leave(model);
	assert_int_equal(model->pool.used_count, 0);
}

static void random_sequences_are_as_a_model_says(void **state)
{
	static const size_t sizes[MODEL_SHARED] = {0, 1, 20, 100, 126, 127, 500, 60000};
	struct model model = {.bytes = xmalloc(MODEL_BYTES)};
	char *payload = xcalloc(1, 60000);

	(void)state;
	for (size_t i = 0; i < 60000; i++)
		payload[i] = (char)(i * 7 + i / 256);
	for (size_t i = 0; i < MODEL_SHARED; i++)
		model.shared[i] = ws_shared_new(WS_BINARY, (struct span){payload, sizes[i]});
	free(payload);
	for (unsigned i = 0; i < SEQUENCES; i++) {
		model.seed = i;
		model_run(&model);
	}
	for (size_t i = 0; i < MODEL_SHARED; i++)
		ws_shared_unref(model.shared[i]);
	outbox_pool_fini(&model.pool);
	free(model.bytes);
}

static void what_is_written_into_its_room_comes_in_order(void **state)
{
	struct outbox_pool pool = {0};
	struct outbox outbox = {0};
	char in[20000], out[sizeof(in)];
	size_t at = 0, got = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(i * 31 + i / 256);
	for (size_t len = 1; at < sizeof(in); at += len++) {
		size_t most = len + 30;
		char *room = outbox_room(&outbox, &pool, most);

		if (len > sizeof(in) - at)
			len = sizeof(in) - at;
		assert_non_null(room);
		memset(room, 'x', most);
		memcpy(room, in + at, len);
		outbox_queue(&outbox, len);
	}
	assert_null(outbox_room(&outbox, &pool, OUTBOX_ROOM + 1));
	while (outbox.bytes > 0)
		got += take(&outbox, &pool, out + got, 777);
	assert_int_equal(got, sizeof(in));
	assert_memory_equal(in, out, sizeof(in));
	outbox_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_out_in_order),
		cmocka_unit_test(what_is_written_into_its_room_comes_in_order),
		cmocka_unit_test(steady_traffic_reuses_one_chunk),
		cmocka_unit_test(the_pool_keeps_a_bounded_number),
		cmocka_unit_test(a_peak_that_is_over_is_let_go),
		cmocka_unit_test(references_cost_no_copy_and_no_chunk),
		cmocka_unit_test(a_long_queue_of_small_frames_is_dense),
		cmocka_unit_test(random_sequences_are_as_a_model_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
