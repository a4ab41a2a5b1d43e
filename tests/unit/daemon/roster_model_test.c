/*
 * Whatever happens between hosts, a while after it has ended all of them know exactly who is there,
 * and no member was told of anybody's coming or going twice. Thousands of random sequences: hosts
 * that die, stop, stand still or are cut off, letters that are lost, come twice or late. The last
 * seed that is printed is that of a failure; as an argument it is the only one.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/roster_net.h"

enum { SEQUENCES = 1000, STEPS = 60, QUIET_MS = 4 * NET_TIMEOUT_MS };

static uint64_t first_seed, seed, sequences = SEQUENCES;

static void change(struct net *net, unsigned host)
{
	uint64_t id = net_draw(net, NET_IDS);
	unsigned topic = net_draw(net, NET_TOPICS);

	if (net->hosts[host].is_frozen)
		return;
	if (net_is_there(net, host, id, topic))
		net_leave(net, host, id, topic);
	else
		net_join(net, host, id, topic);
}

static void strike(struct net *net, unsigned host)
{
	struct net_host *at = &net->hosts[host];

	switch (net_draw(net, 6)) {
	case 0:
		net_cut(net, host, !at->is_cut);
		break;
	case 1:
		at->is_frozen = !at->is_frozen;
		break;
	case 2:
		net_kill(net, host);
		break;
	case 3:
		if (!at->is_frozen)
			net_stop(net, host);
		break;
	case 4:
		/* Another worker speaks. */
		if (!at->is_cut && !at->is_frozen)
			roster_greet(&at->roster);
		break;
	default:
		break;
	}
}

static void step(struct net *net)
{
	unsigned host = net_draw(net, NET_HOSTS);

	if (!net->hosts[host].is_alive)
		net_start(net, host);
	else if (net_draw(net, 10) < 8)
		for (unsigned i = net_draw(net, 8); i-- > 0;)
			change(net, host);
	else
		strike(net, host);
	if (net_draw(net, 3) == 0)
		net_run(net, net_draw(net, 2 * NET_TIMEOUT_MS));
	else
		net_run(net, net_draw(net, 100));
}

static void heal(struct net *net)
{
	net->lost = net->twice = net->late = 0;
	for (unsigned i = 0; i < NET_HOSTS; i++) {
		net->hosts[i].is_frozen = false;
		if (net->hosts[i].is_alive)
			net_cut(net, i, false);
	}
}

static void run(void)
{
	struct net net;

	net_init(&net, seed);
	net.lost = net_draw(&net, 2) * net_draw(&net, 40);
	net.twice = net_draw(&net, 2) * net_draw(&net, 30);
	net.late = net_draw(&net, 2) * net_draw(&net, 30);
	for (unsigned i = 0; i < STEPS; i++)
		step(&net);
	heal(&net);
	net_run(&net, QUIET_MS);
	net_expect_right(&net);
	net_fini(&net);
}

static void all_come_to_know_the_same(void **state)
{
	(void)state;
	for (seed = first_seed; seed < first_seed + sequences; seed++)
		run();
}

static int print_seed(void **state)
{
	(void)state;
	print_error(
		"seeds %llu to %llu\n", (unsigned long long)first_seed, (unsigned long long)seed);
	return 0;
}

int main(int count, char **words)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(all_come_to_know_the_same, print_seed)};

	log_set_level(LOG_OFF);
	first_seed = (uint64_t)time(NULL) * SEQUENCES;
	if (count > 1) {
		first_seed = strtoull(words[1], NULL, 10);
		sequences = 1;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
