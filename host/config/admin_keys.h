/*
 * The keys of `admin:`. Rows as in keys.h, which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_ADMIN_KEYS_H
#define SOCKLET_CONFIG_ADMIN_KEYS_H

#define ADMIN_TOP_KEYS(ROW)                        \
	ROW(admin, admin, admin, NULL, NULL, NULL, \
		"where other programs publish, ask and disconnect over HTTP")

#define ADMIN_KEYS(ROW)                                                                            \
	ROW(listen, admin_listen, listen, NULL, NULL, NULL,                                        \
		"one or more addresses as in `listen` at the top, which serve no route; required") \
	ROW(token, secrets, tokens, NULL, NULL, NULL,                                              \
		"what requests have to show as `Authorization: Bearer`; required, unless all "     \
		"addresses are Unix sockets, whose `mode` says who may connect")                   \
	ROW(body, size, body_bytes, "1MiB", "1KiB", "16MiB", "the longest message to publish")     \
	ROW(remember, duration, remember_ms, "5m", "1s", "1d",                                     \
		"how long an `Idempotency-Key` is known; the newest 65,536 are")

#endif
