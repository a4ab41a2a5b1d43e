/*
 * An image is what a file held when it was loaded: whatever happens to the file, the code stays,
 * and other bytes are other code. SPDX-License-Identifier: MIT
 */
#include "plugin/image.h"

#include <sys/wait.h>

#include "plugin/scratch.h"

struct world {
	char *dir;
	struct image_store *store;
};

static int world_open(void **state)
{
	static struct world world;
	struct err why = {0};

	world.dir = scratch_new();
	setenv("TMPDIR", world.dir, 1);
	unsetenv("XDG_RUNTIME_DIR");
	world.store = image_store_new();
	if (world.store == NULL)
		fail_msg("%s", why.text);
	*state = &world;
	return 0;
}

static int world_close(void **state)
{
	struct world *world = *state;

	image_store_free(world->store);
	scratch_free(world->dir); /* which fails when the store's folder is still there */
	return 0;
}

static struct image *load(struct world *world, const char *name)
{
	char file[64];
	struct err why = {0};
	struct image *image;

	snprintf(file, sizeof(file), "%s.so", name);
	image = image_load(world->store, name, path_in(world->dir, file), &why);
	if (image == NULL)
		fail_msg("%s", why.text);
	return image;
}

static int call(const struct image *image, const char *symbol)
{
	int (*function)(void);
	void *address = image_symbol(image, symbol);

	assert_non_null(address);
	memcpy(&function, &address, sizeof(function));
	return function();
}

static void put(struct world *world, const char *file, const char *fixture)
{
	file_copy(path_in(world->dir, file), path_in(TEST_PLUGINS, fixture));
}

static void two_versions_are_callable_at_once(void **state)
{
	struct world *world = *state;
	struct image *old, *new;

	put(world, "x.so", "same_symbol_a.so");
	old = load(world, "x");
	assert_int_equal(call(old, "shared_value"), 100);
	/* Over the same inode, which would kill a process that had mapped the file itself. */
	put(world, "x.so", "same_symbol_b.so");
	assert_int_equal(call(old, "shared_value"), 101);
	new = load(world, "x");
	assert_ptr_not_equal(old, new);
	assert_int_equal(image_version(old), 1);
	assert_int_equal(image_version(new), 2);
	assert_int_equal(call(new, "shared_value"), 200);
	assert_int_equal(call(old, "shared_value"), 102);
	image_unref(old);
	assert_int_equal(call(new, "shared_value"), 201);
	image_unref(new);
}

static void equal_bytes_are_one_image(void **state)
{
	struct world *world = *state;
	const struct timespec times[2] = {{.tv_sec = 12345}, {.tv_sec = 12345}};
	struct image *first, *again, *copied;

	put(world, "x.so", "same_symbol_a.so");
	first = load(world, "x");
	assert_int_equal(utimensat(AT_FDCWD, path_in(world->dir, "x.so"), times, 0), 0);
	again = load(world, "x");
	assert_ptr_equal(first, again);
	put(world, "other", "same_symbol_a.so");
	assert_int_equal(rename(path_in(world->dir, "other"), path_in(world->dir, "x.so")), 0);
	copied = load(world, "x");
	assert_ptr_equal(first, copied);
	image_unref(copied);
	image_unref(again);
	assert_int_equal(call(first, "shared_value"), 100);
	image_unref(first);
}

static void a_newer_image_that_goes_gives_its_place_back(void **state)
{
	struct world *world = *state;
	struct image *serving, *refused, *again;

	put(world, "x.so", "same_symbol_a.so");
	serving = load(world, "x");
	put(world, "x.so", "same_symbol_b.so");
	refused = load(world, "x");
	assert_ptr_not_equal(refused, serving);
	image_unref(refused);
	put(world, "x.so", "same_symbol_a.so");
	again = load(world, "x");
	assert_ptr_equal(again, serving);
	image_unref(again);
	image_unref(serving);
}

static void a_name_is_never_used_twice(void **state)
{
	struct world *world = *state;
	struct image *image;

	put(world, "x.so", "same_symbol_a.so");
	for (unsigned i = 1; i <= 3; i++) {
		image = load(world, "x");
		assert_int_equal(image_version(image), i);
		/* Fresh statics, as nothing of the last one is left. */
		assert_int_equal(call(image, "shared_value"), 100);
		image_unref(image);
	}
}

static void the_file_may_go(void **state)
{
	struct world *world = *state;
	struct image *image;

	put(world, "x.so", "same_symbol_a.so");
	image = load(world, "x");
	assert_int_equal(truncate(path_in(world->dir, "x.so"), 0), 0);
	assert_int_equal(call(image, "shared_value"), 100);
	assert_int_equal(unlink(path_in(world->dir, "x.so")), 0);
	assert_int_equal(call(image, "shared_value"), 101);
	image_unref(image);
}

static void equal_symbols_meet_their_own(void **state)
{
	struct world *world = *state;
	struct image *a, *b;

	put(world, "a.so", "same_symbol_a.so");
	put(world, "b.so", "same_symbol_b.so");
	a = load(world, "a");
	b = load(world, "b");
	assert_int_equal(call(a, "fixture_sum"), 100 + 150);
	assert_int_equal(call(b, "fixture_sum"), 200 + 250);
	assert_int_equal(call(a, "fixture_sum"), 101 + 150);
	image_unref(a);
	image_unref(b);
}

/* The refusal of x.so as it is now, which must start with `start` and hold `part`. */
static void assert_refused(struct world *world, const char *start, const char *part)
{
	struct err why = {0};
	struct image *image = image_load(world->store, "x", path_in(world->dir, "x.so"), &why);

	if (image != NULL)
		fail_msg("loaded, though it should say: %s", part);
	if (strncmp(why.text, start, strlen(start)) != 0 || strstr(why.text, part) == NULL)
		fail_msg("said \"%s\", wanted \"%s … %s\"", why.text, start, part);
}

static void what_is_no_plugin_is_refused(void **state)
{
	struct world *world = *state;
	const char *path = path_in(world->dir, "x.so");

	assert_refused(world, world->dir, "/x.so does not exist; build it");
	file_put(path, "", 0);
	assert_refused(world, world->dir, "/x.so is empty; build the plugin again");
	file_put(path, "#!/bin/sh\n", 10);
	assert_refused(world, "x.so is not an ELF file", "cc -shared -fPIC");
	file_put(path, "\177EL", 3);
	assert_refused(world, "x.so is not an ELF file", "cc -shared -fPIC");
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused(world, world->dir, "/x.so is not a file; a plugin is a shared object");
	rmdir(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(world, world->dir, "/x.so is not a file; a plugin is a shared object");
}

static void another_machine_or_kind_is_refused(void **state)
{
	struct world *world = *state;
	const char *path = path_in(world->dir, "x.so");
	struct buf good = file_get(path_in(TEST_PLUGINS, "whole.so"));
	char saved[20];

	memcpy(saved, good.data, sizeof(saved));
	good.data[4] = 1; /* EI_CLASS: 32 bits */
	file_put(path, good.data, good.len);
	assert_refused(world, "x.so is for another machine (ELF class 1", "build it here");
	memcpy(good.data, saved, sizeof(saved));
	good.data[18] = (char)243; /* e_machine: RISC-V */
	file_put(path, good.data, good.len);
	assert_refused(world, "x.so is for another machine", "machine 243; this host");
	memcpy(good.data, saved, sizeof(saved));
	good.data[18] = saved[18];
	good.data[16] = 1; /* e_type: ET_REL */
	file_put(path, good.data, good.len);
	assert_refused(world, "x.so is ELF of type 1", "link it with -shared");
	buf_fini(&good);
}

static void torn_files_are_refused_not_run(void **state)
{
	struct world *world = *state;
	const char *path = path_in(world->dir, "x.so");
	struct buf good = file_get(path_in(TEST_PLUGINS, "whole.so"));
	unsigned count = 0;

	for (size_t len = 4096; len < good.len; len += 4096, count++) {
		file_put(path, good.data, len);
		assert_refused(world, "x.so is not whole", "copy or build it again");
	}
	file_put(path, good.data, good.len - 1);
	assert_refused(world, "x.so is not whole", "copy or build it again");
	file_put(path, good.data, 40);
	assert_refused(world, "x.so is not whole: it ends within its first header", "40 bytes");
	assert_true(count > 2);
	buf_fini(&good);
}

/* What a copy that reserves its space first looks like, half-way. */
static void zero_tails_are_refused(void **state)
{
	struct world *world = *state;
	const char *path = path_in(world->dir, "x.so");
	struct buf good = file_get(path_in(TEST_PLUGINS, "whole.so"));

	/* The linker's own last bytes are zeros; one more and it is another file. */
	for (size_t len = good.len; good.len - len < 256;) {
		if (good.data[--len] == 0)
			continue;
		good.data[len] = 0;
		file_put(path, good.data, good.len);
		assert_refused(world, "x.so is not whole", "copy or build it again");
	}
	for (size_t len = good.len - good.len % 4096; len >= 4096; len -= 4096) {
		memset(good.data + len, 0, good.len - len);
		file_put(path, good.data, good.len);
		assert_refused(world, "x.so is not whole", "copy or build it again");
	}
	memset(good.data, 0, good.len);
	file_put(path, good.data, good.len);
	assert_refused(world, "x.so is not an ELF file", "");
	buf_fini(&good);
}

static void traps_of_a_later_reload_are_refused(void **state)
{
	struct world *world = *state;

	put(world, "x.so", "static_tls.so");
	assert_refused(world, "x.so uses static thread-local storage",
		"compile without -ftls-model=initial-exec");
	put(world, "x.so", "gnu_unique.so");
	assert_refused(world, "x.so has the unique symbol ",
		"compile with -fno-gnu-unique -fvisibility=hidden");
}

static void a_refused_file_changes_nothing(void **state)
{
	struct world *world = *state;
	struct image *good, *again;

	put(world, "x.so", "same_symbol_a.so");
	good = load(world, "x");
	put(world, "x.so", "static_tls.so");
	assert_refused(world, "x.so uses static", "");
	assert_int_equal(call(good, "shared_value"), 100);
	put(world, "x.so", "same_symbol_a.so");
	again = load(world, "x");
	assert_ptr_equal(good, again);
	image_unref(again);
	image_unref(good);
}

static void copies_are_closed_to_others_and_removed(void **state)
{
	struct world *world = *state;
	struct image *image;
	struct stat info;
	DIR *dir = opendir(world->dir);
	struct dirent *entry;
	char name[300] = "";

	put(world, "x.so", "same_symbol_a.so");
	image = load(world, "x");
	while ((entry = readdir(dir)) != NULL)
		if (strncmp(entry->d_name, "socklet-", 8) == 0)
			snprintf(name, sizeof(name), "%s/x.1.so", entry->d_name);
	assert_int_equal(fstatat(dirfd(dir), name, &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0550);
	image_unref(image);
	assert_int_not_equal(fstatat(dirfd(dir), name, &info, 0), 0);
	closedir(dir);
}

/* A forked host: it loads a trial copy, closes what it was born with, and is gone. */
static void a_child_leaves_the_parents_copies(void **state)
{
	struct world *world = *state;
	struct image *first, *again, *second;
	int status;
	pid_t pid;

	put(world, "x.so", "same_symbol_a.so");
	first = load(world, "x");
	put(world, "x.so", "same_symbol_b.so");
	pid = fork();
	if (pid == 0) {
		struct image *trial = load(world, "x");
		int value = call(trial, "shared_value");

		image_unref(first);
		image_unref(load(world, "x"));
		_exit(value == 200 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	put(world, "x.so", "same_symbol_a.so");
	again = load(world, "x");
	assert_ptr_equal(first, again);
	put(world, "x.so", "same_symbol_b.so");
	second = load(world, "x");
	assert_int_equal(image_version(second), 2);
	image_unref(second);
	image_unref(again);
	image_unref(first);
}

static void what_is_not_proven_unused_is_parked(void **state)
{
	struct world *world = *state;
	struct image_parked parked;
	struct image *image;

	put(world, "x.so", "leaves_nothing.so");
	image_unref(load(world, "x"));
	assert_false(image_store_parked(world->store, 0, &parked));
	put(world, "x.so", "leaves_key.so");
	image = load(world, "x");
	assert_false(image_store_parked(world->store, 0, &parked));
	image_unref(image);
	assert_true(image_store_parked(world->store, 0, &parked));
	assert_string_equal(parked.name, "x");
	assert_int_equal(parked.version, 2);
	assert_non_null(strstr(parked.reason, "pthread_key_delete in .stop"));
	assert_false(image_store_parked(world->store, 1, &parked));
}

static void more_versions_than_allowed_are_refused(void **state)
{
	struct world *world = *state;

	put(world, "x.so", "leaves_key.so");
	for (int i = 0; i < IMAGE_VERSIONS_MAX; i++)
		image_unref(load(world, "x"));
	assert_refused(world, "x.so: 64 versions of it are in memory (0 in use, 64 that could not",
		"restart the host");
	put(world, "y.so", "leaves_key.so");
	image_unref(load(world, "y"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_versions_are_callable_at_once),
		TEST(equal_bytes_are_one_image),
		TEST(a_newer_image_that_goes_gives_its_place_back),
		TEST(a_name_is_never_used_twice),
		TEST(the_file_may_go),
		TEST(equal_symbols_meet_their_own),
		TEST(what_is_no_plugin_is_refused),
		TEST(another_machine_or_kind_is_refused),
		TEST(torn_files_are_refused_not_run),
		TEST(zero_tails_are_refused),
		TEST(traps_of_a_later_reload_are_refused),
		TEST(a_refused_file_changes_nothing),
		TEST(a_child_leaves_the_parents_copies),
		TEST(what_is_not_proven_unused_is_parked),
		TEST(more_versions_than_allowed_are_refused),
		TEST(copies_are_closed_to_others_and_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
