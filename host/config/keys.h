/*
 * Every key of routes.yaml, one row each. config.c reads by these rows and conf/README.md is held
 * equal to them by a test, so a new key is a row here, a member in config.h, and a line there.
 *
 * ROW(name, type, member, default, least, most, sentence)
 *   type      a row of key_types.h; config.c or section.c has read_<type>
 *   member    where the value goes, of the struct the section is read into
 *   default   read as if it had been written; NULL: none
 *   least, most  the range, both ends included; NULL: none
 *   sentence  what README says the key does
 * Rows are read from the top down, whatever the order in the file. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_KEYS_H
#define SOCKLET_CONFIG_KEYS_H

#include "config/inject_keys.h"
#include "config/key_types.h"
#include "config/life_keys.h"
#include "config/log_keys.h"
#include "config/web_keys.h"

/* limits and ping before routes, which inherit them. */
#define TOP_KEYS(ROW)                                                                              \
	ROW(listen, listens, listens, "127.0.0.1:8000", NULL, NULL,                                \
		"where to accept connections: host:port, an IPv6 host in brackets, port 0 "        \
		"for any free one")                                                                \
	ROW(plugins, file, plugins_dir, NULL, NULL, NULL,                                          \
		"the folder of the `.so` files; needed as soon as a route or a provider "          \
		"names a plugin")                                                                  \
	ROW(workers, workers, workers, "1", "1", "64",                                             \
		"how many processes serve; `auto` is one per core")                                \
	ROW(watchdog, duration, watchdog_ms, "10s", "0", "365d",                                   \
		"the longest that a plugin's code may keep a worker from its other clients; "      \
		"then the worker is ended and replaced; 0 is never")                               \
	ROW(quarantine, quarantine, quarantine, NULL, NULL, NULL,                                  \
		"when a plugin that ends workers again and again is no longer called")             \
	ROW(control, file, control, NULL, NULL, NULL,                                              \
		"the socket of `socklet reload`, `status`, `stop` and `upgrade`; without it "      \
		"a default one")                                                                   \
	ROW(log, log, log, NULL, NULL, NULL, "where the log goes, and what is in it")              \
	ROW(limits, top_limits, limits, NULL, NULL, NULL,                                          \
		"the limits of all routes that do not set their own")                              \
	ROW(ping, ping, ping, NULL, NULL, NULL,                                                    \
		"the keep-alive of all routes that do not set their own")                          \
	ROW(drain, drain, drain, NULL, NULL, NULL,                                                 \
		"when connections of what a reload has replaced are closed, of all routes "        \
		"that do not set their own")                                                       \
	ROW(stop, stop, stop, NULL, NULL, NULL, "how connections are closed when the host stops")  \
	ROW(topics, topics, topics, NULL, NULL, NULL, "how much of what plugins publish may wait") \
	WEB_TOP_KEYS(ROW)                                                                          \
	ROW(strict, strict, strict, NULL, NULL, NULL,                                              \
		"which sources of all routes that do not set their own may hold nothing "          \
		"but what is injected")                                                            \
	ROW(providers, providers, providers, NULL, NULL, NULL,                                     \
		"functions of plugins whose result is injected, by name")                          \
	ROW(overrides, overrides, overrides, NULL, NULL, NULL,                                     \
		"providers that stand in for those of the same name, for tests")                   \
	ROW(routes, routes, routes, NULL, NULL, NULL,                                              \
		"what is served under which path; at least one")

#define ROUTE_KEYS(ROW)                                                                  \
	ROW(path, path, path, NULL, NULL, NULL,                                          \
		"the path of the request, with parameters in braces; required")          \
	ROW(plugin, plugin, plugin, NULL, NULL, NULL,                                    \
		"the plugin that speaks WebSocket here: its file name without `.so`")    \
	ROW(file, file, file_or_dir, NULL, NULL, NULL,                                   \
		"a file to answer a GET with, such as a page")                           \
	ROW(dir, file, file_or_dir, NULL, NULL, NULL,                                    \
		"a folder whose files are served below the path")                        \
	WEB_ROUTE_KEYS(ROW)                                                              \
	ROW(inject, route_inject, inject, NULL, NULL, NULL,                              \
		"where the plugin's fields come from, when the convention is not right") \
	ROW(providers, attached, attached, NULL, NULL, NULL,                             \
		"providers to call before those of the fields, for what they do")        \
	ROW(options, route_options, options, NULL, NULL, NULL,                           \
		"options of the plugin by name; which there are, the plugin says")       \
	ROW(reject, reject, reject, "http", NULL, NULL,                                  \
		"how a refused handshake is answered: `http` with status and JSON, "     \
		"`close` with 101 and a close frame whose reason a browser can read")    \
	ROW(strict, strict, strict, NULL, NULL, NULL,                                    \
		"which sources may hold nothing but what is injected: an unknown query " \
		"parameter or cookie is then an error; `true` is both")                  \
	ROW(limits, route_limits, limits, NULL, NULL, NULL,                              \
		"limits of this route; what it leaves out is as at the top")             \
	ROW(ping, ping, ping, NULL, NULL, NULL,                                          \
		"keep-alive of this route; what it leaves out is as at the top")         \
	ROW(drain, drain, drain, NULL, NULL, NULL,                                       \
		"drain of this route; what it leaves out is as at the top")

/* What a route may set, too. */
#define LIMITS_KEYS(ROW)                                                                    \
	ROW(message, size, message_bytes, "1MiB", "1B", "1GiB",                             \
		"the longest message a peer may send; a longer one closes with 1009")       \
	ROW(queue, size, queue_bytes, "4MiB", "1KiB", "64GiB",                              \
		"bytes waiting to be sent to one peer; beyond it closes with 1013")         \
	ROW(idle, duration, idle_ms, "0", "0", "365d",                                      \
		"the longest time without a message from the peer, then closes with 1001; " \
		"0 is for ever")                                                            \
	ROW(close, duration, close_ms, "5s", "1ms", "365d",                                 \
		"the longest wait for the peer's answer to a close")

/* Before a route is known: only at the top. */
#define HANDSHAKE_KEYS(ROW)                                                                    \
	ROW(handshake, duration, handshake_ms, "10s", "1ms", "365d",                           \
		"from the connection to the end of the handshake, then 408 (or 503, when the " \
		"plugin is late); at the top only")

#define PING_KEYS(ROW)                                                   \
	ROW(interval, duration, interval_ms, "20s", "0", "365d",         \
		"silence from the peer before it is pinged; 0 is never") \
	ROW(timeout, duration, timeout_ms, "20s", "1ms", "365d",         \
		"the wait for its answer, then closes with 1011")

#endif
