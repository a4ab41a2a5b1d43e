/*
 * One line tells of each death: the process's own, when its handler could write it, else one made
 * here of its page. Blame counts from the first client on: before, a start that fails says more.
 * Called by master.c. SPDX-License-Identifier: MIT
 */
#include "daemon/containment.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/crash.h"
#include "daemon/message_kinds.h"
#include "daemon/pack.h"

/* An exit outside of plugin code has nothing to add to its status. */
static void log_last_step(const struct breadcrumb *page, pid_t pid, int status)
{
	char text[CRASH_TEXT_MAX];

	if (page->fault.signal == 0 && (WIFSIGNALED(status) || breadcrumb_is_inside(page)))
		log_error("%s", crash_report(text, sizeof(text), page, pid, status));
}

/* ---- quarantine ------------------------------------------------------------------------- */

static void tell(struct member *member, const struct suspect *suspect)
{
	struct buf body = {0};

	pack_text(&body, suspect->plugin);
	pack_number(&body, suspect->version);
	channel_send(&member->channel, TO_QUARANTINE, buf_span(&body), -1);
	buf_fini(&body);
}

static void begin_quarantine(struct master *master, const struct suspect *suspect)
{
	const struct quarantine_conf *rule = &master->committed->config.quarantine;

	log_error("plugin %s (version %u) is in quarantine: it ended %u worker%s within %llu s; "
		  "its routes answer 503 until a reload brings other bytes",
		suspect->plugin, suspect->version, rule->deaths, rule->deaths == 1 ? "" : "s",
		(unsigned long long)(rule->within_ms + 999) / 1000);
	commit_quarantine(master->committed, &master->suspects);
	if (master->reload.next != NULL)
		commit_quarantine(master->reload.next, &master->suspects);
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		/* Without that plugin it may well start. */
		member->unready = 0;
		if (crew_is_alive(member))
			tell(member, suspect);
	}
}

/* Bytes that serve no new connection any more need no quarantine. */
static bool is_committed(const struct master *master, const struct blame *blame)
{
	const struct order *order = &master->committed->order;

	for (size_t i = 0; i < order->offer_count; i++)
		if (order->offers[i].version == blame->version &&
			strcmp(order->offers[i].name, blame->plugin) == 0)
			return true;
	return false;
}

static void blame(struct master *master, const struct member *member)
{
	struct blame blame = suspects_blame(member->page, getpid());
	const struct suspect *suspect;

	if (blame.plugin[0] == '\0' || !is_committed(master, &blame))
		return;
	suspect = suspects_note(
		&master->suspects, &blame, &master->committed->config.quarantine, process_now_ms());
	if (suspect != NULL)
		begin_quarantine(master, suspect);
}

void containment_on_death(struct master *master, struct member *member, pid_t pid, int status)
{
	log_last_step(member->page, pid, status);
	if (master->has_started && !master->is_stopping)
		blame(master, member);
}
