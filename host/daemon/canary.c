/*
 * The child does all that a worker would do with the order, from parsing to stop, without a
 * socket, and its page tells which plugin's code it runs: so its death has a name.
 * Only a verdict and status 0 count, as foreign code may also exit(0). Called by reload.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/canary.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/crash.h"
#include "daemon/load.h"
#include "daemon/pack.h"
#include "daemon/process.h"
#include "net/worker.h"

enum { VERDICT };

/* ---- the child -------------------------------------------------------------------------- */

static void try_out(struct host *host, const struct order *order, struct err_list *why)
{
	const struct load load = {
		.file = order->file,
		.text = &order->text,
		.how = LOAD_TO_SERVE,
		.number = order->number,
		.quarantined = order->quarantined,
		.quarantined_count = order->quarantined_count,
		.tls_files = &order->tls_files,
		.tls_secret = order->secret,
		.wants_valid = true,
	};

	image_store_offer(host_images(host), order->offers, order->offer_count);
	generation_unref(load_generation(host, &load, why));
}

static _Noreturn void canary_run(
	const struct order *order, struct channel *channel, struct breadcrumb *page)
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
		host_set_breadcrumb(host, page);
		crash_watch(page);
		try_out(host, order, &why);
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
	canary->page = breadcrumb_new();
	canary->pid = process_fork(ends[1]);
	if (canary->pid == 0) {
		struct channel channel;

		if (!privilege_drop(&order->run_as))
			_exit(1);
		channel_init(&channel, ends[1]);
		canary_run(order, &channel, canary->page);
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
	if (canary->page != NULL)
		breadcrumb_free(canary->page);
	err_list_fini(&canary->complaints);
	memset(canary, 0, sizeof(*canary));
	channel_init(&canary->channel, -1);
}

void canary_read(struct canary *canary)
{
	struct message message;
	enum channel_state state;

	while ((state = channel_receive(&canary->channel, &message)) == CHANNEL_MESSAGE)
		canary->has_verdict = message.kind == VERDICT &&
				      pack_take_complaints(&message.body, &canary->complaints);
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

/* The page may have been written over by what crashed. */
static void find_plugin(struct canary_death *death, const struct breadcrumb *page)
{
	if (!breadcrumb_is_inside(page))
		return;
	death->callback = page->step.callback;
	snprintf(death->plugin, sizeof(death->plugin), "%.*s", (int)sizeof(page->plugin) - 1,
		page->plugin);
}

bool canary_ended(struct canary *canary, int status, struct canary_death *death)
{
	canary_read(canary);
	canary->pid = 0;
	if (canary->has_verdict && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return true;
	memset(death, 0, sizeof(*death));
	find_plugin(death, canary->page);
	if (canary->was_killed)
		snprintf(death->how, sizeof(death->how), "did not end within %d s", CANARY_SECONDS);
	else if (WIFSIGNALED(status))
		snprintf(death->how, sizeof(death->how), "crashed with signal %d (%s)",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(death->how, sizeof(death->how), "ended the process with status %d",
			WEXITSTATUS(status));
	return false;
}
