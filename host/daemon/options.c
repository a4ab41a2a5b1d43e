/*
 * A table of commands and one loop over argv. Knows nothing of what commands do. Called by main.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/options.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/command.h"
#include "daemon/daemon.h"

enum { TAKES_LISTEN = 1, TAKES_JSON = 2 };

static const struct command {
	const char *name, *usage, *help;
	unsigned takes;
	int (*run)(const struct options *options);
} commands[] = {
	{"run", "run FILE [--listen ADDRESS]...", "serve the routes of FILE", TAKES_LISTEN,
		daemon_run},
	{"check", "check FILE", "read FILE, open its plugins, print every mistake", 0,
		command_check},
	{"routes", "routes FILE [--json]", "print the route table of FILE", TAKES_JSON,
		command_routes},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]), USAGE_ERROR = 2 };

static void print_help(FILE *out)
{
	fprintf(out, "socklet " SOCKLET_VERSION ": a WebSocket host for plugins in C\n\nusage:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  socklet %-34s %s\n", commands[i].usage, commands[i].help);
	fprintf(out,
		"  socklet FILE                               the same as run FILE\n"
		"\noptions:\n"
		"  --listen ADDRESS   listen there instead of where FILE says; may be repeated;\n"
		"                     port 0 takes any free one, and the ready line names it\n"
		"  --json             print for machines\n"
		"  --help, --version\n"
		"\nsignals: HUP reads FILE and changed plugins again, no connection is dropped;\n"
		"  TERM and INT stop gracefully, a second one at once\n");
}

static int usage_error(const char *found, const char *wanted)
{
	fprintf(stderr, "socklet: found \"%s\", wanted %s; see socklet --help\n", found, wanted);
	return USAGE_ERROR;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* "socklet chekc x.yaml" */
static int unknown_command(const char *found)
{
	const char *names[COMMAND_COUNT + 1] = {NULL};
	const char *near;

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		names[i] = commands[i].name;
	near = err_nearest(found, names);
	if (near == NULL)
		return usage_error(found, "one of the commands run, check, routes");
	fprintf(stderr, "socklet: no command \"%s\", did you mean \"%s\"? see socklet --help\n",
		found, near);
	return USAGE_ERROR;
}

/* Parses what follows the command. Returns 0, or the exit status of a mistake. */
static int parse(const struct command *command, int argc, char **argv, struct options *out)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i];

		if (strcmp(word, "--listen") == 0 && (command->takes & TAKES_LISTEN) != 0) {
			if (i + 1 == argc)
				return usage_error(word, "an address behind it");
			if (out->listen_count == OPTIONS_LISTEN_MAX)
				return usage_error(word, "at most 16 of them");
			out->listens[out->listen_count++] = argv[++i];
		} else if (strcmp(word, "--json") == 0 && (command->takes & TAKES_JSON) != 0) {
			out->as_json = true;
		} else if (word[0] == '-' && word[1] != '\0') {
			return usage_error(word, "an option that this command takes");
		} else if (out->file != NULL) {
			return usage_error(word, "one file only");
		} else {
			out->file = word;
		}
	}
	if (out->file == NULL)
		return usage_error(command->name, "the path of a routes file behind it");
	return 0;
}

int options_run(int argc, char **argv)
{
	struct options options = {0};
	const struct command *command;
	int mistake;

	if (argc < 2) {
		print_help(stderr);
		return USAGE_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("socklet " SOCKLET_VERSION "\n");
		return 0;
	}
	command = find_command(argv[1]);
	if (command != NULL)
		mistake = parse(command, argc - 2, argv + 2, &options);
	else if (argc > 2 && argv[1][0] != '-' && argv[2][0] != '-')
		mistake = unknown_command(argv[1]); /* two words, and the first is no command */
	else
		mistake = parse(command = &commands[0], argc - 1, argv + 1, &options);
	return mistake != 0 ? mistake : command->run(&options);
}
