/*
 * The rows of keys.h once more, with the way a value of each type is written. Called by the routes
 * command. SPDX-License-Identifier: MIT
 */
#include "config/limits_show.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "config/keys.h"
#include "config/limits_conf.h"

struct unit {
	const char *name;
	uint64_t worth;
};

struct shown_row {
	const char *name;
	size_t offset;
	const char *(*text)(const void *value, struct arena *arena);
	bool is_number;
	const char *default_text;
};

/* In the largest unit that leaves no rest; the last unit is worth 1. */
static const char *in_units(uint64_t value, const struct unit *units, struct arena *arena)
{
	while (value == 0 ? units->worth != 1 : value % units->worth != 0)
		units++;
	return arena_printf(
		arena, "%" PRIu64 "%s", value / units->worth, value == 0 ? "" : units->name);
}

static const char *show_size(const void *value, struct arena *arena)
{
	static const struct unit units[] = {
		{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}};

	return in_units(*(const uint64_t *)value, units, arena);
}

static const char *show_duration(const void *value, struct arena *arena)
{
	static const struct unit units[] = {
		{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

	return in_units(*(const uint64_t *)value, units, arena);
}

static const char *show_number(const void *value, struct arena *arena)
{
	return arena_printf(arena, "%" PRIu64, *(const uint64_t *)value);
}

static const char *show_excess(const void *value, struct arena *arena)
{
	static const char *const names[] = {
		[EXCESS_PAUSE] = "pause", [EXCESS_REFUSE] = "refuse", [EXCESS_CLOSE] = "close"};

	(void)arena;
	return names[*(const enum excess_conf *)value];
}

static const char *show_overflow(const void *value, struct arena *arena)
{
	(void)arena;
	return limits_overflow_names[*(const enum overflow_conf *)value];
}

/* A type of keys.h: how it is written, and whether it is a number. */
#define AS_size        show_size, true
#define AS_size_rate   show_size, true
#define AS_duration    show_duration, true
#define AS_rate        show_number, true
#define AS_burst       show_number, true
#define AS_connections show_number, true
#define AS_bits        show_number, true
#define AS_lines       show_number, true
#define AS_job_count   show_number, true
#define AS_excess      show_excess, false
#define AS_overflow    show_overflow, false

#define SHOWN(base, name, type, member, default_text, ...) \
	{name, offsetof(struct base, member), AS_##type, default_text},

#define ROW(name, ...)                 SHOWN(route_conf, #name, __VA_ARGS__)
#define LIMIT(name, type, member, ...) ROW(name, type, limits.member, __VA_ARGS__)
#define PING(name, type, member, ...) \
	SHOWN(route_conf, "ping " #name, type, ping.member, __VA_ARGS__)
static const struct shown_row route_rows[] = {LIMITS_KEYS(LIMIT) REQUEST_LIMITS_KEYS(LIMIT)
		TRAFFIC_KEYS(LIMIT) ROUTE_LIMITS_KEYS(LIMIT) PING_KEYS(PING)};
#undef ROW
#define ROW(name, ...) SHOWN(limits_conf, #name, __VA_ARGS__)
static const struct shown_row host_rows[] = {HANDSHAKE_KEYS(ROW) ENTRY_KEYS(ROW)};
#undef ROW

static size_t show(struct limit_shown *out, const struct shown_row *rows, size_t count,
	const void *base, struct arena *arena)
{
	assert(count <= LIMITS_SHOWN_MAX);
	for (size_t i = 0; i < count; i++) {
		const void *value = (const char *)base + rows[i].offset;

		out[i] = (struct limit_shown){.name = rows[i].name,
			.text = rows[i].text(value, arena),
			.is_number = rows[i].is_number};
		if (rows[i].is_number)
			out[i].number = *(const uint64_t *)value;
		out[i].is_default = strcmp(out[i].text, rows[i].default_text) == 0;
	}
	return count;
}

size_t limits_show_route(struct limit_shown out[LIMITS_SHOWN_MAX], const struct route_conf *route,
	struct arena *arena)
{
	return show(out, route_rows, sizeof(route_rows) / sizeof(route_rows[0]), route, arena);
}

size_t limits_show_host(struct limit_shown out[LIMITS_SHOWN_MAX], const struct limits_conf *limits,
	struct arena *arena)
{
	return show(out, host_rows, sizeof(host_rows) / sizeof(host_rows[0]), limits, arena);
}
