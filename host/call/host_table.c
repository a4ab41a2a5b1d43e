/*
 * The functions of socklet.h as a host gives them to plugins: thin, each one line of meaning over
 * session.c, timer.c and offload.c. SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/session_inject.h"
#include "call/session_security.h"
#include "call/topics.h"
#include "call/session_subprotocol.h"
#include "wire/http_reply.h"
#include "wire/ws_key.h"

static struct sl_str to_str(struct span s)
{
	return (struct sl_str){s.ptr, s.len};
}

/* ---- the handshake's answer ------------------------------------------------------------- */

static int api_response_header(struct sl_conn *conn, const char *name, const char *value)
{
	if (conn->phase != SESSION_DECIDING)
		return SL_CLOSED;
	if (!http_is_token(span_of(name)) || http_reply_is_own_header(span_of(name)) ||
		!http_reply_is_value(span_of(value))) {
		log_error("%s: sl_response_header \"%s\": wanted a header name that the host does "
			  "not set itself, and a value without control characters",
			session_label(conn), name);
		return SL_INVALID;
	}
	buf_printf(&session_extra(conn)->response_headers, "%s: %s\r\n", name, value);
	return SL_OK;
}

static int api_refuse(struct sl_conn *conn, unsigned status, const char *content_type,
	const void *body, size_t len)
{
	struct reply reply = {
		.status = status,
		.content_type = content_type,
		.body = {body, len},
		.fd = -1,
	};

	if (conn->phase != SESSION_DECIDING)
		return SL_CLOSED;
	if (content_type != NULL && !http_reply_is_value(span_of(content_type))) {
		log_error("%s: sl_refuse_with: control characters in the content type \"%s\"",
			session_label(conn), content_type);
		return SL_INVALID;
	}
	return session_refuse(conn, &reply);
}

/* ---- the answer to a plain request ------------------------------------------------------- */

static int reply_with(struct sl_conn *conn, unsigned status, const char *content_type,
	struct span body, int (*answer)(struct sl_conn *, struct reply *))
{
	struct reply reply = {
		.status = status, .content_type = content_type, .body = body, .fd = -1};

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (content_type != NULL && !http_reply_is_value(span_of(content_type))) {
		log_error("%s: sl_respond: control characters in the content type \"%s\"",
			session_label(conn), content_type);
		return SL_INVALID;
	}
	if (body.ptr == NULL && body.len > 0) {
		log_error("%s: sl_respond with %zu bytes at NULL", session_label(conn), body.len);
		return SL_INVALID;
	}
	return answer(conn, &reply);
}

static int api_respond(struct sl_conn *conn, unsigned status, const char *content_type,
	const void *body, size_t len)
{
	return reply_with(conn, status, content_type, (struct span){body, len}, exchange_respond);
}

static int api_respond_start(struct sl_conn *conn, unsigned status, const char *content_type)
{
	return reply_with(conn, status, content_type, SPAN(""), exchange_start);
}

static int api_respond_write(struct sl_conn *conn, const void *data, size_t len)
{
	return exchange_write(conn, (struct span){data, len});
}

/* ---- sending ---------------------------------------------------------------------------- */

static int api_send(struct sl_conn *conn, uint32_t type, const void *data, size_t len)
{
	return session_send(conn, type, (struct span){data, len});
}

static int api_send_keyed(
	struct sl_conn *conn, uint64_t key, uint32_t type, const void *data, size_t len)
{
	if (key == 0 && conn->phase == SESSION_OPEN) {
		log_error("%s: sl_send_keyed with key 0, which is none", session_label(conn));
		return SL_INVALID;
	}
	return session_send_keyed(conn, type, (struct span){data, len}, key);
}

SL_PRINTF(2, 0)
static int api_vsendf(struct sl_conn *conn, const char *format, va_list args)
{
	struct buf *scratch = &session_host(conn)->scratch;
	uint64_t most = conn->route->limits.queue_bytes;
	va_list again;
	int len;

	if (conn->phase != SESSION_OPEN)
		return session_not_open(conn, "sl_sendf");
	scratch->len = 0;
	buf_reserve(scratch, 512);
	va_copy(again, args);
	len = vsnprintf(scratch->data, scratch->capacity, format, again);
	va_end(again);
	/* What no queue can take is not written out: the buffer stays for good. */
	if (len >= 0 && (uint64_t)len > most)
		return session_too_long(conn, (size_t)len);
	if (len >= 0 && (size_t)len >= scratch->capacity) {
		buf_reserve(scratch, (size_t)len + 1);
		len = vsnprintf(scratch->data, scratch->capacity, format, args);
	}
	if (len < 0) {
		log_error("%s: sl_sendf: the format \"%s\" is not valid", session_label(conn),
			format);
		return SL_INVALID;
	}
	return session_send(conn, SL_TEXT, (struct span){scratch->data, (size_t)len});
}

/* NULL: the format is wrong, which the log then says. The caller's, by free. */
static char *pack_json(
	const struct sl_conn *conn, const char *who, const char *format, va_list args)
{
	json_error_t error;
	json_t *value;
	va_list again;
	char *text;

	va_copy(again, args);
	value = json_vpack_ex(&error, 0, format, again);
	va_end(again);
	if (value == NULL) {
		log_error("%s: %s \"%s\": %s", session_label(conn), who, format, error.text);
		return NULL;
	}
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(value);
	return text;
}

static int api_vsend_json(struct sl_conn *conn, const char *format, va_list args)
{
	char *text;
	int result;

	if (conn->phase != SESSION_OPEN)
		return session_not_open(conn, "sl_send_json");
	text = pack_json(conn, "sl_send_json", format, args);
	result = text == NULL ? SL_INVALID : session_send(conn, SL_TEXT, span_of(text));
	free(text);
	return result;
}

static int api_vrespond_json(
	struct sl_conn *conn, unsigned status, const char *format, va_list args)
{
	char *text;
	int result;

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	text = pack_json(conn, "sl_respond_json", format, args);
	result = text == NULL ? SL_INVALID
			      : api_respond(conn, status, "application/json", text, strlen(text));
	free(text);
	return result;
}

static size_t api_queued(const struct sl_conn *conn)
{
	return conn->transport == NULL ? 0
				       : transport_ops(conn->transport)->queued(conn->transport);
}

static size_t api_queue_limit(const struct sl_conn *conn)
{
	return conn->route->limits.queue_bytes;
}

static uint64_t api_dropped(const struct sl_conn *conn)
{
	return conn->transport == NULL ? conn->extra->dropped : conn->transport->extra->dropped;
}

static uint64_t api_rtt(const struct sl_conn *conn, int last)
{
	struct transport_rtt rtt = {0};

	if (conn->transport != NULL)
		rtt = transport_ops(conn->transport)->rtt(conn->transport);
	return last ? rtt.last_us : rtt.smoothed_us;
}

static int set_paused(struct sl_conn *conn, bool paused)
{
	if (conn->extra->exchange != NULL)
		return session_not_open(conn, paused ? "sl_pause" : "sl_resume");
	if (conn->transport == NULL)
		return SL_CLOSED;
	transport_ops(conn->transport)->set_paused(conn->transport, paused);
	return SL_OK;
}

static int api_pause(struct sl_conn *conn)
{
	return set_paused(conn, true);
}

static int api_resume(struct sl_conn *conn)
{
	return set_paused(conn, false);
}

/* ---- identity and state ----------------------------------------------------------------- */

static uint64_t api_id(const struct sl_conn *conn)
{
	return conn->id;
}

static struct sl_conn *api_find(const struct sl_host *table, uint64_t id)
{
	return session_table_find(&host_of_table(table)->sessions, id);
}

static void *api_state(const struct sl_conn *conn)
{
	return conn->state;
}

static const void *api_args(const struct sl_conn *conn)
{
	return conn->args;
}

static struct sl_plugin *api_plugin_of(const struct sl_conn *conn)
{
	return conn->route->plugin;
}

static void *api_plugin_state(const struct sl_plugin *plugin)
{
	return plugin->state;
}

static const void *api_options(const struct sl_plugin *plugin)
{
	return plugin->options;
}

/* ---- the request ------------------------------------------------------------------------ */

static struct sl_str api_target(const struct sl_conn *conn)
{
	return conn->extra->request == NULL ? (struct sl_str){0}
					    : to_str(conn->extra->request->head->target);
}

static struct sl_str api_path(const struct sl_conn *conn)
{
	return conn->extra->request == NULL ? (struct sl_str){0}
					    : to_str(conn->extra->request->path);
}

static struct sl_str api_query(const struct sl_conn *conn)
{
	return conn->extra->request == NULL ? (struct sl_str){0}
					    : to_str(conn->extra->request->head->query);
}

static struct sl_str api_path_param(const struct sl_conn *conn, const char *name)
{
	const struct pattern *pattern = &conn->route->pattern;

	for (size_t i = 0; conn->extra->request != NULL && i < pattern->param_count; i++)
		if (strcmp(pattern->params[i], name) == 0)
			return to_str(conn->extra->request->params[i]);
	return (struct sl_str){0};
}

/* An empty value is not absence: give it a ptr. */
static struct sl_str pair_value(const struct pair *pair)
{
	return pair->value.len == 0 ? (struct sl_str){"", 0} : to_str(pair->value);
}

static struct sl_str api_query_param(const struct sl_conn *conn, const char *name, size_t n)
{
	struct request *request = conn->extra->request;

	if (request == NULL)
		return (struct sl_str){0};
	request_want_query(request);
	for (size_t i = 0; i < request->query_count; i++)
		if (span_equal(request->query[i].name, span_of(name)) && n-- == 0)
			return pair_value(&request->query[i]);
	return (struct sl_str){0};
}

static struct sl_str api_header(const struct sl_conn *conn, const char *name, size_t n)
{
	return conn->extra->request == NULL
		       ? (struct sl_str){0}
		       : to_str(http_header_get(conn->extra->request->head, span_of(name), n));
}

static struct sl_str api_header_at(const struct sl_conn *conn, size_t n, struct sl_str *name)
{
	const struct http_head *head = conn->extra->request == NULL ? NULL
								    : conn->extra->request->head;

	*name = (struct sl_str){0};
	if (head == NULL || n >= head->header_count)
		return (struct sl_str){0};
	*name = to_str(head->headers[n].name);
	return to_str(head->headers[n].value);
}

/* Of several cookies with one name the last counts, as when it is injected. */
static struct sl_str api_cookie(const struct sl_conn *conn, const char *name)
{
	struct request *request = conn->extra->request;

	if (request == NULL)
		return (struct sl_str){0};
	request_want_cookies(request);
	for (size_t i = request->cookie_count; i > 0; i--)
		if (span_equal(request->cookies[i - 1].name, span_of(name)))
			return pair_value(&request->cookies[i - 1]);
	return (struct sl_str){0};
}

static struct sl_str api_subprotocol(const struct sl_conn *conn, size_t n)
{
	return conn->extra->request == NULL ? (struct sl_str){0}
					    : to_str(session_security_offer(conn, n));
}

static struct sl_str api_security_scope(const struct sl_conn *conn, size_t n)
{
	return to_str(session_security_scope(conn, n));
}

static const char *api_peer(const struct sl_conn *conn)
{
	return session_keep_peer(conn);
}

static const char *api_scheme(const struct sl_conn *conn)
{
	return conn->is_secure ? "wss" : "ws";
}

/* ---- time and threads ------------------------------------------------------------------- */

static struct sl_timer *api_conn_timer(struct sl_conn *conn, uint64_t delay_ms, uint64_t repeat_ms,
	void (*fire)(struct sl_conn *, void *), void *data)
{
	if (conn->phase == SESSION_ENDED)
		return NULL;
	return timer_new_conn(session_host(conn)->loop, conn, delay_ms, repeat_ms, fire, data);
}

static struct sl_timer *api_plugin_timer(struct sl_plugin *plugin, uint64_t delay_ms,
	uint64_t repeat_ms, void (*fire)(struct sl_plugin *, void *), void *data)
{
	struct host *host = host_of_table(*plugin->info.host);

	return timer_new_plugin(host->loop, plugin, delay_ms, repeat_ms, fire, data);
}

struct job {
	struct offload_job base;
	struct host *host;
	struct generation *generation; /* counted: its code stays, a provider's of elsewhere too */
	struct sl_plugin *plugin;      /* of the generation */
	uint64_t conn_id;
	void (*done)(struct sl_conn *, void *);
	void (*drop)(void *);
};

static void job_finish(struct offload_job *base)
{
	struct job *job = (struct job *)base;
	struct sl_conn *conn = session_table_find(&job->host->sessions, job->conn_id);

	if (conn != NULL) {
		session_extra(conn)->jobs--;
		session_listen(conn);
	}
	if (!base->was_dropped && conn != NULL && conn->phase != SESSION_ENDED)
		plugin_call_done(job->plugin, conn, job->done, base->data);
	else if (job->drop != NULL)
		plugin_call_drop(job->plugin, job->drop, base->data);
	generation_unref(job->generation);
	free(job);
}

static int api_offload(struct sl_conn *conn, void (*work)(void *data),
	void (*done)(struct sl_conn *, void *data), void (*drop)(void *data), void *data)
{
	struct job *job;

	if (conn->phase == SESSION_ENDED)
		return SL_CLOSED;
	if (conn->is_moving) {
		log_error("%s: sl_offload in hand_over; call it from message on",
			session_label(conn));
		return SL_INVALID;
	}
	job = xcalloc(1, sizeof(*job));
	job->base = (struct offload_job){.work = work, .finish = job_finish, .data = data};
	job->host = session_host(conn);
	job->conn_id = conn->id;
	job->done = done;
	job->drop = drop;
	if (!offload_submit(session_host(conn)->offload, &job->base)) {
		free(job);
		return SL_FULL;
	}
	job->generation = generation_ref(conn->route->generation);
	job->plugin = conn->route->plugin;
	session_extra(conn)->jobs++;
	session_listen(conn);
	return SL_OK;
}

static struct event_base *api_event_base(const struct sl_host *table)
{
	struct loop *loop = host_of_table(table)->loop;

	loop->is_lent = true;
	return loop->base;
}

static const void *api_extension(const struct sl_host *table, const char *id)
{
	(void)table;
	return strcmp(id, SL_BUS_EXTENSION) == 0 ? bus_plugin_functions() : NULL;
}

/* ---- log -------------------------------------------------------------------------------- */

static enum log_level clamp_level(int level)
{
	if (level < SL_LOG_DEBUG)
		return LOG_DEBUG;
	return level > SL_LOG_ERROR ? LOG_ERROR : (enum log_level)level;
}

SL_PRINTF(3, 0)
static void log_tagged(const char *tag, int level, const char *format, va_list args)
{
	enum log_level as = clamp_level(level);
	char text[1024];
	size_t len;

	if (!log_wants(LOG_PLUGIN, as))
		return;
	len = (size_t)snprintf(text, sizeof(text), "%s: ", tag);
	if (len < sizeof(text))
		vsnprintf(text + len, sizeof(text) - len, format, args);
	log_text(LOG_PLUGIN, as, format, text);
}

SL_PRINTF(3, 0)
static void api_vlog_conn(const struct sl_conn *conn, int level, const char *format, va_list args)
{
	log_tagged(session_label(conn), level, format, args);
}

SL_PRINTF(3, 0)
static void api_vlog_plugin(
	const struct sl_plugin *plugin, int level, const char *format, va_list args)
{
	log_tagged(plugin->name, level, format, args);
}

static int api_count(struct sl_plugin *plugin, const char *name, uint64_t add)
{
	struct host *host = host_of_table(*plugin->info.host);
	int result = counters_add(&host->counters, plugin->name, name, add);

	if (result == SL_INVALID)
		log_error(
			"%s: sl_count \"%s\": wanted a name of letters, digits and '_', at most %d "
			"bytes",
			plugin->name, name == NULL ? "NULL" : name, COUNTER_NAME_MAX);
	if (result == SL_FULL)
		log_error("%s: sl_count \"%s\": there are %d names already", plugin->name, name,
			COUNTERS_MAX);
	return result;
}

struct sl_host host_table(void)
{
	return (struct sl_host){
		.size = sizeof(struct sl_host),
		.major = SL_ABI_MAJOR,
		.minor = SL_ABI_MINOR,
		.extension = api_extension,
		.accept = session_accept,
		.refuse = api_refuse,
		.refuse_detail = session_refuse_detail,
		.response_header = api_response_header,
		.close = session_close,
		.send = api_send,
		.vsendf = api_vsendf,
		.vsend_json = api_vsend_json,
		.queued = api_queued,
		.pause = api_pause,
		.resume = api_resume,
		.id = api_id,
		.find = api_find,
		.state = api_state,
		.args = api_args,
		.alloc = session_alloc,
		.plugin_of = api_plugin_of,
		.plugin_state = api_plugin_state,
		.options = api_options,
		.target = api_target,
		.path = api_path,
		.query = api_query,
		.path_param = api_path_param,
		.query_param = api_query_param,
		.header = api_header,
		.header_at = api_header_at,
		.cookie = api_cookie,
		.subprotocol = api_subprotocol,
		.peer = api_peer,
		.conn_timer = api_conn_timer,
		.plugin_timer = api_plugin_timer,
		.timer_cancel = timer_cancel,
		.offload = api_offload,
		.event_base = api_event_base,
		.vlog_conn = api_vlog_conn,
		.vlog_plugin = api_vlog_plugin,
		.count = api_count,
		.reject = session_reject,
		.provide = session_provide,
		.security_scope = api_security_scope,
		.subscribe = topics_subscribe,
		.unsubscribe = topics_unsubscribe,
		.publish = topics_publish,
		.plugin_publish = topics_plugin_publish,
		.vpublishf = topics_vpublishf,
		.plugin_vpublishf = topics_plugin_vpublishf,
		.subscribers = topics_subscribers,
		.chosen_subprotocol = session_subprotocol,
		.scheme = api_scheme,
		.send_keyed = api_send_keyed,
		.dropped = api_dropped,
		.queue_limit = api_queue_limit,
		.rtt = api_rtt,
		.respond = api_respond,
		.vrespond_json = api_vrespond_json,
		.respond_start = api_respond_start,
		.respond_write = api_respond_write,
		.respond_end = exchange_end,
		.present = presence_set,
		.send_present = presence_send,
		.subscribe_from = topics_subscribe_from,
	};
}
