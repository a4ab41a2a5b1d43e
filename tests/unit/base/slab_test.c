/*
 * A slab's objects are zeroed, aligned and apart from each other; blocks go back when they are
 * empty. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <sanitizer/asan_interface.h>

#include "base/slab.h"

enum { OBJECTS = 5000 };

/* Sizes, the least and the most, of full cache lines and of none. */
static const size_t sizes[] = {1, 8, 20, 112, 128, 4096};

/* In blocks, whatever watches this build. */
static struct slab in_blocks(size_t size)
{
	struct slab slab;

	slab_init(&slab, size);
	slab.is_malloc = false;
	return slab;
}

static void expect_filled(const unsigned char *object, size_t size, int with)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(object[i], with);
}

static void fill(struct slab *slab, unsigned char **objects, size_t count, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		objects[i] = slab_alloc(slab);
		assert_int_equal((uintptr_t)objects[i] % (size % 64 == 0 ? 64 : 8), 0);
		expect_filled(objects[i], size, 0);
		memset(objects[i], (int)(i & 0xff), size);
	}
	for (size_t i = 0; i < count; i++)
		expect_filled(objects[i], size, i & 0xff);
}

static void objects_of_any_size(void **state)
{
	static unsigned char *objects[OBJECTS];

	(void)state;
	for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]); n++) {
		struct slab slab = in_blocks(sizes[n]);

		fill(&slab, objects, OBJECTS, sizes[n]);
		assert_int_equal(slab.count, OBJECTS);
		/* Little more than they need. */
		assert_true((slab.block_count - 1) * SLAB_BLOCK <= OBJECTS * slab.size * 16 / 15);
		for (size_t i = 0; i < OBJECTS; i++)
			slab_free(&slab, objects[i]);
		assert_int_equal(slab.block_count, 1);
		slab_fini(&slab);
		assert_int_equal(slab.block_count, 0);
	}
}

static void gaps_are_filled_before_blocks_are_added(void **state)
{
	static unsigned char *objects[OBJECTS];
	struct slab slab = in_blocks(128);
	size_t blocks;

	(void)state;
	fill(&slab, objects, OBJECTS, 128);
	blocks = slab.block_count;
	for (size_t i = 0; i < OBJECTS; i += 3) {
		slab_free(&slab, objects[i]);
		objects[i] = NULL;
	}
	for (size_t i = 0; i < OBJECTS; i += 3) {
		objects[i] = slab_alloc(&slab);
		expect_filled(objects[i], 128, 0);
		memset(objects[i], (int)(i & 0xff), 128);
	}
	assert_int_equal(slab.block_count, blocks);
	for (size_t i = 0; i < OBJECTS; i++) {
		expect_filled(objects[i], 128, i & 0xff);
		slab_free(&slab, objects[i]);
	}
	slab_fini(&slab);
}

static void memory_falls_behind_a_peak(void **state)
{
	static unsigned char *objects[OBJECTS];
	struct slab slab = in_blocks(128);
	void *last;

	(void)state;
	fill(&slab, objects, OBJECTS, 128);
	for (size_t i = 100; i < OBJECTS; i++)
		slab_free(&slab, objects[i]);
	assert_int_equal(slab.block_count, 1);
	for (size_t i = 0; i < 100; i++)
		slab_free(&slab, objects[i]);
	/* The last one stays, and who comes and goes has it. */
	last = slab_alloc(&slab);
	slab_free(&slab, last);
	assert_ptr_equal(slab_alloc(&slab), last);
	slab_free(&slab, last);
	slab_free(&slab, NULL);
	assert_int_equal(slab.count, 0);
	assert_int_equal(slab.block_count, 1);
	slab_fini(&slab);
}

/* One more than is full makes a block, which is kept while it is the only one with room. */
static void a_full_block_and_one_object(void **state)
{
	static unsigned char *objects[OBJECTS];
	struct slab slab = in_blocks(4096);

	(void)state;
	fill(&slab, objects, 15, 4096);
	assert_int_equal(slab.block_count, 1);
	for (size_t i = 0; i < 3; i++) {
		void *more = slab_alloc(&slab);

		assert_int_equal(slab.block_count, 2);
		slab_free(&slab, more);
	}
	assert_int_equal(slab.block_count, 2);
	/* Room in both: the empty one goes. */
	slab_free(&slab, slab_alloc(&slab));
	slab_free(&slab, objects[0]);
	objects[0] = slab_alloc(&slab);
	for (size_t i = 0; i < 15; i++)
		slab_free(&slab, objects[i]);
	assert_int_equal(slab.block_count, 1);
	slab_fini(&slab);
}

/* Else a sanitizer would not see who uses what he has given back. */
static void a_sanitizer_knows_of_each_object(void **state)
{
	struct slab slab;
	unsigned char *object;

	(void)state;
	slab_init(&slab, 128);
	assert_true(slab.is_malloc);
	object = slab_alloc(&slab);
	expect_filled(object, 128, 0);
	assert_true(__asan_address_is_poisoned(object + 128));
	slab_free(&slab, object);
	assert_true(__asan_address_is_poisoned(object));
	assert_int_equal(slab.block_count, 0);
	slab_fini(&slab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_of_any_size),
		cmocka_unit_test(gaps_are_filled_before_blocks_are_added),
		cmocka_unit_test(memory_falls_behind_a_peak),
		cmocka_unit_test(a_full_block_and_one_object),
		cmocka_unit_test(a_sanitizer_knows_of_each_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
