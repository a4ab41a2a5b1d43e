/*
 * Who has subscribed to what: filters as a tree by level, found by hash, so that a publish looks
 * only at the filters that match it. Leaving costs as much as the member has subscriptions. Holds
 * no message and knows no connection; one thread. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_TOPIC_TOPIC_TREE_H
#define SOCKLET_TOPIC_TOPIC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/span.h"
#include "topic/topic_name.h"

struct topic_node;
struct topic_walk;

/* A member's interest in one filter: 64 bytes of the allocator. */
struct topic_entry {
	struct topic_member *member;
	struct topic_node *node;
	LIST_ENTRY(topic_entry) of_node, of_member;
	uint64_t born : 56; /* counts up in the tree */
	uint64_t flags : 8; /* the caller's */
};

LIST_HEAD(topic_entries, topic_entry);
STAILQ_HEAD(topic_changes, topic_node);

/* Part of whoever subscribes. Zero it; topic_tree_leave before it goes. */
struct topic_member {
	struct topic_entries entries;
	uint32_t count; /* of them */
	uint64_t seen;  /* the last walk that gave it */
};

/* Told when a filter has its first entry, and when its last has gone; they may not come back. */
struct topic_watcher {
	void (*first)(void *context, struct span filter);
	void (*last)(void *context, struct span filter);
	void *context;
	/* The first filter has changed since all changes were taken; or NULL. */
	void (*changed)(void *context);
};

/* Zero it; topic_tree_init; topic_tree_fini. */
struct topic_tree {
	struct topic_node **buckets;
	size_t bucket_count, node_count;
	struct topic_node *root;
	uint64_t seed;
	uint64_t born;           /* entries ever made: what a walk may see is older */
	size_t count;            /* entries */
	size_t filter_count;     /* nodes with entries */
	struct topic_walk *walk; /* the one under way; NULL: none */
	uint64_t walks;
	struct topic_changes changes; /* filters with other counts than were taken last */
	bool is_tracking;
	struct topic_watcher watcher;
};

void topic_tree_init(struct topic_tree *tree, const struct topic_watcher *watcher);
/* Every member has left. */
void topic_tree_fini(struct topic_tree *tree);

/* The filter was checked. False: the member had it already, and now has these flags. */
bool topic_tree_subscribe(
	struct topic_tree *tree, struct topic_member *member, struct span filter, unsigned flags);
/* False: it had not. */
bool topic_tree_unsubscribe(
	struct topic_tree *tree, struct topic_member *member, struct span filter);
void topic_tree_leave(struct topic_tree *tree, struct topic_member *member);
bool topic_tree_has_filter(const struct topic_tree *tree, struct span filter);
/* Entries that match a name; who matches by two filters counts twice. */
size_t topic_tree_count(const struct topic_tree *tree, struct span name);
/*
 * Calls visit once for each member that matches a name; visit must not change the tree. May run
 * beside a walk.
 */
void topic_tree_each_member(const struct topic_tree *tree, struct span name,
	void (*visit)(void *context, struct topic_member *member), void *context);
/* Calls visit for every filter that has an entry; visit must not change the tree. */
void topic_tree_each_filter(const struct topic_tree *tree,
	void (*visit)(void *context, struct span filter, size_t count), void *context);

/*
 * From now on changes of counts are kept until they are taken, beginning with all filters there
 * are; or not any longer.
 */
void topic_tree_track(struct topic_tree *tree, bool is_wanted);
/* At most `max` filters that have changed, the oldest change first. As each_filter. */
void topic_tree_take_changes(struct topic_tree *tree, size_t max,
	void (*visit)(void *context, struct span filter, size_t count), void *context);

/*
 * A walk gives each member that matches a name, once, in no order that means anything. Members may
 * subscribe, unsubscribe and leave between two steps: who has left is not given, who has come since
 * `born` was read neither. One walk of a tree at a time.
 */
struct topic_walk {
	struct topic_tree *tree;
	uint64_t born, number;
	struct topic_node **nodes; /* NULL: gone; from `at` on they are still to come */
	size_t count, at;
	struct topic_entry *next;
};

/* `born` of the tree at the moment that the walk is about. */
void topic_walk_begin(
	struct topic_walk *walk, struct topic_tree *tree, struct span name, uint64_t born);
/* NULL: that was the last. */
const struct topic_entry *topic_walk_next(struct topic_walk *walk);
/* All flags of a member's entries whose filters the walk goes through. */
unsigned topic_walk_flags(const struct topic_walk *walk, const struct topic_member *member);
/* The birth of the first of them. */
uint64_t topic_walk_born(const struct topic_walk *walk, const struct topic_member *member);
void topic_walk_end(struct topic_walk *walk);

#endif
