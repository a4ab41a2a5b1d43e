/*
 * A browser sends the cookies of a host to whoever asks, whatever page makes it ask, and WebSockets
 * know none of the rules that keep scripts from reading elsewhere: a stranger's page could talk in
 * its reader's name (RFC 6455 section 10.2). What keeps it out is that a browser says truly whose
 * page it is. Programs that are no browsers say nothing, and need no cookies of others. Called by
 * host.c and explain.c. SPDX-License-Identifier: MIT
 */
#include "call/admission.h"

#include "base/log.h"
#include "call/client.h"
#include "call/detail.h"
#include "call/host_state.h"
#include "wire/authority.h"
#include "wire/origin.h"
#include "wire/quote.h"

static bool is_listed(const struct conf_list *list, struct span text,
	bool (*matches)(struct span pattern, struct span text))
{
	for (size_t i = 0; i < list->count; i++)
		if (matches(span_of(list->items[i]), text))
			return true;
	return false;
}

/* RFC 9110 section 15.5.20: asked of a server that does not speak for that authority. */
static void reply_misdirected(struct transport *transport, const struct request *request)
{
	struct arena arena = {0};
	const char *detail = arena_printf(
		&arena, "Host %s is not served here", quote(request->host).text);

	log_info("%s: refused with 421: host %s is not in `hosts`", transport_peer(transport),
		quote(request->host).text);
	detail_reply(transport, 421, detail, NULL, true);
	arena_fini(&arena);
}

bool admission_check(
	struct generation *generation, struct transport *transport, struct request *request)
{
	const struct config *config = &generation->config;
	struct err why;

	if (!client_find(config, transport, request, &why)) {
		log_info("%s: refused with 400: %s", transport_peer(transport), why.text);
		host_bad_request(transport, &why);
		return false;
	}
	if (config->http.hosts.items == NULL ||
		is_listed(&config->http.hosts, request->host, authority_pattern_matches))
		return true;
	reply_misdirected(transport, request);
	return false;
}

static void reply_foreign(struct transport *transport, const struct route *route,
	struct span origin, struct span host)
{
	struct arena arena = {0};
	const char *detail = arena_printf(&arena,
		"Origin %s is not that of host %s, and not allowed", quote(origin).text,
		quote(host).text);

	log_info("%s: refused %s with 403: origin %s is not that of host %s; `origins` lists "
		 "others that may connect",
		route->label, transport_peer(transport), quote(origin).text, quote(host).text);
	detail_reply(transport, 403, detail, NULL, true);
	arena_fini(&arena);
}

bool admission_check_origin(
	struct transport *transport, const struct route *route, const struct request *request)
{
	struct span origin = http_header_get(request->head, SPAN("origin"), 0);

	if (origin.ptr == NULL)
		return true;
	/* RFC 6454 section 7.3: a browser sends one. */
	if (http_header_get(request->head, SPAN("origin"), 1).ptr != NULL) {
		detail_reply(transport, 400, "more than one Origin header", NULL, true);
		return false;
	}
	if (origin_is_same(origin, request->host) ||
		is_listed(&route->conf->web.origins, origin, origin_pattern_matches))
		return true;
	reply_foreign(transport, route, origin, request->host);
	return false;
}
