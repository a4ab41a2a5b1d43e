/*
 * A hashed wheel. Times are rounded up to ticks, so nothing is ever found too early; an entry
 * further ahead than the wheel is long stays in its slot for another round.
 * SPDX-License-Identifier: MIT
 */
#include "net/deadline.h"

#include <stdbool.h>
#include <stddef.h>

/* What is further ahead is looked at then, and found to be not due yet. */
#define FAR_TICKS ((uint64_t)1 << 30)

void deadline_wheel_init(struct deadline_wheel *wheel, uint64_t now_ms)
{
	wheel->tick = now_ms / DEADLINE_TICK_MS;
	LIST_INIT(&wheel->unset);
	for (size_t i = 0; i < DEADLINE_SLOTS; i++)
		LIST_INIT(&wheel->slots[i]);
}

static struct deadline_list *slot_of(struct deadline_wheel *wheel, uint32_t tick)
{
	return &wheel->slots[tick % DEADLINE_SLOTS];
}

/* The half that is kept tells which is earlier, as none is further ahead than a quarter of it. */
static bool is_later(uint32_t tick, uint32_t than)
{
	return (int32_t)(tick - than) > 0;
}

static uint32_t tick_at(const struct deadline_wheel *wheel, uint64_t due_ms)
{
	uint64_t tick = due_ms / DEADLINE_TICK_MS + (due_ms % DEADLINE_TICK_MS != 0);

	/* A swept slot would be seen again only after a whole round. */
	if (tick <= wheel->tick)
		tick = wheel->tick + 1;
	if (tick > wheel->tick + FAR_TICKS)
		tick = wheel->tick + FAR_TICKS;
	return (uint32_t)tick == 0 ? 1 : (uint32_t)tick;
}

void deadline_begin(struct deadline_wheel *wheel, struct deadline *deadline)
{
	LIST_INSERT_HEAD(&wheel->unset, deadline, link);
}

void deadline_end(struct deadline *deadline)
{
	LIST_REMOVE(deadline, link);
	deadline->due_tick = 0;
}

void deadline_set(struct deadline_wheel *wheel, struct deadline *deadline, uint64_t due_ms)
{
	uint32_t tick = tick_at(wheel, due_ms);

	if (deadline->due_tick != 0 && !is_later(deadline->due_tick, tick))
		return;
	LIST_REMOVE(deadline, link);
	deadline->due_tick = tick;
	LIST_INSERT_HEAD(slot_of(wheel, tick), deadline, link);
}

void deadline_clear(struct deadline_wheel *wheel, struct deadline *deadline)
{
	deadline_end(deadline);
	deadline_begin(wheel, deadline);
}

static void each_in(const struct deadline_list *list,
	void (*visit)(struct deadline *deadline, void *context), void *context)
{
	struct deadline *deadline = LIST_FIRST(list), *next;

	for (; deadline != NULL; deadline = next) {
		next = LIST_NEXT(deadline, link);
		visit(deadline, context);
	}
}

void deadline_wheel_each(const struct deadline_wheel *wheel,
	void (*visit)(struct deadline *deadline, void *context), void *context)
{
	each_in(&wheel->unset, visit, context);
	for (size_t i = 0; i < DEADLINE_SLOTS; i++)
		each_in(&wheel->slots[i], visit, context);
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
static void sweep_slot(struct deadline_wheel *wheel, struct deadline_list *slot,
	void (*due)(struct deadline *deadline))
{
	struct deadline_list visited = *slot;
	struct deadline *deadline;

	LIST_INIT(slot);
	if (!LIST_EMPTY(&visited))
		LIST_FIRST(&visited)->link.le_prev = &visited.lh_first;
	while ((deadline = LIST_FIRST(&visited)) != NULL) {
		LIST_REMOVE(deadline, link);
		if (is_later(deadline->due_tick, (uint32_t)wheel->tick)) {
			LIST_INSERT_HEAD(slot, deadline, link);
			continue;
		}
		deadline->due_tick = 0;
		deadline_begin(wheel, deadline);
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
		sweep_slot(wheel, slot_of(wheel, (uint32_t)wheel->tick), due);
	}
}
