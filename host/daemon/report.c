/*
 * Each line is written once and goes to all who want to know. Called by reload.c when one is over,
 * and by start.c. SPDX-License-Identifier: MIT
 */
#include "daemon/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/master_state.h"
#include "daemon/notify.h"
#include "daemon/pack.h"

void report_to_manager(const struct master *master)
{
	size_t count = master->reload.why.count;
	char refusal[64] = "", status[128];

	if (count > 0)
		snprintf(refusal, sizeof(refusal), "reload refused: %zu mistake%s; ", count,
			count == 1 ? "" : "s");
	snprintf(status, sizeof(status), "%sgeneration %u serves%s", refusal,
		master->committed->order.number, count > 0 ? " on" : "");
	notify_ready(status);
}

static void begin(struct report *report, bool is_done)
{
	report->at = time(NULL);
	report->is_done = is_done;
	report->text.len = 0;
}

static void put(struct report *report, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct report *report, const char *format, ...)
{
	struct arena arena = {0};
	const char *text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(&arena, format, args);
	va_end(args);
	log_line(LOG_AREA, report->is_done ? LOG_INFO : LOG_ERROR, "%s", text);
	buf_append_span(&report->text, span_of(text));
	buf_append(&report->text, "\n", 1);
	arena_fini(&arena);
}

static void end(struct master *master)
{
	report_to_manager(master);
	control_reload_ends(
		&master->control, master->report.is_done, buf_span(&master->report.text));
}

void report_refused(struct master *master)
{
	const struct err_list *why = &master->reload.why;
	struct report *report = &master->report;
	struct arena arena = {0};

	begin(report, false);
	for (size_t i = 0; i < why->count; i++)
		put(report, "%s", complaint_line(&why->items[i], &arena));
	put(report, "reload: refused, %zu mistake%s; generation %u serves on", why->count,
		why->count == 1 ? "" : "s", master->committed->order.number);
	end(master);
	arena_fini(&arena);
}

/* One line for each plugin whose code or options are new. */
static void put_news(struct report *report, struct span news)
{
	struct arena arena = {0};
	uint64_t version;

	while (news.len > 0) {
		const char *name = pack_take_text(&news, &arena);

		pack_take_number(&news, &version);
		if (name != NULL)
			put(report, "reload: plugin %s: version %u serves new connections", name,
				(unsigned)version);
	}
	arena_fini(&arena);
}

/* Who is in quarantine still, and who is no longer. */
static void put_quarantine(struct report *report, const struct master *master)
{
	const struct commit *now = master->committed;

	for (size_t i = 0; i < master->suspects.count; i++) {
		const struct suspect *suspect = &master->suspects.items[i];

		if (suspect->quarantined_at == 0)
			continue;
		if (now->config.quarantine.deaths > 0 && suspects_is_held(suspect, &now->order))
			put(report,
				"reload: plugin %s: version %u stays in quarantine, its bytes are "
				"the same",
				suspect->plugin, suspect->version);
		else
			put(report, "reload: plugin %s: version %u is in quarantine no longer",
				suspect->plugin, suspect->version);
	}
}

void report_done(struct master *master)
{
	const struct commit *now = master->committed;
	struct report *report = &master->report;

	begin(report, true);
	put_news(report, buf_span(&master->reload.news));
	put_quarantine(report, master);
	put(report, "reload: done, generation %u serves %zu route%s with %zu plugin%s",
		now->order.number, now->config.route_count, now->config.route_count == 1 ? "" : "s",
		now->order.offer_count, now->order.offer_count == 1 ? "" : "s");
	end(master);
}

void report_fallback(struct master *master)
{
	const struct err_list *why = &master->reload.why;
	struct report *report = &master->report;
	struct arena arena = {0};

	begin(report, false);
	for (size_t i = 0; i < why->count; i++)
		put(report, "%s", complaint_line(&why->items[i], &arena));
	put(report,
		"reload: taken back; generation %u serves what was committed before, with %zu "
		"routes",
		master->committed->order.number, master->committed->config.route_count);
	end(master);
	arena_fini(&arena);
}

void report_unchanged(struct master *master)
{
	begin(&master->report, true);
	put_quarantine(&master->report, master);
	put(&master->report, "reload: done, nothing has changed; generation %u serves on",
		master->committed->order.number);
	end(master);
}
