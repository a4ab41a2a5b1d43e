/*
 * Done anew for each request: a proxy sends those of many clients over one connection. What an
 * address writes that is not in `proxies` is a claim of anybody, and not looked at. Called by
 * host.c and explain.c. SPDX-License-Identifier: MIT
 */
#include "call/client.h"

static void forget(struct transport *transport)
{
	if (!transport->extra->is_forwarded)
		return;
	transport_extra(transport)->is_forwarded = false;
	transport_extra(transport)->is_secure = transport->extra->hop_is_secure;
	transport_ops(transport)->set_peer(transport, SPAN(""));
}

static void take(const struct forwarded *said, struct transport *transport, struct request *request)
{
	transport_extra(transport)->is_forwarded = true;
	transport_extra(transport)->hop_is_secure = transport->extra->is_secure;
	if (said->peer.ptr != NULL)
		transport_ops(transport)->set_peer(transport, said->peer);
	if (said->scheme != FORWARDED_UNSAID)
		transport_extra(transport)->is_secure = said->scheme == FORWARDED_HTTPS;
	if (said->host.ptr != NULL)
		request->host = said->host;
}

bool client_find(const struct config *config, struct transport *transport, struct request *request,
	struct err *why)
{
	const struct proxies_conf *proxies = &config->http.proxies;
	struct forwarded said;

	forget(transport);
	if (proxies->texts.count == 0 || !forwarded_is_trusted(span_of(transport_peer(transport)),
						 proxies->ranges, proxies->texts.count))
		return true;
	if (!forwarded_find(&said, request->head, config->http.proxy_header, proxies->ranges,
		    proxies->texts.count, why))
		return false;
	take(&said, transport, request);
	return true;
}
