/*
 * The keys of `limits` about traffic, time and who may connect. Rows as in keys.h, which includes
 * this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_LIMITS_KEYS_H
#define SOCKLET_CONFIG_LIMITS_KEYS_H

/* As KEY_TYPES in keys.h. */
#define LIMITS_KEY_TYPES(TYPE)                         \
	TYPE(bits, "number", "bits")                   \
	TYPE(burst, "number", "")                      \
	TYPE(connections, "number", "connections")     \
	TYPE(excess, "`pause`, `refuse`, `close`", "") \
	TYPE(lines, "number", "lines")                 \
	TYPE(rate, "number", "a second")               \
	TYPE(size_rate, "size", "bytes a second")

/* What a route may set, too. */
#define TRAFFIC_KEYS(ROW)                                                                        \
	ROW(frame, size, frame_bytes, "0", "0", "1GiB",                                          \
		"the longest frame a peer may send; a longer one closes with 1009; 0 is any")    \
	ROW(message_time, duration, message_time_ms, "0", "0", "365d",                           \
		"the longest time from the first byte of a message to its last, then closes "    \
		"with 1008; 0 is for ever")                                                      \
	ROW(lifetime, duration, lifetime_ms, "0", "0", "365d",                                   \
		"the longest time a connection may stay, then closes with 1001; 0 is for ever")  \
	ROW(lifetime_spread, duration, lifetime_spread_ms, "0", "0", "365d",                     \
		"each may stay up to that much longer, by chance: not all come back at once")    \
	ROW(message_rate, rate, rates.messages, "0", "0", "1000000",                             \
		"frames a second that a peer may send, pings and empty ones included; 0 is any") \
	ROW(message_burst, burst, rates.messages_burst, "0", "0", "1000000",                     \
		"as many at once; 0 is what the rate gives in one second")                       \
	ROW(byte_rate, size_rate, rates.bytes, "0", "0", "64GiB",                                \
		"bytes a second that a peer may send, headers of frames included; 0 is any")     \
	ROW(byte_burst, size, rates.bytes_burst, "0", "0", "64GiB",                              \
		"as many at once; 0 is what the rate gives in one second")                       \
	ROW(over_rate, excess, rates.excess, "pause", NULL, NULL,                                \
		"what happens to a peer that sends more: `pause` reads on when it is due, "      \
		"`refuse` drops what is too much, `close` closes with 1008")

/* Only in a route. */
#define ROUTE_LIMITS_KEYS(ROW)                                                              \
	ROW(connections, connections, connections, "0", "0", "10000000",                    \
		"open WebSockets of this route, in all workers; beyond it 503 (or a close " \
		"with 1013 where the route has `reject: close`); 0 is any")

/* Before a route is known: only at the top. */
#define ENTRY_KEYS(ROW)                                                                          \
	ROW(connections, connections, all_connections, "0", "0", "10000000",                     \
		"connections of the host, in all workers; beyond it those go that wait longest " \
		"for a request, then new ones get 503; 0 is any; at the top only")               \
	ROW(per_address, connections, per_address, "0", "0", "10000000",                         \
		"open WebSockets of one client address, in all workers; beyond it 429; 0 is "    \
		"any; at the top only")                                                          \
	ROW(ipv6_prefix, bits, ipv6_prefix, "64", "1", "128",                                    \
		"IPv6 addresses that begin with the same so many bits are one address; at the "  \
		"top only")                                                                      \
	ROW(handshake_rate, rate, handshake_rate, "0", "0", "10000",                             \
		"handshakes a second of one client address, in all workers; beyond it 429; 0 "   \
		"is any; at the top only")                                                       \
	ROW(handshake_burst, burst, handshake_burst, "0", "0", "1000000",                        \
		"as many at once; 0 is what the rate gives in one second; at the top only")      \
	ROW(target, size, target_bytes, "8KiB", "16B", "1MiB",                                   \
		"the longest path with query of a request, beyond it 414; at the top only")      \
	ROW(headers, lines, headers, "100", "1", "100",                                          \
		"header lines of a request, beyond it 431; at the top only")                     \
	ROW(header, size, header_bytes, "32KiB", "16B", "1MiB",                                  \
		"the longest header line, beyond it 431; at the top only")                       \
	ROW(head, size, head_bytes, "32KiB", "64B", "1MiB",                                      \
		"all of the request before its body, beyond it 431; at the top only")

#endif
