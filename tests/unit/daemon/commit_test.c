/*
 * What is committed is the text and the bytes that were there when it was read; two commits are
 * the same when nothing that serves differs; an order arrives as it was packed.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/commit.h"

#include "plugin/copy.h"
#include "plugin/scratch.h"

struct world {
	char *dir;
	struct copy_store *copies;
	struct options options;
	char file[64];
};

static const char two_routes[] = "plugins: .\nworkers: 3\nroutes:\n"
				 "  - {path: /a, plugin: x}\n  - {path: /b, plugin: y}\n"
				 "  - {path: /c, plugin: x}\n";

static void write_routes(struct world *world, const char *text)
{
	file_put(world->file, text, strlen(text));
}

static int world_open(void **state)
{
	static struct world world;
	struct err why = {0};

	world = (struct world){.dir = scratch_new()};
	setenv("TMPDIR", world.dir, 1);
	unsetenv("XDG_RUNTIME_DIR");
	world.copies = copy_store_open(&why);
	assert_non_null(world.copies);
	snprintf(world.file, sizeof(world.file), "%s/routes.yaml", world.dir);
	world.options.file = world.file;
	write_routes(&world, two_routes);
	file_copy(path_in(world.dir, "x.so"), path_in(TEST_PLUGINS, "same_symbol_a.so"));
	file_copy(path_in(world.dir, "y.so"), path_in(TEST_PLUGINS, "same_symbol_b.so"));
	*state = &world;
	return 0;
}

static int world_close(void **state)
{
	struct world *world = *state;

	copy_store_close(world->copies);
	scratch_free(world->dir); /* which fails when the folder of copies is still there */
	return 0;
}

static struct commit *commit_now(struct world *world)
{
	struct err_list why = {0};
	struct commit *commit = commit_new(&world->options, &why);

	if (commit == NULL)
		fail_msg("%s", why.items[0].text);
	while (commit_copy(commit, world->copies, true) == COMMIT_MORE)
		continue;
	return commit;
}

static void plugins_are_copied_once(void **state)
{
	struct commit *commit = commit_now(*state);

	assert_true(commit->is_right);
	assert_int_equal(commit->order.workers, 3);
	assert_int_equal(commit->order.offer_count, 2);
	assert_string_equal(commit->order.offers[0].name, "x");
	assert_string_equal(commit->order.offers[1].name, "y");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(commit->order.offers[i].version, 1);
		assert_int_equal(access(commit->order.offers[i].path, R_OK), 0);
	}
	commit_free(commit);
}

static void equal_bytes_are_the_same_commit(void **state)
{
	struct world *world = *state;
	struct commit *before = commit_now(world), *after;

	file_copy(path_in(world->dir, "x.so"), path_in(TEST_PLUGINS, "same_symbol_a.so"));
	write_routes(world, two_routes);
	after = commit_now(world);
	assert_true(commit_is_same(before, after));
	commit_free(after);
	file_copy(path_in(world->dir, "x.so"), path_in(TEST_PLUGINS, "same_symbol_b.so"));
	after = commit_now(world);
	assert_false(commit_is_same(before, after));
	assert_int_equal(after->order.offers[0].version, 2);
	assert_int_equal(after->order.offers[1].version, 1);
	commit_free(after);
	file_copy(path_in(world->dir, "x.so"), path_in(TEST_PLUGINS, "same_symbol_a.so"));
	write_routes(world, "plugins: .\nroutes:\n  - {path: /a, plugin: x}\n");
	after = commit_now(world);
	assert_false(commit_is_same(before, after));
	commit_free(after);
	commit_free(before);
}

static void what_cannot_be_copied_is_offered_with_its_reason(void **state)
{
	struct world *world = *state;
	struct commit *commit;

	assert_int_equal(unlink(path_in(world->dir, "x.so")), 0);
	file_put(path_in(world->dir, "y.so"), "text", 4);
	commit = commit_now(world);
	assert_null(commit->order.offers[0].path);
	assert_non_null(strstr(commit->order.offers[0].reason, "x.so does not exist"));
	assert_null(commit->order.offers[1].path);
	assert_non_null(strstr(commit->order.offers[1].reason, "y.so is not an ELF file"));
	assert_int_equal(commit_place(commit, "y").line, 5);
	assert_false(commit_is_same(commit, commit));
	commit_free(commit);
}

static void a_file_that_cannot_be_read_is_no_commit(void **state)
{
	struct world *world = *state;
	struct err_list why = {0};

	assert_int_equal(unlink(world->file), 0);
	assert_null(commit_new(&world->options, &why));
	assert_int_equal(why.count, 1);
	assert_non_null(strstr(why.items[0].text, "No such file"));
	err_list_fini(&why);
}

/* As a worker that has it open holds it. */
static void a_copy_in_use_outlives_its_commit(void **state)
{
	struct world *world = *state;
	struct commit *commit = commit_now(world);
	char path[256];
	int lock;

	snprintf(path, sizeof(path), "%s", commit->order.offers[0].path);
	lock = copy_lock(path);
	assert_true(lock >= 0);
	commit_free(commit);
	copy_store_sweep(world->copies);
	assert_int_equal(access(path, R_OK), 0);
	close(lock);
	copy_store_sweep(world->copies);
	assert_int_not_equal(access(path, R_OK), 0);
}

static void an_order_arrives_as_it_was_packed(void **state)
{
	struct commit *commit = commit_now(*state);
	const struct order *sent = &commit->order;
	struct order order = {0};
	struct buf bytes = {0};

	commit->order.number = 7;
	commit_withdraw(commit, "y", "because");
	order_pack(&bytes, sent);
	assert_true(order_unpack(&order, buf_span(&bytes)));
	assert_int_equal(order.number, 7);
	assert_int_equal(order.workers, 3);
	assert_string_equal(order.file, sent->file);
	assert_true(span_equal(order.text, sent->text));
	assert_int_equal(order.offer_count, 2);
	assert_string_equal(order.offers[0].path, sent->offers[0].path);
	assert_int_equal(order.offers[0].version, 1);
	assert_null(order.offers[1].path);
	assert_string_equal(order.offers[1].reason, "because");
	assert_int_equal(order.address_count, 1);
	assert_string_equal(order.addresses[0], "127.0.0.1:8000");
	assert_string_equal(order.sockets[0], "127.0.0.1:8000");
	order_fini(&order);
	/* No part of it is taken for the whole. */
	for (size_t len = 0; len < bytes.len; len++) {
		if (order_unpack(&order, (struct span){bytes.data, len}))
			fail_msg("%zu of %zu bytes were taken for the order", len, bytes.len);
		order_fini(&order);
	}
	buf_fini(&bytes);
	commit_free(commit);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plugins_are_copied_once),
		TEST(equal_bytes_are_the_same_commit),
		TEST(what_cannot_be_copied_is_offered_with_its_reason),
		TEST(a_file_that_cannot_be_read_is_no_commit),
		TEST(a_copy_in_use_outlives_its_commit),
		TEST(an_order_arrives_as_it_was_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
