/*
 * `socklet check`: all that `socklet run` would complain of, without serving. Each plugin is
 * opened in a child process first, so that one that crashes is a complaint like any other.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include "daemon/command.h"
#include "daemon/idle_loop.h"
#include "daemon/load.h"

void command_print_complaints(const struct err_list *why)
{
	struct arena arena = {0};

	for (size_t i = 0; i < why->count; i++)
		fprintf(stderr, "%s\n", complaint_line(&why->items[i], &arena));
	if (why->dropped > 0)
		fprintf(stderr, "… and %zu more\n", why->dropped);
	arena_fini(&arena);
}

int command_check(const struct options *options)
{
	const struct load load = {.file = options->file, .how = LOAD_TO_CHECK};
	struct err_list why = {0};
	struct loop loop = idle_loop();
	struct host *host = host_new(&loop, &why);
	struct generation *generation = NULL;
	int status;

	if (host != NULL)
		generation = load_generation(host, &load, &why);
	command_print_complaints(&why);
	if (generation != NULL)
		printf("%s: ok, %zu route%s, %zu plugin%s\n", options->file,
			generation->route_count, generation->route_count == 1 ? "" : "s",
			generation->plugins.count, generation->plugins.count == 1 ? "" : "s");
	else
		fprintf(stderr, "%s: %zu mistake%s\n", options->file, why.count + why.dropped,
			why.count == 1 ? "" : "s");
	status = generation == NULL ? 1 : 0;
	err_list_fini(&why);
	generation_unref(generation);
	host_free(host);
	return status;
}
