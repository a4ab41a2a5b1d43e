/*
 * Which driver, with which options, and what waits for it. Knows no plugin: what the options may
 * be, the driver says. Called by config.c. SPDX-License-Identifier: MIT
 */
#include "config/bus_conf.h"

#include "config/keys.h"
#include "config/provider_conf.h"
#include "config/route_conf.h"

static const char *const overflow_names[] = {
	[BUS_DROP_OLDEST] = "drop_oldest", [BUS_DROP_NEWEST] = "drop_newest", NULL};

const char *bus_conf_overflow_name(enum bus_overflow_conf overflow)
{
	return overflow_names[overflow];
}

static void read_bus_options(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct bus_conf *bus = base;

	route_conf_read_options(reader, key, node, &bus->options, &bus->option_count);
}

static void read_bus_overflow(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct bus_conf *bus = base;
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "drop_oldest or drop_newest"))
		return;
	i = section_choose(reader, node->place, "overflow", node->text, overflow_names);
	if (overflow_names[i] != NULL)
		bus->overflow = (enum bus_overflow_conf)i;
}

#define ROW(...) SECTION_ROW(struct bus_conf, __VA_ARGS__)
static const struct key bus_keys[] = {BUS_KEYS(ROW)};
#undef ROW
static const struct section bus_section = SECTION("in bus", bus_keys);

void read_bus(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct bus_conf *bus = section_member(key, base);

	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {driver: redis, options: {url: redis://127.0.0.1}}"))
		return;
	if (section_read(reader, &bus_section, node, bus) && yaml_tree_get(node, "driver") == NULL)
		err_list_add(reader->why, node->place,
			"found a bus without driver: add it, such as \"driver: redis\"");
}

void bus_conf_defaults(struct reader *reader, struct bus_conf *bus)
{
	section_defaults(reader, &bus_section, bus);
}
