/*
 * Whatever a peer is watched for is found at its time and not before, and only an answer to the
 * last ping is measured. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "net/ws_watch.h"

/* Seven seconds later, half of what is kept of a time begins anew at 0. */
#define START_MS (((uint64_t)1 << 32) * 3 - 7000)

static const struct transport_limits limits = {
	.idle_ms = 5000,
	.ping_interval_ms = 1000,
	.ping_timeout_ms = 700,
	.message_time_ms = 300,
	.lifetime_ms = 9000,
};

static void expect(const struct ws_watch *watch, bool is_deaf, uint64_t at_ms,
	enum ws_verdict wanted, uint64_t next_ms)
{
	enum ws_verdict verdict = ws_watch_look(watch, &limits, is_deaf, START_MS + at_ms);
	uint64_t next = ws_watch_next(watch, &limits, is_deaf, START_MS + at_ms);

	if (verdict != wanted || (next_ms != 0 && next != START_MS + next_ms))
		fail_msg("at %llu: verdict %d, wanted %d; next look at %llu, wanted %llu",
			(unsigned long long)at_ms, verdict, wanted,
			(unsigned long long)(next - START_MS), (unsigned long long)next_ms);
}

static void begin(struct ws_watch *watch)
{
	ws_watch_begin(watch, &limits, START_MS);
}

static void ping(struct ws_watch *watch, uint8_t stamp[WS_STAMP_BYTES], uint64_t at_ms)
{
	ws_watch_ping(watch, stamp, (START_MS + at_ms) * 1000);
}

static void silence(void **state)
{
	uint8_t stamp[WS_STAMP_BYTES];
	struct ws_watch watch;

	(void)state;
	begin(&watch);
	expect(&watch, false, 999, WS_FINE, 1000);
	expect(&watch, false, 1000, WS_PING_DUE, 0);
	ping(&watch, stamp, 1000);
	expect(&watch, false, 1001, WS_FINE, 1700);
	expect(&watch, false, 1700, WS_SILENT, 0);
	/* A byte, even within the same tick of the clock, is a sign of life. */
	ping(&watch, stamp, 1000);
	ws_watch_received(&watch, START_MS + 1000);
	expect(&watch, false, 1700, WS_FINE, 2000);
	expect(&watch, false, 2000, WS_PING_DUE, 0);
}

static void nobody_listens(void **state)
{
	uint8_t stamp[WS_STAMP_BYTES];
	struct ws_watch watch;

	(void)state;
	begin(&watch);
	ping(&watch, stamp, 1000);
	expect(&watch, true, 1999, WS_FINE, 2000);
	expect(&watch, true, 6000, WS_PING_DUE, 0);
	ping(&watch, stamp, 8000);
	expect(&watch, true, 9000, WS_OLD, 0);
	ws_watch_listens(&watch, START_MS + 8500);
	expect(&watch, false, 8900, WS_FINE, 9000);
}

static void messages(void **state)
{
	struct ws_watch watch;

	(void)state;
	begin(&watch);
	ws_watch_received(&watch, START_MS + 100);
	assert_true(ws_watch_decoded(&watch, true));
	ws_watch_received(&watch, START_MS + 390);
	assert_false(ws_watch_decoded(&watch, true));
	expect(&watch, false, 399, WS_FINE, 400);
	expect(&watch, false, 400, WS_ENDLESS, 0);
	assert_false(ws_watch_decoded(&watch, false));
	expect(&watch, false, 400, WS_FINE, 1000);
	watch.message_ms = (uint32_t)(START_MS + 100);
	watch.pinged_ms = (uint32_t)(START_MS + 5099);
	expect(&watch, false, 5100, WS_IDLE, 0);
}

static void round_trips(void **state)
{
	static const uint32_t took_us[] = {800, 1600, 800, 80000};
	static const uint32_t smoothed_us[] = {800, 900, 888, 10777};
	uint8_t stamp[WS_STAMP_BYTES], old[WS_STAMP_BYTES];
	struct span payload = {(const char *)stamp, sizeof(stamp)};
	struct ws_watch watch;

	(void)state;
	begin(&watch);
	ping(&watch, old, 0);
	for (size_t i = 0; i < sizeof(took_us) / sizeof(took_us[0]); i++) {
		uint64_t at_ms = 1000 * (i + 1);

		ping(&watch, stamp, at_ms);
		ws_watch_pong(&watch, (struct span){(const char *)old, sizeof(old)}, UINT64_MAX);
		ws_watch_pong(
			&watch, (struct span){(const char *)old, sizeof(old)}, START_MS * 1000);
		ws_watch_pong(&watch, SPAN("unasked!"), UINT64_MAX);
		ws_watch_pong(&watch, SPAN(""), UINT64_MAX);
		ws_watch_pong(&watch, payload, (START_MS + at_ms) * 1000 + took_us[i]);
		/* Once only. */
		ws_watch_pong(&watch, payload, UINT64_MAX);
		assert_int_equal(watch.rtt_last_us, took_us[i]);
		assert_int_equal(watch.rtt_us, smoothed_us[i]);
	}
}

static void lifetimes_are_spread(void **state)
{
	struct transport_limits spread = limits;
	bool differ = false;
	uint64_t first_ms = 0;

	(void)state;
	spread.lifetime_spread_ms = 100000;
	spread.ping_interval_ms = spread.idle_ms = 0;
	for (unsigned i = 0; i < 100; i++) {
		struct ws_watch watch;
		uint64_t ends_ms;

		ws_watch_begin(&watch, &spread, START_MS);
		ends_ms = ws_watch_next(&watch, &spread, false, START_MS) - START_MS;
		assert_in_range(ends_ms, 9000, 109000);
		differ |= i > 0 && ends_ms != first_ms;
		first_ms = ends_ms;
	}
	assert_true(differ);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silence),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(messages),
		cmocka_unit_test(round_trips),
		cmocka_unit_test(lifetimes_are_spread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
