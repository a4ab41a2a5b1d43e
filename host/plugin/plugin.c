/*
 * The one place where the host jumps into foreign code, so that whatever has to be done around
 * every call (to name a plugin that crashes, to time one that blocks) is done here. Knows nothing
 * of connections; call/ decides when. SPDX-License-Identifier: MIT
 */
#include "plugin/plugin.h"

#include <assert.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "plugin/breadcrumb.h"
#include "plugin/check.h"

#define PLUGIN_MAGIC 0x706c7567u

/* ---- what runs, for a report ---------------------------------------------------------------- */

static void enter_provider(const struct sl_plugin *plugin, enum breadcrumb_callback callback,
	const struct sl_conn *conn, const char *provider, struct breadcrumb_step *before)
{
	struct breadcrumb_step step = {
		.plugin = plugin->name,
		.version = plugin->version,
		.callback = callback,
		.provider = provider,
	};

	if (conn != NULL) {
		const struct plugin_subject *subject = (const void *)conn;

		step.connection = subject->connection;
		step.route = *subject->route;
	}
	breadcrumb_enter(plugin->page, &step, before);
}

/* `conn` may be NULL. */
static void enter(const struct sl_plugin *plugin, enum breadcrumb_callback callback,
	const struct sl_conn *conn, struct breadcrumb_step *before)
{
	enter_provider(plugin, callback, conn, NULL, before);
}

static void leave(const struct sl_plugin *plugin, const struct breadcrumb_step *before)
{
	breadcrumb_leave(plugin->page, before);
}

/* ---- what it may not change ----------------------------------------------------------------- */

static struct manners_suspect suspect(const struct sl_plugin *plugin, const char *callback)
{
	return (struct manners_suspect){plugin->name, plugin->version, callback, true};
}

static void note_manners(const struct sl_plugin *plugin)
{
	manners_note(image_manners(plugin->image));
}

static void check_manners(const struct sl_plugin *plugin, const char *callback)
{
	const struct manners_suspect who = suspect(plugin, callback);

	manners_check(image_manners(plugin->image), &who);
}

/* ---- loading --------------------------------------------------------------------------------- */

/* A name is written in SL_PLUGIN too, so it is one of C's; above all it has no '/'. */
static bool name_is_valid(const char *name)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
	size_t len = strspn(name, letters);

	return len > 0 && len < 128 && name[len] == '\0';
}

/* The .so of the folder that a slip of the fingers may have meant, as a text of the arena's. */
static const char *nearest_in(const char *dir_path, const char *name, struct arena *arena)
{
	DIR *dir = opendir(dir_path);
	const char *best = NULL;
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		const char *names[] = {NULL, NULL};

		if (len <= 3 || strcmp(entry->d_name + len - 3, ".so") != 0)
			continue;
		names[0] = arena_text(arena, entry->d_name, len - 3);
		if (err_nearest(name, names) != NULL)
			best = names[0];
	}
	if (dir != NULL)
		closedir(dir);
	return best;
}

/* Fills image and info. False after complaints. */
static bool load_into(struct sl_plugin *plugin, struct image_store *store, const char *dir,
	struct place place, struct err_list *why)
{
	char *file = arena_printf(&plugin->arena, "%s.so", plugin->name);
	char *path = arena_printf(&plugin->arena, "%s/%s", dir, file);
	struct err reason = {0};
	const struct sl_plugin_info *said;
	struct breadcrumb_step before;
	sl_entry *entry;
	void *symbol;

	plugin->image = image_load(store, plugin->name, path, &reason);
	if (plugin->image == NULL) {
		const char *near = access(path, F_OK) == 0
					   ? NULL
					   : nearest_in(dir, plugin->name, &plugin->arena);

		err_list_add(why, place, "%s%s%s%s", reason.text, near ? "; did you mean " : "",
			near ? near : "", near ? "?" : "");
		return false;
	}
	plugin->page = image_breadcrumb(plugin->image);
	plugin->version = image_version(plugin->image);
	symbol = image_symbol(plugin->image, SL_ENTRY);
	if (symbol == NULL) {
		err_list_add(why, place,
			"%s: no function " SL_ENTRY "; define the plugin with SL_PLUGIN(%s, …)",
			file, plugin->name);
		return false;
	}
	/* ISO C has no cast from object to function pointer; POSIX says they look alike. */
	memcpy(&entry, &symbol, sizeof(entry));
	enter(plugin, CRUMB_LOAD, NULL, &before);
	said = entry();
	leave(plugin, &before);
	if (!check_plugin(&plugin->info, said, file, place, &plugin->arena, why))
		return false;
	plugin->own_providers = said->providers;
	return true;
}

struct sl_plugin *plugin_load(struct image_store *store, const char *dir, const char *name,
	const struct sl_host *host, struct place place, struct err_list *why)
{
	struct sl_plugin *plugin;

	if (!name_is_valid(name)) {
		err_list_add(why, place,
			"plugin name \"%s\": letters, digits and _ are wanted, as in SL_PLUGIN; "
			"the file is <name>.so in the plugins folder",
			name);
		return NULL;
	}
	plugin = xcalloc(1, sizeof(*plugin));
	plugin->magic = PLUGIN_MAGIC;
	plugin->refs = 1;
	plugin->name = arena_text(&plugin->arena, name, strlen(name));
	if (!load_into(plugin, store, dir, place, why)) {
		plugin_unref(plugin);
		return NULL;
	}
	*plugin->info.host = host;
	return plugin;
}

struct sl_plugin *plugin_ref(struct sl_plugin *plugin)
{
	assert(plugin->magic == PLUGIN_MAGIC);
	plugin->refs++;
	return plugin;
}

static void end_timers(struct sl_plugin *plugin)
{
	if (plugin->end_timers != NULL)
		plugin->end_timers(plugin);
}

static void plugin_stop(struct sl_plugin *plugin)
{
	struct breadcrumb_step before;

	end_timers(plugin);
	if (plugin->info.stop == NULL)
		return;
	note_manners(plugin);
	enter(plugin, CRUMB_STOP, NULL, &before);
	plugin->info.stop(plugin);
	leave(plugin, &before);
	check_manners(plugin, "stop");
	end_timers(plugin);
}

static void check_opened(const struct sl_plugin *plugin)
{
	const struct manners_suspect who = suspect(plugin, "stop");

	manners_check_opened(&plugin->opened, &who);
}

void plugin_unref(struct sl_plugin *plugin)
{
	struct image *image = plugin->image;

	assert(plugin->magic == PLUGIN_MAGIC && plugin->refs > 0);
	if (--plugin->refs > 0)
		return;
	if (plugin->is_started) {
		plugin_stop(plugin);
		check_opened(plugin);
	}
	/* Its name goes now, and the routes that held it go with it. */
	if (image != NULL)
		breadcrumb_forget(plugin->page);
	plugin->magic = 0;
	free(plugin->state);
	arena_fini(&plugin->arena);
	free(plugin);
	if (image != NULL)
		image_unref(image);
}

bool plugin_is_same(const struct sl_plugin *a, const struct sl_plugin *b)
{
	const char *key_a = a->options_key == NULL ? "" : a->options_key;
	const char *key_b = b->options_key == NULL ? "" : b->options_key;

	return a->image == b->image && strcmp(key_a, key_b) == 0;
}

/* The tables are normalised: the rows of both have our size. */
static bool is_same_enum(const struct sl_field *a, const struct sl_field *b)
{
	if (a->name_count != b->name_count)
		return false;
	for (uint32_t i = 0; i < a->name_count; i++)
		if (a->names[i].value != b->names[i].value ||
			strcmp(a->names[i].name, b->names[i].name) != 0)
			return false;
	return true;
}

static bool is_same_table(const struct sl_table *a, const struct sl_table *b)
{
	if (a->struct_size != b->struct_size || a->field_count != b->field_count)
		return false;
	for (uint32_t i = 0; i < a->field_count; i++) {
		const struct sl_field *x = &a->fields[i], *y = &b->fields[i];

		if (strcmp(x->name, y->name) != 0 || x->offset != y->offset || x->type != y->type ||
			x->struct_size != y->struct_size || !is_same_enum(x, y))
			return false;
	}
	return true;
}

bool plugin_takes_over(const struct sl_plugin *plugin, const struct sl_plugin *old)
{
	return plugin->info.hand_over != NULL && strcmp(plugin->name, old->name) == 0 &&
	       is_same_table(plugin->info.args, old->info.args);
}

void plugin_give_state(struct sl_plugin *plugin)
{
	assert(plugin->magic == PLUGIN_MAGIC && plugin->state == NULL);
	plugin->state = xcalloc(1, plugin->info.plugin_state_size);
}

bool plugin_start(struct sl_plugin *plugin, struct place place, struct err_list *why)
{
	int result = SL_OK;

	assert(plugin->magic == PLUGIN_MAGIC && !plugin->is_started);
	plugin_give_state(plugin);
	if (plugin->info.start != NULL) {
		struct breadcrumb_step before;

		note_manners(plugin);
		manners_note_open(image_manners(plugin->image));
		enter(plugin, CRUMB_START, NULL, &before);
		result = plugin->info.start(plugin);
		leave(plugin, &before);
		manners_find_opened(image_manners(plugin->image), &plugin->opened);
		check_manners(plugin, "start");
	}
	plugin->is_started = result == SL_OK;
	if (!plugin->is_started) {
		/* A timer that start made would fire into a plugin that did not start. */
		end_timers(plugin);
		err_list_add(why, place,
			"%s.so: start returned %d instead of SL_OK (0); its log lines say what it "
			"misses",
			plugin->name, result);
	}
	return plugin->is_started;
}

/* ---- calling --------------------------------------------------------------------------------- */

/* What a plugin puts off until it is needed, as a library's set-up, happens then. */
static bool is_first_met(struct sl_plugin *plugin)
{
	bool is_first = !plugin->is_met_once;

	if (is_first)
		note_manners(plugin);
	plugin->is_met_once = true;
	return is_first;
}

int plugin_call_connect(struct sl_plugin *plugin, struct sl_conn *conn, const void *args)
{
	bool is_first = is_first_met(plugin);
	struct breadcrumb_step before;
	int result;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_CONNECT, conn, &before);
	result = plugin->info.connect(conn, args);
	leave(plugin, &before);
	if (is_first)
		check_manners(plugin, "connect");
	return result;
}

/* Apart, so that a message behind a message does not pay for its registers. */
__attribute__((noinline)) static void enter_message(
	const struct sl_plugin *plugin, const struct sl_conn *conn, struct breadcrumb_step *before)
{
	enter(plugin, CRUMB_MESSAGE, conn, before);
}

int plugin_call_message(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	const struct sl_message *message)
{
	const struct plugin_subject *subject = (const void *)conn;
	struct breadcrumb_step before;
	int result;

	assert(plugin->magic == PLUGIN_MAGIC);
	before.plugin = NULL;
	if (UNLIKELY(!breadcrumb_enter_again(plugin->page, plugin->name, CRUMB_MESSAGE,
		    subject->connection, *subject->route)))
		enter_message(plugin, conn, &before);
	result = plugin->info.message(conn, args, message);
	leave(plugin, &before);
	return result;
}

void plugin_call_disconnect(
	struct sl_plugin *plugin, struct sl_conn *conn, const void *args, const struct sl_end *end)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_DISCONNECT, conn, &before);
	plugin->info.disconnect(conn, args, end);
	leave(plugin, &before);
}

void plugin_call_drained(struct sl_plugin *plugin, struct sl_conn *conn, const void *args)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_DRAINED, conn, &before);
	plugin->info.drained(conn, args);
	leave(plugin, &before);
}

void plugin_call_lost(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	struct sl_str topic, uint64_t count)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_LOST, conn, &before);
	plugin->info.lost(conn, args, topic, count);
	leave(plugin, &before);
}

int plugin_call_request(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	const struct sl_request *request)
{
	bool is_first = is_first_met(plugin);
	struct breadcrumb_step before;
	int result;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_REQUEST, conn, &before);
	result = plugin->info.request(conn, args, request);
	leave(plugin, &before);
	if (is_first)
		check_manners(plugin, "request");
	return result;
}

void plugin_call_request_end(
	struct sl_plugin *plugin, struct sl_conn *conn, const void *args, const struct sl_end *end)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_REQUEST_END, conn, &before);
	plugin->info.request_end(conn, args, end);
	leave(plugin, &before);
}

int plugin_call_hand_over(struct sl_plugin *plugin, struct sl_conn *conn,
	const struct sl_plugin *old, const void *old_state, void *state)
{
	struct breadcrumb_step before;
	int result;

	assert(plugin->magic == PLUGIN_MAGIC && old->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_HAND_OVER, conn, &before);
	result = plugin->info.hand_over(
		conn, old_state, old->info.layout, old->info.state_size, state);
	leave(plugin, &before);
	return result;
}

int plugin_call_provider(struct sl_plugin *plugin, const struct sl_provider *provider,
	struct sl_conn *conn, const void *args, void *result)
{
	struct breadcrumb_step before;
	int answer;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter_provider(plugin, CRUMB_PROVIDER, conn, provider->name, &before);
	answer = provider->call(conn, args, result);
	leave(plugin, &before);
	return answer;
}

void plugin_call_release(struct sl_plugin *plugin, const struct sl_provider *provider,
	struct sl_conn *conn, void *result, const struct sl_end *end)
{
	struct breadcrumb_step before;

	enter_provider(plugin, CRUMB_RELEASE, conn, provider->name, &before);
	provider->release(conn, result, end);
	leave(plugin, &before);
}

void plugin_call_conn_timer(struct sl_plugin *plugin, struct sl_conn *conn,
	void (*fire)(struct sl_conn *, void *), void *data)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_TIMER, conn, &before);
	fire(conn, data);
	leave(plugin, &before);
}

void plugin_call_timer(
	struct sl_plugin *plugin, void (*fire)(struct sl_plugin *, void *), void *data)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_TIMER, NULL, &before);
	fire(plugin, data);
	leave(plugin, &before);
}

void plugin_call_done(struct sl_plugin *plugin, struct sl_conn *conn,
	void (*done)(struct sl_conn *, void *), void *data)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_DONE, conn, &before);
	done(conn, data);
	leave(plugin, &before);
}

void plugin_call_drop(struct sl_plugin *plugin, void (*drop)(void *), void *data)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_DROP, NULL, &before);
	drop(data);
	leave(plugin, &before);
}

/* ---- a bus driver ---------------------------------------------------------------------------- */

int plugin_call_bus_publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	struct breadcrumb_step before;
	int result;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_BUS, NULL, &before);
	result = plugin->info.bus->publish(plugin, message);
	leave(plugin, &before);
	return result;
}

void plugin_call_bus_filter(struct sl_plugin *plugin, struct sl_str filter, bool is_wanted)
{
	struct breadcrumb_step before;

	assert(plugin->magic == PLUGIN_MAGIC);
	enter(plugin, CRUMB_BUS, NULL, &before);
	if (is_wanted)
		plugin->info.bus->wanted(plugin, filter);
	else
		plugin->info.bus->unwanted(plugin, filter);
	leave(plugin, &before);
}

void plugin_call_bus_flush(struct sl_plugin *plugin)
{
	struct breadcrumb_step before;

	if (plugin->info.bus->flush == NULL)
		return;
	enter(plugin, CRUMB_BUS, NULL, &before);
	plugin->info.bus->flush(plugin);
	leave(plugin, &before);
}

int plugin_call_bus_keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	struct breadcrumb_step before;
	int result;

	enter(plugin, CRUMB_BUS, NULL, &before);
	result = plugin->info.bus->keep(plugin, message, rule);
	leave(plugin, &before);
	return result;
}

int plugin_call_bus_recall(struct sl_plugin *plugin, const struct sl_bus_recall *recall)
{
	struct breadcrumb_step before;
	int result;

	enter(plugin, CRUMB_BUS, NULL, &before);
	result = plugin->info.bus->recall(plugin, recall);
	leave(plugin, &before);
	return result;
}
