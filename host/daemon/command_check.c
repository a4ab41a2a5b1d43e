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

/* The pattern's file and line as a complaint has them; it is none, so the exit status is 0. */
static void warn_of_pattern(const struct plan_fetch *fetch)
{
	const char *pattern = fetch->item.rules == NULL ? NULL
							: rules_slow_pattern(fetch->item.rules);
	struct complaint warning = {.place = fetch->place};
	struct arena arena = {0};

	if (pattern == NULL)
		return;
	warning.text = arena_printf(&arena,
		"warning: field %s: pattern \"%s\" takes too long for some texts, which are then "
		"refused; repeat nothing that is itself repeated",
		fetch->field, pattern);
	fprintf(stderr, "%s\n", complaint_line(&warning, &arena));
	arena_fini(&arena);
}

static void warn_of_patterns(const struct generation *generation)
{
	for (size_t i = 0; i < generation->route_count; i++) {
		const struct plan *plan = &generation->routes[i].plan;

		for (size_t j = 0; j < plan->call_count; j++)
			for (size_t k = 0; k < plan->calls[j].fetch_count; k++)
				warn_of_pattern(&plan->calls[j].fetches[k]);
	}
}

int command_check(const struct options *options)
{
	struct tls_context *tls = NULL;
	const struct load load = {
		.file = options->file, .how = LOAD_TO_CHECK, .wants_valid = true, .tls = &tls};
	struct err_list why = {0};
	struct loop loop = idle_loop();
	struct host *host = host_new(&loop, &why);
	struct generation *generation = NULL;
	int status;

	if (host != NULL)
		generation = load_generation(host, &load, &why);
	command_print_complaints(&why);
	if (generation != NULL)
		warn_of_patterns(generation);
	if (tls != NULL)
		tls_context_warn(tls);
	if (generation != NULL)
		printf("%s: ok, %zu route%s, %zu plugin%s\n", options->file,
			generation->route_count, generation->route_count == 1 ? "" : "s",
			generation->plugins.count, generation->plugins.count == 1 ? "" : "s");
	else
		fprintf(stderr, "%s: %zu mistake%s\n", options->file, why.count + why.dropped,
			why.count == 1 ? "" : "s");
	status = generation == NULL ? 1 : 0;
	err_list_fini(&why);
	tls_context_unref(tls);
	generation_unref(generation);
	host_free(host);
	return status;
}
