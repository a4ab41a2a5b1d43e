/*
 * A copy gets a name that was never used before, as the loader takes an equal name, or an equal
 * inode, for the library it has already and hands out the old code. The copy stays on disk while
 * it is loaded, so that debuggers and sanitizers find it. Equal bytes, and nothing else (not
 * times, not inodes), are the same version. A forked process may use its parent's store: what it
 * opens and closes there leaves the parent's copies alone. SPDX-License-Identifier: MIT
 */
#include "plugin/image.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "plugin/audit.h"
#include "plugin/breadcrumb.h"
#include "plugin/elf_check.h"
#include "plugin/extent.h"
#include "plugin/manners.h"
#include "plugin/private_dir.h"
#include "plugin/private_libs.h"
#include "plugin/snapshot.h"

#define IMAGE_MAGIC 0x696d6167u

/* One plugin name; outlives its images, as its count must never start again. */
struct image_name {
	struct image_name *next;
	unsigned version;   /* of the last copy made */
	struct image *open; /* newest first */
	char *text;
};

struct image {
	unsigned magic;
	unsigned refs;
	unsigned version;
	struct image_store *store;
	struct image_name *name;
	struct image *older; /* the next of name->open, or of store->parked */
	char *path;          /* of the copy */
	pid_t writer;        /* of the copy: it goes when that process closes the image */
	void *handle;        /* NULL: closed, which does not mean that it is gone */
	struct extent extent;
	struct private_libs libs;
	struct err parked; /* why it could not be unloaded */
};

struct image_store {
	struct private_dir dir;
	struct image_name *names;
	struct image *parked;
	unsigned image_count; /* open now, parked ones apart */
	const struct audit_threads *threads;
	struct manners *manners;
	struct breadcrumb *page, *own_page;
};

static void sweep(struct image_store *store);
static void image_free(struct image *image);
static bool has_room(const struct image_store *store, const struct image_name *name,
	const char *file, struct err *why);

struct image_store *image_store_open(struct err *why)
{
	struct image_store *store = xcalloc(1, sizeof(*store));

	if (!private_dir_open(&store->dir, why)) {
		free(store);
		return NULL;
	}
	store->own_page = xcalloc(1, sizeof(*store->own_page));
	store->page = store->own_page;
	store->manners = manners_new();
	return store;
}

void image_store_set_breadcrumb(struct image_store *store, struct breadcrumb *page)
{
	assert(store->image_count == 0);
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

void image_store_close(struct image_store *store)
{
	struct image_name *name = store->names, *next;
	struct image *parked;

	assert(store->image_count == 0);
	sweep(store);
	while ((parked = store->parked) != NULL) {
		store->parked = parked->older;
		image_free(parked);
	}
	manners_free(store->manners);
	breadcrumb_forget(store->page); /* the names go */
	for (; name != NULL; name = next) {
		next = name->next;
		free(name->text);
		free(name);
	}
	private_dir_close(&store->dir);
	free(store->own_page);
	free(store);
}

static struct image_name *name_get(struct image_store *store, const char *text)
{
	struct image_name *name;

	for (name = store->names; name != NULL; name = name->next)
		if (strcmp(name->text, text) == 0)
			return name;
	name = xcalloc(1, sizeof(*name));
	name->text = xstrdup(text);
	name->next = store->names;
	store->names = name;
	return name;
}

static bool write_all(int fd, const struct buf *bytes)
{
	size_t done = 0;

	while (done < bytes->len) {
		ssize_t n = write(fd, bytes->data + done, bytes->len - done);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			done += (size_t)n;
	}
	return true;
}

static bool write_copy(const char *path, const struct buf *bytes, struct err *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0500);
	bool is_written = fd >= 0 && write_all(fd, bytes);

	if (!is_written)
		err_set(why, ERR_INTERNAL, "the copy %s cannot be written: %s; make room there",
			path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return is_written;
}

/* After a fork parent and child count alike, so that the child's names need something more. */
static char *copy_path(
	const struct image_store *store, const struct image_name *name, unsigned version)
{
	size_t size = strlen(store->dir.path) + strlen(name->text) + 48;
	char *path = xmalloc(size), child[24] = "";

	if (getpid() != store->dir.owner)
		snprintf(child, sizeof(child), ".%ld", (long)getpid());
	snprintf(path, size, "%s/%s.%u%s.so", store->dir.path, name->text, version, child);
	return path;
}

/* ---- foreign code: constructors and destructors --------------------------------------------- */

static void enter(const struct image *image, enum breadcrumb_callback callback,
	struct breadcrumb_step *before)
{
	struct breadcrumb_step step = {
		.plugin = image->name->text,
		.version = image->version,
		.callback = callback,
	};

	breadcrumb_enter(image->store->page, &step, before);
}

static void leave(
	const struct image *image, const char *callback, const struct breadcrumb_step *before)
{
	const struct manners_suspect who = {image->name->text, image->version, callback, true};

	breadcrumb_leave(image->store->page, before);
	manners_check(image->store->manners, &who);
}

/* The name of a file without its folder. */
static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
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
		breadcrumb_image_opened(image->store->page, image->name->text, image->version,
			image->extent.low, image->extent.high);
	return is_open;
}

/* Whether nothing is left that could call the code, as far as anybody can tell. */
static bool is_unused(const struct image *image, struct err *why)
{
	struct buf bytes = {0};
	struct err unread;
	bool may_unload = !snapshot_read(&bytes, image->path, &unread) ||
			  elf_may_unload(buf_span(&bytes), why);

	buf_fini(&bytes);
	return may_unload && audit_is_unused(&image->extent, image->store->threads, why) &&
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
	breadcrumb_image_closed(image->store->page, image->name->text, image->version);
	return true;
}

/* ---- images --------------------------------------------------------------------------------- */

/* Writes and opens the next copy of that name. */
static struct image *open_copy(struct image_store *store, struct image_name *name, const char *path,
	const struct buf *bytes, struct err *why)
{
	struct image *image = xcalloc(1, sizeof(*image));

	image->magic = IMAGE_MAGIC;
	image->refs = 1;
	image->store = store;
	image->name = name;
	image->version = ++name->version;
	image->writer = getpid();
	image->path = copy_path(store, name, image->version);
	if (write_copy(image->path, bytes, why) &&
		private_libs_copy(image->path, path, buf_span(bytes), why) &&
		open_code(image, file_name(path), why))
		return image;
	image_free(image);
	return NULL;
}

static struct image *load_bytes(struct image_store *store, struct image_name *name,
	const char *path, const struct buf *bytes, struct err *why)
{
	const char *file = file_name(path);
	struct image *image;

	if (name->open != NULL && snapshot_is_same(name->open->path, bytes) &&
		private_libs_are_same(name->open->path, path, buf_span(bytes)))
		return image_ref(name->open);
	sweep(store);
	if (!has_room(store, name, file, why) || !elf_check(file, buf_span(bytes), why))
		return NULL;
	image = open_copy(store, name, path, bytes, why);
	if (image == NULL)
		return NULL;
	image->older = name->open;
	name->open = image;
	store->image_count++;
	return image;
}

struct image *image_load(
	struct image_store *store, const char *name, const char *path, struct err *why)
{
	struct image *image = NULL;
	struct buf bytes = {0};

	if (snapshot_read(&bytes, path, why))
		image = load_bytes(store, name_get(store, name), path, &bytes, why);
	buf_fini(&bytes);
	return image;
}

struct image *image_ref(struct image *image)
{
	assert(image->magic == IMAGE_MAGIC);
	image->refs++;
	return image;
}

/* When the newest goes, because its plugin was refused, the one before is what serves. */
static void forget(struct image *image)
{
	struct image **at = &image->name->open;

	while (*at != image)
		at = &(*at)->older;
	*at = image->older;
}

/* Its copy stays while the code does, for debuggers. */
static void image_free(struct image *image)
{
	if (image->writer == getpid()) {
		unlink(image->path);
		private_libs_remove(image->path);
	}
	free(image->path);
	image->magic = 0;
	free(image);
}

void image_unref(struct image *image)
{
	struct image_store *store = image->store;

	assert(image->magic == IMAGE_MAGIC && image->refs > 0);
	if (--image->refs > 0)
		return;
	forget(image);
	store->image_count--;
	if (close_code(image, &image->parked)) {
		image_free(image);
	} else {
		image->older = store->parked;
		store->parked = image;
		log_warn("plugin %s: version %u stays in memory: %s", image->name->text,
			image->version, image->parked.text);
	}
	sweep(store);
}

/* ---- parked --------------------------------------------------------------------------------- */

/* Threads end and handlers are put back: what was in use need not be so for ever. */
static void sweep(struct image_store *store)
{
	struct image **at = &store->parked;

	while (*at != NULL) {
		struct image *image = *at;

		if (!close_code(image, &image->parked)) {
			at = &image->older;
			continue;
		}
		*at = image->older;
		log_info(
			"plugin %s: version %u has left memory", image->name->text, image->version);
		image_free(image);
	}
}

bool image_store_parked(const struct image_store *store, size_t i, struct image_parked *out)
{
	const struct image *image = store->parked;

	while (image != NULL && i-- > 0)
		image = image->older;
	if (image == NULL)
		return false;
	*out = (struct image_parked){image->name->text, image->version, image->parked.text};
	return true;
}

static bool has_room(const struct image_store *store, const struct image_name *name,
	const char *file, struct err *why)
{
	unsigned serving = 0, parked = 0;

	for (const struct image *image = name->open; image != NULL; image = image->older)
		serving++;
	for (const struct image *image = store->parked; image != NULL; image = image->older)
		parked += image->name == name;
	if (serving + parked < IMAGE_VERSIONS_MAX)
		return true;
	err_set(why, ERR_INTERNAL,
		"%s: %u versions of it are in memory (%u in use, %u that could not be unloaded), "
		"at most %d are allowed; close old connections, or restart the host",
		file, serving + parked, serving, parked, IMAGE_VERSIONS_MAX);
	return false;
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
