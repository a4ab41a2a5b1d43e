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

#include "base/log.h"
#include "base/xalloc.h"
#include "plugin/audit.h"
#include "plugin/breadcrumb.h"
#include "plugin/copy.h"
#include "plugin/elf_check.h"
#include "plugin/extent.h"
#include "plugin/manners.h"
#include "plugin/private_libs.h"
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
	void *handle;      /* NULL: closed, which does not mean that it is gone */
	struct extent extent;
	struct private_libs libs;
	bool is_kept;      /* whatever happens: its code says so */
	struct err parked; /* why it could not be unloaded */
};

struct image_store {
	struct copy_store *copies; /* NULL until one is made */
	const struct image_offer *offers;
	size_t offer_count;
	struct image_list open, parked;
	const struct audit_threads *threads;
	struct manners *manners;
	struct breadcrumb *page, *own_page;
};

struct image_store *image_store_new(void)
{
	struct image_store *store = xcalloc(1, sizeof(*store));

	LIST_INIT(&store->open);
	LIST_INIT(&store->parked);
	store->manners = manners_new();
	store->own_page = xcalloc(1, sizeof(*store->own_page));
	store->page = store->own_page;
	return store;
}

void image_store_set_breadcrumb(struct image_store *store, struct breadcrumb *page)
{
	assert(LIST_EMPTY(&store->open));
	store->page = page;
}

void image_store_set_threads(struct image_store *store, const struct audit_threads *threads)
{
	store->threads = threads;
}

struct manners *image_store_manners(struct image_store *store)
{
	return store->manners;
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

static void leave(
	const struct image *image, const char *callback, const struct breadcrumb_step *before)
{
	const struct manners_suspect who = {image->name, image->version, callback, true};

	breadcrumb_leave(image->store->page, before);
	manners_check(image->store->manners, &who);
}

static bool open_all(struct image *image, const char *file, struct err *why)
{
	struct err reason;

	if (!private_libs_open(&image->libs, image->path, &reason)) {
		err_set(why, ERR_INTERNAL, "%s: %s", file, reason.text);
		return false;
	}
	image->handle = dlopen(image->path, RTLD_NOW | RTLD_LOCAL);
	if (image->handle == NULL)
		set_loader_error(file, image->path, why);
	return image->handle != NULL;
}

static bool open_code(struct image *image, const char *file, struct err *why)
{
	struct breadcrumb_step before;
	bool is_open;

	manners_note(image->store->manners);
	enter(image, CRUMB_LOAD, &before);
	is_open = open_all(image, file, why);
	if (!is_open)
		private_libs_close(&image->libs);
	leave(image, "a constructor", &before);
	if (is_open && extent_find(&image->extent, image->path))
		breadcrumb_image_opened(image->store->page, image->name, image->version,
			image->extent.low, image->extent.high);
	return is_open;
}

/* Sets is_kept, while the file is there. */
static void look_for_keepers(struct image *image)
{
	struct buf bytes = {0};
	struct err unread;

	image->is_kept = snapshot_read(&bytes, image->path, &unread) &&
			 !elf_may_unload(buf_span(&bytes), &image->parked);
	buf_fini(&bytes);
}

/* Whether nothing is left that could call the code, as far as anybody can tell. */
static bool is_unused(const struct image *image, struct err *why)
{
	return !image->is_kept && audit_is_unused(&image->extent, image->store->threads, why) &&
	       private_libs_are_unused(&image->libs, image->store->threads, why);
}

static bool is_mapped(const char *path)
{
	void *handle = dlopen(path, RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);

	if (handle != NULL)
		dlclose(handle);
	return handle != NULL;
}

/* Closes what is proven unused, and looks whether it went. False fills `why`: the code is there. */
static bool close_code(struct image *image, struct err *why)
{
	struct breadcrumb_step before;

	if (image->handle != NULL) {
		if (!is_unused(image, why))
			return false;
		manners_note(image->store->manners);
		enter(image, CRUMB_UNLOAD, &before);
		dlclose(image->handle);
		private_libs_close(&image->libs);
		leave(image, "a destructor", &before);
		image->handle = NULL;
	}
	if (is_mapped(image->path)) {
		err_set(why, ERR_INTERNAL,
			"the loader keeps it; no thread_local with a destructor (use the state of "
			"the plugin or the connection), no -z nodelete");
		return false;
	}
	breadcrumb_image_closed(image->store->page, image->name, image->version);
	return true;
}

/* ---- images --------------------------------------------------------------------------------- */

static void image_free(struct image *image)
{
	LIST_REMOVE(image, link);
	if (image->lock >= 0)
		close(image->lock);
	if (image->copy != NULL)
		copy_unref(image->copy);
	/* The page borrowed the name. */
	breadcrumb_forget(image->store->page);
	free(image->name);
	free(image->path);
	image->magic = 0;
	free(image);
}

/* Threads end and handlers are put back: what was in use need not be so for ever. */
static void sweep(struct image_store *store)
{
	struct image *image = LIST_FIRST(&store->parked), *next;

	for (; image != NULL; image = next) {
		next = LIST_NEXT(image, link);
		if (!close_code(image, &image->parked))
			continue;
		log_info("plugin %s: version %u has left memory", image->name, image->version);
		image_free(image);
	}
}

static unsigned count_of(const struct image_list *list, const char *name)
{
	const struct image *image;
	unsigned count = 0;

	LIST_FOREACH (image, list, link)
		count += strcmp(image->name, name) == 0;
	return count;
}

static bool has_room(
	const struct image_store *store, const char *name, const char *file, struct err *why)
{
	unsigned serving = count_of(&store->open, name), parked = count_of(&store->parked, name);

	if (serving + parked < IMAGE_VERSIONS_MAX)
		return true;
	err_set(why, ERR_INTERNAL,
		"%s: %u versions of it are in memory (%u in use, %u that could not be unloaded), "
		"at most %d are allowed; close old connections, or restart the host",
		file, serving + parked, serving, parked, IMAGE_VERSIONS_MAX);
	return false;
}

/* A copy that was opened for a reload which failed, and could not be closed. */
static struct image *find_parked(const struct image_store *store, const char *path)
{
	struct image *image;

	LIST_FOREACH (image, &store->parked, link)
		if (strcmp(image->path, path) == 0)
			return image;
	return NULL;
}

static struct image *revive(struct image *image, const char *file, struct err *why)
{
	if (image->handle == NULL && !open_code(image, file, why))
		return NULL;
	LIST_REMOVE(image, link);
	LIST_INSERT_HEAD(&image->store->open, image, link);
	image->refs = 1;
	return image;
}

/* Takes the reference to the copy, if there is one. */
static struct image *open_copy_at(struct image_store *store, const struct image_offer *at,
	struct copy *copy, const char *file, struct err *why)
{
	struct image *image;

	sweep(store);
	image = find_parked(store, at->path);
	if (image != NULL)
		return revive(image, file, why);
	if (!has_room(store, at->name, file, why)) {
		if (copy != NULL)
			copy_unref(copy);
		return NULL;
	}
	image = xcalloc(1, sizeof(*image));
	image->magic = IMAGE_MAGIC;
	image->refs = 1;
	image->version = at->version;
	image->store = store;
	image->name = xstrdup(at->name);
	image->path = xstrdup(at->path);
	image->copy = copy;
	image->lock = copy == NULL ? copy_lock(at->path) : -1;
	LIST_INSERT_HEAD(&store->open, image, link);
	look_for_keepers(image);
	if (open_code(image, file, why))
		return image;
	image_free(image);
	return NULL;
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
		copy = copy_take(store->copies, name, path, &bytes, why);
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

static void park(struct image *image)
{
	LIST_REMOVE(image, link);
	LIST_INSERT_HEAD(&image->store->parked, image, link);
	/* Or the same bytes would be this code again, with its old statics. */
	if (image->copy != NULL)
		copy_unref(image->copy);
	image->copy = NULL;
	log_warn("plugin %s: version %u stays in memory: %s", image->name, image->version,
		image->parked.text);
}

void image_unref(struct image *image)
{
	struct image_store *store = image->store;

	assert(image->magic == IMAGE_MAGIC && image->refs > 0);
	if (--image->refs > 0)
		return;
	if (close_code(image, &image->parked))
		image_free(image);
	else
		park(image);
	sweep(store);
}

bool image_store_parked(const struct image_store *store, size_t i, struct image_parked *out)
{
	const struct image *image = LIST_FIRST(&store->parked);

	while (image != NULL && i-- > 0)
		image = LIST_NEXT(image, link);
	if (image == NULL)
		return false;
	*out = (struct image_parked){image->name, image->version, image->parked.text};
	return true;
}

void image_store_free(struct image_store *store)
{
	assert(LIST_EMPTY(&store->open));
	sweep(store);
	while (!LIST_EMPTY(&store->parked))
		image_free(LIST_FIRST(&store->parked));
	if (store->copies != NULL)
		copy_store_close(store->copies);
	manners_free(store->manners);
	free(store->own_page);
	free(store);
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

struct manners *image_manners(const struct image *image)
{
	return image->store->manners;
}
