/*
 * A table of commands and one loop over argv. Knows nothing of what commands do. Called by main.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/options.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "daemon/command.h"
#include "daemon/master.h"

enum { TAKES_LISTEN = 1, TAKES_JSON = 2, TAKES_REQUEST = 4, TAKES_RELOAD = 8, TAKES_METRICS = 16 };

static const struct command {
	const char *name, *usage, *help;
	unsigned takes;
	int (*run)(const struct options *options);
} commands[] = {
	{"run", "run FILE [--listen ADDRESS]... [--reload]", "serve the routes of FILE",
		TAKES_LISTEN | TAKES_RELOAD, master_run},
	{"check", "check FILE", "read FILE, open its plugins, print every mistake", 0,
		command_check},
	{"routes", "routes FILE [--json]", "print the route table of FILE", TAKES_JSON,
		command_routes},
	{"explain", "explain FILE URL [-X METHOD] [-H HEADER]... [--json]",
		"print what FILE makes of a request", TAKES_JSON | TAKES_REQUEST, command_explain},
	{"reload", "reload FILE", "make the host that runs FILE read it again, and wait", 0,
		command_reload},
	{"status", "status FILE [--json | --metrics]",
		"print what the host that runs FILE is doing", TAKES_JSON | TAKES_METRICS,
		command_status},
	{"stop", "stop FILE", "stop the host that runs FILE gracefully, and wait", 0, command_stop},
	{"upgrade", "upgrade FILE",
		"start the program anew, let it take over the sockets, and wait", 0,
		command_upgrade},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]), USAGE_ERROR = 2 };

static void print_help(FILE *out)
{
	fprintf(out, "socklet " SOCKLET_VERSION ": a WebSocket host for plugins in C\n\nusage:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  socklet %-40s %s\n", commands[i].usage, commands[i].help);
	fprintf(out,
		"  socklet FILE                                     the same as run FILE\n"
		"\noptions:\n"
		"  --listen ADDRESS   listen there instead of where FILE says; may be repeated;\n"
		"                     port 0 takes any free one, and the ready line names it\n"
		"  --reload           reload by itself when FILE or a plugin has been written\n"
		"  --json             print for machines\n"
		"  --metrics          print for Prometheus\n"
		"  -X METHOD          explain a plain request with that method, no handshake\n"
		"  -H HEADER          send \"Name: value\" with the request to explain; may be "
		"repeated\n"
		"  --help, --version\n"
		"\nexplain sends nothing and needs no server: it shows every field of the route's "
		"plugin,\n"
		"  where it comes from, which providers were called, and the answer. Providers "
		"really run,\n"
		"  but start, connect and request do not. URL is /path?query, or "
		"ws://host/path?query.\n"
		"  Status 0: the request reaches the plugin; 1: it is refused; 2: wrong usage\n"
		"\nsignals: HUP reads FILE and changed plugins again, no connection is dropped;\n"
		"  USR2 starts the program anew, which takes over the sockets; this process ends\n"
		"  with its last connection; USR1 opens the log file anew;\n"
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
		return usage_error(found,
			"one of the commands run, check, routes, explain, reload, status, stop, "
			"upgrade");
	fprintf(stderr, "socklet: no command \"%s\", did you mean \"%s\"? see socklet --help\n",
		found, near);
	return USAGE_ERROR;
}

/* Takes the word behind an option that may be repeated. Returns 0, or a mistake's exit status. */
static int take(const char *option, const char *word, const char *what, const char **items,
	size_t *count, size_t most)
{
	if (word == NULL)
		return usage_error(option, what);
	if (*count == most)
		return usage_error(option, "fewer of them");
	items[(*count)++] = word;
	return 0;
}

/* The same for one that may not. */
static int take_one(const char *option, const char *word, const char *what, const char **item)
{
	size_t count = *item == NULL ? 0 : 1;

	return take(option, word, what, item, &count, 1);
}

/* The words that are no options: the file, and for explain the URL behind it. */
static int take_plain(const struct command *command, const char *word, struct options *out)
{
	if (out->file == NULL)
		out->file = word;
	else if ((command->takes & TAKES_REQUEST) == 0)
		return usage_error(word, "one file only");
	else if (out->url == NULL)
		out->url = word;
	else
		return usage_error(word, "one file and one URL only");
	return 0;
}

/* Parses what follows the command; argv ends with NULL. Returns 0, or a mistake's exit status. */
static int parse(const struct command *command, char **argv, struct options *out)
{
	int mistake = 0;

	for (; *argv != NULL; argv++) {
		const char *word = *argv;

		if (strcmp(word, "--listen") == 0 && (command->takes & TAKES_LISTEN) != 0)
			mistake = take(word, *++argv, "an address behind it", out->listens,
				&out->listen_count, OPTIONS_LISTEN_MAX);
		else if (strcmp(word, "-X") == 0 && (command->takes & TAKES_REQUEST) != 0)
			mistake = take_one(word, *++argv, "a method behind it", &out->method);
		else if (strcmp(word, "-H") == 0 && (command->takes & TAKES_REQUEST) != 0)
			mistake = take(word, *++argv, "a header behind it", out->headers,
				&out->header_count, OPTIONS_HEADER_MAX);
		else if (strcmp(word, "--json") == 0 && (command->takes & TAKES_JSON) != 0)
			out->as_json = true;
		else if (strcmp(word, "--metrics") == 0 && (command->takes & TAKES_METRICS) != 0)
			out->as_metrics = true;
		else if (strcmp(word, "--reload") == 0 && (command->takes & TAKES_RELOAD) != 0)
			out->reloads_itself = true;
		else if (word[0] == '-' && word[1] != '\0')
			mistake = usage_error(word, "an option that this command takes");
		else
			mistake = take_plain(command, word, out);
		if (mistake != 0)
			return mistake;
	}
	if (out->file == NULL)
		return usage_error(command->name, "the path of a routes file behind it");
	if ((command->takes & TAKES_REQUEST) != 0 && out->url == NULL)
		return usage_error(out->file, "a URL behind it, such as /ws?q=1");
	return 0;
}

int options_run(int argc, char **argv)
{
	struct options options = {.argv = argv};
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
		mistake = parse(command, argv + 2, &options);
	else if (argc > 2 && argv[1][0] != '-' && argv[2][0] != '-')
		mistake = unknown_command(argv[1]); /* two words, and the first is no command */
	else
		mistake = parse(command = &commands[0], argv + 1, &options);
	return mistake != 0 ? mistake : command->run(&options);
}
