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
#include "plugin/breadcrumb.h"
#include "plugin/copy.h"
#include "plugin/extent.h"
#include "plugin/snapshot.h"

#define IMAGE_MAGIC 0x696d6167u

LIST_HEAD(image_list, image);

struct image {
	unsigned magic;
	unsigned refs;
	unsigned version;
	struct image_store *store;
	LIST_ENTRY(image) link;
	char *name;
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
	struct breadcrumb *page, *own_page;
};

struct image_store *image_store_new(void)
{
	struct image_store *store = xcalloc(1, sizeof(*store));

	LIST_INIT(&store->open);
	store->own_page = xcalloc(1, sizeof(*store->own_page));
	store->page = store->own_page;
	return store;
}

void image_store_set_breadcrumb(struct image_store *store, struct breadcrumb *page)
{
	assert(LIST_EMPTY(&store->open));
	store->page = page;
}

void image_store_free(struct image_store *store)
{
	assert(LIST_EMPTY(&store->open));
	if (store->copies != NULL)
		copy_store_close(store->copies);
	free(store->own_page);
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

/* ---- foreign code: constructors and destructors --------------------------------------------- */

static void enter(const struct image *image, enum breadcrumb_callback callback,
	struct breadcrumb_step *before)
{
	struct breadcrumb_step step = {
		.plugin = image->name,
		.version = image->version,
		.callback = callback,
	};

	breadcrumb_enter(image->store->page, &step, before);
}

static void open_code(struct image *image)
{
	struct breadcrumb *page = image->store->page;
	struct breadcrumb_step before;
	struct extent extent;

	enter(image, CRUMB_LOAD, &before);
	image->handle = dlopen(image->path, RTLD_NOW | RTLD_LOCAL);
	breadcrumb_leave(page, &before);
	if (image->handle != NULL && extent_find(&extent, image->path))
		breadcrumb_image_opened(page, image->name, image->version, extent.low, extent.high);
}

static void close_code(struct image *image)
{
	struct breadcrumb *page = image->store->page;
	struct breadcrumb_step before;

	enter(image, CRUMB_UNLOAD, &before);
	dlclose(image->handle);
	breadcrumb_leave(page, &before);
	breadcrumb_image_closed(page, image->name, image->version);
}

/* ---- images --------------------------------------------------------------------------------- */

static void image_free(struct image *image)
{
	if (image->copy != NULL)
		copy_unref(image->copy);
	if (image->lock >= 0)
		close(image->lock);
	/* The page borrowed the name. */
	breadcrumb_forget(image->store->page);
	free(image->name);
	free(image->path);
	image->magic = 0;
	free(image);
}

/* Takes the reference to the copy, if there is one. */
static struct image *open_copy_at(struct image_store *store, const struct image_offer *at,
	struct copy *copy, const char *file, struct err *why)
{
	struct image *image = xcalloc(1, sizeof(*image));

	image->magic = IMAGE_MAGIC;
	image->refs = 1;
	image->version = at->version;
	image->store = store;
	image->name = xstrdup(at->name);
	image->path = xstrdup(at->path);
	image->copy = copy;
	image->lock = copy == NULL ? copy_lock(at->path) : -1;
	open_code(image);
	if (image->handle == NULL) {
		set_loader_error(file, at->path, why);
		image_free(image);
		return NULL;
	}
	LIST_INSERT_HEAD(&store->open, image, link);
	return image;
}

/* Takes the reference. */
static struct image *open_copy(
	struct image_store *store, struct copy *copy, const char *file, struct err *why)
{
	const struct image_offer at = {copy_name(copy), copy_version(copy), copy_path(copy), NULL};
	struct image *image = find_open(store, at.path);

	if (image == NULL)
		return open_copy_at(store, &at, copy, file, why);
	copy_unref(copy);
	return image_ref(image);
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
	return open_copy_at(store, offer, NULL, file, why);
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
	close_code(image);
	image_free(image);
}

void *image_symbol(const struct image *image, const char *symbol)
{
	return dlsym(image->handle, symbol);
}

unsigned image_version(const struct image *image)
{
	return image->version;
}

struct breadcrumb *image_breadcrumb(const struct image *image)
{
	return image->store->page;
}
