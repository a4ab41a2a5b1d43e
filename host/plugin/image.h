/*
 * Shared objects, opened from private copies with names never used twice, counted. The only user
 * of dlopen, with private_libs.c. The author's file may be overwritten, moved or deleted at any
 * time: it is read once per load and never mapped. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_IMAGE_H
#define SOCKLET_PLUGIN_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct audit_threads;
struct breadcrumb;
struct image;
struct manners;
struct image_store; /* the images open now, and where their copies come from */

/* A copy that another process made and keeps. */
struct image_offer {
	const char *name;
	unsigned version;
	const char *path;   /* NULL: there is none, because of */
	const char *reason; /* as image_load would say it */
};

struct image_store *image_store_new(void);
/* Until told so, a page of the store's own. Before the first load; the page outlives the store. */
void image_store_set_breadcrumb(struct image_store *store, struct breadcrumb *page);
/* Which threads are the host's; borrowed. Until told so, the loop's is the only one. */
void image_store_set_threads(struct image_store *store, const struct audit_threads *threads);
/* All images must be unreferenced. Removes the copies made here; parked code stays mapped. */
void image_store_free(struct image_store *store);
/*
 * From now on image_load takes these copies and reads no file of an author's. Borrowed until the
 * next call; NULL ends it.
 */
void image_store_offer(struct image_store *store, const struct image_offer *offers, size_t count);
/* What is watched around every call of foreign code that is no message. */
struct manners *image_store_manners(struct image_store *store);

/* More versions of one name, serving and parked, are refused. */
enum { IMAGE_VERSIONS_MAX = 64 };

/*
 * A version that nobody uses and that could not be unloaded: its code stays in memory. Looked at
 * again with each image that is loaded or goes.
 */
struct image_parked {
	const char *name;
	unsigned version;
	const char *reason; /* what is left of it, and what its author has to do */
};

/* The i-th, counted from 0; false: there are fewer. The texts stay until the store is used next. */
bool image_store_parked(const struct image_store *store, size_t i, struct image_parked *out);

/*
 * The image of the bytes that `path` holds now, with one more reference: the one open already
 * when they equal the newest of that name, else a fresh private copy. NULL fills `why`: missing,
 * being written, not a whole ELF shared object for this machine, what the loader said, one of the
 * traps that would break a later reload (a STB_GNU_UNIQUE symbol, static TLS), in words that tell
 * the author what to change; or too many versions in memory.
 */
struct image *image_load(
	struct image_store *store, const char *name, const char *path, struct err *why);
struct image *image_ref(struct image *image);
/*
 * The last one closes and removes the copy, if that is proven safe, else parks it with a warning.
 * Only from the top of the loop, never with the image's code on the stack.
 */
void image_unref(struct image *image);
void *image_symbol(const struct image *image, const char *symbol);
/* Counts up with each fresh copy of that name, from 1. */
unsigned image_version(const struct image *image);
/* Where calls into this image are noted, and what is watched around them. */
struct breadcrumb *image_breadcrumb(const struct image *image);
struct manners *image_manners(const struct image *image);

#endif
