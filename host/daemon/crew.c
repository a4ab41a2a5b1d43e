/*
 * A process that dies is replaced: the first time at once, then after pauses that double, until
 * one has served for a quiet while. Decides nothing else; master.c and reload.c do.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/message_kinds.h"
#include "daemon/worker_process.h"
#include "plugin/breadcrumb.h"

enum {
	START_MS = 15000,  /* from the fork to the first client */
	LEAVE_MS = 5000,   /* to end, behind the time that it gives its connections */
	ORPHAN_MS = 10000, /* from the end of its channel to the end of its process */
	PAUSE_MS = 20,
	PAUSE_MAX_MS = 5000,
	QUIET_MS = 10000, /* of serving, after which a death is a first one again */
};

void crew_init(struct crew *crew)
{
	memset(crew, 0, sizeof(*crew));
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		crew->members[i].index = i;
		crew->members[i].kill_ms = UINT64_MAX;
		channel_init(&crew->members[i].channel, -1);
		bus_link_init(&crew->members[i].link);
	}
}

void crew_fini(struct crew *crew)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &crew->members[i];

		if (crew_is_alive(member)) {
			kill(member->pid, SIGKILL);
			waitpid(member->pid, NULL, 0);
		}
		channel_fini(&member->channel);
		bus_link_close(&member->link);
		if (member->page != NULL)
			breadcrumb_free(member->page);
	}
}

bool crew_is_alive(const struct member *member)
{
	return member->state != MEMBER_NONE;
}

static void enter(struct member *member, enum member_state state)
{
	member->state = state;
	member->since_ms = process_now_ms();
	member->kill_ms = UINT64_MAX;
}

void crew_limit(struct member *member, uint64_t ms)
{
	member->kill_ms = ms == 0 ? UINT64_MAX : process_now_ms() + ms;
}

/* ---- birth ------------------------------------------------------------------------------ */

static uint64_t pause_ms(const struct member *member)
{
	uint64_t ms = PAUSE_MS;

	if (member->row <= 1)
		return 0;
	for (unsigned i = 2; i < member->row && ms < PAUSE_MAX_MS; i++)
		ms *= 2;
	return ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
}

static void give_up_birth(struct member *member, const char *why)
{
	log_error("worker %u not started: %s", member->index + 1, why);
	member->row++;
	member->respawn_ms = process_now_ms() + PAUSE_MAX_MS;
}

/* Connections are numbered anew by each process: so that no number is given twice, and the first
 * ones stay short. */
static uint64_t first_id(struct member *member)
{
	const uint64_t room = 1000000000000; /* for one process */

	return (member->births++ * (uint64_t)CONFIG_WORKERS_MAX + member->index) * room;
}

void crew_spawn(struct member *member, const struct order *order, struct listen_set *listens)
{
	struct worker_birth birth;
	struct err why;
	int ends[2];

	if (!listen_set_open(listens, member->index, &why) || !channel_pair(ends, &why)) {
		give_up_birth(member, why.text);
		return;
	}
	if (member->page == NULL)
		member->page = breadcrumb_new();
	memset(member->page, 0, sizeof(*member->page));
	birth = (struct worker_birth){member->index, first_id(member), member->page};
	member->pid = process_fork(ends[1]);
	if (member->pid == 0)
		exit(worker_process_run(ends[1], &birth));
	close(ends[1]);
	if (member->pid < 0) {
		close(ends[0]);
		give_up_birth(member, "no further process is allowed");
		return;
	}
	channel_init(&member->channel, ends[0]);
	member->watched = (struct watched){0};
	member->load = LOAD_NONE;
	member->unanswered = 0;
	enter(member, MEMBER_STARTING);
	crew_limit(member, START_MS);
	crew_order(member, TO_START, order, listens);
}

/* ---- life ------------------------------------------------------------------------------- */

void crew_order(struct member *member, unsigned kind, const struct order *order,
	const struct listen_set *listens)
{
	struct buf body = {0};

	member->stop_ms = order->stop_ms;
	for (size_t i = 0; i < order->address_count; i++) {
		const struct listen_at *at = listen_set_find(listens, order->addresses[i]);

		if (at != NULL && at->fds[member->index] >= 0)
			channel_send(&member->channel, TO_LISTEN, span_of(at->address),
				at->fds[member->index]);
	}
	order_pack(&body, order);
	channel_send(&member->channel, kind, buf_span(&body), -1);
	buf_fini(&body);
}

void crew_say(struct member *member, unsigned kind)
{
	channel_send(&member->channel, kind, (struct span){0}, -1);
}

static void leave(struct member *member, unsigned kind)
{
	crew_say(member, kind);
	member->load = LOAD_NONE;
	enter(member, MEMBER_LEAVING);
	crew_limit(member, member->stop_ms + LEAVE_MS);
}

void crew_stop(struct member *member)
{
	/* Also one that leaves already: it may be in no hurry. */
	if (crew_is_alive(member))
		leave(member, TO_STOP);
}

void crew_retire(struct member *member)
{
	if (crew_is_alive(member) && member->state != MEMBER_LEAVING)
		leave(member, TO_RETIRE);
}

void crew_leave(struct member *member)
{
	if (!crew_is_alive(member) || member->state == MEMBER_LEAVING)
		return;
	leave(member, TO_LEAVE);
	crew_limit(member, 0);
}

void crew_serves(struct member *member, unsigned number)
{
	member->number = number;
	member->unready = 0;
	if (member->state == MEMBER_STARTING)
		enter(member, MEMBER_SERVING);
	crew_limit(member, 0);
}

void crew_look(struct crew *crew)
{
	uint64_t now = process_now_ms();

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &crew->members[i];

		if (!crew_is_alive(member))
			continue;
		if (member->channel.fd < 0 && member->kill_ms == UINT64_MAX)
			crew_limit(member, ORPHAN_MS);
		if (now < member->kill_ms)
			continue;
		log_error("worker %u (pid %ld) does not answer, killing it", i + 1,
			(long)member->pid);
		kill(member->pid, SIGKILL);
		member->kill_ms = UINT64_MAX;
		crew_limit(member, ORPHAN_MS);
	}
}

/* ---- death ------------------------------------------------------------------------------ */

static void count_death(struct member *member)
{
	bool was_quiet = member->state == MEMBER_SERVING &&
			 process_now_ms() - member->since_ms >= QUIET_MS;

	member->deaths++;
	member->unready = member->state == MEMBER_STARTING ? member->unready + 1 : 0;
	member->row = was_quiet ? 1 : member->row + 1;
	member->pause_ms = pause_ms(member);
	member->respawn_ms = process_now_ms() + member->pause_ms;
}

struct member *crew_reap(struct crew *crew, pid_t pid, int status)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &crew->members[i];

		if (!crew_is_alive(member) || member->pid != pid)
			continue;
		process_end_print(member->end, status);
		if (member->state == MEMBER_LEAVING)
			member->row = 0;
		else
			count_death(member);
		channel_fini(&member->channel);
		enter(member, MEMBER_NONE);
		member->pid = 0;
		return member;
	}
	return NULL;
}
