/*
 * The keys of the log, rows as in keys.h, which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LOG_KEYS_H
#define SOCKLET_CONFIG_LOG_KEYS_H

/* level before the areas, which begin with it. */
#define LOG_KEYS(ROW)                                                                           \
	ROW(to, log_to, to, "stderr", NULL, NULL,                                               \
		"where lines go: `stderr`, `syslog`, or a file, which SIGUSR1 opens anew")      \
	ROW(format, log_format, is_json, "text", NULL, NULL,                                    \
		"`text` for people, `json` for machines: one object a line")                    \
	ROW(level, log_level, level, "info", NULL, NULL,                                        \
		"lines below it are left out: `debug`, `info`, `warn`, `error`, `off`")         \
	ROW(host, log_level, levels[LOG_HOST], NULL, NULL, NULL,                                \
		"another level for lines about processes and reloads")                          \
	ROW(connection, log_level, levels[LOG_CONNECTION], NULL, NULL, NULL,                    \
		"another level for what the host has to say about one connection")              \
	ROW(plugin, log_level, levels[LOG_PLUGIN], NULL, NULL, NULL,                            \
		"another level for what plugins log")                                           \
	ROW(access, log_level, levels[LOG_ACCESS], NULL, NULL, NULL,                            \
		"another level for the lines at the opening and the close of each connection, " \
		"which are `info`")

#endif
