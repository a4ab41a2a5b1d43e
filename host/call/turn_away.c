/*
 * Both forms of a refusal that the peer may try again after a while. Called by quarantine.c and
 * crowd.c. SPDX-License-Identifier: MIT
 */
#include "call/turn_away.h"

#include <inttypes.h>

#include "call/detail.h"
#include "base/utf8.h"
#include "wire/ws_key.h"

static void close_at_once(struct transport *transport, const struct route *route,
	struct request *request, const struct err *why)
{
	struct ws_offers offers = {.head = request->head};
	struct span offer = ws_offers_next(&offers);
	struct upgrade upgrade = {
		.key = http_header_get(request->head, SPAN("sec-websocket-key"), 0),
		.limits = route->limits,
	};

	/* A browser that offered some and is given none fails the connection before it listens. */
	if (offer.ptr != NULL)
		upgrade.subprotocol = arena_text(&request->arena, offer.ptr, offer.len);
	transport_ops(transport)->upgrade(transport, &upgrade);
	transport_ops(transport)->close(transport, err_close_code(why->code),
		(struct span){why->text, utf8_cut(span_of(why->text), WS_REASON_MAX)});
}

void turn_away(struct transport *transport, const struct route *route, struct request *request,
	const struct err *why, uint64_t retry_s)
{
	struct buf headers = {0};

	if (route->conf->reject == REJECT_CLOSE) {
		close_at_once(transport, route, request, why);
		return;
	}
	buf_printf(&headers, "Retry-After: %" PRIu64 "\r\n", retry_s);
	detail_reply(transport, err_http_status(why->code), why->text, &headers, true);
}
