/*
 * One poll loop: signals, the workers' channels, the canary's. Runs no code of plugins and has no
 * event base, so that nothing they do can bring it down or block it. SPDX-License-Identifier: MIT
 */
#include "daemon/master.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/command.h"
#include "daemon/containment.h"
#include "daemon/hub.h"
#include "daemon/log_file.h"
#include "daemon/master_state.h"
#include "daemon/message_kinds.h"
#include "daemon/notify.h"
#include "daemon/process.h"
#include "daemon/reload.h"
#include "daemon/watchdog.h"
#include "plugin/copy.h"

/* ---- stop ------------------------------------------------------------------------------- */

static void stop_at_once(struct master *master)
{
	log_warn("stop: second signal, stopping at once");
	master->status = 1;
	master->is_over = true;
}

static void stop(struct master *master)
{
	if (master->is_stopping) {
		stop_at_once(master);
		return;
	}
	master->is_stopping = true;
	if (master->upgrade.phase != UPGRADE_LEAVING)
		notify_stopping();
	upgrade_fini(&master->upgrade);
	reload_fini(master);
	hub_roster_say_goodbye(master);
	/* Before the workers close theirs: from then on nobody would answer. */
	listen_set_fini(&master->listens);
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		crew_stop(&master->crew.members[i]);
}

static void look_at_stop(struct master *master)
{
	if (!master->is_stopping)
		return;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (crew_is_alive(&master->crew.members[i]))
			return;
	log_info("stop: done");
	master->is_over = true;
}

/* ---- workers ---------------------------------------------------------------------------- */

static void log_death(const struct master *master, const struct member *member, pid_t pid)
{
	if (master->is_stopping || member->index >= master->crew.wanted)
		log_error("worker %u (pid %ld) %s", member->index + 1, (long)pid, member->end);
	else if (member->pause_ms == 0)
		log_error("worker %u (pid %ld) %s; the next one starts at once", member->index + 1,
			(long)pid, member->end);
	else
		log_error("worker %u (pid %ld) %s; the next one starts in %llu ms",
			member->index + 1, (long)pid, member->end,
			(unsigned long long)member->pause_ms);
}

static void reap_member(struct master *master, struct member *member, pid_t pid, int status)
{
	/* Told to stop, it ends with 0; else it should not have ended at all. */
	bool is_well = member->row == 0 && status == 0;

	if (!is_well) {
		containment_on_death(master, member, pid, status);
		log_death(master, member, pid);
	}
	if (!is_well && master->is_stopping)
		master->status = 1;
	if (!master->is_stopping)
		reload_on_death(master, member);
	copy_store_sweep(master->copies);
}

static void spawn(struct master *master, struct member *member)
{
	crew_spawn(member, &master->committed->order, &master->listens);
	if (crew_is_alive(member))
		hub_connect(master, member);
}

/* As many as are wanted, no more and no fewer. */
static void man_crew(struct master *master)
{
	uint64_t now = process_now_ms();

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (i >= master->crew.wanted)
			crew_retire(member);
		else if (!crew_is_alive(member) && now >= member->respawn_ms)
			spawn(master, member);
	}
}

static void on_message(struct master *master, struct member *member, const struct message *message)
{
	if (message->fd >= 0)
		close(message->fd);
	if (message->kind == FROM_STATUS)
		status_take(master, member, message->body);
	else
		reload_on_message(master, member, message);
}

static void member_on_ready(void *context, void *arg)
{
	struct master *master = context;
	struct member *member = arg;
	struct message message;
	enum channel_state state;

	channel_flush(&member->channel);
	while ((state = channel_receive(&member->channel, &message)) == CHANNEL_MESSAGE)
		on_message(master, member, &message);
	/* Its process will end, or be ended; a poll that goes on telling of it would spin. */
	if (state == CHANNEL_ENDED)
		channel_fini(&member->channel);
}

/* Why it ended may be the last that it said, and as new as its end. */
static void hear_out(struct master *master, pid_t pid)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (crew_is_alive(member) && member->pid == pid) {
			member_on_ready(master, member);
			hub_disconnect(master, member);
		}
	}
}

static void reap_other(struct master *master, pid_t pid, int status)
{
	reload_reap(master, pid, status);
	upgrade_reap(master, pid, status);
}

static void reap(struct master *master)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct member *member;

		hear_out(master, pid);
		member = crew_reap(&master->crew, pid, status);
		if (member != NULL)
			reap_member(master, member, pid, status);
		else
			reap_other(master, pid, status);
	}
}

static void watch_crew(struct master *master, struct poll_list *list)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (!crew_is_alive(member)) {
			if (i < master->crew.wanted && !master->is_stopping)
				poll_list_until(list, member->respawn_ms);
			continue;
		}
		poll_list_until(list, member->kill_ms);
		if (member->channel.fd >= 0)
			poll_list_add(list, member->channel.fd,
				channel_is_full(&member->channel) ? POLLIN | POLLOUT : POLLIN,
				member_on_ready, member);
	}
}

/* ---- signals ---------------------------------------------------------------------------- */

static void take_signal(struct master *master, uint32_t number)
{
	if (number == SIGTERM || number == SIGINT)
		stop(master);
	else if (number == SIGHUP && master->is_stopping)
		log_warn("reload: not while stopping");
	else if (number == SIGHUP && master->upgrade.phase == UPGRADE_LEAVING)
		log_warn("reload: process %ld has taken over", (long)master->upgrade.pid);
	else if (number == SIGHUP)
		reload_request(master);
	else if (number == SIGUSR1)
		log_file_reopen(master);
	else if (number == SIGUSR2)
		upgrade_request(master);
	else
		reap(master);
}

static void signals_on_ready(void *context, void *arg)
{
	struct master *master = context;
	struct signalfd_siginfo info;

	(void)arg;
	while (read(master->signals, &info, sizeof(info)) == sizeof(info))
		take_signal(master, info.ssi_signo);
}

/* ---- life ------------------------------------------------------------------------------- */

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool init(struct master *master, struct err *why)
{
	sigset_t signals;

	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN);
	process_signals(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	log_file_init(&master->log);
	crew_init(&master->crew);
	hub_init(master);
	reload_init(&master->reload);
	control_init(&master->control);
	upgrade_init(&master->upgrade);
	file_watch_init(&master->files);
	given_take(&master->listens.given);
	if (!inherit_init(&master->inherit, &master->listens, why))
		return false;
	master->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (master->signals < 0) {
		err_set(why, ERR_INTERNAL, "cannot take signals: %s", strerror(errno));
		return false;
	}
	if (master->options->reloads_itself &&
		!file_watch_open(&master->files, master->options->file, why))
		return false;
	master->copies = copy_store_open(why);
	return master->copies != NULL;
}

static void run(struct master *master)
{
	struct poll_list list = {0};

	reload_request(master);
	while (!master->is_over) {
		poll_list_clear(&list);
		poll_list_add(&list, master->signals, POLLIN, signals_on_ready, NULL);
		watch_crew(master, &list);
		hub_watch(master, &list);
		watchdog_watch(master, &list);
		if (!upgrade_is_under_way(&master->upgrade))
			reload_watch(master, &list);
		upgrade_watch(master, &list);
		control_watch(master, &list);
		file_watch_add(&master->files, &list);
		poll_list_wait(&list, master);
		watchdog_look(master);
		crew_look(&master->crew);
		if (file_watch_is_due(&master->files))
			reload_request(master);
		if (!master->is_stopping && !upgrade_is_under_way(&master->upgrade))
			reload_look(master);
		if (!master->is_stopping)
			upgrade_look(master);
		if (!master->is_stopping && !master->is_over)
			man_crew(master);
		control_look(master);
		look_at_stop(master);
	}
	poll_list_fini(&list);
}

static void fini(struct master *master)
{
	upgrade_fini(&master->upgrade);
	inherit_fini(&master->inherit);
	reload_fini(master);
	file_watch_fini(&master->files);
	crew_fini(&master->crew);
	hub_fini(master);
	listen_set_fini(&master->listens);
	commit_free(master->previous);
	commit_free(master->committed);
	buf_fini(&master->report.text);
	suspects_fini(&master->suspects);
	status_forget(master);
	if (master->copies != NULL)
		copy_store_close(master->copies);
	control_fini(&master->control, master->status);
	hub_admin_fini(&master->hub.admin);
	log_file_fini(&master->log);
	if (master->signals >= 0)
		close(master->signals);
}

int master_run(const struct options *options)
{
	struct master master = {.options = options, .signals = -1};
	struct err why;

	if (init(&master, &why)) {
		run(&master);
	} else {
		fprintf(stderr, "%s\nsocklet: not started, 1 mistake\n", why.text);
		master.status = 1;
	}
	fini(&master);
	return master.status;
}
