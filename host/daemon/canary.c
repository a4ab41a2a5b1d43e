/*
 * The child does all that a worker would do with the order, from parsing to stop, without a
 * socket, and says beforehand which plugin's code it is going to run: so its death has a name.
 * Only a verdict and status 0 count, as foreign code may also exit(0). Called by reload.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/canary.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/load.h"
#include "daemon/pack.h"
#include "daemon/process.h"
#include "net/worker.h"

enum { ABOUT_TO, VERDICT };

/* ---- the child -------------------------------------------------------------------------- */

static void about_to(void *arg, const char *doing, const char *plugin)
{
	struct channel *channel = arg;
	struct buf body = {0};

	pack_text(&body, doing);
	pack_text(&body, plugin);
	channel_send(channel, ABOUT_TO, buf_span(&body), -1);
	channel_drain(channel);
	buf_fini(&body);
}

static void try_out(
	struct host *host, const struct order *order, struct channel *channel, struct err_list *why)
{
	const struct plugin_watch watch = {about_to, channel};
	const struct load load = {
		.file = order->file,
		.text = &order->text,
		.how = LOAD_TO_SERVE,
		.number = order->number,
		.watch = &watch,
	};
	struct generation *generation;

	image_store_offer(host_images(host), order->offers, order->offer_count);
	generation = load_generation(host, &load, why);
	if (generation != NULL)
		about_to(channel, "stop of", "");
	generation_unref(generation);
}

static _Noreturn void canary_run(const struct order *order, struct channel *channel)
{
	struct err_list why = {0};
	struct buf verdict = {0};
	struct err err;
	struct worker *worker = worker_new(&err);
	struct host *host = worker == NULL ? NULL : host_new(worker_loop(worker), &why);

	log_set_label("check");
	if (worker == NULL)
		err_list_add(&why, (struct place){0}, "%s", err.text);
	if (host != NULL) {
		try_out(host, order, channel, &why);
		host_free(host);
	}
	pack_complaints(&verdict, &why);
	channel_send(channel, VERDICT, buf_span(&verdict), -1);
	channel_drain(channel);
	/* Exit handlers of plugins that are gone, buffers of our parent's: none of it runs twice.
	 */
	_exit(0);
}

/* ---- the parent ------------------------------------------------------------------------- */

bool canary_start(struct canary *canary, const struct order *order, struct err *why)
{
	int ends[2];

	if (!channel_pair(ends, why))
		return false;
	canary->pid = process_fork(ends[1]);
	if (canary->pid == 0) {
		struct channel channel;

		channel_init(&channel, ends[1]);
		canary_run(order, &channel);
	}
	close(ends[1]);
	channel_init(&canary->channel, ends[0]);
	canary->deadline_ms = process_now_ms() + CANARY_SECONDS * 1000;
	if (canary->pid > 0)
		return true;
	canary->pid = 0;
	canary_fini(canary);
	err_set(why, ERR_INTERNAL, "found no process to try the plugins in");
	return false;
}

void canary_fini(struct canary *canary)
{
	if (canary->pid > 0) {
		kill(canary->pid, SIGKILL);
		waitpid(canary->pid, NULL, 0);
	}
	channel_fini(&canary->channel);
	err_list_fini(&canary->complaints);
	memset(canary, 0, sizeof(*canary));
	channel_init(&canary->channel, -1);
}

static void copy_name(char *out, size_t size, struct span name)
{
	snprintf(out, size, "%.*s", SPAN_ARG(name));
}

static void take(struct canary *canary, const struct message *message)
{
	struct span in = message->body, name;

	if (message->kind == VERDICT) {
		canary->has_verdict = pack_take_complaints(&in, &canary->complaints);
		return;
	}
	pack_take_span(&in, &name);
	copy_name(canary->doing, sizeof(canary->doing), name);
	pack_take_span(&in, &name);
	copy_name(canary->plugin, sizeof(canary->plugin), name);
}

void canary_read(struct canary *canary)
{
	struct message message;
	enum channel_state state;

	while ((state = channel_receive(&canary->channel, &message)) == CHANNEL_MESSAGE)
		take(canary, &message);
	/* Its end will be waited for; a poll that goes on telling of it would spin. */
	if (state == CHANNEL_ENDED)
		channel_fini(&canary->channel);
}

void canary_look(struct canary *canary)
{
	if (canary->pid == 0 || canary->was_killed || process_now_ms() < canary->deadline_ms)
		return;
	canary->was_killed = true;
	kill(canary->pid, SIGKILL);
}

bool canary_ended(struct canary *canary, int status, struct err *reason)
{
	canary_read(canary);
	canary->pid = 0;
	if (canary->has_verdict && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	if (canary->was_killed)
		err_set(reason, ERR_INTERNAL, "did not end within %d s", CANARY_SECONDS);
	else if (WIFSIGNALED(status))
		err_set(reason, ERR_INTERNAL, "crashed with signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	else
		err_set(reason, ERR_INTERNAL, "ended the process with status %d",
			WEXITSTATUS(status));
	return false;
}
