/*
 * One tree node a segment. A node is reached by one way only and its depth is the number of the
 * segment it stands for, so a match visits each node at most once, however often it turns back.
 * Knows no configuration: generation fills it, host asks it. SPDX-License-Identifier: MIT
 */
#include "route/route_map.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/xalloc.h"

enum { TYPED_FIRST = SEGMENT_INT, TYPED_COUNT = SEGMENT_PATH - SEGMENT_INT };

struct node {
	void *route;                     /* of the pattern that ends here, or NULL */
	struct span text;                /* the static segment, borrowed from its pattern */
	uint32_t hash;                   /* of text */
	struct node *typed[TYPED_COUNT]; /* by kind, from TYPED_FIRST on */
	void *rest_route;                /* of a {name:path} that ends here, or NULL */
	struct node **slots;             /* static children: open addressing, probed in line */
	size_t slot_count, static_count; /* slot_count is a power of two, at most 3/4 full */
};

struct route_map {
	struct node root;
};

/* FNV-1a. Which keys are in a table is the file's choice, so no peer can crowd a slot. */
static uint32_t hash_text(struct span text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619u;
	return hash;
}

static struct node *static_find(const struct node *node, struct span text)
{
	uint32_t hash;
	struct node *child;

	if (node->static_count == 0)
		return NULL;
	hash = hash_text(text);
	for (size_t i = hash; (child = node->slots[i & (node->slot_count - 1)]) != NULL; i++)
		if (child->hash == hash && span_equal(child->text, text))
			return child;
	return NULL;
}

static void static_put(struct node *node, struct node *child)
{
	size_t i = child->hash;

	while (node->slots[i & (node->slot_count - 1)] != NULL)
		i++;
	node->slots[i & (node->slot_count - 1)] = child;
}

static struct node *static_add(struct node *node, struct span text)
{
	struct node *child = xcalloc(1, sizeof(*child)), **old = node->slots;
	size_t old_count = node->slot_count;

	child->text = text;
	child->hash = hash_text(text);
	if ((node->static_count + 1) * 4 > old_count * 3) {
		node->slot_count = old_count == 0 ? 4 : old_count * 2;
		node->slots = xcalloc(node->slot_count, sizeof(struct node *));
		for (size_t i = 0; i < old_count; i++)
			if (old[i] != NULL)
				static_put(node, old[i]);
		free(old);
	}
	static_put(node, child);
	node->static_count++;
	return child;
}

static struct node *child_for(struct node *node, const struct segment *segment)
{
	struct node **typed;
	struct node *child;

	if (segment->kind == SEGMENT_STATIC) {
		child = static_find(node, segment->text);
		return child != NULL ? child : static_add(node, segment->text);
	}
	typed = &node->typed[segment->kind - TYPED_FIRST];
	if (*typed == NULL)
		*typed = xcalloc(1, sizeof(**typed));
	return *typed;
}

static void node_free_below(struct node *node)
{
	for (size_t i = 0; i < node->slot_count; i++) {
		if (node->slots[i] != NULL)
			node_free_below(node->slots[i]);
		free(node->slots[i]);
	}
	for (size_t i = 0; i < TYPED_COUNT; i++) {
		if (node->typed[i] != NULL)
			node_free_below(node->typed[i]);
		free(node->typed[i]);
	}
	free(node->slots);
}

struct route_map *route_map_new(void)
{
	return xcalloc(1, sizeof(struct route_map));
}

void route_map_free(struct route_map *map)
{
	if (map == NULL)
		return;
	node_free_below(&map->root);
	free(map);
}

bool route_map_add(struct route_map *map, const struct pattern *pattern, void *route, void **taken)
{
	struct node *node = &map->root;
	void **end = NULL;

	assert(route != NULL && pattern->segment_count > 0);
	for (size_t i = 0; i < pattern->segment_count; i++) {
		const struct segment *segment = &pattern->segments[i];

		if (segment->kind == SEGMENT_PATH) {
			end = &node->rest_route;
			break;
		}
		node = child_for(node, segment);
		end = &node->route;
	}
	*taken = *end;
	if (*end != NULL)
		return false;
	*end = route;
	return true;
}

/*
 * `rest` begins behind a slash; its ptr is NULL when the path has ended. Each way down writes its
 * own parameters over those of a way given up, and only the way that succeeds sets the count.
 */
static bool walk(
	const struct node *node, struct span rest, size_t param_count, struct route_match *out)
{
	struct span after = rest, segment;
	const struct node *child;

	if (rest.ptr == NULL) {
		out->route = node->route;
		out->param_count = param_count;
		return node->route != NULL;
	}
	segment = span_cut(&after, '/');
	child = static_find(node, segment);
	if (child != NULL && walk(child, after, param_count, out))
		return true;
	for (size_t i = 0; i < TYPED_COUNT; i++) {
		child = node->typed[i];
		if (child == NULL || !segment_fits((enum segment_kind)(TYPED_FIRST + i), segment))
			continue;
		out->params[param_count] = segment;
		if (walk(child, after, param_count + 1, out))
			return true;
	}
	if (node->rest_route == NULL)
		return false;
	out->route = node->rest_route;
	out->params[param_count] = rest;
	out->param_count = param_count + 1;
	return true;
}

bool route_map_match(const struct route_map *map, struct span path, struct route_match *out)
{
	if (path.len == 0 || path.ptr[0] != '/')
		return false;
	return walk(&map->root, span_from(path, 1), 0, out);
}
