/*
 * Counts, and nothing else; what follows from a quarantine, containment.c does. Called by it, by
 * commit.c, reload.c, report.c and status.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/suspects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "daemon/order.h"

void suspects_fini(struct suspects *suspects)
{
	free(suspects->items);
	memset(suspects, 0, sizeof(*suspects));
}

/* ---- blame ------------------------------------------------------------------------------ */

static void set(struct blame *out, const char *plugin, size_t size, unsigned version)
{
	/* The page may have been written over by what crashed. */
	snprintf(out->plugin, sizeof(out->plugin), "%.*s", (int)size - 1, plugin);
	out->version = version;
}

struct blame suspects_blame(const struct breadcrumb *page, int64_t master)
{
	const struct breadcrumb_fault *fault = &page->fault;
	struct blame blame = {.plugin = ""};
	bool is_theirs = fault->signal != 0 && fault->sender != 0 && fault->sender != master;

	if (is_theirs)
		return blame;
	/* On another thread the step tells of something else. */
	if (fault->signal != 0 && fault->image >= 0 && fault->image < BREADCRUMB_IMAGES_MAX &&
		(fault->is_other_thread || !breadcrumb_is_inside(page))) {
		const struct breadcrumb_image *image = &page->images[fault->image];

		set(&blame, image->plugin, sizeof(image->plugin), image->version);
	} else if (breadcrumb_is_inside(page) && (fault->signal == 0 || !fault->is_other_thread)) {
		set(&blame, page->plugin, sizeof(page->plugin), page->step.version);
	}
	return blame;
}

/* ---- counting --------------------------------------------------------------------------- */

static struct suspect *find(struct suspects *suspects, const struct blame *blame)
{
	for (size_t i = 0; i < suspects->count; i++) {
		struct suspect *suspect = &suspects->items[i];

		if (suspect->version == blame->version &&
			strcmp(suspect->plugin, blame->plugin) == 0)
			return suspect;
	}
	return NULL;
}

static struct suspect *add(struct suspects *suspects, const struct blame *blame)
{
	struct suspect *suspect;

	suspects->items = xrealloc(
		suspects->items, (suspects->count + 1) * sizeof(*suspects->items));
	suspect = &suspects->items[suspects->count++];
	memset(suspect, 0, sizeof(*suspect));
	memcpy(suspect->plugin, blame->plugin, sizeof(suspect->plugin));
	suspect->version = blame->version;
	return suspect;
}

/* Whether the last `deaths` of them lie within the time. */
static bool is_too_many(
	const struct suspect *suspect, const struct quarantine_conf *rule, uint64_t now_ms)
{
	uint64_t first_ms;

	if (rule->deaths == 0 || suspect->deaths < rule->deaths)
		return false;
	first_ms = suspect->times_ms[(suspect->deaths - rule->deaths) % SUSPECT_DEATHS_MAX];
	return now_ms - first_ms <= rule->within_ms;
}

const struct suspect *suspects_note(struct suspects *suspects, const struct blame *blame,
	const struct quarantine_conf *rule, uint64_t now_ms)
{
	struct suspect *suspect = find(suspects, blame);

	if (suspect == NULL)
		suspect = add(suspects, blame);
	suspect->times_ms[suspect->deaths++ % SUSPECT_DEATHS_MAX] = now_ms;
	if (suspect->quarantined_at != 0 || !is_too_many(suspect, rule, now_ms))
		return NULL;
	suspect->quarantined_at = time(NULL);
	return suspect;
}

/* ---- an order --------------------------------------------------------------------------- */

static bool is_offered(const struct suspect *suspect, const struct order *order)
{
	for (size_t i = 0; i < order->offer_count; i++)
		if (order->offers[i].version == suspect->version &&
			strcmp(order->offers[i].name, suspect->plugin) == 0)
			return true;
	return false;
}

bool suspects_is_held(const struct suspect *suspect, const struct order *order)
{
	return suspect->quarantined_at != 0 && is_offered(suspect, order);
}

void suspects_settle(
	struct suspects *suspects, const struct order *order, const struct quarantine_conf *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < suspects->count; i++)
		if (rule->deaths > 0 && is_offered(&suspects->items[i], order))
			suspects->items[kept++] = suspects->items[i];
	suspects->count = kept;
}
