/*
 * One load at a time, in phases that each wait without blocking: copy the plugins, let the canary
 * try, ask all workers to prepare, then tell all to commit. Whatever fails before the commit
 * leaves all as it was; nothing behind it can fail. A worker that is missed goes on from what is
 * committed, whenever it comes. Called by master.c. SPDX-License-Identifier: MIT
 */
#include "daemon/reload.h"

#include <string.h>

#include "base/log.h"
#include "daemon/message_kinds.h"
#include "daemon/notify.h"
#include "daemon/pack.h"
#include "daemon/start.h"
#include "plugin/copy.h"
#include "plugin/snapshot.h"

enum {
	ANSWER_MS = 15000, /* for a worker to prepare, and to commit */
	UNREADY_MAX = 5,   /* deaths of one worker before it serves what is committed */
};

void reload_init(struct reload *reload)
{
	memset(reload, 0, sizeof(*reload));
	reload->look_ms = UINT64_MAX;
	channel_init(&reload->canary.channel, -1);
}

static void forget(struct reload *reload)
{
	bool is_wanted = reload->is_wanted;

	commit_free(reload->next);
	canary_fini(&reload->canary);
	buf_fini(&reload->news);
	err_list_fini(&reload->why);
	reload_init(reload);
	reload->is_wanted = is_wanted;
}

void reload_fini(struct master *master)
{
	forget(&master->reload);
	master->reload.is_wanted = false;
}

/* ---- the end of it ---------------------------------------------------------------------- */

/* For the reasons in reload->why. */
static void refuse(struct master *master)
{
	struct reload *reload = &master->reload;

	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (member->load != LOAD_NONE)
			crew_say(member, TO_ABORT);
		member->load = LOAD_NONE;
	}
	listen_set_restore(&master->listens);
	log_file_forget(&master->log);
	if (master->has_started)
		report_refused(master);
	else
		start_refused(master);
	forget(reload);
}

static void refuse_for(struct master *master, struct place place, const char *text)
{
	err_list_add(&master->reload.why, place, "%s", text);
	refuse(master);
}

static void finish(struct master *master)
{
	if (master->reload.is_fallback)
		report_fallback(master);
	else
		report_done(master);
	suspects_settle(&master->suspects, &master->committed->order,
		&master->committed->config.quarantine);
	forget(&master->reload);
	copy_store_sweep(master->copies);
}

static void finish_unchanged(struct master *master)
{
	report_unchanged(master);
	forget(&master->reload);
}

/* ---- commit ----------------------------------------------------------------------------- */

/* That is the truth from here on. */
static void serve(struct master *master, struct commit *commit)
{
	master->committed = commit;
	listen_set_keep(&master->listens, commit->order.workers);
	log_file_commit(master);
	master->crew.wanted = commit->order.workers;
}

static void commit_next(struct master *master)
{
	struct reload *reload = &master->reload;

	commit_free(master->previous);
	master->previous = master->committed;
	serve(master, reload->next);
	reload->next = NULL;
}

static bool any_member(const struct master *master, enum member_load load)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		if (master->crew.members[i].load == load)
			return true;
	return false;
}

static void finish_if_all_serve(struct master *master)
{
	if (!any_member(master, LOAD_COMMITTED))
		finish(master);
}

/* One that was not there to be asked, as it was just starting, is told the whole. */
static void tell_to_commit(struct master *master, struct member *member)
{
	bool is_prepared = member->load == LOAD_PREPARED;

	if (member->state != MEMBER_SERVING && member->state != MEMBER_STARTING)
		return;
	member->load = LOAD_COMMITTED;
	crew_limit(member, ANSWER_MS);
	if (is_prepared)
		crew_say(member, TO_COMMIT);
	else if (member->state == MEMBER_SERVING)
		crew_order(member, TO_START, &master->committed->order, &master->listens);
}

static void tell_all_to_commit(struct master *master)
{
	master->reload.phase = RELOAD_COMMITTING;
	for (unsigned i = 0; i < master->crew.wanted; i++)
		tell_to_commit(master, &master->crew.members[i]);
	finish_if_all_serve(master);
}

static void commit_if_all_are_prepared(struct master *master)
{
	if (any_member(master, LOAD_ASKED))
		return;
	commit_next(master);
	tell_all_to_commit(master);
}

/* Back to what is known to have served: a worker dies of this one before it serves it. */
static void fall_back(struct master *master, const struct member *member)
{
	struct reload *reload = &master->reload;
	struct commit *bad = master->committed, *good = master->previous;

	if (!listen_set_want(&master->listens, good->listens, good->listen_count,
		    good->order.workers, &reload->why)) {
		err_list_fini(&reload->why);
		return;
	}
	err_list_add(&reload->why, (struct place){0},
		"generation %u is given up: worker %u %s before it served, %u times in a row; what "
		"it logged says more",
		bad->order.number, member->index + 1, member->end, member->unready);
	reload->is_fallback = true;
	good->order.number = bad->order.number + 1;
	commit_quarantine(good, &master->suspects);
	master->previous = NULL;
	serve(master, good);
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		master->crew.members[i].unready = 0;
	tell_all_to_commit(master);
	commit_free(bad);
}

static void ask_to_prepare(struct master *master)
{
	const struct order *order = &master->reload.next->order;

	master->reload.phase = RELOAD_PREPARING;
	for (unsigned i = 0; i < order->workers; i++) {
		struct member *member = &master->crew.members[i];

		if (member->state != MEMBER_SERVING)
			continue;
		member->load = LOAD_ASKED;
		member->unanswered++;
		crew_order(member, TO_PREPARE, order, &master->listens);
		crew_limit(member, ANSWER_MS);
	}
	commit_if_all_are_prepared(master);
}

static void start_workers(struct master *master)
{
	master->reload.phase = RELOAD_STARTING;
	commit_next(master);
}

/* ---- canary ----------------------------------------------------------------------------- */

static void check(struct master *master)
{
	struct reload *reload = &master->reload;
	struct err err;

	reload->phase = RELOAD_CHECKING;
	if (!canary_start(&reload->canary, &reload->next->order, &err))
		refuse_for(master, (struct place){0}, err.text);
}

/*
 * Who still closes its connections accepts none: clients in a queue of its own would wait until
 * its successor comes. Others have them meanwhile.
 */
static bool want_sockets(struct master *master, const struct commit *next)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		master->listens.is_away[i] = master->crew.members[i].state == MEMBER_LEAVING;
	return listen_set_want(&master->listens, next->listens, next->listen_count,
		next->order.workers, &master->reload.why);
}

static void take_verdict(struct master *master)
{
	struct reload *reload = &master->reload;

	if (reload->canary.complaints.count > 0) {
		struct err_list empty = reload->why;

		reload->why = reload->canary.complaints;
		reload->canary.complaints = empty;
		refuse(master);
	} else if (!want_sockets(master, reload->next) ||
		   !log_file_prepare(&master->log, &reload->next->config.log, &reload->why)) {
		refuse(master);
	} else if (master->committed == NULL) {
		start_workers(master);
	} else {
		ask_to_prepare(master);
	}
}

/* A plugin that cannot even be opened is set aside, so that what else is wrong is found, too. */
static void check_without(struct master *master, const struct canary_death *death)
{
	struct reload *reload = &master->reload;
	struct arena arena = {0};

	commit_withdraw(reload->next, death->plugin,
		arena_printf(&arena, "opening plugin \"%s\" %s; look at its constructors",
			death->plugin, death->how));
	arena_fini(&arena);
	canary_fini(&reload->canary);
	check(master);
}

static void take_death(struct master *master, const struct canary_death *death)
{
	struct place place = {0};
	struct err text;

	if (death->plugin[0] == '\0') {
		err_set(&text, ERR_INTERNAL, "trying it out %s, outside of plugin code",
			death->how);
	} else if (death->callback == CRUMB_LOAD) {
		check_without(master, death);
		return;
	} else {
		place = commit_place(master->reload.next, death->plugin);
		err_set(&text, ERR_INTERNAL, "trying it out: %s of %s %s",
			breadcrumb_callback_name(death->callback), death->plugin, death->how);
	}
	refuse_for(master, place, text.text);
}

void reload_reap(struct master *master, pid_t pid, int status)
{
	struct reload *reload = &master->reload;
	struct canary_death death;

	if (pid != reload->canary.pid)
		return;
	if (canary_ended(&reload->canary, status, &death))
		take_verdict(master);
	else
		take_death(master, &death);
}

/* ---- the beginning ---------------------------------------------------------------------- */

static void begin(struct master *master)
{
	struct reload *reload = &master->reload;

	reload->is_wanted = false;
	reload->phase = RELOAD_COPYING;
	control_reload_begins(&master->control);
	if (master->has_started)
		notify_reloading();
	reload->next = commit_new(master->options, &reload->why);
	if (reload->next == NULL) {
		refuse(master);
		return;
	}
	reload->next->order.number = master->committed == NULL
					     ? 1
					     : master->committed->order.number + 1;
	file_watch_plugins(&master->files, reload->next->config.plugins_dir.text);
	reload->look_ms = 0;
	reload->give_up_ms = process_now_ms() + SNAPSHOT_WAIT_MS;
}

static void copy(struct master *master)
{
	struct reload *reload = &master->reload;
	uint64_t now = process_now_ms();
	enum commit_progress progress;

	do
		progress = commit_copy(reload->next, master->copies, now >= reload->give_up_ms);
	while (progress == COMMIT_MORE);
	reload->look_ms = progress == COMMIT_BUSY ? now + SNAPSHOT_NAP_MS : UINT64_MAX;
	if (progress == COMMIT_BUSY)
		return;
	if (master->committed != NULL && commit_is_same(reload->next, master->committed))
		finish_unchanged(master);
	else {
		commit_quarantine(reload->next, &master->suspects);
		check(master);
	}
}

void reload_request(struct master *master)
{
	master->reload.is_wanted = true;
}

void reload_look(struct master *master)
{
	struct reload *reload = &master->reload;

	canary_look(&reload->canary);
	if (reload->phase == RELOAD_IDLE && reload->is_wanted)
		begin(master);
	if (reload->phase == RELOAD_COPYING && process_now_ms() >= reload->look_ms)
		copy(master);
}

static void canary_on_ready(void *context, void *arg)
{
	(void)context;
	canary_read(arg);
}

void reload_watch(struct master *master, struct poll_list *list)
{
	struct reload *reload = &master->reload;

	poll_list_until(list, reload->look_ms);
	if (reload->phase == RELOAD_IDLE && reload->is_wanted)
		poll_list_until(list, 0);
	if (reload->canary.pid == 0)
		return;
	poll_list_until(list, reload->canary.deadline_ms);
	if (reload->canary.channel.fd >= 0)
		poll_list_add(
			list, reload->canary.channel.fd, POLLIN, canary_on_ready, &reload->canary);
}

/* ---- what workers say ------------------------------------------------------------------- */

static void on_prepared(struct master *master, struct member *member, struct span news)
{
	member->load = LOAD_PREPARED;
	if (master->reload.news.len == 0)
		buf_append_span(&master->reload.news, news);
	commit_if_all_are_prepared(master);
}

static void log_reasons(const struct err_list *why)
{
	struct arena arena = {0};

	for (size_t i = 0; i < why->count; i++)
		log_error("%s", complaint_line(&why->items[i], &arena));
	arena_fini(&arena);
}

static void on_refused(struct master *master, struct member *member, struct span complaints)
{
	struct reload *reload = &master->reload;

	if (member->load == LOAD_ASKED || reload->phase == RELOAD_STARTING) {
		member->load = LOAD_NONE;
		pack_take_complaints(&complaints, &reload->why);
		refuse(master);
		return;
	}
	/* It could not start from what is committed, and ends. */
	pack_take_complaints(&complaints, &reload->why);
	log_reasons(&reload->why);
	err_list_fini(&reload->why);
}

static void on_serves(struct master *master, struct member *member, struct span body)
{
	uint64_t number;

	pack_take_number(&body, &number);
	crew_serves(member, (unsigned)number);
	/* Something was committed while it started. */
	if (master->committed->order.number == member->number)
		member->load = LOAD_NONE;
	else
		crew_order(member, TO_START, &master->committed->order, &master->listens);
	if (master->reload.phase == RELOAD_COMMITTING)
		finish_if_all_serve(master);
	else if (master->reload.phase == RELOAD_STARTING && start_is_done(master))
		forget(&master->reload);
}

/* Whether it answers what was asked last. */
static bool is_current(struct member *member)
{
	if (member->unanswered > 0 && --member->unanswered == 0)
		crew_limit(member, 0);
	return member->unanswered == 0 && member->load == LOAD_ASKED;
}

void reload_on_message(struct master *master, struct member *member, const struct message *message)
{
	if (master->is_stopping || member->state == MEMBER_LEAVING)
		return;
	switch ((enum from_worker)message->kind) {
	case FROM_PREPARED:
		if (is_current(member))
			on_prepared(master, member, message->body);
		break;
	case FROM_REFUSED:
		if (member->unanswered == 0 || is_current(member))
			on_refused(master, member, message->body);
		break;
	case FROM_SERVES:
		on_serves(master, member, message->body);
		break;
	case FROM_STATUS:
		break;
	}
}

void reload_on_death(struct master *master, struct member *member)
{
	enum member_load load = member->load;
	struct err text;

	member->load = LOAD_NONE;
	if (master->reload.phase == RELOAD_STARTING) {
		if (start_is_hopeless(member, &text))
			refuse_for(master, (struct place){0}, text.text);
	} else if (master->reload.phase == RELOAD_PREPARING && load != LOAD_NONE) {
		err_set(&text, ERR_INTERNAL,
			"worker %u %s while it prepared the load; what it logged says more",
			member->index + 1, member->end);
		refuse_for(master, (struct place){0}, text.text);
	} else if (master->reload.phase == RELOAD_COMMITTING) {
		finish_if_all_serve(master);
	} else if (master->reload.phase == RELOAD_IDLE && master->previous != NULL &&
		   member->unready >= UNREADY_MAX) {
		fall_back(master, member);
	}
}
