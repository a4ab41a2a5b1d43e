/*
 * One size. Knows no topic; call/fan_out.c and daemon/bus_link.c keep to it. Called by config.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/topics_conf.h"

#include "config/keys.h"

#define ROW(...) SECTION_ROW(struct topics_conf, __VA_ARGS__)
static const struct key topics_keys[] = {TOPICS_KEYS(ROW)};
#undef ROW
static const struct section topics_section = SECTION("in topics", topics_keys);

void read_topics(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_MAP, "a mapping such as {queue: 16MiB}"))
		section_read(reader, &topics_section, node, section_member(key, base));
}

void topics_conf_defaults(struct reader *reader, struct topics_conf *topics)
{
	section_defaults(reader, &topics_section, topics);
}
