/*
 * Until the successor says that it serves, nothing changes here, so that whatever is wrong with it
 * costs nobody anything. Then both have the listening sockets, and closing ours loses no client:
 * the queues are the successor's, too. Called by master.c and control.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/master_state.h"
#include "daemon/notify.h"
#include "daemon/pack.h"
#include "daemon/process.h"
#include "daemon/reload.h"

enum { SERVES_MS = 30000 }; /* from the fork to its word */

void upgrade_init(struct upgrade *upgrade)
{
	memset(upgrade, 0, sizeof(*upgrade));
	channel_init(&upgrade->channel, -1);
	upgrade->deadline_ms = UINT64_MAX;
}

void upgrade_fini(struct upgrade *upgrade)
{
	if (upgrade->phase == UPGRADE_STARTING)
		kill(upgrade->pid, SIGTERM);
	channel_fini(&upgrade->channel);
	upgrade_init(upgrade);
}

bool upgrade_is_under_way(const struct upgrade *upgrade)
{
	return upgrade->phase != UPGRADE_NONE;
}

/* ---- the end of it ---------------------------------------------------------------------- */

static void fail(struct master *master, const char *why)
{
	struct arena arena = {0};
	const char *line = arena_printf(
		&arena, "upgrade: failed, process %ld serves on: %s\n", (long)getpid(), why);

	log_error("%.*s", (int)strlen(line) - 1, line);
	control_upgrade_ends(&master->control, false, span_of(line));
	arena_fini(&arena);
}

static void leave(struct master *master)
{
	struct upgrade *upgrade = &master->upgrade;
	char line[160];

	upgrade->phase = UPGRADE_LEAVING;
	upgrade->deadline_ms = UINT64_MAX;
	notify_successor(upgrade->pid);
	snprintf(line, sizeof(line),
		"upgrade: done, process %ld serves; process %ld ends with its last connection\n",
		(long)upgrade->pid, (long)getpid());
	log_info("%.*s", (int)strlen(line) - 1, line);
	reload_fini(master);
	file_watch_fini(&master->files);
	control_give_up(&master->control);
	master->crew.wanted = 0;
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		crew_leave(&master->crew.members[i]);
	listen_set_fini(&master->listens);
	/* Behind the rest: who asked may rely on it. */
	control_upgrade_ends(&master->control, true, span_of(line));
}

/* What the successor has said so far. */
static void hear(struct master *master)
{
	struct upgrade *upgrade = &master->upgrade;
	struct message message;
	enum channel_state state;

	while ((state = channel_receive(&upgrade->channel, &message)) == CHANNEL_MESSAGE) {
		if (message.fd >= 0)
			close(message.fd);
		if (message.kind == UPGRADE_FAILED)
			err_set(&upgrade->why, ERR_INTERNAL, "%.*s", (int)message.body.len,
				message.body.ptr);
		else if (message.kind == UPGRADE_SERVES && upgrade->phase == UPGRADE_STARTING)
			leave(master);
	}
	/* What that means says the end of the process. */
	if (state == CHANNEL_ENDED)
		channel_fini(&upgrade->channel);
}

void upgrade_reap(struct master *master, pid_t pid, int status)
{
	struct upgrade *upgrade = &master->upgrade;
	char end[PROCESS_END_SIZE];
	struct err why;

	if (pid == 0 || pid != upgrade->pid)
		return;
	/* Its last words may come behind the signal. */
	if (!master->is_stopping && upgrade->channel.fd >= 0)
		hear(master);
	process_end_print(end, status);
	if (upgrade->phase == UPGRADE_LEAVING) {
		log_warn("upgrade: process %ld, which took over, %s", (long)pid, end);
		upgrade->pid = 0;
		return;
	}
	why = upgrade->why;
	if (why.text[0] == '\0')
		err_set(&why, ERR_INTERNAL,
			"the new process %s before it served; its log says more", end);
	channel_fini(&upgrade->channel);
	upgrade_init(upgrade);
	if (!master->is_stopping)
		fail(master, why.text);
}

/* ---- the beginning ---------------------------------------------------------------------- */

/* In the child. By the name that we were started with: there the new program is by now. */
static _Noreturn void become(char *const *argv, int fd)
{
	struct channel channel;
	char text[512], number[16];

	fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(UPGRADE_VARIABLE, number, 1);
	/* With a slash execvp would take any file for a shell's. */
	if (strchr(argv[0], '/') != NULL)
		execv(argv[0], argv);
	else
		execvp(argv[0], argv);
	snprintf(text, sizeof(text), "cannot run %s: %s", argv[0], strerror(errno));
	channel_init(&channel, fd);
	channel_send(&channel, UPGRADE_FAILED, span_of(text), -1);
	_exit(1);
}

static void hand_over(struct master *master)
{
	struct channel *channel = &master->upgrade.channel;
	struct buf body = {0};

	for (size_t i = 0; i < master->listens.count; i++) {
		const struct listen_at *at = &master->listens.items[i];

		for (unsigned worker = 0; worker < CONFIG_WORKERS_MAX; worker++) {
			if (at->fds[worker] < 0)
				continue;
			body.len = 0;
			pack_number(&body, worker);
			pack_text(&body, at->address);
			channel_send(channel, UPGRADE_SOCKET, buf_span(&body), at->fds[worker]);
		}
	}
	buf_fini(&body);
	if (master->control.fd >= 0)
		channel_send(channel, UPGRADE_CONTROL, (struct span){0}, master->control.fd);
	channel_send(channel, UPGRADE_GO, (struct span){0}, -1);
}

static void begin(struct master *master)
{
	struct upgrade *upgrade = &master->upgrade;
	struct err why;
	int ends[2];

	upgrade->is_wanted = false;
	if (!channel_pair(ends, &why)) {
		fail(master, why.text);
		return;
	}
	upgrade->pid = process_fork_successor(ends[1], master->log.original);
	if (upgrade->pid == 0)
		become(master->options->argv, ends[1]);
	close(ends[1]);
	if (upgrade->pid < 0) {
		close(ends[0]);
		upgrade->pid = 0;
		fail(master, "no further process is allowed");
		return;
	}
	log_info("upgrade: starting %s as process %ld", master->options->argv[0],
		(long)upgrade->pid);
	channel_init(&upgrade->channel, ends[0]);
	upgrade->phase = UPGRADE_STARTING;
	upgrade->deadline_ms = process_now_ms() + SERVES_MS;
	hand_over(master);
}

void upgrade_request(struct master *master)
{
	if (master->is_stopping)
		fail(master, "it is stopping");
	else if (master->upgrade.phase == UPGRADE_LEAVING)
		fail(master, "another one has taken over already");
	else if (master->upgrade.phase == UPGRADE_NONE)
		master->upgrade.is_wanted = true;
}

/* ---- meanwhile -------------------------------------------------------------------------- */

static bool is_due(const struct master *master)
{
	return master->upgrade.is_wanted && master->has_started &&
	       master->reload.phase == RELOAD_IDLE;
}

static void successor_on_ready(void *context, void *arg)
{
	struct upgrade *upgrade = arg;

	channel_flush(&upgrade->channel);
	hear(context);
}

void upgrade_watch(struct master *master, struct poll_list *list)
{
	struct upgrade *upgrade = &master->upgrade;

	if (!master->is_stopping && is_due(master))
		poll_list_until(list, 0);
	poll_list_until(list, upgrade->deadline_ms);
	if (upgrade->channel.fd >= 0)
		poll_list_add(list, upgrade->channel.fd,
			channel_is_full(&upgrade->channel) ? POLLIN | POLLOUT : POLLIN,
			successor_on_ready, upgrade);
}

static void look_for_the_last(struct master *master)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (crew_is_alive(&master->crew.members[i]))
			return;
	log_info("upgrade: the last connection has ended");
	master->is_over = true;
}

void upgrade_look(struct master *master)
{
	struct upgrade *upgrade = &master->upgrade;

	if (upgrade->phase == UPGRADE_NONE && is_due(master)) {
		begin(master);
	} else if (upgrade->phase == UPGRADE_LEAVING) {
		look_for_the_last(master);
	} else if (upgrade->phase == UPGRADE_STARTING && process_now_ms() >= upgrade->deadline_ms) {
		upgrade->deadline_ms = UINT64_MAX;
		err_set(&upgrade->why, ERR_INTERNAL,
			"the new process %ld did not serve within %d s", (long)upgrade->pid,
			SERVES_MS / 1000);
		kill(upgrade->pid, SIGKILL);
	}
}
