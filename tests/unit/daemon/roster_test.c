/*
 * What hosts know of each other and when: at once while all is well, after the time-out of one that
 * dies, at its word of one that stops, and all of it again after a cut. Nothing that comes from the
 * broker takes more memory than there may be. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/roster_message.h"
#include "daemon/roster_net.h"

enum { SOON_MS = 300, MANY = 10000, MANY_TOPICS = 1000, STRANGER = 90 };

static int set_up(void **state)
{
	struct net *net = malloc(sizeof(*net));

	log_set_level(LOG_OFF);
	net_init(net, 1);
	for (unsigned i = 0; i < NET_HOSTS; i++)
		net_start(net, i);
	net_run(net, SOON_MS);
	*state = net;
	return 0;
}

static int tear_down(void **state)
{
	net_fini(*state);
	free(*state);
	return 0;
}

static void expect_known(const struct net *net, unsigned of, size_t count)
{
	for (unsigned to = 0; to < NET_HOSTS; to++)
		if (to != of && net->hosts[to].is_alive)
			assert_int_equal(net_known(net, to, of), count);
}

/* ---- notices ---------------------------------------------------------------------------- */

static void changes_are_known_at_once(void **state)
{
	struct net *net = *state;
	size_t sent = net->sent;

	net_join(net, 0, 1, 0);
	net_join(net, 0, 1, 1);
	net_join(net, 0, 2, 0);
	net_leave(net, 0, 1, 0);
	net_run(net, 60);
	expect_known(net, 0, 2);
	net_expect_right(net);
	assert_int_equal(net->hosts[1].joins, 3);
	assert_int_equal(net->hosts[1].leaves, 1);
	/* One message, and perhaps a beat of each. */
	assert_in_range(net->sent - sent, 1, 1 + NET_HOSTS);
}

static void who_comes_later_knows_all_at_once(void **state)
{
	struct net *net = *state;

	net_kill(net, 2);
	for (uint64_t id = 0; id < NET_IDS; id++)
		net_join(net, 0, id, 0);
	net_run(net, 60);
	net_start(net, 2);
	net_run(net, SOON_MS);
	assert_int_equal(net_known(net, 2, 0), NET_IDS);
	assert_int_equal(net->hosts[2].joins, NET_IDS);
}

static void who_dies_is_gone_after_its_time_out(void **state)
{
	struct net *net = *state;

	net_join(net, 0, 1, 0);
	net_join(net, 0, 2, 1);
	net_run(net, NET_INTERVAL_MS);
	net_kill(net, 0);
	net_run(net, NET_TIMEOUT_MS - NET_INTERVAL_MS - SOON_MS);
	expect_known(net, 0, 2);
	net_run(net, NET_INTERVAL_MS + 2 * SOON_MS);
	expect_known(net, 0, 0);
	assert_int_equal(net->hosts[1].leaves, 2);
	assert_int_equal(net->hosts[2].leaves, 2);
	assert_int_equal(net->hosts[1].roster.peer_count, 1);
}

static void who_stops_is_gone_at_once_and_for_good(void **state)
{
	struct net *net = *state;
	struct buf late = {0};

	net_join(net, 0, 1, 0);
	net_run(net, 60);
	net_stop(net, 0);
	net_run(net, 60);
	expect_known(net, 0, 0);
	/* What was under way when it stopped raises nobody. */
	roster_put_kind(&late, ROSTER_BEAT);
	roster_put_beat(&late, &(const struct roster_beat){1, 1, 1, NET_TIMEOUT_MS, false});
	net_say(net, 1, net->hosts[0].number, buf_span(&late));
	net_run(net, SOON_MS);
	expect_known(net, 0, 0);
	net_run(net, 2 * NET_TIMEOUT_MS);
	assert_int_equal(net->hosts[1].roster.peer_count, 1);
	buf_fini(&late);
}

/* ---- cuts ------------------------------------------------------------------------------- */

static void a_short_cut_is_made_up_for(void **state)
{
	struct net *net = *state;

	net_join(net, 0, 1, 0);
	net_join(net, 0, 2, 0);
	net_run(net, NET_INTERVAL_MS);
	net_cut(net, 0, true);
	net_leave(net, 0, 1, 0);
	net_join(net, 0, 3, 0);
	/* Left, and came again: that is a leave and a join. */
	net_leave(net, 0, 2, 0);
	net_join(net, 0, 2, 0);
	net_run(net, NET_INTERVAL_MS);
	expect_known(net, 0, 2);
	net_cut(net, 0, false);
	net_run(net, SOON_MS);
	net_expect_right(net);
	assert_int_equal(net->hosts[1].leaves, 2);
	assert_int_equal(net->hosts[1].joins, 4);
	assert_int_equal(net->hosts[0].leaves, 0);
}

static void a_long_cut_is_a_leave_of_all_and_a_join_of_who_is_still_there(void **state)
{
	struct net *net = *state;

	net_join(net, 0, 1, 0);
	net_join(net, 0, 2, 0);
	net_join(net, 1, 1, 0);
	net_run(net, SOON_MS);
	net_cut(net, 0, true);
	net_run(net, 2 * NET_TIMEOUT_MS);
	expect_known(net, 0, 0);
	assert_int_equal(net_known(net, 0, 1), 0);
	assert_int_equal(net_known(net, 2, 1), 1);
	net_leave(net, 0, 1, 0);
	net_cut(net, 0, false);
	net_run(net, SOON_MS);
	net_expect_right(net);
	assert_int_equal(net->hosts[1].joins, 3);
	assert_int_equal(net->hosts[1].leaves, 2);
	assert_int_equal(net->hosts[0].joins, 2);
	assert_int_equal(net->hosts[0].leaves, 1);
}

static void who_stood_still_takes_nobody_for_dead(void **state)
{
	struct net *net = *state;

	net_join(net, 0, 1, 0);
	net_join(net, 1, 1, 0);
	net_run(net, SOON_MS);
	net->hosts[0].is_frozen = true;
	net_run(net, 3 * NET_TIMEOUT_MS);
	assert_int_equal(net_known(net, 1, 0), 0);
	net->hosts[0].is_frozen = false;
	net_run(net, NET_INTERVAL_MS + SOON_MS);
	net_expect_right(net);
	assert_int_equal(net->hosts[0].leaves, 0);
	assert_int_equal(net->hosts[0].joins, 1);
}

static void another_speaker_changes_nothing(void **state)
{
	struct net *net = *state;

	net_join(net, 0, 1, 0);
	net_join(net, 1, 1, 0);
	net_run(net, SOON_MS);
	roster_greet(&net->hosts[0].roster);
	net_run(net, SOON_MS);
	for (unsigned i = 0; i < NET_HOSTS; i++)
		assert_int_equal(net->hosts[i].leaves, 0);
	net_expect_right(net);
}

/* Nobody was there when the walk began; or all who were have left since. */
static void who_comes_while_all_are_told_is_among_them(void **state)
{
	struct net *net = *state;

	for (unsigned i = 0; i < 2; i++) {
		if (i == 1)
			net_join(net, 0, 5, 0);
		roster_want_walk(&net->hosts[0].roster, net->now_ms);
		if (i == 1)
			net_leave(net, 0, 5, 0);
		net_run(net, 10);
		net_join(net, 0, i, 1);
		net_run(net, SOON_MS);
		expect_known(net, 0, 1);
		net_leave(net, 0, i, 1);
		net_run(net, SOON_MS);
	}
	assert_int_equal(net->hosts[1].joins, 3);
	assert_int_equal(net->hosts[1].leaves, 3);
	assert_int_equal(net->hosts[2].joins, 3);
}

static void without_a_bus_the_others_are_gone(void **state)
{
	struct net *net = *state;

	net_join(net, 1, 1, 0);
	net_run(net, SOON_MS);
	roster_forget(&net->hosts[0].roster);
	net_run(net, 60);
	assert_int_equal(net_known(net, 0, 1), 0);
	assert_int_equal(net->hosts[0].leaves, 1);
	assert_int_equal(net_known(net, 2, 1), 1);
}

/* ---- bounds ----------------------------------------------------------------------------- */

static void crowd(struct net *net, unsigned index)
{
	struct net_host *host = &net->hosts[index];

	for (unsigned i = 0; i < MANY; i++) {
		char topic[32];

		snprintf(topic, sizeof(topic), "room/%u", i % MANY_TOPICS);
		roster_joined(&host->roster, presence_table_add(&host->table, 0, 1000 + i,
						     span_of(topic), SPAN("somebody")));
	}
}

static void add_up(void *context, const struct roster_census *census)
{
	struct roster_census *sum = context;

	sum->members += census->members;
	sum->left_out += census->left_out;
	sum->is_behind |= census->is_behind;
}

static struct roster_census census(const struct net *net, unsigned of)
{
	struct roster_census sum = {0};

	roster_each(&net->hosts[of].roster, net->now_ms, add_up, &sum);
	return sum;
}

static void ten_thousand_in_a_thousand_topics(void **state)
{
	struct net *net = *state;

	net_kill(net, 2);
	crowd(net, 0);
	net_run(net, SOON_MS);
	assert_int_equal(census(net, 1).left_out, 0);
	assert_int_equal(census(net, 1).members, MANY);
	net_start(net, 2);
	net_run(net, 2000);
	assert_int_equal(census(net, 2).members, MANY);
	assert_false(census(net, 2).is_behind);
	/* A member more than is full. */
	assert_in_range(net->bytes_max, ROSTER_BYTES, ROSTER_BYTES + 600);
	net_kill(net, 0);
	net_run(net, NET_TIMEOUT_MS + NET_INTERVAL_MS);
	assert_int_equal(census(net, 2).members, 0);
	assert_int_equal(net->hosts[2].roster.bytes, 0);
}

static void members_without_room_are_left_out_until_there_is_some(void **state)
{
	struct net *net = *state;
	struct roster *roster = &net->hosts[1].roster;
	struct roster_limits limits = roster->limits;
	size_t sent;

	limits.bytes_max = 256 * 1024;
	roster_set_limits(roster, &limits);
	crowd(net, 0);
	net_run(net, NET_INTERVAL_MS + SOON_MS); /* the next beat says how many there are */
	assert_in_range(census(net, 1).members, 500, MANY / 2);
	assert_int_equal(census(net, 1).members + census(net, 1).left_out, MANY);
	assert_in_range(roster->bytes, limits.bytes_max / 2, limits.bytes_max);
	assert_int_equal(census(net, 2).members, MANY);
	/* It does not ask again and again for what it cannot take. */
	sent = net->sent;
	net_run(net, 10 * NET_INTERVAL_MS);
	assert_in_range(net->sent - sent, 1, 11 * NET_HOSTS);
	limits.bytes_max = 64 << 20;
	roster_set_limits(roster, &limits);
	net_run(net, 2000);
	assert_int_equal(census(net, 1).members, MANY);
	assert_int_equal(census(net, 1).left_out, 0);
}

static void beat_of(struct net *net, uint64_t host, uint64_t count)
{
	struct buf body = {0};

	roster_put_kind(&body, ROSTER_BEAT);
	roster_put_beat(&body, &(const struct roster_beat){UINT64_MAX, count, 1, UINT64_MAX, true});
	net_say(net, 1, host, buf_span(&body));
	net_run(net, 1);
	buf_fini(&body);
}

static void hosts_are_bounded(void **state)
{
	struct net *net = *state;
	struct roster *roster = &net->hosts[1].roster;

	for (uint64_t host = 1000; host < 1000 + 2 * ROSTER_HOSTS_MAX; host++)
		beat_of(net, host, UINT64_MAX);
	assert_int_equal(roster->peer_count, ROSTER_HOSTS_MAX);
	assert_int_equal(roster->counts.hosts_left_out, ROSTER_HOSTS_MAX + NET_HOSTS - 1);
	net_expect_right(net);
}

/* Valid heads, so that what is behind them is looked at. */
static void make_noise(struct net *net, struct buf *body)
{
	static const char topic[] = "\1a\4text";
	unsigned len = net_draw(net, 60);

	body->len = 0;
	roster_put_kind(body, 1 + net_draw(net, 6));
	for (unsigned i = 0; i < len; i++) {
		if (net_draw(net, 4) == 0)
			buf_append(body, topic, sizeof(topic) - 1);
		else
			roster_put_number(body, net_draw(net, 3) == 0
							? UINT64_MAX - net_draw(net, 3)
							: net_draw(net, 40));
	}
	if (body->len > 3 && net_draw(net, 2) == 0)
		body->data[3 + net_draw(net, (unsigned)body->len - 3)] = (char)net_draw(net, 256);
}

static void noise_does_no_harm(void **state)
{
	struct net *net = *state;
	struct buf body = {0};

	net_join(net, 0, 1, 0);
	for (unsigned i = 0; i < 20000; i++) {
		make_noise(net, &body);
		/* Also of a host that is there, as whoever has the broker can say anything. */
		net_say(net, 1, net_draw(net, 2) == 0 ? STRANGER : net->hosts[2].number,
			buf_span(&body));
		if (i % 50 == 0)
			net_run(net, 50);
	}
	assert_true(net->hosts[1].roster.bytes <= net->hosts[1].roster.limits.bytes_max);
	assert_true(net->hosts[1].roster.counts.refused > 1000);
	assert_int_equal(net_known(net, 1, 0), 1);
	assert_int_equal(net_known(net, 0, 2), 0);
	buf_fini(&body);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(changes_are_known_at_once),
		TEST(who_comes_later_knows_all_at_once),
		TEST(who_dies_is_gone_after_its_time_out),
		TEST(who_stops_is_gone_at_once_and_for_good),
		TEST(a_short_cut_is_made_up_for),
		TEST(a_long_cut_is_a_leave_of_all_and_a_join_of_who_is_still_there),
		TEST(who_stood_still_takes_nobody_for_dead),
		TEST(another_speaker_changes_nothing),
		TEST(who_comes_while_all_are_told_is_among_them),
		TEST(without_a_bus_the_others_are_gone),
		TEST(ten_thousand_in_a_thousand_topics),
		TEST(members_without_room_are_left_out_until_there_is_some),
		TEST(hosts_are_bounded),
		TEST(noise_does_no_harm),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
