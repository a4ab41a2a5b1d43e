/*
 * An image is known by the path of its copy. Commands that serve nobody make their copies
 * themselves, in a folder that appears with the first; a worker opens those that the master made
 * and offers, and keeps a lock on each, so that the master knows which are in use.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/image.h"

#include <assert.h>
#include <dlfcn.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "plugin/copy.h"
#include "plugin/snapshot.h"

#define IMAGE_MAGIC 0x696d6167u

LIST_HEAD(image_list, image);

struct image {
	unsigned magic;
	unsigned refs;
	unsigned version;
	struct image_store *store;
	LIST_ENTRY(image) link;
	char *path;        /* of the copy */
	struct copy *copy; /* NULL: another process's, and then */
	int lock;          /* on it */
	void *handle;
};

struct image_store {
	struct copy_store *copies; /* NULL until one is made */
	const struct image_offer *offers;
	size_t offer_count;
	struct image_list open;
};

struct image_store *image_store_new(void)
{
	struct image_store *store = xcalloc(1, sizeof(*store));

	LIST_INIT(&store->open);
	return store;
}

void image_store_free(struct image_store *store)
{
	assert(LIST_EMPTY(&store->open));
	if (store->copies != NULL)
		copy_store_close(store->copies);
	free(store);
}

void image_store_offer(struct image_store *store, const struct image_offer *offers, size_t count)
{
	store->offers = offers;
	store->offer_count = count;
}

/* The loader names the copy; the author knows only the file. */
static void set_loader_error(const char *file, const char *copy, struct err *why)
{
	const char *text = dlerror();
	size_t len = strlen(copy);

	if (text == NULL)
		text = "no reason given";
	if (strncmp(text, copy, len) == 0 && text[len] == ':')
		text += len + 1 + strspn(text + len + 1, " ");
	err_set(why, ERR_INTERNAL,
		"%s cannot be loaded: %s; link all it needs (-Wl,-z,defs finds what is missing)",
		file, text);
}

/* The name of a file without its folder. */
static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static struct image *find_open(const struct image_store *store, const char *path)
{
	struct image *image;

	LIST_FOREACH (image, &store->open, link)
		if (strcmp(image->path, path) == 0)
			return image;
	return NULL;
}

/* Opens the copy at `path`; version, copy and lock are the caller's to fill in. */
static struct image *open_path(
	struct image_store *store, const char *path, const char *file, struct err *why)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct image *image;

	if (handle == NULL) {
		set_loader_error(file, path, why);
		return NULL;
	}
	image = xcalloc(1, sizeof(*image));
	image->magic = IMAGE_MAGIC;
	image->refs = 1;
	image->store = store;
	image->path = xstrdup(path);
	image->lock = -1;
	image->handle = handle;
	LIST_INSERT_HEAD(&store->open, image, link);
	return image;
}

/* Takes the reference. */
static struct image *open_copy(
	struct image_store *store, struct copy *copy, const char *file, struct err *why)
{
	struct image *image = find_open(store, copy_path(copy));

	if (image != NULL) {
		copy_unref(copy);
		return image_ref(image);
	}
	image = open_path(store, copy_path(copy), file, why);
	if (image == NULL) {
		copy_unref(copy);
		return NULL;
	}
	image->copy = copy;
	image->version = copy_version(copy);
	return image;
}

static struct image *load_file(
	struct image_store *store, const char *name, const char *path, struct err *why)
{
	struct copy *copy = NULL;
	struct buf bytes = {0};

	if (store->copies == NULL)
		store->copies = copy_store_open(why);
	if (store->copies == NULL)
		return NULL;
	if (snapshot_read(&bytes, path, why))
		copy = copy_take(store->copies, name, file_name(path), &bytes, why);
	buf_fini(&bytes);
	return copy == NULL ? NULL : open_copy(store, copy, file_name(path), why);
}

static struct image *load_offer(struct image_store *store, const struct image_offer *offer,
	const char *file, struct err *why)
{
	struct image *image;

	if (offer->path == NULL) {
		err_set(why, ERR_INTERNAL, "%s", offer->reason);
		return NULL;
	}
	image = find_open(store, offer->path);
	if (image != NULL)
		return image_ref(image);
	image = open_path(store, offer->path, file, why);
	if (image == NULL)
		return NULL;
	image->version = offer->version;
	image->lock = copy_lock(offer->path);
	return image;
}

struct image *image_load(
	struct image_store *store, const char *name, const char *path, struct err *why)
{
	if (store->offers == NULL)
		return load_file(store, name, path, why);
	for (size_t i = 0; i < store->offer_count; i++)
		if (strcmp(store->offers[i].name, name) == 0)
			return load_offer(store, &store->offers[i], file_name(path), why);
	err_set(why, ERR_INTERNAL, "%s was not offered by the master", file_name(path));
	return NULL;
}

struct image *image_ref(struct image *image)
{
	assert(image->magic == IMAGE_MAGIC);
	image->refs++;
	return image;
}

void image_unref(struct image *image)
{
	assert(image->magic == IMAGE_MAGIC && image->refs > 0);
	if (--image->refs > 0)
		return;
	LIST_REMOVE(image, link);
	dlclose(image->handle);
	if (image->copy != NULL)
		copy_unref(image->copy);
	if (image->lock >= 0)
		close(image->lock);
	free(image->path);
	image->magic = 0;
	free(image);
}

void *image_symbol(const struct image *image, const char *symbol)
{
	return dlsym(image->handle, symbol);
}

unsigned image_version(const struct image *image)
{
	return image->version;
}
