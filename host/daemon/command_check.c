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
	struct err_list why = {0};
	struct loop loop = idle_loop();
	struct host *host = host_new(&loop, &why);
	struct generation *generation = NULL;
	int status;

	if (host != NULL)
		generation = load_generation(host, options->file, LOAD_TO_CHECK, &why);
	command_print_complaints(&why);
	if (generation != NULL)
		printf("%s: ok, %zu routes, %zu plugins\n", options->file, generation->route_count,
			generation->plugin_count);
	else
		fprintf(stderr, "%s: %zu mistake%s\n", options->file, why.count + why.dropped,
			why.count == 1 ? "" : "s");
	status = generation == NULL ? 1 : 0;
	err_list_fini(&why);
	generation_unref(generation);
	host_free(host);
	return status;
}
