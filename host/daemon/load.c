/*
 * A file with mistakes is built all the same, as far as it could be read, so that its author sees
 * at once what the plugins will have to say. Called by the canary, the workers and the commands.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/load.h"

#include "call/probe.h"
#include "config/config.h"

static bool same_place(const struct complaint *a, const struct complaint *b)
{
	return a->place.line > 0 && a->place.line == b->place.line &&
	       a->place.column == b->place.column;
}

/*
 * What stands at a place that the file's own complaints (the first `count`) name already is the
 * same mistake seen again from the plugin's side.
 */
static void drop_echoes(struct err_list *why, size_t count)
{
	size_t kept = count;

	for (size_t i = count; i < why->count; i++) {
		size_t j = 0;

		while (j < count && !same_place(&why->items[j], &why->items[i]))
			j++;
		if (j == count)
			why->items[kept++] = why->items[i];
	}
	why->count = kept;
}

static bool load_config(struct config *out, const struct load *load, struct err_list *why)
{
	return load->text == NULL ? config_load(out, load->file, why)
				  : config_parse(out, *load->text, load->file, why);
}

/* Whether all is right with it. */
static bool load_tls(const struct config *config, const struct load *load, struct err_list *why)
{
	const struct tls_files *files = load->tls_files;
	const struct tls_secret none = {0};
	struct tls_files read = {0};
	struct arena arena = {0};
	struct tls_context *tls;

	if (!config->tls.is_there || load->how == LOAD_TO_LOOK)
		return true;
	if (files == NULL)
		tls_files_read(&read, &config->tls, &arena);
	tls = tls_files_load(files == NULL ? &read : files, &config->tls,
		load->tls_secret == NULL ? &none : load->tls_secret, load->wants_valid, why);
	arena_fini(&arena);
	if (tls == NULL)
		return false;
	if (load->tls != NULL)
		*load->tls = tls;
	else
		tls_context_unref(tls);
	return true;
}

struct generation *load_generation(struct host *host, const struct load *load, struct err_list *why)
{
	struct config config;
	struct generation_input input = {
		.config = &config,
		.images = host_images(host),
		.host = host_functions(host),
		.previous = host_generation(host),
		.number = load->number,
		.quarantined = load->quarantined,
		.quarantined_count = load->quarantined_count,
	};
	bool is_right = load_config(&config, load, why);
	struct generation *generation = NULL;
	size_t count = why->count;

	is_right = is_right && load_tls(&config, load, why);
	input.check_only = load->how != LOAD_TO_SERVE || !is_right;
	if (load->how != LOAD_TO_CHECK || probe_plugins(&config, host, why))
		generation = generation_build(&input, why);
	else
		config_fini(&config);
	drop_echoes(why, count);
	err_list_sort(why, 0);
	if (is_right)
		return generation;
	generation_unref(generation);
	return NULL;
}
