/*
 * A hashed wheel. Times are rounded up to ticks, so nothing is ever found too early; an entry
 * further ahead than the wheel is long stays in its slot for another round.
 * SPDX-License-Identifier: MIT
 */
#include "net/deadline.h"

#include <stddef.h>

void deadline_wheel_init(struct deadline_wheel *wheel, uint64_t now_ms)
{
	wheel->tick = now_ms / DEADLINE_TICK_MS;
	for (size_t i = 0; i < DEADLINE_SLOTS; i++)
		LIST_INIT(&wheel->slots[i]);
}

static void insert(struct deadline_wheel *wheel, struct deadline *deadline)
{
	uint64_t tick = (deadline->due_ms + DEADLINE_TICK_MS - 1) / DEADLINE_TICK_MS;

	/* A swept slot would be seen again only after a whole round. */
	if (tick <= wheel->tick)
		tick = wheel->tick + 1;
	LIST_INSERT_HEAD(&wheel->slots[tick % DEADLINE_SLOTS], deadline, link);
}

void deadline_set(struct deadline_wheel *wheel, struct deadline *deadline, uint64_t due_ms)
{
	if (deadline->due_ms != 0 && deadline->due_ms <= due_ms)
		return;
	deadline_clear(deadline);
	deadline->due_ms = due_ms == 0 ? 1 : due_ms;
	insert(wheel, deadline);
}

void deadline_clear(struct deadline *deadline)
{
	if (deadline->due_ms == 0)
		return;
	LIST_REMOVE(deadline, link);
	deadline->due_ms = 0;
}

uint64_t deadline_wheel_next(const struct deadline_wheel *wheel)
{
	for (uint64_t tick = wheel->tick + 1; tick <= wheel->tick + DEADLINE_SLOTS; tick++) {
		if (!LIST_EMPTY(&wheel->slots[tick % DEADLINE_SLOTS]))
			return tick * DEADLINE_TICK_MS;
	}
	return UINT64_MAX;
}

/* Off its slot first: what due() sets may land in the slot being swept. */
static void sweep_slot(struct deadline_wheel *wheel, struct deadline_list *slot, uint64_t now_ms,
	void (*due)(struct deadline *deadline))
{
	struct deadline_list visited = *slot;
	struct deadline *deadline;

	LIST_INIT(slot);
	if (!LIST_EMPTY(&visited))
		LIST_FIRST(&visited)->link.le_prev = &visited.lh_first;
	while ((deadline = LIST_FIRST(&visited)) != NULL) {
		LIST_REMOVE(deadline, link);
		if (deadline->due_ms > now_ms) {
			insert(wheel, deadline);
			continue;
		}
		deadline->due_ms = 0;
		due(deadline);
	}
}

void deadline_wheel_sweep(
	struct deadline_wheel *wheel, uint64_t now_ms, void (*due)(struct deadline *deadline))
{
	uint64_t last = now_ms / DEADLINE_TICK_MS;

	/* After a pause longer than a round each slot needs one visit only. */
	if (last > wheel->tick + DEADLINE_SLOTS)
		wheel->tick = last - DEADLINE_SLOTS;
	while (wheel->tick < last) {
		wheel->tick++;
		sweep_slot(wheel, &wheel->slots[wheel->tick % DEADLINE_SLOTS], now_ms, due);
	}
}
