/*
 * Where a request becomes an answer: check, match, then a file or a session. Also the worker's
 * housekeeping at the end of each turn of the loop. Called by net/ and daemon/; knows no socket.
 * SPDX-License-Identifier: MIT
 */
#include "call/host.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/admin.h"
#include "call/admission.h"
#include "call/crowd.h"
#include "call/detail.h"
#include "call/drain.h"
#include "call/host_state.h"
#include "call/plain_request.h"
#include "call/quarantine.h"
#include "call/session_inject.h"
#include "call/session_move.h"
#include "plugin/breadcrumb.h"
#include "plugin/manners.h"
#include "wire/ws_key.h"

/* ---- life ------------------------------------------------------------------------------- */

static bool is_offload_thread(void *context, pid_t thread)
{
	return offload_has_thread(context, thread);
}

struct host *host_new(struct loop *loop, struct err_list *why)
{
	struct host *host = xcalloc(1, sizeof(*host));

	host->images = image_store_new();
	host->offload = offload_new();
	if (host->offload == NULL) {
		err_list_add(why, (struct place){0}, "cannot make an event descriptor: %s",
			strerror(errno));
		image_store_free(host->images);
		free(host);
		return NULL;
	}
	host->threads = (struct audit_threads){is_offload_thread, host->offload};
	image_store_set_threads(host->images, &host->threads);
	host->table = host_table();
	host->loop = loop;
	slab_init(&host->session_slab, sizeof(struct sl_conn));
	TAILQ_INIT(&host->due);
	TAILQ_INIT(&host->ended);
	fan_out_init(host);
	resume_init(host);
	admin_init(host);
	bus_plugin_init(&host->broker, host);
	kept_stream_init(&host->kept);
	return host;
}

void host_set_last_id(struct host *host, uint64_t id)
{
	assert(host->sessions.count == 0);
	host->sessions.last_id = id;
}

void host_set_tally(struct host *host, struct tally tally)
{
	assert(host->sessions.count == 0);
	host->tally = tally;
}

void host_set_breadcrumb(struct host *host, struct breadcrumb *page)
{
	image_store_set_breadcrumb(host->images, page);
	host->page = page;
}

static void stop_within(struct sl_conn *conn, void *context)
{
	const uint64_t *spread_ms = context;

	drain_stop(conn, *spread_ms);
}

void host_stop(struct host *host, uint64_t spread_ms)
{
	session_move_stop(host);
	session_table_each(&host->sessions, stop_within, &spread_ms);
}

static void leave(struct sl_conn *conn, void *context)
{
	(void)context;
	drain_leave(conn);
}

void host_leave(struct host *host)
{
	session_move_stop(host);
	session_table_each(&host->sessions, leave, NULL);
}

void host_turn_end(struct host *host)
{
	struct session_extra *first;

	/*
	 * Callbacks may end further sessions, or provide what they wait for, which queue behind.
	 * A session that is due is freed behind that only, as it stands in both queues.
	 */
	while (!TAILQ_EMPTY(&host->due) || !TAILQ_EMPTY(&host->ended)) {
		if ((first = TAILQ_FIRST(&host->due)) != NULL) {
			TAILQ_REMOVE(&host->due, first, due);
			session_inject_due(first->queued);
			continue;
		}
		first = TAILQ_FIRST(&host->ended);
		TAILQ_REMOVE(&host->ended, first, ended);
		session_free(first->queued);
	}
	resume_turn_end(host);
	fan_out_turn_end(host);
	bus_flush(host);
}

void host_watch(struct host *host)
{
	struct manners *manners = image_store_manners(host->images);
	struct timespec now;
	uint32_t turn;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (now.tv_sec == host->watched_second)
		return;
	host->watched_second = now.tv_sec;
	log_settle();
	if (host->page == NULL)
		return;
	turn = atomic_load_explicit(&host->page->turn, memory_order_relaxed);
	/* The first look has nothing to compare with. */
	if (host->is_watched && turn != host->watched_turn) {
		const struct manners_suspect who = {.plugin = host->page->plugin,
			.version = host->page->step.version,
			.callback = breadcrumb_callback_name(host->page->step.callback)};

		manners_check(manners, &who);
	}
	manners_note(manners);
	host->watched_turn = turn;
	host->is_watched = true;
}

void host_own_descriptor(struct host *host, int fd)
{
	manners_own(image_store_manners(host->images), fd);
}

void host_disown_descriptor(struct host *host, int fd)
{
	manners_disown(image_store_manners(host->images), fd);
}

void host_free(struct host *host)
{
	if (host == NULL)
		return;
	host_turn_end(host);
	session_move_stop(host);
	offload_free(host->offload);
	image_store_set_threads(host->images, NULL);
	/* Work that finished just now may have ended sessions. */
	host_turn_end(host);
	resume_fini(host);
	bus_plugin_fini(&host->broker);
	kept_stream_fini(&host->kept);
	fan_out_fini(host);
	generation_unref(host->generation);
	session_table_fini(&host->sessions);
	slab_fini(&host->session_slab);
	image_store_free(host->images);
	buf_fini(&host->scratch);
	buf_fini(&host->label);
	counters_fini(&host->counters);
	free(host);
}

void host_set_topics_queue(struct host *host, uint64_t bytes)
{
	host->fan_out.bytes_max = bytes;
}

struct generation *host_generation(struct host *host)
{
	return host->generation;
}

void host_swap(struct host *host, struct generation *next)
{
	struct generation *last = host->generation;

	host->generation = next;
	if (bus_plugin_use(&host->broker, next) && last != NULL)
		generation_leave_bus(last);
	if (last != NULL)
		crowd_changed(host, &last->config.limits);
	generation_unref(last);
	session_move_all(host);
}

struct image_store *host_images(struct host *host)
{
	return host->images;
}

const struct sl_host *host_functions(struct host *host)
{
	return &host->table;
}

size_t host_session_count(const struct host *host)
{
	return host->sessions.count;
}

int host_collect_fd(const struct host *host)
{
	return offload_fd(host->offload);
}

void host_collect(struct host *host)
{
	offload_collect(host->offload);
}

/* ---- requests --------------------------------------------------------------------------- */

void host_bad_request(struct transport *transport, const struct err *why)
{
	struct buf headers = {0};

	if (why->code == ERR_UPGRADE_REQUIRED)
		buf_printf(&headers, "Sec-WebSocket-Version: 13\r\n");
	if (why->code == ERR_METHOD_NOT_ALLOWED)
		buf_printf(&headers, "Allow: GET\r\n");
	if (why->code == ERR_UNAVAILABLE)
		buf_printf(&headers, "Retry-After: 5\r\n");
	detail_reply(transport, err_http_status(why->code), why->text, &headers, true);
}

const struct http_style *host_style(const struct host *host)
{
	return host->generation == NULL ? NULL : &host->generation->style;
}

const struct route *host_match(
	const struct route_map *map, struct transport *transport, struct request *request)
{
	struct route_match found;

	if (!route_map_match(map, request->path, &found))
		return NULL;
	transport_extra(transport)->style = &((const struct route *)found.route)->style;
	memcpy(request->params, found.params, sizeof(found.params));
	request->param_count = found.param_count;
	return found.route;
}

static bool handshake_check(const struct http_head *head, struct err *why)
{
	/* Whether body or frames follow would be anybody's guess. */
	if (head->has_body)
		err_set(why, ERR_BAD_REQUEST, "WebSocket handshake with a body");
	return !head->has_body && ws_handshake_check(head, why);
}

const struct route *host_find_route(
	struct generation *generation, struct transport *transport, struct request *request)
{
	const struct route *route;
	struct err why;

	if (!handshake_check(request->head, &why)) {
		host_bad_request(transport, &why);
		return NULL;
	}
	route = host_match(generation->websocket, transport, request);
	if (route != NULL)
		return admission_check_origin(transport, route, request) ? route : NULL;
	if (host_match(generation->http, transport, request) != NULL)
		detail_reply(transport, 403, "This route serves no WebSocket", NULL, true);
	else
		detail_reply(transport, 404, "Not Found", NULL, true);
	return NULL;
}

bool host_is_handshake(const struct generation *generation, const struct request *request)
{
	struct route_match found;

	if (!request->head->is_upgrade || span_equal(request->head->method, SPAN("GET")))
		return request->head->is_upgrade;
	return !route_map_match(generation->http, request->path, &found) ||
	       ((const struct route *)found.route)->conf->kind != ROUTE_PLUGIN;
}

static void websocket_request(
	struct host *host, struct transport *transport, struct request *request)
{
	const struct route *route = host_find_route(host->generation, transport, request);
	struct sl_conn *conn;

	if (route == NULL)
		return;
	if (route->is_quarantined) {
		quarantine_refuse(transport, route, request);
		return;
	}
	if (!crowd_ask(host, transport, route, request))
		return;
	conn = session_new(host, transport, route, request);
	crowd_enter(conn);
	session_connect(conn);
}

bool host_is_proxy(const struct host *host, struct span peer)
{
	const struct proxies_conf *proxies = &host->generation->config.http.proxies;

	return forwarded_is_trusted(peer, proxies->ranges, proxies->texts.count);
}

void host_request(struct host *host, struct transport *transport, const struct http_head *head,
	struct span raw)
{
	uint64_t last_id = host->sessions.last_id;
	struct request request;

	assert(transport->session == NULL);
	transport_extra(transport)->answer = (struct answer){0};
	if (transport->extra->is_admin) {
		admin_take(host, transport, head);
		return;
	}
	request_init(&request, head, raw);
	transport_extra(transport)->style = host_style(host);
	if (!admission_check(host->generation, transport, &request))
		;
	else if (host_is_handshake(host->generation, &request))
		websocket_request(host, transport, &request);
	else
		plain_request_answer(host, transport, &request);
	/* A session tells for itself, when it ends. */
	if (transport->session == NULL && transport->extra->answer.status != 0 &&
		host->sessions.last_id == last_id)
		access_log_request(host, transport, &request);
	request_fini(&request);
}
