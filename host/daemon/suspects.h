/*
 * Which plugins ended how many workers, and which of them are in quarantine for it. A plugin is its
 * bytes here: name and version, as a copy has them. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_SUSPECTS_H
#define SOCKLET_DAEMON_SUSPECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "config/config.h"
#include "plugin/breadcrumb.h"

struct order;

enum { SUSPECT_DEATHS_MAX = 100 }; /* the most that routes.yaml can ask for */

struct suspect {
	char plugin[BREADCRUMB_NAME_MAX];
	unsigned version;
	unsigned deaths;                       /* all */
	uint64_t times_ms[SUSPECT_DEATHS_MAX]; /* of the last ones: a ring */
	time_t quarantined_at;                 /* 0: it is not */
};

/* Zero it; then suspects_fini. */
struct suspects {
	struct suspect *items;
	size_t count;
};

void suspects_fini(struct suspects *suspects);

/*
 * Whose code a dead process was in, by its page: plugin[0] is 0 for nobody's, and for a signal that
 * came from outside. `master` may send some for good reason.
 */
struct blame {
	char plugin[BREADCRUMB_NAME_MAX];
	unsigned version;
};
struct blame suspects_blame(const struct breadcrumb *page, int64_t master);

/* One more death. Returns the plugin if it is in quarantine from now on, else NULL. */
const struct suspect *suspects_note(struct suspects *suspects, const struct blame *blame,
	const struct quarantine_conf *rule, uint64_t now_ms);
/* Whether the order has it, with these bytes, and it is in quarantine. */
bool suspects_is_held(const struct suspect *suspect, const struct order *order);
/* Who is not of this order is forgotten; where nobody is to be in quarantine, all are. */
void suspects_settle(
	struct suspects *suspects, const struct order *order, const struct quarantine_conf *rule);

#endif
