/*
 * One hash table holds the nodes of all levels, by parent and level text, so that a filter costs no
 * table of its own. New entries stand at the head of their list: a walk goes from there to the
 * tail and passes over those born after it. The walk under way is known to the tree, which moves
 * it on when what it stands at goes away. SPDX-License-Identifier: MIT
 */
#include "topic/topic_tree.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>

#include "base/xalloc.h"

struct topic_node {
	struct topic_node *parent, *next_in_bucket;
	struct topic_entries entries;
	uint32_t count; /* entries */
	uint32_t child_count;
	uint64_t hash;
	STAILQ_ENTRY(topic_node) next_change;
	bool is_changed; /* stands in the tree's changes, and stays for that long */
	uint8_t len;     /* of the level's text */
	char level[];
};

/* ---- nodes ------------------------------------------------------------------------------ */

/* Seeded, as peers choose names: nobody can make up a thousand that fall into one bucket. */
static uint64_t hash_of(
	const struct topic_tree *tree, const struct topic_node *parent, struct span level)
{
	uint64_t hash = tree->seed ^ (uintptr_t)parent;

	for (size_t i = 0; i < level.len; i++)
		hash = (hash ^ (unsigned char)level.ptr[i]) * 0x100000001b3;
	hash ^= hash >> 32;
	hash *= 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static struct topic_node **bucket_of(const struct topic_tree *tree, uint64_t hash)
{
	return &tree->buckets[hash & (tree->bucket_count - 1)];
}

static struct topic_node *child_of(
	const struct topic_tree *tree, const struct topic_node *parent, struct span level)
{
	struct topic_node *node = *bucket_of(tree, hash_of(tree, parent, level));

	for (; node != NULL; node = node->next_in_bucket)
		if (node->parent == parent &&
			span_equal((struct span){node->level, node->len}, level))
			return node;
	return NULL;
}

static void link_in(struct topic_tree *tree, struct topic_node *node)
{
	struct topic_node **bucket = bucket_of(tree, node->hash);

	node->next_in_bucket = *bucket;
	*bucket = node;
}

static void grow(struct topic_tree *tree)
{
	struct topic_node **old = tree->buckets, *node, *next;
	size_t old_count = tree->bucket_count;

	tree->bucket_count = old_count == 0 ? 16 : old_count * 2;
	tree->buckets = xcalloc(tree->bucket_count, sizeof(struct topic_node *));
	for (size_t i = 0; i < old_count; i++)
		for (node = old[i]; node != NULL; node = next) {
			next = node->next_in_bucket;
			link_in(tree, node);
		}
	free(old);
}

static struct topic_node *node_new(
	struct topic_tree *tree, struct topic_node *parent, struct span level)
{
	struct topic_node *node = xcalloc(1, sizeof(*node) + level.len);

	if (tree->node_count == tree->bucket_count)
		grow(tree);
	node->parent = parent;
	node->hash = hash_of(tree, parent, level);
	node->len = (uint8_t)level.len;
	if (level.len > 0)
		memcpy(node->level, level.ptr, level.len);
	link_in(tree, node);
	tree->node_count++;
	if (parent != NULL)
		parent->child_count++;
	return node;
}

static void forget_in_walk(struct topic_walk *walk, const struct topic_node *node)
{
	for (size_t i = 0; i < walk->count; i++)
		if (walk->nodes[i] == node)
			walk->nodes[i] = NULL;
}

/* It, and those above that only it needed. */
static void node_drop(struct topic_tree *tree, struct topic_node *node)
{
	while (node != tree->root && node->count == 0 && node->child_count == 0 &&
		!node->is_changed) {
		struct topic_node **at = bucket_of(tree, node->hash), *parent = node->parent;

		while (*at != node)
			at = &(*at)->next_in_bucket;
		*at = node->next_in_bucket;
		tree->node_count--;
		if (tree->walk != NULL)
			forget_in_walk(tree->walk, node);
		free(node);
		node = parent;
		node->child_count--;
	}
}

static struct topic_node *find(const struct topic_tree *tree, struct span filter)
{
	struct topic_node *node = tree->root;

	while (node != NULL && filter.len > 0)
		node = child_of(tree, node, span_cut(&filter, '/'));
	return node;
}

static struct topic_node *find_or_make(struct topic_tree *tree, struct span filter)
{
	struct topic_node *node = tree->root;

	while (filter.len > 0) {
		struct span level = span_cut(&filter, '/');
		struct topic_node *child = child_of(tree, node, level);

		node = child != NULL ? child : node_new(tree, node, level);
	}
	return node;
}

/* Writes it to the end of `room`, from the last level up. */
static struct span filter_of(const struct topic_node *node, char room[TOPIC_NAME_MAX])
{
	size_t at = TOPIC_NAME_MAX;

	for (; node->parent != NULL; node = node->parent) {
		if (at < TOPIC_NAME_MAX)
			room[--at] = '/';
		at -= node->len;
		memcpy(room + at, node->level, node->len);
	}
	return (struct span){room + at, TOPIC_NAME_MAX - at};
}

static void tell(const struct topic_tree *tree, const struct topic_node *node,
	void (*what)(void *, struct span))
{
	char room[TOPIC_NAME_MAX];

	if (what != NULL)
		what(tree->watcher.context, filter_of(node, room));
}

/* ---- life ------------------------------------------------------------------------------- */

void topic_tree_init(struct topic_tree *tree, const struct topic_watcher *watcher)
{
	memset(tree, 0, sizeof(*tree));
	if (watcher != NULL)
		tree->watcher = *watcher;
	if (getrandom(&tree->seed, sizeof(tree->seed), GRND_NONBLOCK) < 0)
		tree->seed = (uintptr_t)tree;
	STAILQ_INIT(&tree->changes);
	tree->root = node_new(tree, NULL, SPAN(""));
}

void topic_tree_fini(struct topic_tree *tree)
{
	assert(tree->count == 0 && tree->node_count == 1 && tree->walk == NULL);
	free(tree->root);
	free(tree->buckets);
	memset(tree, 0, sizeof(*tree));
}

/* ---- changes ---------------------------------------------------------------------------- */

/* However often it changes, it stands there once. */
static void note_change(struct topic_tree *tree, struct topic_node *node)
{
	bool is_first = STAILQ_EMPTY(&tree->changes);

	if (!tree->is_tracking || node->is_changed)
		return;
	node->is_changed = true;
	STAILQ_INSERT_TAIL(&tree->changes, node, next_change);
	if (is_first && tree->watcher.changed != NULL)
		tree->watcher.changed(tree->watcher.context);
}

void topic_tree_take_changes(struct topic_tree *tree, size_t max,
	void (*visit)(void *context, struct span filter, size_t count), void *context)
{
	char room[TOPIC_NAME_MAX];

	while (max-- > 0 && !STAILQ_EMPTY(&tree->changes)) {
		struct topic_node *node = STAILQ_FIRST(&tree->changes);

		STAILQ_REMOVE_HEAD(&tree->changes, next_change);
		node->is_changed = false;
		visit(context, filter_of(node, room), node->count);
		node_drop(tree, node);
	}
}

static void pass_over(void *context, struct span filter, size_t count)
{
	(void)context;
	(void)filter;
	(void)count;
}

void topic_tree_track(struct topic_tree *tree, bool is_wanted)
{
	tree->is_tracking = is_wanted;
	if (!is_wanted) {
		topic_tree_take_changes(tree, SIZE_MAX, pass_over, NULL);
		return;
	}
	for (size_t i = 0; i < tree->bucket_count; i++)
		for (struct topic_node *node = tree->buckets[i]; node != NULL;
			node = node->next_in_bucket)
			if (node->count > 0)
				note_change(tree, node);
}

/* ---- entries ---------------------------------------------------------------------------- */

/* Both lists at once, as one of them is short: a member with many topics, or a full topic. */
static struct topic_entry *entry_find(
	const struct topic_member *member, const struct topic_node *node)
{
	struct topic_entry *a = LIST_FIRST(&member->entries), *b = LIST_FIRST(&node->entries);

	for (; a != NULL && b != NULL; a = LIST_NEXT(a, of_member), b = LIST_NEXT(b, of_node)) {
		if (a->node == node)
			return a;
		if (b->member == member)
			return b;
	}
	return NULL;
}

bool topic_tree_has_filter(const struct topic_tree *tree, struct span filter)
{
	const struct topic_node *node = find(tree, filter);

	return node != NULL && node->count > 0;
}

bool topic_tree_subscribe(
	struct topic_tree *tree, struct topic_member *member, struct span filter, unsigned flags)
{
	struct topic_node *node = find_or_make(tree, filter);
	struct topic_entry *entry = entry_find(member, node);

	if (entry != NULL) {
		entry->flags = flags & 0xff;
		return false;
	}
	entry = xmalloc(sizeof(*entry));
	*entry = (struct topic_entry){.member = member,
		.node = node,
		.born = ++tree->born & 0xffffffffffffff,
		.flags = flags & 0xff};
	LIST_INSERT_HEAD(&node->entries, entry, of_node);
	LIST_INSERT_HEAD(&member->entries, entry, of_member);
	member->count++;
	tree->count++;
	if (node->count++ == 0) {
		tree->filter_count++;
		tell(tree, node, tree->watcher.first);
	}
	note_change(tree, node);
	return true;
}

static void entry_drop(struct topic_tree *tree, struct topic_entry *entry)
{
	struct topic_node *node = entry->node;

	if (tree->walk != NULL && tree->walk->next == entry)
		tree->walk->next = LIST_NEXT(entry, of_node);
	LIST_REMOVE(entry, of_node);
	LIST_REMOVE(entry, of_member);
	entry->member->count--;
	tree->count--;
	free(entry);
	note_change(tree, node);
	if (--node->count > 0)
		return;
	tree->filter_count--;
	tell(tree, node, tree->watcher.last);
	node_drop(tree, node);
}

bool topic_tree_unsubscribe(
	struct topic_tree *tree, struct topic_member *member, struct span filter)
{
	struct topic_node *node = find(tree, filter);
	struct topic_entry *entry = node == NULL ? NULL : entry_find(member, node);

	if (entry != NULL)
		entry_drop(tree, entry);
	return entry != NULL;
}

void topic_tree_leave(struct topic_tree *tree, struct topic_member *member)
{
	while (!LIST_EMPTY(&member->entries))
		entry_drop(tree, LIST_FIRST(&member->entries));
}

/* ---- what matches ----------------------------------------------------------------------- */

struct matches {
	struct topic_node **nodes;
	size_t count, capacity;
};

static void add_match(struct matches *out, struct topic_node *node)
{
	if (node == NULL || node->count == 0)
		return;
	if (out->count == out->capacity) {
		out->capacity = out->capacity == 0 ? 4 : out->capacity * 2;
		out->nodes = xrealloc(out->nodes, out->capacity * sizeof(*out->nodes));
	}
	out->nodes[out->count++] = node;
}

/* No deeper than a name has levels. */
static void collect(const struct topic_tree *tree, struct topic_node *node, struct span name,
	struct matches *out)
{
	struct topic_node *next;
	struct span level;
	bool is_wild = node != tree->root || !topic_name_is_reserved(name);

	if (node->child_count > 0 && is_wild)
		add_match(out, child_of(tree, node, SPAN("#")));
	if (name.len == 0) {
		add_match(out, node);
		return;
	}
	if (node->child_count == 0)
		return;
	level = span_cut(&name, '/');
	if ((next = child_of(tree, node, level)) != NULL)
		collect(tree, next, name, out);
	if (is_wild && (next = child_of(tree, node, SPAN("+"))) != NULL)
		collect(tree, next, name, out);
}

size_t topic_tree_count(const struct topic_tree *tree, struct span name)
{
	struct matches matches = {0};
	size_t count = 0;

	collect(tree, tree->root, name, &matches);
	for (size_t i = 0; i < matches.count; i++)
		count += matches.nodes[i]->count;
	free(matches.nodes);
	return count;
}

/* By one of the first `count` matches, so that it was given already. */
static bool is_given(const struct matches *matches, size_t count, const struct topic_member *member)
{
	const struct topic_entry *entry;

	if (count == 0)
		return false;
	LIST_FOREACH (entry, &member->entries, of_member)
		for (size_t i = 0; i < count; i++)
			if (matches->nodes[i] == entry->node)
				return true;
	return false;
}

void topic_tree_each_member(const struct topic_tree *tree, struct span name,
	void (*visit)(void *context, struct topic_member *member), void *context)
{
	struct matches matches = {0};
	const struct topic_entry *entry;

	collect(tree, tree->root, name, &matches);
	for (size_t i = 0; i < matches.count; i++)
		LIST_FOREACH (entry, &matches.nodes[i]->entries, of_node)
			if (!is_given(&matches, i, entry->member))
				visit(context, entry->member);
	free(matches.nodes);
}

void topic_tree_each_filter(const struct topic_tree *tree,
	void (*visit)(void *context, struct span filter, size_t count), void *context)
{
	char room[TOPIC_NAME_MAX];

	for (size_t i = 0; i < tree->bucket_count; i++) {
		const struct topic_node *node = tree->buckets[i];

		for (; node != NULL; node = node->next_in_bucket)
			if (node->count > 0)
				visit(context, filter_of(node, room), node->count);
	}
}

/* ---- walks ------------------------------------------------------------------------------ */

void topic_walk_begin(
	struct topic_walk *walk, struct topic_tree *tree, struct span name, uint64_t born)
{
	struct matches matches = {0};

	assert(tree->walk == NULL);
	collect(tree, tree->root, name, &matches);
	*walk = (struct topic_walk){
		tree, born, ++tree->walks, matches.nodes, matches.count, 0, NULL};
	tree->walk = walk;
}

/* The next entry of any of the filters; NULL: there is none. */
static struct topic_entry *step(struct topic_walk *walk)
{
	struct topic_entry *entry;

	while (walk->next == NULL && walk->at < walk->count) {
		const struct topic_node *node = walk->nodes[walk->at++];

		if (node != NULL)
			walk->next = LIST_FIRST(&node->entries);
	}
	entry = walk->next;
	if (entry != NULL)
		walk->next = LIST_NEXT(entry, of_node);
	return entry;
}

const struct topic_entry *topic_walk_next(struct topic_walk *walk)
{
	struct topic_entry *entry;

	while ((entry = step(walk)) != NULL) {
		if (entry->born > walk->born || entry->member->seen == walk->number)
			continue;
		entry->member->seen = walk->number;
		return entry;
	}
	return NULL;
}

unsigned topic_walk_flags(const struct topic_walk *walk, const struct topic_member *member)
{
	const struct topic_entry *entry;
	unsigned flags = 0;

	LIST_FOREACH (entry, &member->entries, of_member)
		for (size_t i = 0; i < walk->count; i++)
			if (walk->nodes[i] == entry->node)
				flags |= entry->flags;
	return flags;
}

uint64_t topic_walk_born(const struct topic_walk *walk, const struct topic_member *member)
{
	const struct topic_entry *entry;
	uint64_t born = UINT64_MAX;

	LIST_FOREACH (entry, &member->entries, of_member)
		for (size_t i = 0; i < walk->count; i++)
			if (walk->nodes[i] == entry->node && entry->born < born)
				born = entry->born;
	return born;
}

void topic_walk_end(struct topic_walk *walk)
{
	free(walk->nodes);
	walk->tree->walk = NULL;
	memset(walk, 0, sizeof(*walk));
}
