/*
 * One plugin with one set of options: image, checked descriptor, state. Counted: generations and
 * connections hold it, so a reload that changes neither bytes nor options keeps its state. The
 * only place that calls plugin code. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_PLUGIN_PLUGIN_H
#define SOCKLET_PLUGIN_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <socklet_bus.h>

#include "base/arena.h"
#include "base/err.h"
#include "plugin/image.h"
#include "plugin/manners.h"

LIST_HEAD(timer_list, sl_timer);

/* What a report says of a connection: what a struct sl_conn begins with. */
struct plugin_subject {
	uint64_t connection;
	const char *const *route; /* its path; both live as long as the plugin */
};

/* How it is with the broker of a bus driver, as the driver has said. call/bus_plugin.c's. */
struct plugin_bus {
	uint32_t state; /* SL_BUS_… */
	char text[160];
};

struct sl_plugin {
	unsigned magic;
	unsigned refs;
	struct image *image;
	unsigned version;           /* the image's */
	struct breadcrumb *page;    /* where its calls are noted */
	struct sl_plugin_info info; /* normalised */
	/* What the plugin itself calls info.providers, in their order. */
	const struct sl_provider *const *own_providers;
	const char *name;
	const char *options_key; /* equal keys, equal options */
	const void *options;     /* the filled struct, NULL without options */
	struct arena arena;      /* owns the texts, tables and options above */
	void *state;
	bool is_started;
	bool is_met_once;       /* the first connect or request was watched for its manners */
	struct fd_marks opened; /* by start */
	struct plugin_bus bus;
	struct timer_list timers; /* call/timer.c's */
	/* Ends them; NULL: there are none. Called before stop and, as stop may make more, after. */
	void (*end_timers)(struct sl_plugin *);
};

/*
 * Opens and checks `<dir>/<name>.so`; not started, options not set. NULL adds to `why`, at `place`
 * (where routes.yaml names it). The host table is stored in the image at once.
 */
struct sl_plugin *plugin_load(struct image_store *store, const char *dir, const char *name,
	const struct sl_host *host, struct place place, struct err_list *why);
struct sl_plugin *plugin_ref(struct sl_plugin *plugin);
/* The last one calls stop (when started) and unloads. Only from the top of the loop. */
void plugin_unref(struct sl_plugin *plugin);

/* Whether both run the same code with the same options: then the older one serves on. */
bool plugin_is_same(const struct sl_plugin *a, const struct sl_plugin *b);
/* Whether connections of `old`, a version of the same plugin, can be handed over to this one. */
bool plugin_takes_over(const struct sl_plugin *plugin, const struct sl_plugin *old);

/* The zeroed state, also for who only looks and never starts. */
void plugin_give_state(struct sl_plugin *plugin);
/* Gives the state and calls start, if any. False adds to `why`. */
bool plugin_start(struct sl_plugin *plugin, struct place place, struct err_list *why);

/* The callbacks; each may be called only when info has it. */
int plugin_call_connect(struct sl_plugin *plugin, struct sl_conn *conn, const void *args);
int plugin_call_message(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	const struct sl_message *message);
void plugin_call_disconnect(
	struct sl_plugin *plugin, struct sl_conn *conn, const void *args, const struct sl_end *end);
void plugin_call_drained(struct sl_plugin *plugin, struct sl_conn *conn, const void *args);
void plugin_call_lost(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	struct sl_str topic, uint64_t count);
int plugin_call_request(struct sl_plugin *plugin, struct sl_conn *conn, const void *args,
	const struct sl_request *request);
void plugin_call_request_end(
	struct sl_plugin *plugin, struct sl_conn *conn, const void *args, const struct sl_end *end);
/* To the one that takes over, about the state that `old` has filled. */
int plugin_call_hand_over(struct sl_plugin *plugin, struct sl_conn *conn,
	const struct sl_plugin *old, const void *old_state, void *state);
int plugin_call_provider(struct sl_plugin *plugin, const struct sl_provider *provider,
	struct sl_conn *conn, const void *args, void *result);
void plugin_call_release(struct sl_plugin *plugin, const struct sl_provider *provider,
	struct sl_conn *conn, void *result, const struct sl_end *end);
void plugin_call_conn_timer(struct sl_plugin *plugin, struct sl_conn *conn,
	void (*fire)(struct sl_conn *, void *), void *data);
void plugin_call_timer(
	struct sl_plugin *plugin, void (*fire)(struct sl_plugin *, void *), void *data);
void plugin_call_done(struct sl_plugin *plugin, struct sl_conn *conn,
	void (*done)(struct sl_conn *, void *), void *data);
void plugin_call_drop(struct sl_plugin *plugin, void (*drop)(void *), void *data);
/* Of a bus driver. */
int plugin_call_bus_publish(struct sl_plugin *plugin, const struct sl_bus_message *message);
void plugin_call_bus_filter(struct sl_plugin *plugin, struct sl_str filter, bool is_wanted);
void plugin_call_bus_flush(struct sl_plugin *plugin);
int plugin_call_bus_keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule);
int plugin_call_bus_recall(struct sl_plugin *plugin, const struct sl_bus_recall *recall);

#endif
