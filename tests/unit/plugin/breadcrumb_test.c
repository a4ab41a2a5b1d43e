/*
 * A page tells what plugin code runs, also to another process, and whose code an address was.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/breadcrumb.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "plugin/plugin.h"

static const struct breadcrumb_step message = {"echo", "/ws", NULL, 17, CRUMB_MESSAGE, 3};
static const struct breadcrumb_step provider = {"items", "/ws", "token", 17, CRUMB_PROVIDER, 1};
static const struct breadcrumb_step stop = {"old", NULL, NULL, 0, CRUMB_STOP, 2};

static void check_step(const struct breadcrumb *page, const struct breadcrumb_step *wanted)
{
	assert_string_equal(page->plugin, wanted->plugin);
	assert_string_equal(page->route, wanted->route == NULL ? "" : wanted->route);
	assert_string_equal(page->provider, wanted->provider == NULL ? "" : wanted->provider);
	assert_int_equal(page->step.callback, wanted->callback);
	assert_int_equal(page->step.version, wanted->version);
	assert_int_equal(page->step.connection, wanted->connection);
}

static void each_step_replaces_the_one_before(void **state)
{
	const struct breadcrumb_step *steps[] = {&message, &provider, &message, &stop};
	struct breadcrumb *page = breadcrumb_new();

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct breadcrumb_step before;

		breadcrumb_enter(page, steps[i], &before);
		check_step(page, steps[i]);
		assert_int_equal(page->turn, 2 * i + 1);
		assert_true(breadcrumb_is_inside(page));
		breadcrumb_leave(page, &before);
		check_step(page, steps[i]); /* still told as what ran last */
		assert_int_equal(page->turn, 2 * i + 2);
		assert_false(breadcrumb_is_inside(page));
	}
	breadcrumb_free(page);
}

static bool again(struct breadcrumb *page, const struct breadcrumb_step *step)
{
	return breadcrumb_enter_again(
		page, step->plugin, step->callback, step->connection, step->route);
}

static void only_the_last_step_goes_on_at_once(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	struct breadcrumb_step before, other = message, none = {.plugin = NULL};

	(void)state;
	assert_false(again(page, &message));
	breadcrumb_enter(page, &message, &before);
	assert_false(again(page, &message)); /* it is going on */
	breadcrumb_leave(page, &before);
	other.connection++;
	assert_false(again(page, &other));
	assert_false(again(page, &stop));
	assert_int_equal(page->turn, 2);
	assert_true(again(page, &message));
	assert_int_equal(page->turn, 3);
	breadcrumb_leave(page, &none);
	check_step(page, &message);
	assert_int_equal(page->turn, 4);
	breadcrumb_forget(page);
	assert_false(again(page, &message));
	breadcrumb_free(page);
}

static void a_step_inside_another_gives_it_back(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	struct breadcrumb_step before, outer;
	uint32_t turn;

	(void)state;
	breadcrumb_enter(page, &message, &before);
	turn = page->turn;
	breadcrumb_enter(page, &stop, &outer);
	check_step(page, &stop);
	assert_true(breadcrumb_is_inside(page));
	assert_int_not_equal(page->turn, turn);
	turn = page->turn;
	breadcrumb_leave(page, &outer);
	check_step(page, &message);
	assert_true(breadcrumb_is_inside(page));
	assert_int_not_equal(page->turn, turn);
	breadcrumb_leave(page, &before);
	assert_false(breadcrumb_is_inside(page));
	breadcrumb_free(page);
}

/* A freed name's memory may be the next plugin's name. */
static void equal_pointers_are_read_again_after_forget(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	char name[] = "first", route[] = "/one";
	struct breadcrumb_step step = {name, route, NULL, 1, CRUMB_CONNECT, 1}, before;

	(void)state;
	breadcrumb_enter(page, &step, &before);
	breadcrumb_leave(page, &before);
	breadcrumb_forget(page);
	memcpy(name, "other", sizeof(name));
	memcpy(route, "/two", sizeof(route));
	breadcrumb_enter(page, &step, &before);
	check_step(page, &step);
	breadcrumb_leave(page, &before);
	breadcrumb_forget(page);
	breadcrumb_enter(page, &stop, &before);
	check_step(page, &stop);
	breadcrumb_free(page);
}

static void long_texts_are_cut(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	char route[BREADCRUMB_ROUTE_MAX + 10];
	struct breadcrumb_step step = {"echo", route, NULL, 1, CRUMB_CONNECT, 1}, before;

	(void)state;
	memset(route, 'x', sizeof(route) - 1);
	route[sizeof(route) - 1] = '\0';
	breadcrumb_enter(page, &step, &before);
	assert_int_equal(strlen(page->route), BREADCRUMB_ROUTE_MAX - 1);
	breadcrumb_free(page);
}

static void the_parent_reads_what_its_dead_child_was_doing(void **state)
{
	struct breadcrumb *page = breadcrumb_new();
	struct breadcrumb_step before;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		breadcrumb_enter(page, &message, &before);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_true(breadcrumb_is_inside(page));
	check_step(page, &message);
	breadcrumb_free(page);
}

/* ---- images ---- */

static void check_image(
	const struct breadcrumb *page, uintptr_t code, const char *plugin, unsigned version)
{
	const struct breadcrumb_image *image = breadcrumb_image_at(page, code);

	if (image == NULL || strcmp(image->plugin, plugin) != 0 || image->version != version)
		fail_msg("code %#zx: wanted %s version %u, got %s version %u", (size_t)code, plugin,
			version, image == NULL ? "nobody" : image->plugin,
			image == NULL ? 0 : image->version);
}

static void code_is_found_also_after_its_end(void **state)
{
	struct breadcrumb *page = breadcrumb_new();

	(void)state;
	breadcrumb_image_opened(page, "echo", 1, 0x1000, 0x3000);
	breadcrumb_image_opened(page, "chat", 1, 0x5000, 0x6000);
	check_image(page, 0x1000, "echo", 1);
	check_image(page, 0x2fff, "echo", 1);
	assert_null(breadcrumb_image_at(page, 0x3000));
	assert_null(breadcrumb_image_at(page, 0));
	breadcrumb_image_closed(page, "echo", 1);
	check_image(page, 0x1000, "echo", 1);
	assert_int_not_equal(breadcrumb_image_at(page, 0x1000)->closed, 0);
	breadcrumb_image_opened(page, "echo", 2, 0x2000, 0x4000);
	check_image(page, 0x2000, "echo", 2);
	check_image(page, 0x1fff, "echo", 1);
	breadcrumb_image_closed(page, "echo", 2);
	check_image(page, 0x2000, "echo", 2);
	breadcrumb_free(page);
}

static void only_the_oldest_closed_ones_are_given_up(void **state)
{
	struct breadcrumb *page = breadcrumb_new();

	(void)state;
	breadcrumb_image_opened(page, "stays", 1, 0x10, 0x20);
	for (unsigned version = 1; version <= 3 * BREADCRUMB_IMAGES_MAX; version++) {
		breadcrumb_image_opened(
			page, "echo", version, version * 0x1000, version * 0x1000 + 0x1000);
		breadcrumb_image_closed(page, "echo", version);
	}
	check_image(page, 0x10, "stays", 1);
	check_image(page, 3 * BREADCRUMB_IMAGES_MAX * 0x1000, "echo", 3 * BREADCRUMB_IMAGES_MAX);
	assert_null(breadcrumb_image_at(page, 0x1000));
	for (unsigned i = 1; i < 2 * BREADCRUMB_IMAGES_MAX; i++)
		breadcrumb_image_opened(page, "many", i, 0x900000000, 0x900001000);
	check_image(page, 0x10, "stays", 1);
	breadcrumb_free(page);
}

/* ---- plugins ---- */

struct sl_conn {
	struct plugin_subject subject;
	struct breadcrumb *page;
	struct breadcrumb_step seen;
};

static void look_around(struct sl_conn *conn, void *data)
{
	struct breadcrumb_step wanted = {"whole", "/the/{route}", NULL, 42, CRUMB_TIMER, 1};

	(void)data;
	wanted.callback = conn->page->step.callback;
	assert_true(breadcrumb_is_inside(conn->page));
	check_step(conn->page, &wanted);
	conn->seen = conn->page->step;
}

static void a_plugin_is_named_while_it_runs(void **state)
{
	static const struct sl_host host = {.size = sizeof(host), .major = 1, .minor = 0};
	struct err_list why = {0};
	struct image_store *store = image_store_new();
	static const char *const route = "/the/{route}";
	struct sl_conn conn = {{42, &route}, .page = breadcrumb_new()};
	struct sl_plugin *plugin;

	(void)state;
	image_store_set_breadcrumb(store, conn.page);
	plugin = plugin_load(store, TEST_PLUGINS, "whole", &host, (struct place){0}, &why);
	assert_non_null(plugin);
	plugin_call_conn_timer(plugin, &conn, look_around, NULL);
	assert_int_equal(conn.seen.callback, CRUMB_TIMER);
	plugin_call_done(plugin, &conn, look_around, NULL);
	assert_int_equal(conn.seen.callback, CRUMB_DONE);
	assert_false(breadcrumb_is_inside(conn.page));
	assert_ptr_equal(breadcrumb_image_at(conn.page, (uintptr_t)plugin->info.connect),
		&conn.page->images[0]);
	assert_string_equal(conn.page->images[0].plugin, "whole");
	assert_int_equal(conn.page->images[0].closed, 0);
	plugin_unref(plugin);
	assert_int_equal(conn.page->images[0].closed, 1);
	assert_string_equal(conn.page->plugin, "whole");
	assert_int_equal(conn.page->step.callback, CRUMB_UNLOAD);
	image_store_free(store);
	breadcrumb_free(conn.page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_replaces_the_one_before),
		cmocka_unit_test(only_the_last_step_goes_on_at_once),
		cmocka_unit_test(a_step_inside_another_gives_it_back),
		cmocka_unit_test(equal_pointers_are_read_again_after_forget),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(the_parent_reads_what_its_dead_child_was_doing),
		cmocka_unit_test(code_is_found_also_after_its_end),
		cmocka_unit_test(only_the_oldest_closed_ones_are_given_up),
		cmocka_unit_test(a_plugin_is_named_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
