/*
 * A ping goes out an interval after the last one; whatever comes behind it is a sign of life, and
 * only its pong tells how long the way is. The smoothed time is that of RFC 6298: seven eighths of
 * what it was, one of what came. SPDX-License-Identifier: MIT
 */
#include "net/ws_watch.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD_MS = 1000 };

/* Half the range, so that sums and differences of a few stay clear of overflow. */
static uint32_t bounded_ms(uint64_t ms)
{
	return ms > INT32_MAX ? INT32_MAX : (uint32_t)ms;
}

/* By chance, so that peers who came together do not come back together. */
void ws_watch_set_limits(struct ws_watch *watch, const struct transport_limits *limits)
{
	if (limits->lifetime_ms != 0 && limits->lifetime_spread_ms != 0)
		watch->chance = (uint16_t)arc4random_uniform(UINT16_MAX + 1);
}

static uint32_t lifetime_of(const struct ws_watch *watch, const struct transport_limits *limits)
{
	uint64_t spread_ms = bounded_ms(limits->lifetime_spread_ms);

	if (limits->lifetime_ms == 0)
		return 0;
	return bounded_ms(limits->lifetime_ms + spread_ms * watch->chance / UINT16_MAX);
}

void ws_watch_begin(struct ws_watch *watch, const struct transport_limits *limits, uint64_t now_ms)
{
	uint32_t now = (uint32_t)now_ms;

	*watch = (struct ws_watch){
		.opened_ms = now, .received_ms = now, .message_ms = now, .pinged_ms = now};
	ws_watch_set_limits(watch, limits);
}

void ws_watch_received(struct ws_watch *watch, uint64_t now_ms)
{
	watch->received_ms = (uint32_t)now_ms;
	watch->is_waiting = false;
}

bool ws_watch_decoded(struct ws_watch *watch, bool is_inside)
{
	bool begins = is_inside && !watch->is_inside;

	if (begins)
		watch->begun_ms = watch->received_ms;
	watch->is_inside = is_inside;
	return begins;
}

void ws_watch_listens(struct ws_watch *watch, uint64_t now_ms)
{
	ws_watch_received(watch, now_ms);
	watch->message_ms = watch->begun_ms = watch->received_ms;
}

/* ---- what is due ---------------------------------------------------------------------------- */

uint64_t ws_watch_whole(uint32_t since_ms, uint64_t now_ms)
{
	uint64_t latest_ms = now_ms + AHEAD_MS;

	return latest_ms - (uint32_t)((uint32_t)latest_ms - since_ms);
}

/* 0: never. */
static uint64_t at(uint64_t since_ms, uint64_t limit_ms)
{
	return limit_ms == 0 ? 0 : since_ms + bounded_ms(limit_ms);
}

static uint64_t silent_at(
	const struct ws_watch *watch, const struct transport_limits *limits, uint64_t now_ms)
{
	return watch->is_waiting
		       ? at(ws_watch_whole(watch->pinged_ms, now_ms), limits->ping_timeout_ms)
		       : 0;
}

/* Not while the last one may still be answered. */
static uint64_t ping_at(const struct ws_watch *watch, const struct transport_limits *limits,
	bool is_deaf, uint64_t now_ms)
{
	if (watch->is_waiting && !is_deaf)
		return 0;
	return at(ws_watch_whole(watch->pinged_ms, now_ms), limits->ping_interval_ms);
}

/* The deadlines that a deaf connection has, too, come first. */
static void list(const struct ws_watch *watch, const struct transport_limits *limits, bool is_deaf,
	uint64_t now_ms, uint64_t due_ms[WS_VERDICTS])
{
	memset(due_ms, 0, WS_VERDICTS * sizeof(*due_ms));
	due_ms[WS_OLD] = at(ws_watch_whole(watch->opened_ms, now_ms), lifetime_of(watch, limits));
	due_ms[WS_PING_DUE] = ping_at(watch, limits, is_deaf, now_ms);
	if (is_deaf)
		return;
	due_ms[WS_IDLE] = at(ws_watch_whole(watch->message_ms, now_ms), limits->idle_ms);
	due_ms[WS_SILENT] = silent_at(watch, limits, now_ms);
	if (watch->is_inside)
		due_ms[WS_ENDLESS] = at(
			ws_watch_whole(watch->begun_ms, now_ms), limits->message_time_ms);
}

enum ws_verdict ws_watch_look(const struct ws_watch *watch, const struct transport_limits *limits,
	bool is_deaf, uint64_t now_ms)
{
	uint64_t due_ms[WS_VERDICTS];

	list(watch, limits, is_deaf, now_ms, due_ms);
	/* An end before a ping that would be in vain. */
	for (int verdict = WS_VERDICTS - 1; verdict > WS_FINE; verdict--)
		if (due_ms[verdict] != 0 && now_ms >= due_ms[verdict])
			return (enum ws_verdict)verdict;
	return WS_FINE;
}

uint64_t ws_watch_next(const struct ws_watch *watch, const struct transport_limits *limits,
	bool is_deaf, uint64_t now_ms)
{
	uint64_t due_ms[WS_VERDICTS], next_ms = 0;

	list(watch, limits, is_deaf, now_ms, due_ms);
	/* An answer to the ping that is out touches no deadline, and then the next is due. */
	if (watch->is_waiting && due_ms[WS_PING_DUE] == 0)
		due_ms[WS_PING_DUE] = at(now_ms, limits->ping_interval_ms);
	for (int verdict = WS_FINE + 1; verdict < WS_VERDICTS; verdict++)
		if (due_ms[verdict] != 0 && (next_ms == 0 || due_ms[verdict] < next_ms))
			next_ms = due_ms[verdict];
	return next_ms;
}

/* ---- pings ---------------------------------------------------------------------------------- */

void ws_watch_ping(struct ws_watch *watch, uint8_t out[WS_STAMP_BYTES], uint64_t now_us)
{
	watch->pinged_ms = (uint32_t)(now_us / 1000);
	watch->is_waiting = watch->owes_pong = true;
	memcpy(out, &now_us, WS_STAMP_BYTES);
}

static uint32_t smoothed(uint32_t before_us, uint32_t last_us)
{
	return before_us == 0 ? last_us : (uint32_t)(((uint64_t)before_us * 7 + last_us + 4) / 8);
}

void ws_watch_pong(struct ws_watch *watch, struct span payload, uint64_t now_us)
{
	uint64_t stamp_us, took_us;

	if (!watch->owes_pong || payload.len != WS_STAMP_BYTES)
		return;
	memcpy(&stamp_us, payload.ptr, WS_STAMP_BYTES);
	took_us = now_us - stamp_us;
	/* A peer that makes one up has to meet the millisecond. */
	if ((uint32_t)(stamp_us / 1000) != watch->pinged_ms || took_us > UINT32_MAX)
		return;
	watch->owes_pong = false;
	watch->rtt_last_us = took_us == 0 ? 1 : (uint32_t)took_us;
	watch->rtt_us = smoothed(watch->rtt_us, watch->rtt_last_us);
}
