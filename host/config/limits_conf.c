/*
 * The sections `limits`, `ping` and `drain`, which stand at the top and in routes, and `stop`. A
 * route begins with what stands at the top, so only what it says itself changes. Called by config.c
 * and route_conf.c. SPDX-License-Identifier: MIT
 */
#include "config/limits_conf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"

const char *const limits_overflow_names[] = {
	[OVERFLOW_CONF_CLOSE] = "close",
	[OVERFLOW_CONF_CLOSE_1008] = "close_1008",
	[OVERFLOW_CONF_TELL] = "tell",
	[OVERFLOW_CONF_DROP_NEWEST] = "drop_newest",
	[OVERFLOW_CONF_DROP_OLDEST] = "drop_oldest",
	[OVERFLOW_CONF_KEEP_LAST] = "keep_last",
	NULL,
};

static void read_overflow(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	enum overflow_conf *out = section_member(key, base);
	size_t i;

	if (!section_expect(
		    reader, key->name, node, TREE_TEXT, "a policy such as close or drop_oldest"))
		return;
	i = section_choose(reader, node->place, "overflow", node->text, limits_overflow_names);
	if (limits_overflow_names[i] != NULL)
		*out = (enum overflow_conf)i;
}

/* Types that differ in their unit only. */
#define read_connections read_number
#define read_rate        read_number
#define read_burst       read_number
#define read_lines       read_number
#define read_bits        read_number
#define read_job_count   read_number
#define read_size_rate   read_size

static void read_excess(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {[EXCESS_PAUSE] = "pause",
		[EXCESS_REFUSE] = "refuse",
		[EXCESS_CLOSE] = "close",
		NULL};
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "pause, refuse or close"))
		return;
	i = section_choose(reader, node->place, key->name, node->text, names);
	if (names[i] != NULL)
		*(enum excess_conf *)section_member(key, base) = (enum excess_conf)i;
}

#define ROW(...) SECTION_ROW(struct limits_conf, __VA_ARGS__)
static const struct key limits_keys[] = {LIMITS_KEYS(ROW) REQUEST_LIMITS_KEYS(ROW) TRAFFIC_KEYS(ROW)
		HANDSHAKE_KEYS(ROW) ENTRY_KEYS(ROW)};
static const struct key route_limits_keys[] = {
	LIMITS_KEYS(ROW) REQUEST_LIMITS_KEYS(ROW) TRAFFIC_KEYS(ROW) ROUTE_LIMITS_KEYS(ROW)};
#undef ROW
static const struct section limits_section = SECTION("in limits", limits_keys);
static const struct section route_limits_section = SECTION(
	"in the limits of a route", route_limits_keys);

#define ROW(...) SECTION_ROW(struct ping_conf, __VA_ARGS__)
static const struct key ping_keys[] = {PING_KEYS(ROW)};
#undef ROW
static const struct section ping_section = SECTION("in ping", ping_keys);

void read_after(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (node->kind == TREE_TEXT && strcmp(node->text, "never") == 0)
		*(uint64_t *)section_member(key, base) = CONFIG_NEVER;
	else if (node->kind == TREE_TEXT && !isdigit((unsigned char)node->text[0]))
		err_list_add(reader->why, node->place,
			"%s: found %s, wanted a time such as 30s, or never", key->name,
			yaml_tree_found(node, reader->arena));
	else
		read_duration(reader, key, node, base);
}

#define ROW(...) SECTION_ROW(struct drain_conf, __VA_ARGS__)
static const struct key drain_keys[] = {DRAIN_KEYS(ROW)};
#undef ROW
static const struct section drain_section = SECTION("in drain", drain_keys);

#define ROW(...) SECTION_ROW(struct stop_conf, __VA_ARGS__)
static const struct key stop_keys[] = {STOP_KEYS(ROW)};
#undef ROW
static const struct section stop_section = SECTION("in stop", stop_keys);

static void read_limits(struct reader *reader, const struct section *section,
	const struct yaml_tree *node, struct limits_conf *out)
{
	if (section_expect(reader, "limits", node, TREE_MAP,
		    "a mapping such as {message: 64KiB, idle: 5m}"))
		section_read(reader, section, node, out);
}

void read_top_limits(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_limits(reader, &limits_section, node, section_member(key, base));
}

void read_route_limits(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_limits(reader, &route_limits_section, node, section_member(key, base));
}

void read_ping(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {interval: 20s, timeout: 20s}"))
		section_read(reader, &ping_section, node, section_member(key, base));
}

void read_drain(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {after: 30s, spread: 10s}"))
		section_read(reader, &drain_section, node, section_member(key, base));
}

void read_stop(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {spread: 2s, deadline: 10s}"))
		section_read(reader, &stop_section, node, section_member(key, base));
}

void limits_conf_defaults(struct reader *reader)
{
	struct config *config = reader->config;

	section_defaults(reader, &limits_section, &config->limits);
	section_defaults(reader, &ping_section, &config->ping);
	section_defaults(reader, &drain_section, &config->drain);
	section_defaults(reader, &stop_section, &config->stop);
}
