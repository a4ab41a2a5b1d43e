/*
 * A turn is: events, of the connections or of the libevent base that holds them, then host_turn_end
 * as often as it is asked for, sending what that has queued, and last the freeing of dropped
 * connections. Only the last step frees, and it runs with nothing else on the stack.
 * SPDX-License-Identifier: MIT
 */
#include "net/worker.h"

#include <assert.h>
#include <event2/event.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "call/host.h"
#include "net/conn.h"
#include "net/entry.h"
#include "net/loop_timer.h"
#include "net/tls_context.h"

#define WORKER_MAGIC 0x776f726bu

enum { HANDSHAKE_MS = 10000 };

struct listening {
	struct listener *listener;
	LIST_ENTRY(listening) link;
};

struct worker {
	unsigned magic;
	struct loop loop;
	struct conn_set set;
	struct poller_watch collect; /* offloaded work is done */
	LIST_HEAD(, listening) listeners;
	bool wants_turn_end, is_broken;
	bool has_due;     /* a timer of no time: the base has the next turn */
	uint64_t base_ms; /* the base had its turn last */
};

static struct worker *worker_of(struct loop *loop)
{
	struct worker *worker = (struct worker *)((uintptr_t)loop - offsetof(struct worker, loop));

	assert(worker->magic == WORKER_MAGIC);
	return worker;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void want_turn_end(struct loop *loop)
{
	worker_of(loop)->wants_turn_end = true;
}

static struct loop_timer *timer_start(struct loop *loop, uint64_t delay_ms, uint64_t repeat_ms,
	void (*fire)(void *arg), void *arg)
{
	worker_of(loop)->has_due |= delay_ms == 0;
	return loop_timer_start(loop, delay_ms, repeat_ms, fire, arg);
}

static const struct loop_ops ops = {
	.timer_start = timer_start,
	.timer_stop = loop_timer_stop,
	.want_turn_end = want_turn_end,
};

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return base;
}

struct worker *worker_new(struct err *why)
{
	struct event_base *base = new_base();
	struct worker *worker;

	if (base == NULL) {
		err_set(why, ERR_INTERNAL, "cannot make an event loop: out of descriptors?");
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	worker = xcalloc(1, sizeof(*worker));
	worker->magic = WORKER_MAGIC;
	worker->loop = (struct loop){.ops = &ops, .base = base};
	worker->collect.fd = -1;
	LIST_INIT(&worker->listeners);
	if (!conn_set_init(&worker->set, base)) {
		err_set(why, ERR_INTERNAL, "cannot make an event loop: %s", strerror(errno));
		worker_free(worker);
		return NULL;
	}
	worker->set.handshake_ms = HANDSHAKE_MS;
	return worker;
}

void worker_free(struct worker *worker)
{
	if (worker == NULL)
		return;
	assert(worker->magic == WORKER_MAGIC);
	worker_stop_accepting(worker);
	worker_set_host(worker, NULL);
	conn_set_fini(&worker->set);
	event_base_free(worker->loop.base);
	worker->magic = 0;
	free(worker);
}

struct loop *worker_loop(struct worker *worker)
{
	return &worker->loop;
}

struct event_base *worker_base(struct worker *worker)
{
	return worker->loop.base;
}

void worker_watch(struct worker *worker, struct poller_watch *watch)
{
	if (!poller_watch(&worker->set.poller, watch))
		log_error("descriptor %d cannot be watched: %s", watch->fd, strerror(errno));
}

void worker_unwatch(struct worker *worker, struct poller_watch *watch)
{
	poller_unwatch(&worker->set.poller, watch);
}

static void worker_on_collect(void *arg)
{
	struct worker *worker = arg;

	assert(worker->magic == WORKER_MAGIC);
	host_collect(worker->set.host);
}

void worker_set_host(struct worker *worker, struct host *host)
{
	worker_unwatch(worker, &worker->collect);
	worker->set.host = host;
	if (host == NULL)
		return;
	worker->collect = (struct poller_watch){
		.ready = worker_on_collect, .arg = worker, .fd = host_collect_fd(host)};
	worker_watch(worker, &worker->collect);
}

void worker_set_handshake_ms(struct worker *worker, uint64_t ms)
{
	worker->set.handshake_ms = ms;
}

void worker_set_tls(struct worker *worker, struct tls_context *tls)
{
	tls_context_unref(worker->set.tls);
	worker->set.tls = tls;
}

void worker_set_tally(struct worker *worker, struct tally tally)
{
	assert(worker->set.count == 0);
	worker->set.tally = tally;
}

void worker_set_entry(
	struct worker *worker, uint64_t connections_max, const struct http_limits *head)
{
	worker->set.connections_max = connections_max;
	worker->set.head_limits = *head;
}

/* ---- listeners ------------------------------------------------------------------------------ */

static void accepted(void *arg, int fd, const union listen_address *address,
	const struct listener_options *options)
{
	struct worker *worker = arg;

	if (entry_is_open(&worker->set))
		conn_new(&worker->set, fd, address, options);
	else
		listener_turn_away(fd);
}

struct listener *worker_listen(
	struct worker *worker, int fd, const struct listener_options *options)
{
	struct listening *entry = xmalloc(sizeof(*entry));

	entry->listener = listener_open(worker->loop.base, &worker->set.poller, fd, options,
		(struct acceptor){accepted, worker});
	LIST_INSERT_HEAD(&worker->listeners, entry, link);
	if (worker->set.host != NULL)
		host_own_descriptor(worker->set.host, fd);
	return entry->listener;
}

static void close_entry(struct worker *worker, struct listening *entry)
{
	LIST_REMOVE(entry, link);
	if (worker->set.host != NULL)
		host_disown_descriptor(worker->set.host, listener_fd(entry->listener));
	listener_close(entry->listener);
	free(entry);
}

void worker_unlisten(struct worker *worker, struct listener *listener)
{
	struct listening *entry;

	LIST_FOREACH (entry, &worker->listeners, link) {
		if (entry->listener == listener) {
			listener_take_all(listener);
			close_entry(worker, entry);
			return;
		}
	}
}

void worker_stop_accepting(struct worker *worker)
{
	while (!LIST_EMPTY(&worker->listeners))
		close_entry(worker, LIST_FIRST(&worker->listeners));
	conn_set_stop(&worker->set);
}

/* ---- turns ---------------------------------------------------------------------------------- */

static void end_turn(struct worker *worker)
{
	do {
		if (worker->wants_turn_end) {
			worker->wants_turn_end = false;
			host_turn_end(worker->set.host);
		}
		conn_set_settle(&worker->set);
	} while (worker->wants_turn_end);
	if (worker->set.host != NULL)
		host_watch(worker->set.host);
	conn_set_bury(&worker->set);
}

static void run_base(struct worker *worker, bool wait)
{
	int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

	worker->has_due = false;
	event_base_loop(worker->loop.base, wait ? flags : flags | EVLOOP_NONBLOCK);
	worker->base_ms = clock_ms();
}

/*
 * Connections that talk are waited for without the base, which costs system calls of its own: it
 * has its turn whenever the clock has moved on, and when nobody speaks. Never both in one turn:
 * what one batch of events has ended is over before the next is looked at.
 */
void worker_turn(struct worker *worker, bool wait)
{
	struct poller *poller = &worker->set.poller;
	/* It was just asked, if there was something to do. */
	uint64_t now_ms = poller->has_spoken ? poller->spoke_ms : clock_ms();
	bool is_busy = !worker->loop.is_lent && now_ms - poller->spoke_ms <= WORKER_LATE_MS;

	poller->has_spoken = false;
	if (wait && is_busy && !worker->has_due && now_ms == worker->base_ms)
		poller_wait(poller, WORKER_LATE_MS);
	else
		run_base(worker, wait && !is_busy);
	end_turn(worker);
}

void worker_run(struct worker *worker)
{
	worker->is_broken = false;
	/* What was asked for before the first event. */
	end_turn(worker);
	while (!worker->is_broken)
		worker_turn(worker, true);
}

void worker_break(struct worker *worker)
{
	worker->is_broken = true;
}

size_t worker_connection_count(const struct worker *worker)
{
	return worker->set.count;
}

void worker_drop_all(struct worker *worker)
{
	conn_set_drop_all(&worker->set);
	end_turn(worker);
}
