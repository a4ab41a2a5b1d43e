/*
 * A plugin is loaded, started, called and stopped in this order, and a wrong one is refused with
 * words that tell its author what to change. SPDX-License-Identifier: MIT
 */
#include "plugin/plugin.h"

#include "plugin/scratch.h"

static const struct sl_host host = {.size = sizeof(host), .major = 1, .minor = 0};
static const struct place place = {"routes.yaml", 7, 13};
/* What plugin/ looks at of a connection. */
static const char *const path = "/ws";
static struct plugin_subject subject = {17, &path};
static struct sl_conn *const member = (struct sl_conn *)&subject;

static int store_open(void **state)
{
	struct err why = {0};

	*state = image_store_new();
	if (*state == NULL)
		fail_msg("%s", why.text);
	return 0;
}

static int store_close(void **state)
{
	image_store_free(*state);
	return 0;
}

static struct sl_plugin *load(struct image_store *store, const char *name)
{
	struct err_list why = {0};
	struct sl_plugin *plugin = plugin_load(store, TEST_PLUGINS, name, &host, place, &why);

	if (plugin == NULL)
		fail_msg("%s: %s", name, why.items[0].text);
	return plugin;
}

static const char *text_of(const struct image *image)
{
	const char *(*log_text)(void);
	void *address = image_symbol(image, "log_text");

	memcpy(&log_text, &address, sizeof(address));
	return log_text();
}

/* Rows with the same name are the complaints of one plugin, in their order. */
static const struct {
	const char *name, *text;
} refusals[] = {
	{"wrong_magic",
		"wrong_magic.so: the descriptor starts with 0x12345678, wanted is 0x314b4353 "
		"(SCK1); let SL_PLUGIN define socklet_plugin"},
	{"other_major",
		"other_major.so: built for socklet.h 2.2, this host offers 1.0 to 1.2; build "
		"it with this host's socklet.h"},
	{"newer_minor",
		"newer_minor.so: built for socklet.h 1.3, this host offers 1.0 to 1.2; build "
		"it with this host's socklet.h"},
	{"short_size",
		"short_size.so: the descriptor has 40 bytes, 1.0 has 128; let SL_PLUGIN fill "
		"it"},
	{"no_entry", "no_entry.so: no function socklet_plugin; define the plugin with "
		     "SL_PLUGIN(no_entry, …)"},
	{"no_callback",
		"no_callback.so: none of .connect, .message and .request; give SL_PLUGIN at least "
		"one of them"},
	{"bad_field_type",
		"bad_field_type.so: struct hand_made: blob has the unknown type 99; list "
		"the member with SL_FIELD"},
	{"field_outside", "field_outside.so: struct hand_made: far at byte 20 with 8 bytes lies "
			  "outside of the 16 bytes of its struct; let SL_ARGS list it"},
	{"field_outside",
		"field_outside.so: struct hand_made: near at byte 4 is misaligned, its type "
		"wants a multiple of 8; remove packing from the struct"},
	{"field_outside", "field_outside.so: struct hand_made lists far twice; list it once"},
	{"field_outside", "field_outside.so: struct hand_made: near and shared share bytes; two "
			  "fields need two members"},
	{"name_differs", "name_differs.so: the plugin calls itself somebody_else, its file says "
			 "name_differs; make SL_PLUGIN and the file's name equal"},
	{"whol",
		TEST_PLUGINS "/whol.so does not exist; build it, or correct its name; did you mean "
			     "whole?"},
	{"../plugins/whole",
		"plugin name \"../plugins/whole\": letters, digits and _ are wanted, as "
		"in SL_PLUGIN; the file is <name>.so in the plugins folder"},
	{"", "plugin name \"\": letters, digits and _ are wanted, as in SL_PLUGIN; the file is "
	     "<name>.so in the plugins folder"},
};

static void wrong_plugins_are_refused_in_words(void **state)
{
	const size_t count = sizeof(refusals) / sizeof(refusals[0]);

	for (size_t i = 0, next; i < count; i = next) {
		struct err_list why = {0};

		if (plugin_load(*state, TEST_PLUGINS, refusals[i].name, &host, place, &why) != NULL)
			fail_msg("%s was loaded", refusals[i].name);
		for (next = i; next < count && refusals[next].name == refusals[i].name; next++) {
			const char *said = next - i < why.count ? why.items[next - i].text : "";

			if (strcmp(said, refusals[next].text) != 0)
				fail_msg("%s: said \"%s\"\nwanted \"%s\"", refusals[i].name, said,
					refusals[next].text);
		}
		if (why.count != next - i)
			fail_msg("%s: %zu complaints instead of %zu, the last is \"%s\"",
				refusals[i].name, why.count, next - i,
				why.items[why.count - 1].text);
		assert_string_equal(why.items[0].place.file, "routes.yaml");
		assert_int_equal(why.items[0].place.line, 7);
		err_list_fini(&why);
	}
}

static void a_whole_life_in_order(void **state)
{
	struct sl_plugin *plugin = load(*state, "whole");
	struct image *image = image_ref(plugin->image);
	const struct whole {
		const char *name;
		struct sl_opt_int times;
	} args = {"connect-args", {0, 0}};
	const struct sl_message message = {{"hi", 2}, SL_TEXT};
	const struct sl_end end = {.code = 1000, .by = SL_BY_PEER, .reason = {"", 0}};
	struct err_list why = {0};
	const char *result = NULL;

	assert_ptr_equal(*plugin->info.host, &host);
	assert_string_equal(plugin->info.name, "whole");
	assert_int_equal(plugin->info.flags, SL_KEEP_REQUEST);
	assert_int_equal(plugin->info.args->field_count, 2);
	assert_string_equal(plugin->info.args->fields[1].name, "times");
	assert_int_equal(plugin->info.options->field_count, 1);
	assert_null(plugin->state);
	assert_true(plugin_start(plugin, place, &why));
	assert_non_null(plugin->state);
	assert_int_equal(
		plugin_call_provider(plugin, plugin->info.providers[0], NULL, &args, &result),
		SL_OK);
	assert_string_equal(result, "secret");
	assert_int_equal(plugin_call_connect(plugin, NULL, &args), SL_OK);
	assert_int_equal(plugin_call_message(plugin, member, &args, &message), 7);
	plugin_call_drained(plugin, NULL, &args);
	plugin_call_disconnect(plugin, NULL, &args, &end);
	plugin_unref(plugin_ref(plugin));
	assert_string_equal(text_of(image), "start provider connect-args text drained by-peer ");
	plugin_unref(plugin);
	assert_string_equal(
		text_of(image), "start provider connect-args text drained by-peer stop ");
	image_unref(image);
}

/* Today's host serves what was built with the first header. */
static void a_plugin_of_1_0_is_served(void **state)
{
	struct sl_plugin *plugin = load(*state, "built_for_1_0");
	const struct sl_message message = {{"hi", 2}, SL_BINARY};
	struct err_list why = {0};

	assert_int_equal(plugin->info.major, 1);
	assert_int_equal(plugin->info.minor, 0);
	assert_true(plugin_start(plugin, place, &why));
	assert_int_equal(plugin_call_message(plugin, member, NULL, &message), 2);
	plugin_unref(plugin);
}

static void what_did_not_start_is_not_stopped(void **state)
{
	struct sl_plugin *plugin = load(*state, "whole");
	struct image *image = image_ref(plugin->image);
	struct err_list why = {0};

	plugin_unref(plugin);
	assert_string_equal(text_of(image), "");
	image_unref(image);
	plugin = load(*state, "refuses_start");
	assert_false(plugin_start(plugin, place, &why));
	assert_string_equal(why.items[0].text, "refuses_start.so: start returned -4 instead of "
					       "SL_OK (0); its log lines say what it "
					       "misses");
	assert_int_equal(why.items[0].place.line, 7);
	plugin_unref(plugin);
	err_list_fini(&why);
}

static void same_code_and_options_are_the_same(void **state)
{
	struct sl_plugin *a = load(*state, "whole"), *b = load(*state, "whole");
	struct sl_plugin *other = load(*state, "same_symbol_a");

	assert_true(plugin_is_same(a, b));
	assert_false(plugin_is_same(a, other));
	a->options_key = "room=lobby";
	assert_false(plugin_is_same(a, b));
	b->options_key = "room=lobby";
	assert_true(plugin_is_same(a, b));
	b->options_key = "room=attic";
	assert_false(plugin_is_same(a, b));
	plugin_unref(a);
	plugin_unref(b);
	plugin_unref(other);
}

static unsigned end_count;

static void count_end(struct sl_plugin *plugin)
{
	assert_non_null(plugin->state);
	end_count++;
}

static void timers_end_around_stop(void **state)
{
	struct sl_plugin *plugin = load(*state, "whole");
	struct err_list why = {0};

	plugin->end_timers = count_end;
	assert_true(plugin_start(plugin, place, &why));
	assert_int_equal(end_count, 0);
	plugin_unref(plugin);
	assert_int_equal(end_count, 2);
}

static void note_fire(struct sl_conn *conn, void *data)
{
	assert_null(conn);
	*(int *)data += 1;
}

static void note_plugin_fire(struct sl_plugin *plugin, void *data)
{
	assert_string_equal(plugin->name, "whole");
	*(int *)data += 10;
}

static void note_drop(void *data)
{
	*(int *)data += 100;
}

static void timers_and_jobs_reach_their_functions(void **state)
{
	struct sl_plugin *plugin = load(*state, "whole");
	int sum = 0;

	plugin_call_conn_timer(plugin, NULL, note_fire, &sum);
	plugin_call_timer(plugin, note_plugin_fire, &sum);
	plugin_call_done(plugin, NULL, note_fire, &sum);
	plugin_call_drop(plugin, note_drop, &sum);
	assert_int_equal(sum, 1 + 10 + 1 + 100);
	plugin_unref(plugin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_plugins_are_refused_in_words),
		cmocka_unit_test(a_whole_life_in_order),
		cmocka_unit_test(a_plugin_of_1_0_is_served),
		cmocka_unit_test(what_did_not_start_is_not_stopped),
		cmocka_unit_test(same_code_and_options_are_the_same),
		cmocka_unit_test(timers_end_around_stop),
		cmocka_unit_test(timers_and_jobs_reach_their_functions),
	};

	return cmocka_run_group_tests(tests, store_open, store_close);
}
