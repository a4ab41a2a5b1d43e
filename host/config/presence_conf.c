/*
 * How hosts on one broker tell each other who is there: two times and a size. Called by config.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/presence_conf.h"

#include "config/keys.h"

#define ROW(...) SECTION_ROW(struct presence_conf, __VA_ARGS__)
static const struct key presence_keys[] = {PRESENCE_KEYS(ROW)};
#undef ROW
static const struct section presence_section = SECTION("in presence", presence_keys);

/* One beat that is lost or late is no death. */
static void check_presence(
	struct reader *reader, const struct yaml_tree *node, const struct presence_conf *presence)
{
	const struct yaml_tree *interval = yaml_tree_get(node, "interval"),
			       *timeout = yaml_tree_get(node, "timeout");

	if (presence->timeout_ms >= 2 * presence->interval_ms)
		return;
	err_list_add(reader->why, timeout != NULL ? timeout->place : interval->place,
		"timeout: found %llu ms with an interval of %llu ms, wanted at least twice as "
		"much: a host would be gone when one sign of life is late",
		(unsigned long long)presence->timeout_ms,
		(unsigned long long)presence->interval_ms);
}

void read_presence(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct presence_conf *presence = section_member(key, base);
	size_t complaints = reader->why->count;

	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {interval: 2s, timeout: 6s}"))
		return;
	section_read(reader, &presence_section, node, presence);
	if (reader->why->count == complaints)
		check_presence(reader, node, presence);
}

void presence_conf_defaults(struct reader *reader, struct presence_conf *presence)
{
	section_defaults(reader, &presence_section, presence);
}
