/*
 * Time counts only while the master looks and the worker may run: neither a master that was
 * stopped itself nor a worker under a debugger makes a callback late. A worker that has a limit
 * already (it starts, prepares a load, or is to end) is crew.c's business. Called by master.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/watchdog.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/crash.h"
#include "daemon/master_state.h"

enum {
	LOOKS = 8, /* within the limit */
	PAUSE_MIN_MS = 5,
	PAUSE_MAX_MS = 1000,
	REPORT_MS = 300, /* from SIGABRT, whose handler tells the place in the code, to SIGKILL */
};

uint64_t watchdog_pause_ms(uint64_t limit_ms)
{
	uint64_t ms = limit_ms / LOOKS;

	if (ms < PAUSE_MIN_MS)
		return PAUSE_MIN_MS;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

bool watchdog_is_late(struct watched *watched, uint32_t turn, uint64_t limit_ms, uint64_t now_ms)
{
	uint64_t most_ms = 2 * watchdog_pause_ms(limit_ms), passed_ms = now_ms - watched->seen_ms;

	if ((turn & 1) == 0 || turn != watched->turn)
		watched->stuck_ms = 0;
	else
		watched->stuck_ms += passed_ms < most_ms ? passed_ms : most_ms;
	watched->turn = turn;
	watched->seen_ms = now_ms;
	return watched->stuck_ms >= limit_ms;
}

/* By a signal or a debugger. */
static bool is_stopped(pid_t pid)
{
	char path[40], text[256], state = '?';
	const char *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	/* The name, in parentheses, may hold anything. */
	if (fgets(text, sizeof(text), file) != NULL && (name_end = strrchr(text, ')')) != NULL &&
		name_end[1] == ' ')
		state = name_end[2];
	fclose(file);
	return state == 'T' || state == 't';
}

static void end(struct member *member, uint64_t stuck_ms)
{
	char text[CRASH_TEXT_MAX];

	log_error("worker %ld is stuck for %llu.%llu s, ending it: in %s", (long)member->pid,
		(unsigned long long)stuck_ms / 1000, (unsigned long long)stuck_ms % 1000 / 100,
		crash_step(text, sizeof(text), member->page));
	kill(member->pid, SIGABRT);
	crew_limit(member, REPORT_MS);
}

static void look(struct member *member, uint64_t limit_ms)
{
	uint32_t turn = atomic_load_explicit(&member->page->turn, memory_order_acquire);

	if (!watchdog_is_late(&member->watched, turn, limit_ms, process_now_ms()))
		return;
	if (is_stopped(member->pid))
		member->watched.stuck_ms = 0;
	else
		end(member, member->watched.stuck_ms);
}

static uint64_t limit_of(const struct master *master)
{
	return master->committed == NULL ? 0 : master->committed->config.watchdog_ms;
}

static bool has_limit(const struct member *member)
{
	return member->kill_ms != UINT64_MAX;
}

void watchdog_look(struct master *master)
{
	uint64_t limit_ms = limit_of(master);

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX && limit_ms > 0; i++) {
		struct member *member = &master->crew.members[i];

		if (member->state == MEMBER_SERVING && !has_limit(member))
			look(member, limit_ms);
		else
			member->watched = (struct watched){0};
	}
}

void watchdog_watch(struct master *master, struct poll_list *list)
{
	uint64_t limit_ms = limit_of(master);

	if (limit_ms > 0 && master->has_started)
		poll_list_until(list, process_now_ms() + watchdog_pause_ms(limit_ms));
}
