/*
 * The file is read once, and its text is what every process parses from then on. A plugin that
 * cannot be copied is no mistake here: the reason is offered instead, and whoever builds the
 * generation complains with it in the right place. Called by reload.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/commit.h"

#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"
#include "config/security_conf.h"
#include "daemon/suspects.h"
#include "plugin/copy.h"
#include "plugin/snapshot.h"

struct file_id {
	dev_t device;
	ino_t inode;
	struct timespec written; /* zero of a folder: only another one is a change */
};

/* ---- reading ---------------------------------------------------------------------------- */

static void add_offer(struct commit *commit, const char *name)
{
	struct order *order = &commit->order;

	/* One that is no name is complained of by who would load it. */
	if (name == NULL || strchr(name, '/') != NULL || strlen(name) >= 128)
		return;
	for (size_t i = 0; i < order->offer_count; i++)
		if (strcmp(order->offers[i].name, name) == 0)
			return;
	order->offers[order->offer_count++].name = name;
}

static void add_offers(struct commit *commit)
{
	const struct config *config = &commit->config;
	size_t most = config->provider_count + config->route_count + 2;

	commit->order.offers = arena_alloc(
		&commit->order.arena, most * sizeof(*commit->order.offers));
	commit->copies = arena_alloc(&commit->order.arena, most * sizeof(struct copy *));
	for (size_t i = 0; i < config->provider_count; i++)
		add_offer(commit, config->providers[i].plugin.text);
	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].kind == ROUTE_PLUGIN)
			add_offer(commit, config->routes[i].plugin.text);
	add_offer(commit, config->bus.driver.text);
	if (config->plugins_dir.text == NULL)
		commit->order.offer_count = 0;
}

static void add_file(struct commit *commit, const char *path)
{
	struct file_id id = {0};
	struct stat info;

	if (path == NULL)
		return;
	if (stat(path, &info) == 0)
		id = (struct file_id){.device = info.st_dev, .inode = info.st_ino};
	if (id.inode != 0 && !S_ISDIR(info.st_mode))
		id.written = info.st_mtim;
	commit->files = xrealloc(commit->files, (commit->file_count + 1) * sizeof(*commit->files));
	commit->files[commit->file_count++] = id;
}

static void add_secrets(struct commit *commit, const struct secret_list_conf *secrets)
{
	for (size_t i = 0; i < secrets->count; i++)
		add_file(commit, secrets->items[i].file.text);
}

/* Folders of `dir` routes, which are held open; secrets, whose bytes are none of the master's. */
static void add_files(struct commit *commit)
{
	const struct config *config = &commit->config;

	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].kind == ROUTE_DIR)
			add_file(commit, config->routes[i].file_or_dir.text);
	for (size_t i = 0; i < config->provider_count; i++) {
		const struct security_conf *security = config->providers[i].security;

		if (security == NULL)
			continue;
		add_secrets(commit, &security->secrets);
		add_secrets(commit, &security->keys);
	}
	add_secrets(commit, &config->admin.tokens);
}

/* Those that the file says of one kind, behind `count` others. */
static size_t take_listens(
	struct listen_conf *out, size_t count, const struct config *config, bool is_admin)
{
	for (size_t i = 0; i < config->listen_count; i++)
		if (config->listens[i].is_admin == is_admin)
			out[count++] = config->listens[i];
	return count;
}

/* What --listen says replaces what `listen` says; `admin` stays. */
static void add_listens(struct commit *commit, const struct options *options, struct err_list *why)
{
	struct order *order = &commit->order;
	struct listen_conf *said = arena_alloc(&order->arena,
		(options->listen_count + commit->config.listen_count + 1) * sizeof(*said));
	size_t already = why->count, count = options->listen_count;

	for (size_t i = 0; i < options->listen_count; i++) {
		struct conf_text text = {options->listens[i], {"--listen", 0, 0}};

		said[i] = (struct listen_conf){.mode = 0660};
		listen_conf_parse(&said[i], text, NULL, &order->arena, why);
	}
	if (count == 0)
		count = take_listens(said, 0, &commit->config, false);
	count = take_listens(said, count, &commit->config, true);
	if (options->listen_count > 0 && why->count == already)
		listen_conf_check(&commit->config, said, count, why);
	commit->listens = said;
	commit->listen_count = count;
	order->address_count = commit->listen_count;
	order->addresses = arena_alloc(
		&order->arena, (commit->listen_count + 1) * sizeof(const char *));
	order->sockets = arena_alloc(
		&order->arena, (commit->listen_count + 1) * sizeof(const char *));
	for (size_t i = 0; i < commit->listen_count; i++) {
		order->addresses[i] = commit->listens[i].address.text;
		order->sockets[i] = commit->listens[i].socket;
	}
}

struct commit *commit_new(const struct options *options, struct err_list *why)
{
	struct commit *commit = xcalloc(1, sizeof(*commit));
	size_t already = why->count;
	struct err_list mistakes = {0};

	if (config_read(&commit->text, options->file, why)) {
		commit->is_right = config_parse(
			&commit->config, buf_span(&commit->text), options->file, &mistakes);
		err_list_fini(&mistakes);
		add_listens(commit, options, why);
	}
	if (why->count > already) {
		commit_free(commit);
		return NULL;
	}
	add_offers(commit);
	add_files(commit);
	if (commit->is_right)
		tls_files_read(&commit->order.tls_files, &commit->config.tls, &commit->order.arena);
	commit->order.resumption_s = commit->config.tls.resumption_ms / 1000;
	commit->order.workers = commit->config.workers;
	commit->order.stop_ms = commit->config.stop.spread_ms + commit->config.stop.deadline_ms;
	commit->order.file = options->file;
	commit->order.text = buf_span(&commit->text);
	return commit;
}

void commit_free(struct commit *commit)
{
	if (commit == NULL)
		return;
	for (size_t i = 0; i < commit->order.offer_count; i++)
		if (commit->copies[i] != NULL)
			copy_unref(commit->copies[i]);
	config_fini(&commit->config);
	order_fini(&commit->order);
	buf_fini(&commit->text);
	free(commit->files);
	free(commit);
}

/* ---- copying ---------------------------------------------------------------------------- */

static void copy_bytes(struct commit *commit, struct copy_store *copies, size_t i, const char *path,
	const struct buf *bytes, struct err *why)
{
	struct image_offer *offer = &commit->order.offers[i];

	commit->copies[i] = copy_take(copies, offer->name, path, bytes, why);
	if (commit->copies[i] == NULL)
		return;
	offer->path = copy_path(commit->copies[i]);
	offer->version = copy_version(commit->copies[i]);
}

enum commit_progress commit_copy(struct commit *commit, struct copy_store *copies, bool is_last_try)
{
	struct arena *arena = &commit->order.arena;
	size_t i = commit->copied;
	enum snapshot result;
	struct buf bytes = {0};
	struct err why = {0};
	const char *path;

	if (i == commit->order.offer_count)
		return COMMIT_WHOLE;
	path = arena_printf(
		arena, "%s/%s.so", commit->config.plugins_dir.text, commit->order.offers[i].name);
	result = snapshot_try(&bytes, path, &why);
	if (result == SNAPSHOT_DONE)
		copy_bytes(commit, copies, i, path, &bytes, &why);
	buf_fini(&bytes);
	if (result == SNAPSHOT_BUSY && !is_last_try)
		return COMMIT_BUSY;
	if (commit->copies[i] == NULL)
		commit->order.offers[i].reason = arena_text(arena, why.text, strlen(why.text));
	commit->copied++;
	return COMMIT_MORE;
}

void commit_withdraw(struct commit *commit, const char *plugin, const char *reason)
{
	struct order *order = &commit->order;

	for (size_t i = 0; i < order->offer_count; i++) {
		if (strcmp(order->offers[i].name, plugin) != 0)
			continue;
		order->offers[i].path = NULL;
		order->offers[i].reason = arena_text(&order->arena, reason, strlen(reason));
	}
}

void commit_quarantine(struct commit *commit, const struct suspects *suspects)
{
	struct order *order = &commit->order;

	order->quarantined_count = 0;
	order->quarantined = arena_alloc(
		&order->arena, (order->offer_count + 1) * sizeof(const char *));
	for (size_t i = 0; i < suspects->count; i++) {
		const struct suspect *suspect = &suspects->items[i];

		if (commit->config.quarantine.deaths > 0 && suspects_is_held(suspect, order))
			order->quarantined[order->quarantined_count++] = arena_text(
				&order->arena, suspect->plugin, strlen(suspect->plugin));
	}
}

/* ---- looking ---------------------------------------------------------------------------- */

struct place commit_place(const struct commit *commit, const char *plugin)
{
	const struct config *config = &commit->config;

	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].plugin.text != NULL &&
			strcmp(config->routes[i].plugin.text, plugin) == 0)
			return config->routes[i].plugin.place;
	for (size_t i = 0; i < config->provider_count; i++)
		if (config->providers[i].plugin.text != NULL &&
			strcmp(config->providers[i].plugin.text, plugin) == 0)
			return config->providers[i].plugin.place;
	if (config->bus.driver.text != NULL && strcmp(config->bus.driver.text, plugin) == 0)
		return config->bus.driver.place;
	return (struct place){config->path, 0, 0};
}

static bool same_copies(const struct commit *a, const struct commit *b)
{
	if (a->order.offer_count != b->order.offer_count)
		return false;
	/* Equal texts name the plugins in one order. */
	for (size_t i = 0; i < a->order.offer_count; i++)
		if (a->copies[i] == NULL || a->copies[i] != b->copies[i])
			return false;
	return true;
}

static bool same_files(const struct commit *a, const struct commit *b)
{
	if (a->file_count != b->file_count)
		return false;
	for (size_t i = 0; i < a->file_count; i++) {
		const struct file_id *x = &a->files[i], *y = &b->files[i];

		if (x->device != y->device || x->inode != y->inode ||
			x->written.tv_sec != y->written.tv_sec ||
			x->written.tv_nsec != y->written.tv_nsec)
			return false;
	}
	return true;
}

bool commit_is_same(const struct commit *a, const struct commit *b)
{
	return a->is_right && b->is_right && span_equal(a->order.text, b->order.text) &&
	       a->order.workers == b->order.workers && same_copies(a, b) && same_files(a, b) &&
	       tls_files_equal(&a->order.tls_files, &b->order.tls_files);
}
