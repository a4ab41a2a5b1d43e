/*
 * The keys of what is let in and of how answers look: origins, hosts, proxies, headers, redirects,
 * subprotocols. Rows as in keys.h, which includes this. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_WEB_KEYS_H
#define SOCKLET_CONFIG_WEB_KEYS_H

#define WEB_KEY_TYPES(TYPE)                                            \
	TYPE(field_value, "text", "")                                  \
	TYPE(headers, "mapping of texts", "")                          \
	TYPE(hosts, "host, or list of them", "")                       \
	TYPE(origins, "origin, or list of them", "")                   \
	TYPE(proxies, "address or range, or list of them", "")         \
	TYPE(proxy_header, "`x-forwarded-for`, `forwarded`", "")       \
	TYPE(redirect_status, "`301`, `302`, `303`, `307`, `308`", "") \
	TYPE(server, "text, `false`", "")                              \
	TYPE(subprotocols, "name, or list of them", "")

#define WEB_TOP_KEYS(ROW)                                                                  \
	ROW(origins, origins, web.origins, NULL, NULL, NULL,                               \
		"whose pages may open a WebSocket besides those of the same host, of all " \
		"routes that do not set their own")                                        \
	ROW(hosts, hosts, http.hosts, NULL, NULL, NULL,                                    \
		"the names by which clients may ask, others get 421; without it any")      \
	ROW(proxies, proxies, http.proxies, NULL, NULL, NULL,                              \
		"who is believed about whom he speaks for: addresses, ranges such as "     \
		"10.0.0.0/8, `unix`")                                                      \
	ROW(proxy_header, proxy_header, http.proxy_header, "x-forwarded-for", NULL, NULL,  \
		"what `proxies` write: X-Forwarded-For, -Proto and -Host, or Forwarded; "  \
		"the other is not looked at")                                              \
	ROW(headers, headers, web.headers, NULL, NULL, NULL,                               \
		"headers of every answer, also of handshakes and refusals")                \
	ROW(server, server, http.server, "socklet", NULL, NULL,                            \
		"what the Server header says; `false` leaves it out")                      \
	ROW(date, flag, http.has_date, "true", NULL, NULL, "whether answers have a Date header")

#define WEB_ROUTE_KEYS(ROW)                                                                   \
	ROW(redirect, text, redirect.to, NULL, NULL, NULL,                                    \
		"where a request is sent on to: a path or an http URL, with parameters of "   \
		"`path` in braces")                                                           \
	ROW(status, redirect_status, redirect.status, "307", NULL, NULL,                      \
		"with `redirect`: 301 and 308 are for good, 303 turns a POST into a GET")     \
	ROW(cache_control, field_value, cache_control, NULL, NULL, NULL,                      \
		"with `file` or `dir`: the Cache-Control header of its files")                \
	ROW(origins, origins, web.origins, NULL, NULL, NULL,                                  \
		"whose pages may open a WebSocket here besides those of the same host; "      \
		"without it as at the top")                                                   \
	ROW(subprotocols, subprotocols, subprotocols.names, NULL, NULL, NULL,                 \
		"which the route speaks, the best first: it answers the first that the peer " \
		"offers")                                                                     \
	ROW(require_subprotocol, flag, subprotocols.is_required, "false", NULL, NULL,         \
		"`true` refuses with 400 who offers none of them")                            \
	ROW(headers, headers, web.headers, NULL, NULL, NULL,                                  \
		"headers of answers of this route, besides those at the top or in their place")

#endif
