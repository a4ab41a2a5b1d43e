/*
 * The keys for plain requests that a plugin answers. Rows as in keys.h, which includes this.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_REQUEST_KEYS_H
#define SOCKLET_CONFIG_REQUEST_KEYS_H

/* Of `limits`, at the top and in routes. */
#define REQUEST_LIMITS_KEYS(ROW)                                                           \
	ROW(body, size, body_bytes, "1MiB", "0", "1GiB",                                   \
		"the longest body of a plain request that a plugin answers; a longer one " \
		"is refused with 413")                                                     \
	ROW(request, duration, request_ms, "30s", "1ms", "365d",                           \
		"how long the body of a plain request may take, then 408; and the plugin " \
		"to begin its answer, then 503")

#endif
