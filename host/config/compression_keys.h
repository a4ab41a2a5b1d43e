/*
 * The keys of `compression`, at the top and in routes. Rows as in keys.h, which includes this.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_COMPRESSION_KEYS_H
#define SOCKLET_CONFIG_COMPRESSION_KEYS_H

#define COMPRESSION_KEYS(ROW)                                                                   \
	ROW(enabled, flag, is_enabled, "true", NULL, NULL,                                      \
		"whether permessage-deflate is agreed on with peers that offer it")             \
	ROW(level, small_number, level, "1", "1", "9",                                          \
		"from fast (1) to small (9), as zlib has it")                                   \
	ROW(min, size, least_bytes, "1KiB", "0", "1GiB", "messages below are sent as they are") \
	ROW(server_window, small_number, server_bits, "15", "8", "15",                          \
		"how far back what we send may refer: 2 to that power bytes")                   \
	ROW(client_window, small_number, client_bits, "15", "8", "15",                          \
		"the same of what peers send, as far as they can limit it")                     \
	ROW(server_context, flag, server_context, "false", NULL, NULL,                          \
		"whether a message that we send may refer to those before it, which takes "     \
		"memory for each connection")                                                   \
	ROW(client_context, flag, client_context, "false", NULL, NULL,                          \
		"the same of messages that peers send")                                         \
	ROW(memory, size, memory_bytes, "320KiB", "0", "1MiB",                                  \
		"the most that both contexts of one connection may take; contexts for which "   \
		"it is not enough are not kept")

#endif
