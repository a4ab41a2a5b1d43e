/*
 * When something is due, for many connections and one timer: a wheel of slots that is swept as
 * time passes. A deadline is set once and looked at when its time has come; its owner then says
 * when it is really due, so that a busy connection costs nothing until then. Knows no clock and no
 * event loop. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_DEADLINE_H
#define SOCKLET_NET_DEADLINE_H

#include <stdint.h>
#include <sys/queue.h>

/* Embedded in its owner. Zero it, then deadline_begin. */
struct deadline {
	LIST_ENTRY(deadline) link; /* of a slot, or of those that are not set */
	uint32_t due_tick;         /* low half of the wheel's; 0: not set */
};

LIST_HEAD(deadline_list, deadline);

enum {
	DEADLINE_TICK_MS = 16, /* how late a deadline may be found */
	DEADLINE_SLOTS = 512,  /* beyond 8 s ahead an entry is passed over once a round */
};

struct deadline_wheel {
	uint64_t tick; /* slots up to here are swept */
	struct deadline_list slots[DEADLINE_SLOTS], unset;
};

void deadline_wheel_init(struct deadline_wheel *wheel, uint64_t now_ms);
/* It belongs to the wheel from here on, set or not, until its end: so all of them can be found. */
void deadline_begin(struct deadline_wheel *wheel, struct deadline *deadline);
void deadline_end(struct deadline *deadline);
/* Due at due_ms, unless it is set for an earlier time already: that one stays. */
void deadline_set(struct deadline_wheel *wheel, struct deadline *deadline, uint64_t due_ms);
void deadline_clear(struct deadline_wheel *wheel, struct deadline *deadline);
/* When to sweep next; UINT64_MAX when nothing is set. */
uint64_t deadline_wheel_next(const struct deadline_wheel *wheel);
/* Calls due(deadline) for each whose time has come, cleared; it may set and clear any. */
void deadline_wheel_sweep(
	struct deadline_wheel *wheel, uint64_t now_ms, void (*due)(struct deadline *deadline));

/* Calls visit for all, set or not; it may end the one that it is given. */
void deadline_wheel_each(const struct deadline_wheel *wheel,
	void (*visit)(struct deadline *deadline, void *context), void *context);

#endif
