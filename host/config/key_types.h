/*
 * The types of keys of routes.yaml: the second word of a row of keys.h, which includes this.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_KEY_TYPES_H
#define SOCKLET_CONFIG_KEY_TYPES_H

/* TYPE(token, what README calls it, unit) */
#define KEY_TYPES(TYPE)                                                \
	TYPE(admin, "section", "")                                     \
	TYPE(admin_listen, "address, mapping, or list of them", "")    \
	TYPE(after, "time, `never`", "ms")                             \
	TYPE(any_text, "text", "")                                     \
	TYPE(attached, "list of provider names", "")                   \
	TYPE(bound, "a value of the type", "")                         \
	TYPE(choices, "text, or list of them", "")                     \
	TYPE(compression, "section, `true`, `false`", "")              \
	TYPE(deaths, "number", "deaths")                               \
	TYPE(default, "text, or list of them", "")                     \
	TYPE(drain, "section", "")                                     \
	TYPE(duration, "time", "ms")                                   \
	TYPE(file, "file or folder", "")                               \
	TYPE(histories, "list of sections", "")                        \
	TYPE(history_store, "`memory`, `bus`", "")                     \
	TYPE(inject_type, "name of a type", "")                        \
	TYPE(item_count, "number", "items")                            \
	TYPE(job_count, "number", "jobs")                              \
	TYPE(length, "number", "characters")                           \
	TYPE(listens, "address, mapping, or list of them", "")         \
	TYPE(log, "section", "")                                       \
	TYPE(log_format, "`text`, `json`", "")                         \
	TYPE(log_level, "level", "")                                   \
	TYPE(log_to, "file, `stderr`, `syslog`", "")                   \
	TYPE(message_count, "number", "messages")                      \
	TYPE(methods, "list of HTTP methods", "")                      \
	TYPE(overflow, "policy", "")                                   \
	TYPE(overrides, "mapping of sections", "")                     \
	TYPE(path, "path pattern", "")                                 \
	TYPE(ping, "section", "")                                      \
	TYPE(plugin, "plugin name", "")                                \
	TYPE(provider_inject, "mapping", "")                           \
	TYPE(providers, "mapping of sections", "")                     \
	TYPE(quarantine, "section", "")                                \
	TYPE(reject, "`http`, `close`", "")                            \
	TYPE(route_inject, "mapping", "")                              \
	TYPE(route_limits, "section", "")                              \
	TYPE(route_options, "mapping", "")                             \
	TYPE(routes, "list of sections", "")                           \
	TYPE(scope, "scope", "")                                       \
	TYPE(scopes, "list of texts", "")                              \
	TYPE(size, "size", "bytes")                                    \
	TYPE(small_number, "number", "")                               \
	TYPE(source, "source", "")                                     \
	TYPE(stop, "section", "")                                      \
	TYPE(strict, "`true`, `false`, list of `query`, `cookie`", "") \
	TYPE(text, "text", "")                                         \
	TYPE(top_limits, "section", "")                                \
	TYPE(topics, "section", "")                                    \
	TYPE(truth, "`true`, `false`", "")                             \
	TYPE(workers, "number, `auto`", "")

#endif
