/*
 * Letters of one host to all others are one letter each, so that each may have a fate of its own.
 * Called by roster_test.c and roster_model_test.c. SPDX-License-Identifier: MIT
 */
#include "daemon/roster_net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"

enum { STEP_MS = 50, LATE_MS = 400, WAITING_MAX = 2000 };

struct net_letter {
	unsigned to;
	uint64_t from, due_ms;
	size_t len;
	char *bytes;
};

static const char *const topics[NET_TOPICS] = {"a", "a/b", "c"};

/* xorshift64. */
unsigned net_draw(struct net *net, unsigned below)
{
	net->random ^= net->random << 13;
	net->random ^= net->random >> 7;
	net->random ^= net->random << 17;
	return (unsigned)(net->random >> 11) % below;
}

/* ---- letters ---------------------------------------------------------------------------- */

static void post(struct net *net, unsigned to, uint64_t from, struct span body, uint64_t later_ms)
{
	struct net_letter *letter;

	if (net->count == net->capacity) {
		net->capacity = 2 * net->capacity + 64;
		net->letters = xrealloc(net->letters, net->capacity * sizeof(*net->letters));
	}
	letter = &net->letters[net->count++];
	*letter = (struct net_letter){
		to, from, net->now_ms + later_ms, body.len, xmalloc(body.len + 1)};
	memcpy(letter->bytes, body.ptr, body.len);
	net->hosts[to].waiting++;
}

void net_say(struct net *net, unsigned to, uint64_t from, struct span body)
{
	post(net, to, from, body, 0);
}

static void send_letters(void *context, struct span body, bool is_beat)
{
	struct net_host *from = context;
	struct net *net = from->net;

	(void)is_beat;
	net->sent++;
	if (body.len > net->bytes_max)
		net->bytes_max = body.len;
	if (from->is_cut)
		return;
	for (unsigned to = 0; to < NET_HOSTS; to++) {
		uint64_t later_ms = 0;

		/* A broker keeps nothing for who is away, and not for ever. */
		if (to == from->index || net->hosts[to].is_cut ||
			net->hosts[to].waiting > WAITING_MAX || net_draw(net, 100) < net->lost)
			continue;
		if (net_draw(net, 100) < net->late)
			later_ms = net_draw(net, LATE_MS);
		post(net, to, from->number, body, later_ms);
		if (net_draw(net, 100) < net->twice)
			post(net, to, from->number, body, later_ms + net_draw(net, LATE_MS));
	}
}

static bool has_room(void *context)
{
	(void)context;
	return true;
}

/* The ones that are due, in their order; who stands still has them later. */
static void carry(struct net *net)
{
	for (size_t i = 0; i < net->count; i++) {
		struct net_letter letter = net->letters[i];
		struct net_host *to = &net->hosts[letter.to];

		if (letter.due_ms > net->now_ms || (to->is_alive && to->is_frozen))
			continue;
		memmove(net->letters + i, net->letters + i + 1,
			(--net->count - i) * sizeof(letter));
		i--;
		to->waiting--;
		if (to->is_alive && !to->is_cut) {
			char *exact = xmalloc(letter.len == 0 ? 1 : letter.len);

			memcpy(exact, letter.bytes, letter.len);
			roster_hear(&to->roster, letter.from, (struct span){exact, letter.len},
				net->now_ms);
			free(exact);
		}
		free(letter.bytes);
	}
}

/* ---- notices ---------------------------------------------------------------------------- */

static unsigned topic_index(struct span topic)
{
	unsigned i = 0;

	while (!span_equal(topic, span_of(topics[i])))
		i++;
	return i;
}

static void tell(void *context, bool has_come, const struct presence_row *row)
{
	struct net_host *host = context;
	uint64_t of = row->host;
	bool *seen;

	/* Rows that a test has made up are seen, but not known. */
	if (row->id >= NET_IDS || of >= NET_LIVES)
		return;
	seen = &host->seen[of][row->id][topic_index(row->topic)];
	if (*seen == has_come)
		print_error("host %u: %s twice of %d in %.*s of life %d\n", host->index,
			has_come ? "join" : "leave", (int)row->id, SPAN_ARG(row->topic), (int)of);
	assert_true(*seen != has_come);
	*seen = has_come;
	if (has_come) {
		if (host->told[of] == NULL)
			host->told[of] = xcalloc(NET_BORN, sizeof(bool));
		assert_false(host->told[of][row->born]);
		host->told[of][row->born] = true;
	}
	host->joins += has_come;
	host->leaves += !has_come;
}

static const struct roster_ops ops = {send_letters, has_room, tell};

static void note_known(void *context, const struct roster_census *census)
{
	bool *known = context;

	if (census->host < NET_LIVES)
		known[census->host] = true;
}

/* Whoever is forgotten may come again with the same members. */
static void forget_told(struct net_host *host)
{
	bool known[NET_LIVES] = {false};

	if (host->is_alive)
		roster_each(&host->roster, host->net->now_ms, note_known, known);
	for (unsigned life = 0; life < NET_LIVES; life++) {
		if (known[life])
			continue;
		free(host->told[life]);
		host->told[life] = NULL;
	}
}

/* ---- hosts ------------------------------------------------------------------------------ */

void net_start(struct net *net, unsigned index)
{
	static const struct roster_limits limits = {NET_INTERVAL_MS, NET_TIMEOUT_MS, 16 << 20};
	struct net_host *host = &net->hosts[index];

	assert_false(host->is_alive);
	memset(host->seen, 0, sizeof(host->seen));
	host->is_alive = true;
	host->is_cut = host->is_frozen = false;
	host->number = ++net->lives;
	assert_true(net->lives < NET_LIVES);
	presence_table_init(&host->table);
	roster_init(&host->roster, &host->table, host->number, &ops, host);
	roster_set_limits(&host->roster, &limits);
	roster_greet(&host->roster);
}

static void end(struct net_host *host)
{
	host->is_alive = false;
	roster_fini(&host->roster);
	presence_table_fini(&host->table);
	forget_told(host);
}

void net_kill(struct net *net, unsigned host)
{
	end(&net->hosts[host]);
}

void net_stop(struct net *net, unsigned host)
{
	roster_say_goodbye(&net->hosts[host].roster);
	end(&net->hosts[host]);
}

void net_cut(struct net *net, unsigned index, bool is_cut)
{
	struct net_host *host = &net->hosts[index];

	if (host->is_cut == is_cut)
		return;
	host->is_cut = is_cut;
	if (is_cut)
		roster_set_offline(&host->roster);
	else
		roster_greet(&host->roster);
}

void net_init(struct net *net, uint64_t seed)
{
	memset(net, 0, sizeof(*net));
	net->random = seed * 0x9e3779b97f4a7c15 | 1;
	net->now_ms = 1000;
	for (unsigned i = 0; i < NET_HOSTS; i++) {
		net->hosts[i].net = net;
		net->hosts[i].index = i;
	}
}

void net_fini(struct net *net)
{
	for (unsigned i = 0; i < NET_HOSTS; i++)
		if (net->hosts[i].is_alive)
			end(&net->hosts[i]);
	for (size_t i = 0; i < net->count; i++)
		free(net->letters[i].bytes);
	free(net->letters);
}

static struct presence_row *find(
	const struct net_host *host, uint64_t of, uint64_t id, unsigned topic)
{
	return presence_table_find(&host->table, of, id, span_of(topics[topic]));
}

bool net_is_there(const struct net *net, unsigned host, uint64_t id, unsigned topic)
{
	return find(&net->hosts[host], 0, id, topic) != NULL;
}

void net_join(struct net *net, unsigned index, uint64_t id, unsigned topic)
{
	struct net_host *host = &net->hosts[index];

	roster_joined(&host->roster,
		presence_table_add(&host->table, 0, id, span_of(topics[topic]), SPAN("label")));
}

void net_leave(struct net *net, unsigned index, uint64_t id, unsigned topic)
{
	struct net_host *host = &net->hosts[index];
	struct presence_row *row = find(host, 0, id, topic);

	roster_leaves(&host->roster, row);
	presence_table_drop(&host->table, row);
}

void net_run(struct net *net, uint64_t ms)
{
	for (uint64_t end_ms = net->now_ms + ms; net->now_ms < end_ms;) {
		uint64_t left = end_ms - net->now_ms;

		carry(net);
		for (unsigned i = 0; i < NET_HOSTS; i++)
			if (net->hosts[i].is_alive && !net->hosts[i].is_frozen) {
				roster_tick(&net->hosts[i].roster, net->now_ms);
				forget_told(&net->hosts[i]);
			}
		net->now_ms += left < STEP_MS ? left : STEP_MS;
	}
	carry(net);
}

/* ---- what is known ---------------------------------------------------------------------- */

size_t net_known(const struct net *net, unsigned to, unsigned of)
{
	const struct net_host *host = &net->hosts[to];
	size_t count = 0;

	for (uint64_t id = 0; id < NET_IDS; id++)
		for (unsigned topic = 0; topic < NET_TOPICS; topic++)
			count += host->seen[net->hosts[of].number][id][topic];
	return count;
}

static bool is_in_touch(const struct net_host *host)
{
	return host->is_alive && !host->is_cut && !host->is_frozen;
}

/* Those whose hosts are gone, as all before the present lives, are seen no more. */
static void expect_dead_gone(const struct net *net, const struct net_host *to)
{
	for (uint64_t life = 1; life <= net->lives; life++) {
		bool is_one = false;

		for (unsigned i = 0; i < NET_HOSTS; i++)
			is_one |= net->hosts[i].is_alive && net->hosts[i].number == life;
		for (uint64_t id = 0; id < NET_IDS && !is_one; id++)
			for (unsigned topic = 0; topic < NET_TOPICS; topic++)
				assert_false(to->seen[life][id][topic]);
	}
}

static void expect_right_of(const struct net *net, const struct net_host *to, unsigned of)
{
	for (uint64_t id = 0; id < NET_IDS; id++)
		for (unsigned topic = 0; topic < NET_TOPICS; topic++) {
			bool is_there = is_in_touch(&net->hosts[of]) &&
					net_is_there(net, of, id, topic);
			uint64_t life = net->hosts[of].number;
			bool is_told = to->seen[life][id][topic];
			bool is_listed = find(to, life, id, topic) != NULL;

			if (is_listed != is_there || is_told != is_there)
				print_error("host %u knows %d in %s of host %u: listed %d, told "
					    "%d, is there %d\n",
					to->index, (int)id, topics[topic], of, is_listed, is_told,
					is_there);
			assert_int_equal(is_listed, is_there);
			assert_int_equal(is_told, is_there);
		}
}

void net_expect_right(const struct net *net)
{
	for (unsigned to = 0; to < NET_HOSTS; to++) {
		if (!is_in_touch(&net->hosts[to]))
			continue;
		expect_dead_gone(net, &net->hosts[to]);
		for (unsigned of = 0; of < NET_HOSTS; of++)
			if (of != to)
				expect_right_of(net, &net->hosts[to], of);
	}
}
