/*
 * How a session gets its arguments, now or later, and gives back what providers provided. A value
 * that comes later is stored at once, but the run goes on at the end of the loop's turn only: who
 * provides it is plugin code, and no callback runs inside another. Called by session.c,
 * session_message.c, host.c and host_table.c. SPDX-License-Identifier: MIT
 */
#include "call/session_inject.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "call/exchange.h"
#include "call/host_state.h"
#include "call/session_security.h"

static unsigned bit(uint32_t scope)
{
	return 1u << scope;
}

bool session_inject_has(const struct sl_conn *conn, uint32_t scope)
{
	return conn->extra->injection != NULL && (conn->route->plan.scopes & bit(scope)) != 0;
}

/* The plan knows owners only as somebody's; generation.c made them plugins. */
static struct sl_plugin *owner_of(const struct inject_provider *provider)
{
	return (struct sl_plugin *)(uintptr_t)provider->owner;
}

static void want_turn(struct sl_conn *conn)
{
	struct session_extra *extra = session_extra(conn);

	if (extra->is_due)
		return;
	extra->is_due = true;
	extra->queued = conn;
	TAILQ_INSERT_TAIL(&session_host(conn)->due, extra, due);
	session_host(conn)->loop->ops->want_turn_end(session_host(conn)->loop);
}

/* ---- releasing -------------------------------------------------------------------------- */

/* The last provided first: the plan's order backwards. */
static void release(struct sl_conn *conn, unsigned scopes)
{
	struct inject_run *run = &conn->extra->injection->run;
	const struct sl_end *end = conn->phase == SESSION_ENDED ? &conn->extra->end : NULL;

	for (size_t i = run->plan->call_count; i-- > 0;) {
		const struct plan_call *call = &run->plan->calls[i];

		if (run->states[i] != INJECT_PROVIDED || (scopes & bit(call->scope)) == 0)
			continue;
		run->states[i] = INJECT_UNCALLED;
		if (call->provider->function != NULL && call->provider->function->release != NULL)
			plugin_call_release(owner_of(call->provider), call->provider->function,
				conn, inject_result_of(run, call), end);
	}
}

static bool has_run(const struct sl_conn *conn)
{
	return conn->extra->injection != NULL && conn->extra->injection->run.states != NULL;
}

void session_inject_clear(struct sl_conn *conn)
{
	if (has_run(conn) && conn->args != NULL)
		inject_clear(&conn->extra->injection->run, SL_SCOPE_HANDSHAKE);
}

void session_inject_fini(struct sl_conn *conn)
{
	if (has_run(conn)) {
		release(conn, bit(SL_SCOPE_MESSAGE));
		release(conn, bit(SL_SCOPE_CONNECTION) | bit(SL_SCOPE_HANDSHAKE));
	}
	if (conn->extra->injection == NULL)
		return;
	arena_fini(&conn->extra->injection->arena);
	buf_fini(&conn->extra->injection->kept);
}

/* ---- waiting ---------------------------------------------------------------------------- */

static void stop_waiting(struct sl_conn *conn)
{
	struct injection *injection = conn->extra->injection;

	if (injection->timeout != NULL)
		session_host(conn)->loop->ops->timer_stop(injection->timeout);
	injection->timeout = NULL;
	injection->awaited = NULL;
}

void session_inject_end(struct sl_conn *conn)
{
	if (conn->extra->injection != NULL)
		stop_waiting(conn);
}

bool session_inject_waits(const struct sl_conn *conn)
{
	const struct injection *injection = conn->extra->injection;

	return injection != NULL && conn->args == NULL && injection->calling == NULL;
}

bool session_inject_is_busy(const struct sl_conn *conn)
{
	const struct injection *injection = conn->extra->injection;

	return injection != NULL && (conn->extra->is_due || injection->calling != NULL ||
					    injection->awaited != NULL || injection->has_value);
}

static void injection_on_timeout(void *arg)
{
	struct sl_conn *conn = arg;
	const struct inject_provider *provider = conn->extra->injection->awaited->provider;

	log_error("%s: provider %s did not answer within %llu ms (`timeout:`), %s",
		session_label(conn), provider->name, (unsigned long long)provider->timeout_ms,
		conn->phase == SESSION_OPEN ? "closing with 1011" : "answering 504");
	if (conn->phase == SESSION_OPEN)
		session_stop(conn, 1011, "internal error");
	else
		session_refuse_detail(conn, 504, NULL);
}

/* The bytes that the errors' inputs point to are the transport's, those of a list's items too. */
static void copy_inputs(struct inject_run *run)
{
	for (size_t i = 0; i < run->errors.count; i++) {
		struct inject_error *error = &run->errors.items[i];
		struct span *copies;

		if (error->has_input)
			error->input = arena_span(run->arena, error->input);
		if (error->inputs == NULL)
			continue;
		copies = arena_alloc(run->arena, error->input_count * sizeof(*copies));
		for (size_t n = 0; n < error->input_count; n++)
			copies[n] = arena_span(run->arena, error->inputs[n]);
		error->inputs = copies;
	}
}

static void begin_waiting(struct sl_conn *conn)
{
	struct injection *injection = conn->extra->injection;
	struct loop *loop = session_host(conn)->loop;

	copy_inputs(&injection->run);
	/* It may have provided before it returned. */
	if (injection->has_value)
		want_turn(conn);
	else
		injection->timeout = loop->ops->timer_start(loop,
			injection->awaited->provider->timeout_ms, 0, injection_on_timeout, conn);
}

int session_provide(struct sl_conn *conn, const struct sl_provider *provider, const void *value)
{
	struct injection *injection = conn->extra->injection;

	if (injection == NULL || injection->awaited == NULL || injection->has_value)
		return SL_CLOSED;
	if (injection->awaited->provider->own != provider)
		return SL_CLOSED;
	memcpy(inject_result_of(&injection->run, injection->awaited), value,
		injection->awaited->provider->function->size);
	/* From here on it has to be released, also if the peer leaves first. */
	injection->run.states[injection->run.at] = INJECT_PROVIDED;
	injection->has_value = true;
	if (injection->calling == NULL) {
		stop_waiting(conn);
		want_turn(conn);
	}
	return SL_OK;
}

/* ---- calling ---------------------------------------------------------------------------- */

int session_call_provider(
	void *context, const struct plan_call *call, const void *args, void *result)
{
	struct sl_conn *conn = context;
	struct injection *injection = conn->extra->injection;
	const struct inject_provider *provider = call->provider;
	int returned;

	if (provider->security != NULL)
		return session_security_call(conn, call, result);
	injection->calling = injection->awaited = call;
	injection->has_value = false;
	returned = plugin_call_provider(owner_of(provider), provider->function, conn, args, result);
	injection->calling = NULL;
	if (returned != SL_LATER) {
		injection->awaited = NULL;
		injection->has_value = false;
	}
	return returned;
}

struct span session_security_scope(const struct sl_conn *conn, size_t n)
{
	const struct plan_call *call = conn->extra->injection == NULL
					       ? NULL
					       : conn->extra->injection->calling;

	for (size_t i = 0; call != NULL && call->scopes[i] != NULL; i++)
		if (i == n)
			return span_of(call->scopes[i]);
	return (struct span){NULL, 0};
}

void *session_alloc(struct sl_conn *conn, size_t size)
{
	struct injection *injection = conn->extra->injection;
	bool is_message = injection != NULL && injection->calling != NULL &&
			  injection->calling->scope == SL_SCOPE_MESSAGE;

	return arena_alloc(is_message ? &injection->arena : &conn->arena, size);
}

/* ---- the handshake ---------------------------------------------------------------------- */

static bool is_answered(void *context)
{
	const struct sl_conn *conn = context;

	return conn->phase == SESSION_ENDED ||
	       (conn->phase == SESSION_OPEN && !conn->extra->injection->run.is_message);
}

struct inject_request session_source(struct sl_conn *conn)
{
	struct request *request = conn->extra->request;

	request_want_query(request);
	request_want_cookies(request);
	return (struct inject_request){
		.head = request->head,
		.path_params = request->params,
		.query = request->query,
		.query_count = request->query_count,
		.cookies = request->cookies,
		.cookie_count = request->cookie_count,
		.certificate = conn->transport == NULL ? NULL : conn->transport->extra->certificate,
	};
}

/* "provider token" */
static const char *name_of_last(struct sl_conn *conn, const struct inject_run *run)
{
	return arena_printf(&conn->arena, "provider %s", run->plan->calls[run->at].provider->name);
}

/* Runs the plan from its start or on, and answers unless the arguments are there. */
static bool run_plan(struct sl_conn *conn, struct inject_run *run,
	enum inject_result (*go)(struct inject_run *run))
{
	struct inject_request source = session_source(conn);
	enum inject_result result;

	run->request = &source;
	result = go(run);
	run->request = NULL;
	conn->args = run->args;
	if (result == INJECT_INVALID)
		session_refuse_invalid(conn, &run->errors);
	else if (result == INJECT_STOPPED)
		session_fail(conn, name_of_last(conn, run), run->provider_result);
	else if (result == INJECT_WAITING)
		begin_waiting(conn);
	return result == INJECT_DONE;
}

bool session_inject(struct sl_conn *conn, inject_call *call)
{
	const struct plan *plan = &conn->route->plan;
	struct inject_run alone = {0}, *run = &alone;

	/* Without a provider nothing of the run is needed again. */
	if (plan->call_count > 1) {
		session_extra(conn)->injection = arena_alloc(
			&conn->arena, sizeof(*conn->extra->injection));
		run = &conn->extra->injection->run;
	}
	run->plan = plan;
	run->arena = &conn->arena;
	run->call = call;
	run->stopped = is_answered;
	run->context = conn;
	return run_plan(conn, run, inject_run);
}

void session_inject_accepted(struct sl_conn *conn)
{
	if (session_inject_has(conn, SL_SCOPE_HANDSHAKE))
		want_turn(conn);
}

/* ---- messages --------------------------------------------------------------------------- */

static enum inject_result message_result(struct sl_conn *conn, enum inject_result result)
{
	if (result == INJECT_WAITING)
		begin_waiting(conn);
	return result;
}

enum inject_result session_inject_message(struct sl_conn *conn)
{
	assert(conn->extra->injection->awaited == NULL);
	return message_result(conn, inject_message(&conn->extra->injection->run));
}

void session_inject_message_failed(struct sl_conn *conn, enum inject_result result)
{
	struct inject_run *run = &conn->extra->injection->run;

	if (result == INJECT_STOPPED)
		session_fail(conn, name_of_last(conn, run), run->provider_result);
	else
		session_fail(conn, run->errors.items[0].message, SL_INVALID);
}

void session_inject_message_over(struct sl_conn *conn)
{
	inject_clear(&conn->extra->injection->run, SL_SCOPE_MESSAGE);
	release(conn, bit(SL_SCOPE_MESSAGE));
	arena_fini(&conn->extra->injection->arena);
}

/* ---- at the end of the turn ------------------------------------------------------------- */

static void resume_message(struct sl_conn *conn, enum inject_result result)
{
	if (conn->extra->exchange != NULL)
		exchange_resume(conn, result);
	else
		session_message_resume(conn, result);
}

static void go_on(struct sl_conn *conn)
{
	struct injection *injection = conn->extra->injection;

	injection->has_value = false;
	injection->awaited = NULL;
	if (injection->run.is_message)
		resume_message(conn, message_result(conn, inject_resume(&injection->run)));
	else if (!run_plan(conn, &injection->run, inject_resume))
		return;
	else if (conn->extra->exchange != NULL)
		exchange_go_on(conn);
	else
		session_call_connect(conn);
}

void session_inject_due(struct sl_conn *conn)
{
	session_extra(conn)->is_due = false;
	if (conn->phase != SESSION_ENDED && conn->extra->injection->has_value)
		go_on(conn);
	if (conn->phase != SESSION_OPEN || !session_inject_has(conn, SL_SCOPE_HANDSHAKE))
		return;
	inject_clear(&conn->extra->injection->run, SL_SCOPE_HANDSHAKE);
	release(conn, bit(SL_SCOPE_HANDSHAKE));
}
