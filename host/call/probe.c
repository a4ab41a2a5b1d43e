/*
 * One child per plugin, which opens it, asks for its descriptor and says "alive" on a pipe: only
 * that word counts, since a constructor may also exit(0). SPDX-License-Identifier: MIT
 */
#include "call/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call/generation.h"

enum { PROBE_SECONDS = 10 };

struct probe {
	const struct config *config;
	struct image_store *images;
	const struct sl_host *functions;
	struct err_list *why;
};

/* In the child; never returns. A plugin that is merely wrong is alive. */
static void open_and_report(const struct probe *probe, const struct conf_text *plugin, int verdict)
{
	struct err_list why = {0};

	signal(SIGALRM, SIG_DFL);
	alarm(PROBE_SECONDS);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	plugin_load(probe->images, probe->config->plugins_dir.text, plugin->text, probe->functions,
		plugin->place, &why);
	_exit(write(verdict, "1", 1) == 1 ? 0 : 1);
}

static void complain(struct err_list *why, const struct conf_text *plugin, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		err_list_add(why, plugin->place,
			"opening plugin \"%s\" did not end within %d s; look at its constructors",
			plugin->text, PROBE_SECONDS);
	else if (WIFSIGNALED(status))
		err_list_add(why, plugin->place,
			"opening plugin \"%s\" crashed with signal %d (%s); look at its "
			"constructors",
			plugin->text, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		err_list_add(why, plugin->place,
			"opening plugin \"%s\" ended the process with status %d; a constructor "
			"must not call exit",
			plugin->text, WEXITSTATUS(status));
}

static bool probe_one(const struct probe *probe, const struct conf_text *plugin)
{
	int verdict[2], status = 0;
	char word;
	ssize_t got;
	pid_t child;

	if (pipe2(verdict, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		err_list_add(probe->why, plugin->place,
			"cannot start a process to open \"%s\" in: %s", plugin->text,
			strerror(errno));
		return false;
	}
	if (child == 0)
		open_and_report(probe, plugin, verdict[1]);
	close(verdict[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	got = read(verdict[0], &word, 1);
	close(verdict[0]);
	if (got == 1)
		return true;
	complain(probe->why, plugin, status);
	return false;
}

/* Whether it was named, and by no earlier route or provider. */
static bool is_first(const struct conf_text *const *named, size_t i)
{
	if (named[i]->text == NULL)
		return false;
	for (size_t j = 0; j < i; j++)
		if (named[j]->text != NULL && strcmp(named[j]->text, named[i]->text) == 0)
			return false;
	return true;
}

static bool probe_all(const struct probe *probe)
{
	const struct config *config = probe->config;
	size_t count = 0, most = config->route_count + config->provider_count;
	struct arena arena = {0};
	const struct conf_text **named = arena_alloc(&arena, (most + 1) * sizeof(*named));
	bool fine = true;

	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].kind == ROUTE_PLUGIN)
			named[count++] = &config->routes[i].plugin;
	for (size_t i = 0; i < config->provider_count; i++)
		named[count++] = &config->providers[i].plugin;
	for (size_t i = 0; i < count; i++)
		if (is_first(named, i) && !probe_one(probe, named[i]))
			fine = false;
	arena_fini(&arena);
	return fine;
}

bool probe_plugins(const struct config *config, struct host *host, struct err_list *why)
{
	const struct probe probe = {
		.config = config,
		.images = host_images(host),
		.functions = host_functions(host),
		.why = why,
	};

	return config->plugins_dir.text == NULL || probe_all(&probe);
}
