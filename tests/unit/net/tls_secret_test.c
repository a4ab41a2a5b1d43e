/*
 * Ticket keys are the same for all who begin with the same secret, change with time, and never go
 * back. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/tls_secret.h"

enum { HOUR = 3600, NOW = 1800000000 };

static bool same(struct tls_ticket_key a, struct tls_ticket_key b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void all_workers_have_the_same_keys(void **state)
{
	struct tls_secret master = {0}, early, late;

	(void)state;
	tls_secret_turn(&master, HOUR, NOW);
	early = late = master;
	for (uint64_t now = NOW; now < NOW + 10 * HOUR; now += 600)
		tls_secret_turn(&early, HOUR, now);
	tls_secret_turn(&late, HOUR, NOW + 10 * HOUR - 600);
	assert_int_equal(early.number, late.number);
	assert_true(same(tls_secret_key(&early, 1), tls_secret_key(&late, 1)));
}

static void what_was_new_is_old_in_the_next_stretch(void **state)
{
	struct tls_secret secret = {0};
	struct tls_ticket_key first, now;

	(void)state;
	tls_secret_turn(&secret, HOUR, NOW);
	first = tls_secret_key(&secret, 1);
	assert_false(same(first, tls_secret_key(&secret, 0)));
	tls_secret_turn(&secret, HOUR, NOW + HOUR);
	now = tls_secret_key(&secret, 1);
	assert_true(same(first, tls_secret_key(&secret, 0)));
	assert_false(same(first, now));
	/* A clock that goes back changes nothing. */
	tls_secret_turn(&secret, HOUR, NOW - 5 * HOUR);
	assert_true(same(now, tls_secret_key(&secret, 1)));
	tls_secret_turn(&secret, HOUR, NOW + 2 * HOUR);
	assert_false(same(first, tls_secret_key(&secret, 0)));
	assert_false(same(first, tls_secret_key(&secret, 1)));
}

static void a_clock_set_by_years_costs_no_time(void **state)
{
	struct tls_secret secret = {0};

	(void)state;
	tls_secret_turn(&secret, 1, 1000);
	tls_secret_turn(&secret, 1, UINT64_MAX / 2);
	assert_true(secret.number == UINT64_MAX / 2 - 1);
}

static void two_masters_have_two_secrets(void **state)
{
	struct tls_secret one = {0}, two = {0};

	(void)state;
	tls_secret_turn(&one, HOUR, NOW);
	tls_secret_turn(&two, HOUR, NOW);
	assert_memory_not_equal(one.bytes, two.bytes, TLS_SECRET_BYTES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_workers_have_the_same_keys),
		cmocka_unit_test(what_was_new_is_old_in_the_next_stretch),
		cmocka_unit_test(a_clock_set_by_years_costs_no_time),
		cmocka_unit_test(two_masters_have_two_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
