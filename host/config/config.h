/*
 * routes.yaml as a struct: what its author wrote, checked as far as the file alone allows. Knows no
 * plugin; call/generation.c meets them. Owns all it points to. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONFIG_H
#define SOCKLET_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"
#include "config/account_conf.h"
#include "config/conf_admin.h"
#include "config/conf_bus.h"
#include "config/conf_inject.h"
#include "config/conf_life.h"
#include "config/conf_limits.h"
#include "config/conf_text.h"
#include "config/conf_tls.h"
#include "config/conf_web.h"
#include "config/listen_conf.h"
#include "wire/ws_extension.h"

struct option_conf {
	struct conf_text name, value; /* value is absent: the items of a list */
	struct conf_list items;
};

struct ping_conf {
	uint64_t interval_ms; /* of silence before a ping; 0: never */
	uint64_t timeout_ms;  /* for the pong, beyond it 1011 */
};

/* Sources of which a peer may send nothing that the route does not take. */
struct strict_conf {
	bool query, cookie;
};

enum route_kind { ROUTE_PLUGIN, ROUTE_FILE, ROUTE_DIR, ROUTE_REDIRECT };

/* How a peer is told that it may not come in. */
enum reject_conf {
	REJECT_HTTP,  /* status and JSON instead of 101; browsers show scripts neither */
	REJECT_CLOSE, /* 101, then a close frame with code and reason */
};

struct route_conf {
	struct conf_text path;
	enum route_kind kind;
	struct conf_text plugin;        /* ROUTE_PLUGIN: name, without ".so" */
	struct conf_text file_or_dir;   /* ROUTE_FILE, ROUTE_DIR: relative to the current folder */
	struct redirect_conf redirect;  /* ROUTE_REDIRECT */
	struct conf_text cache_control; /* ROUTE_FILE, ROUTE_DIR */
	struct web_conf web;            /* the file's default filled in */
	struct subprotocols_conf subprotocols;
	struct inject_conf *inject;
	size_t inject_count;
	struct attached_conf *attached;
	size_t attached_count;
	struct option_conf *options;
	size_t option_count;
	const char *const *methods; /* NULL-ended; NULL: whatever the plugin makes of them */
	struct place methods_place;
	enum reject_conf reject;
	struct strict_conf strict; /* the file's default filled in */
	struct limits_conf limits; /* the file's defaults filled in */
	struct ping_conf ping;
	struct ws_compression compression;
	struct drain_conf drain;
};

/* What it serves, as `socklet routes` names it; NULL in a file with mistakes. */
const char *route_conf_target(const struct route_conf *conf);
/* "plugin", "file", "dir", "redirect" */
const char *route_conf_kind_name(enum route_kind kind);

enum { CONFIG_WORKERS_MAX = 64 };

struct config {
	struct arena arena;
	const char *path;             /* the file, as given */
	struct conf_text plugins_dir; /* joined to the file's folder; absent: no plugin is named */
	struct listen_conf *listens;
	size_t listen_count;
	struct admin_conf admin;
	struct tls_conf tls;
	struct account_conf user, group; /* that workers run as; absent: the host's */
	struct conf_text control; /* joined to the file's folder; absent: the host's choice */
	unsigned workers;         /* 1 to CONFIG_WORKERS_MAX */
	uint64_t watchdog_ms;     /* for code of a plugin to return; 0: for ever */
	struct quarantine_conf quarantine;
	struct limits_conf limits;
	struct ping_conf ping;
	struct ws_compression compression;
	struct drain_conf drain;
	struct stop_conf stop;
	struct topics_conf topics;
	struct bus_conf bus;
	struct presence_conf presence;
	struct log_conf log;
	struct strict_conf strict;
	struct web_conf web;
	struct http_conf http;
	struct route_conf *routes;
	size_t route_count;
	struct provider_conf *providers;
	size_t provider_count;
	struct provider_conf *overrides; /* each is in providers, too, in the other's place */
	size_t override_count;
};

/*
 * Reads the file into *out (zeroed first). False when there was any complaint: all of them are in
 * `why`, sorted, each with file:line:column; *out then holds what could be read and still wants
 * config_fini. Complaints end in what to do; a name near a known one gets "did you mean".
 * True promises: every name is well-formed. Whether providers exist and whether they need each
 * other in a circle, the plan finds out.
 */
bool config_load(struct config *out, const char *path, struct err_list *why);
/* The text alone; false: it cannot be had. */
bool config_read(struct buf *out, const char *path, struct err_list *why);
/* The same with the file's text at hand; `path` is its name in complaints and its folder. */
bool config_parse(struct config *out, struct span text, const char *path, struct err_list *why);
void config_fini(struct config *config);

#endif
