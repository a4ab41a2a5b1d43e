/*
 * Where to listen, as `listen:` and --listen say it. Opens no socket; daemon/ and net/ do.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LISTEN_CONF_H
#define SOCKLET_CONFIG_LISTEN_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "config/account_conf.h"
#include "config/conf_text.h"

struct config;

enum listen_kind {
	LISTEN_TCP,
	LISTEN_UNIX,  /* unix:/run/x.sock */
	LISTEN_GIVEN, /* fd:web, fd:3, systemd: opened by who has started the host */
};

enum { LISTEN_PATH_MAX = 107 }; /* bytes that the kernel takes for a Unix socket's path */

struct listen_conf {
	struct conf_text address; /* as written: "127.0.0.1:8000", "https://[::1]:0" */
	enum listen_kind kind;
	const char *host, *port; /* LISTEN_TCP: split; host without brackets */
	const char *path;        /* LISTEN_UNIX: joined to the folder of the file */
	const char *name;        /* LISTEN_GIVEN: "web", "3"; "" for the only one */
	/*
	 * What the socket is known by: the address without its scheme, so that a scheme can change
	 * by reload. With it where any free port will do: two of those are two sockets.
	 */
	const char *socket;
	bool is_tls; /* https:// */
	bool has_proxy_header, redirects;
	bool is_admin; /* of `admin:` */
	unsigned mode; /* of the file */
	struct account_conf owner, group;
};

/*
 * Splits an address of `listen:` or --listen into its kind and its parts; the rest of *out stays.
 * False adds to `why`. host is a name, an IPv4 or an IPv6 address, port a number up to 65535. A
 * relative path is joined to the folder of `file`, the routes file; NULL: it stays relative. All is
 * the arena's.
 */
bool listen_conf_parse(struct listen_conf *out, struct conf_text address, const char *file,
	struct arena *arena, struct err_list *why);
/* Whether all workers accept from one socket, by what it is known by. */
bool listen_conf_is_shared(const char *socket);
/* The path of a Unix socket's file, by the same; NULL: it has none. */
const char *listen_conf_file(const char *socket);
/* Checks them with each other and with the sections they need. */
void listen_conf_check(const struct config *config, const struct listen_conf *listens, size_t count,
	struct err_list *why);
/* Of an address as written, also of one that only the command line names. */
struct listen_conf listen_conf_find(const struct config *config, const char *address);

#endif
