/*
 * Two sizes, which topics are kept, and where. Knows not how a topic is spelled nor what a driver
 * can: call/history_check.c looks at that. Called by config.c. SPDX-License-Identifier: MIT
 */
#include "config/topics_conf.h"

#include "config/keys.h"
#include "config/limits_conf.h"

static void read_message_count(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_TEXT, "a number of messages"))
		read_number(reader, key, node, base);
}

#define ROW(...) SECTION_ROW(struct history_conf, __VA_ARGS__)
static const struct key history_keys[] = {HISTORY_KEYS(ROW)};
#undef ROW
static const struct section history_section = SECTION("in a history", history_keys);

static const char *const store_names[] = {
	[HISTORY_IN_MEMORY] = "memory", [HISTORY_ON_BUS] = "bus", NULL};

static void read_history_store(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct topics_conf *topics = base;
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "memory or bus"))
		return;
	i = section_choose(reader, node->place, key->name, node->text, store_names);
	if (store_names[i] == NULL)
		return;
	topics->history_store = (enum history_store_conf)i;
	topics->history_store_place = node->place;
}

static const char shape[] = "a list such as [{filter: \"chat/#\", messages: 100}]";

static void read_one_history(
	struct reader *reader, const struct yaml_tree *node, struct history_conf *history)
{
	section_defaults(reader, &history_section, history);
	if (!section_expect(reader, "history", node, TREE_MAP, "a mapping with `filter`"))
		return;
	if (section_read(reader, &history_section, node, history) &&
		yaml_tree_get(node, "filter") == NULL)
		err_list_add(reader->why, node->place,
			"filter is missing: say of which topics messages are kept, such as "
			"\"chat/#\"");
}

static void read_histories(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct topics_conf *topics = base;

	if (!section_expect(reader, key->name, node, TREE_LIST, shape))
		return;
	topics->history = arena_alloc(reader->arena, node->count * sizeof(*topics->history));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next)
		read_one_history(reader, child, &topics->history[topics->history_count++]);
}

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
