/*
 * Runs around every message, so the texts are copied only when their pointers differ from those of
 * the step before; what remains is a few stores. SPDX-License-Identifier: MIT
 */
#include "plugin/breadcrumb.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

static const char *const callback_names[] = {
	[CRUMB_LOAD] = "load",
	[CRUMB_START] = "start",
	[CRUMB_CONNECT] = "connect",
	[CRUMB_PROVIDER] = "provider",
	[CRUMB_RELEASE] = "release of provider",
	[CRUMB_MESSAGE] = "message",
	[CRUMB_DRAINED] = "drained",
	[CRUMB_DISCONNECT] = "disconnect",
	[CRUMB_TIMER] = "timer",
	[CRUMB_DONE] = "done",
	[CRUMB_DROP] = "drop",
	[CRUMB_HAND_OVER] = "hand_over",
	[CRUMB_LOST] = "lost",
	[CRUMB_REQUEST] = "request",
	[CRUMB_REQUEST_END] = "request_end",
	[CRUMB_BUS] = "bus",
	[CRUMB_STOP] = "stop",
	[CRUMB_UNLOAD] = "unload",
};

struct breadcrumb *breadcrumb_new(void)
{
	void *page = mmap(NULL, sizeof(struct breadcrumb), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED) {
		log_error("out of memory: no page of %zu bytes to share, giving up",
			sizeof(struct breadcrumb));
		abort();
	}
	return page;
}

void breadcrumb_free(struct breadcrumb *page)
{
	if (page != NULL)
		munmap(page, sizeof(*page));
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void copy_text(char *out, size_t size, const char *text)
{
	size_t len = text == NULL ? 0 : strnlen(text, size - 1);

	memcpy(out, text == NULL ? "" : text, len);
	out[len] = '\0';
}

static void note(struct breadcrumb *page, const struct breadcrumb_step *step)
{
	if (step->plugin != page->step.plugin)
		copy_text(page->plugin, sizeof(page->plugin), step->plugin);
	if (step->route != page->step.route)
		copy_text(page->route, sizeof(page->route), step->route);
	if (step->provider != page->step.provider)
		copy_text(page->provider, sizeof(page->provider), step->provider);
	page->step = *step;
}

void breadcrumb_enter(
	struct breadcrumb *page, const struct breadcrumb_step *step, struct breadcrumb_step *before)
{
	uint32_t turn = atomic_load_explicit(&page->turn, memory_order_relaxed);

	before->plugin = NULL;
	if ((turn & 1) != 0)
		*before = page->step;
	note(page, step);
	/* Inside another callback it stays odd, and changes all the same. */
	atomic_store_explicit(&page->turn, turn + 1 + (turn & 1), memory_order_release);
}

void breadcrumb_resume(struct breadcrumb *page, const struct breadcrumb_step *before)
{
	note(page, before);
	atomic_fetch_add_explicit(&page->turn, 2, memory_order_release);
}

void breadcrumb_forget(struct breadcrumb *page)
{
	/* No text is there, so that each next one differs, NULL included. */
	page->step.plugin = page->step.route = page->step.provider = (const char *)page;
}

bool breadcrumb_is_inside(const struct breadcrumb *page)
{
	return (atomic_load_explicit(&page->turn, memory_order_acquire) & 1) != 0;
}

const char *breadcrumb_callback_name(enum breadcrumb_callback callback)
{
	/* The page may have been written over by what crashed. */
	return (unsigned)callback <= CRUMB_UNLOAD ? callback_names[callback] : "?";
}

/* ---- images ---------------------------------------------------------------------------------- */

/* One never used, else the one that is gone for the longest time. */
static struct breadcrumb_image *free_image(struct breadcrumb *page)
{
	struct breadcrumb_image *best = NULL;

	for (int i = 0; i < BREADCRUMB_IMAGES_MAX; i++) {
		struct breadcrumb_image *image = &page->images[i];

		if (image->high == 0)
			return image;
		if (image->closed > 0 && (best == NULL || image->closed < best->closed))
			best = image;
	}
	return best;
}

void breadcrumb_image_opened(struct breadcrumb *page, const char *plugin, unsigned version,
	uintptr_t low, uintptr_t high)
{
	struct breadcrumb_image *image = free_image(page);

	if (image == NULL)
		return;
	copy_text(image->plugin, sizeof(image->plugin), plugin);
	image->low = low;
	image->high = high;
	image->version = version;
	image->closed = 0;
}

void breadcrumb_image_closed(struct breadcrumb *page, const char *plugin, unsigned version)
{
	for (int i = 0; i < BREADCRUMB_IMAGES_MAX; i++) {
		struct breadcrumb_image *image = &page->images[i];

		if (image->high != 0 && image->closed == 0 && image->version == version &&
			strncmp(image->plugin, plugin, sizeof(image->plugin) - 1) == 0)
			image->closed = ++page->closed_count;
	}
}

const struct breadcrumb_image *breadcrumb_image_at(const struct breadcrumb *page, uintptr_t code)
{
	const struct breadcrumb_image *best = NULL;

	for (int i = 0; i < BREADCRUMB_IMAGES_MAX; i++) {
		const struct breadcrumb_image *image = &page->images[i];

		if (code < image->low || code >= image->high)
			continue;
		if (image->closed == 0)
			return image;
		if (best == NULL || image->closed > best->closed)
			best = image;
	}
	return best;
}
