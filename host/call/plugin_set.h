/*
 * The plugins of one generation: each name with each set of options once.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_PLUGIN_SET_H
#define SOCKLET_CALL_PLUGIN_SET_H

#include "base/arena.h"
#include "base/err.h"
#include "config/config.h"
#include "plugin/plugin.h"

/* Zero it; then plugin_set_fini. */
struct plugin_set {
	struct sl_plugin **plugins; /* one reference each */
	size_t count;
	const char **failed; /* names: reported once, however many routes have them */
	size_t failed_count;
};

/* Of routes.yaml; zero: none. */
struct plugin_options {
	const struct option_conf *items;
	size_t count;
};

/* Where plugins come from during a build. All borrowed. */
struct plugin_source {
	struct image_store *images;
	const struct sl_host *host;
	const char *dir;                   /* NULL when the file does not say: nothing is found */
	const struct plugin_set *previous; /* NULL at start; what did not change serves on */
	struct arena *arena;
	struct err_list *why;
};

/*
 * The plugin that routes.yaml names there, with these options; not started when it is new. Borrowed
 * from the set. NULL after complaints.
 */
struct sl_plugin *plugin_set_need(struct plugin_set *set, const struct plugin_source *from,
	const struct conf_text *named, const struct plugin_options *options);
/* Gives one back before the others, as it is for nothing else: only from the top of the loop. */
void plugin_set_drop(struct plugin_set *set, struct sl_plugin *plugin);
/* Gives the references back: only from the top of the loop. */
void plugin_set_fini(struct plugin_set *set);

#endif
