/*
 * `socklet check`: all that `socklet run` would complain of, without serving. Each plugin is
 * opened in a child process first, so that one that crashes is a complaint like any other.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/generation.h"
#include "call/host.h"
#include "call/probe.h"
#include "config/config.h"
#include "daemon/command.h"
#include "daemon/idle_loop.h"

static int compare_places(const void *a, const void *b)
{
	const struct place *x = &((const struct complaint *)a)->place;
	const struct place *y = &((const struct complaint *)b)->place;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

void command_print_complaints(const struct err_list *why)
{
	struct arena arena = {0};

	/* Stable enough: complaints of one place come from one step. */
	qsort(why->items, why->count, sizeof(*why->items), compare_places);
	for (size_t i = 0; i < why->count; i++)
		fprintf(stderr, "%s\n", complaint_line(&why->items[i], &arena));
	arena_fini(&arena);
}

static struct generation *check(struct config *config, struct host *host, struct err_list *why)
{
	struct generation_input input = {
		.config = config,
		.images = host_images(host),
		.host = host_functions(host),
		.check_only = true,
	};

	if (!probe_plugins(config, host, why)) {
		config_fini(config);
		return NULL;
	}
	return generation_build(&input, why);
}

int command_check(const struct options *options)
{
	struct err_list why = {0};
	struct config config = {0};
	struct loop loop = idle_loop();
	struct host *host = host_new(&loop, &why);
	struct generation *generation = NULL;
	bool readable = config_load(&config, options->file, &why);
	int status;

	/* Plans are checked even if the file has mistakes, as far as it could be read. */
	if (host != NULL)
		generation = check(&config, host, &why);
	else
		config_fini(&config);
	if (readable && generation != NULL)
		printf("%s: ok, %zu routes, %zu plugins\n", options->file, generation->route_count,
			generation->plugin_count);
	else
		fprintf(stderr, "%s: %zu mistake%s\n", options->file, why.count,
			why.count == 1 ? "" : "s");
	command_print_complaints(&why);
	status = readable && generation != NULL ? 0 : 1;
	generation_unref(generation);
	host_free(host);
	err_list_fini(&why);
	return status;
}
