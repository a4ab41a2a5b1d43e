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
#include "config/conf_text.h"

struct config;

struct listen_conf {
	struct conf_text address; /* as written: "127.0.0.1:8000", "https://[::1]:0" */
	const char *host, *port;  /* split; host without brackets */
	/*
	 * What the socket is known by: the address without its scheme, so that a scheme can change
	 * by reload. With it where any free port will do: two of those are two sockets.
	 */
	const char *socket;
	bool is_tls; /* https:// */
};

/*
 * Splits "host:port", with http:// or https:// before it, for listen and --listen; false adds to
 * `why`. host and port are the arena's, host is a name, an IPv4 or an IPv6 address, port a number
 * up to 65535.
 */
bool listen_conf_parse(struct listen_conf *out, struct conf_text address, struct arena *arena,
	struct err_list *why);
/* Checks them with each other and with the sections they need. */
void listen_conf_check(const struct config *config, const struct listen_conf *listens, size_t count,
	struct err_list *why);
/* Of an address as written, also of one that only the command line names. */
struct listen_conf listen_conf_find(const struct config *config, const char *address);

#endif
