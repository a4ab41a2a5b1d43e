/*
 * What a process is doing in plugin code right now, in a page that another process can read after
 * its death: plugin, version, callback, route, connection; also where the code of plugins lies, and
 * lay. Knows neither plugins nor connections, only their texts. Written by image.c and plugin.c
 * around every call of foreign code, read by the crash handler, and by who watches the process.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_BREADCRUMB_H
#define SOCKLET_PLUGIN_BREADCRUMB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/expect.h"

enum { BREADCRUMB_NAME_MAX = 128, BREADCRUMB_ROUTE_MAX = 256, BREADCRUMB_IMAGES_MAX = 96 };

enum breadcrumb_callback {
	CRUMB_LOAD, /* constructors, and the function that SL_PLUGIN makes */
	CRUMB_START,
	CRUMB_CONNECT,
	CRUMB_PROVIDER,
	CRUMB_RELEASE, /* of what a provider gave */
	CRUMB_MESSAGE,
	CRUMB_DRAINED,
	CRUMB_DISCONNECT,
	CRUMB_TIMER,
	CRUMB_DONE,
	CRUMB_DROP,
	CRUMB_HAND_OVER,
	CRUMB_LOST,
	CRUMB_REQUEST,
	CRUMB_REQUEST_END,
	CRUMB_BUS, /* of a bus driver */
	CRUMB_STOP,
	CRUMB_UNLOAD, /* destructors */
};

/* One call. The texts are borrowed until breadcrumb_forget. */
struct breadcrumb_step {
	const char *plugin;
	const char *route;    /* NULL: none */
	const char *provider; /* NULL: another callback */
	uint64_t connection;  /* 0: none */
	enum breadcrumb_callback callback;
	unsigned version;
};

/* One image; kept after its end, so that a jump into code that is gone can be named. */
struct breadcrumb_image {
	uintptr_t low, high; /* high 0: never used */
	char plugin[BREADCRUMB_NAME_MAX];
	unsigned version;
	unsigned closed; /* 0: open; else counts up with each close */
};

/* What the crash handler saw. */
struct breadcrumb_fault {
	int signal; /* 0: it did not run */
	/* 0 or 1; no bool, as whatever a plugin wrote over it must be readable */
	uint8_t has_address, is_stack_full, is_other_thread;
	uint64_t address;
	int64_t sender;                     /* of a signal that another process sent, else 0 */
	int image;                          /* index of the image whose code it was, or -1 */
	char code[2 * BREADCRUMB_NAME_MAX]; /* "echo.so+0x119c" */
};

struct breadcrumb {
	_Atomic uint32_t turn;       /* odd while plugin code runs */
	struct breadcrumb_step step; /* its pointers mean something in the writing process only, */
	char plugin[BREADCRUMB_NAME_MAX]; /* its texts are here */
	char route[BREADCRUMB_ROUTE_MAX];
	char provider[BREADCRUMB_NAME_MAX];
	struct breadcrumb_fault fault;
	struct breadcrumb_image images[BREADCRUMB_IMAGES_MAX];
	unsigned closed_count;
};

/*
 * A zeroed page that forked processes share. One per worker: a process forked from a worker must
 * not load plugins with its parent's page. Without memory the process ends.
 */
struct breadcrumb *breadcrumb_new(void);
void breadcrumb_free(struct breadcrumb *page);

/* For breadcrumb_leave: a step that was going on. */
void breadcrumb_resume(struct breadcrumb *page, const struct breadcrumb_step *before);

/*
 * Around a call of plugin code. `before` is the caller's: if plugin code was running, its step goes
 * on after `leave`. After the last leave the page still tells what ran last.
 */
void breadcrumb_enter(struct breadcrumb *page, const struct breadcrumb_step *step,
	struct breadcrumb_step *before);
/*
 * The same in a few instructions for a message, which most often is the next one of the same
 * connection: then only the turn changes. False: it is not, or plugin code is running, and nothing
 * was done.
 */
static inline bool breadcrumb_enter_again(struct breadcrumb *page, const char *plugin,
	enum breadcrumb_callback callback, uint64_t connection, const char *route)
{
	uint32_t turn = atomic_load_explicit(&page->turn, memory_order_relaxed);
	const struct breadcrumb_step *last = &page->step;

	if (UNLIKELY((turn & 1) != 0 || connection != last->connection ||
		     callback != last->callback || plugin != last->plugin || route != last->route))
		return false;
	atomic_store_explicit(&page->turn, turn + 1, memory_order_release);
	return true;
}

static inline void breadcrumb_leave(struct breadcrumb *page, const struct breadcrumb_step *before)
{
	uint32_t turn = atomic_load_explicit(&page->turn, memory_order_relaxed);

	if (UNLIKELY(before->plugin != NULL))
		breadcrumb_resume(page, before);
	else
		atomic_store_explicit(&page->turn, turn + 1, memory_order_release);
}

/* Texts of steps are about to be freed: equal pointers are no equal texts from here on. */
void breadcrumb_forget(struct breadcrumb *page);
bool breadcrumb_is_inside(const struct breadcrumb *page);
const char *breadcrumb_callback_name(enum breadcrumb_callback callback);

/* Images beyond BREADCRUMB_IMAGES_MAX open ones are not noted. */
void breadcrumb_image_opened(struct breadcrumb *page, const char *plugin, unsigned version,
	uintptr_t low, uintptr_t high);
void breadcrumb_image_closed(struct breadcrumb *page, const char *plugin, unsigned version);
/* Whose code it is, else whose it was last; NULL: nobody's. Safe in a signal handler. */
const struct breadcrumb_image *breadcrumb_image_at(const struct breadcrumb *page, uintptr_t code);

#endif
