/*
 * Some hosts, a broker between them and a clock, all made up: what is said waits in the broker
 * until it is carried, and may get lost, come twice, or come late. Each host notes the notices
 * that its members get; one that cannot be ends the test. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TESTS_ROSTER_NET_H
#define SOCKLET_TESTS_ROSTER_NET_H

#include "daemon/roster.h"

enum {
	NET_HOSTS = 3,
	NET_LIVES = 100,  /* of all hosts together */
	NET_BORN = 20000, /* joins of a life */
	NET_IDS = 12,
	NET_TOPICS = 3,
	NET_INTERVAL_MS = 2000,
	NET_TIMEOUT_MS = 6000,
};

struct net;

struct net_host {
	struct net *net;
	unsigned index;
	uint64_t number;
	struct presence_table table;
	struct roster roster;
	bool is_alive;
	bool is_cut;    /* from the broker */
	bool is_frozen; /* stands still */
	size_t waiting; /* messages for it */
	/* What its members know of others, by notices alone. */
	bool seen[NET_LIVES][NET_IDS][NET_TOPICS];
	size_t joins, leaves;
	/* Each join is told once as long as its host is known; of lives, by `born`. */
	bool *told[NET_LIVES];
};

struct net_letter;

struct net {
	struct net_host hosts[NET_HOSTS];
	struct net_letter *letters; /* in the order in which they were sent */
	size_t count, capacity;
	uint64_t now_ms;
	uint64_t lives;             /* begun so far */
	unsigned lost, twice, late; /* of a hundred letters */
	uint64_t random;
	size_t sent, bytes_max;
};

void net_init(struct net *net, uint64_t seed);
void net_fini(struct net *net);
/* Another life: another number, nobody in it. It has the broker at once. */
void net_start(struct net *net, unsigned host);
/* Without a word. */
void net_kill(struct net *net, unsigned host);
void net_stop(struct net *net, unsigned host);
void net_cut(struct net *net, unsigned host, bool is_cut);

void net_join(struct net *net, unsigned host, uint64_t id, unsigned topic);
void net_leave(struct net *net, unsigned host, uint64_t id, unsigned topic);
bool net_is_there(const struct net *net, unsigned host, uint64_t id, unsigned topic);
/* Lets so much time go by, in steps of at most 50 ms, and carries all that is said. */
void net_run(struct net *net, uint64_t ms);
/* To one host, of a host that may not be there. */
void net_say(struct net *net, unsigned to, uint64_t from, struct span body);
unsigned net_draw(struct net *net, unsigned below);

/* How many members of `of`, as it lives now, those of `to` have been told of. */
size_t net_known(const struct net *net, unsigned to, unsigned of);
/* Fails unless everybody who is alive and not cut knows exactly who is on all such others. */
void net_expect_right(const struct net *net);

#endif
