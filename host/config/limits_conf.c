/*
 * The sections `limits` and `ping`, which stand at the top and in routes. A route begins with what
 * stands at the top, so only what it says itself changes. Called by config.c and route_conf.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/limits_conf.h"

#include "config/keys.h"

#define ROW(...) SECTION_ROW(struct limits_conf, __VA_ARGS__)
static const struct key limits_keys[] = {LIMITS_KEYS(ROW) HANDSHAKE_KEYS(ROW)};
static const struct key route_limits_keys[] = {LIMITS_KEYS(ROW)};
#undef ROW
static const struct section limits_section = SECTION("in limits", limits_keys);
static const struct section route_limits_section = SECTION(
	"in the limits of a route", route_limits_keys);

#define ROW(...) SECTION_ROW(struct ping_conf, __VA_ARGS__)
static const struct key ping_keys[] = {PING_KEYS(ROW)};
#undef ROW
static const struct section ping_section = SECTION("in ping", ping_keys);

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

void limits_conf_defaults(struct reader *reader, struct limits_conf *limits, struct ping_conf *ping)
{
	section_defaults(reader, &limits_section, limits);
	section_defaults(reader, &ping_section, ping);
}
