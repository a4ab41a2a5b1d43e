/*
 * One event loop, one host; orders come over the channel as events, so that no plugin code is on
 * the stack. What can fail happens while preparing, nothing that can fail behind it. Knows no
 * other worker. SPDX-License-Identifier: MIT
 */
#include "daemon/worker_process.h"

#include <event2/event.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "call/quarantine.h"
#include "daemon/channel.h"
#include "daemon/crash.h"
#include "daemon/load.h"
#include "daemon/message_kinds.h"
#include "daemon/log_file.h"
#include "daemon/order.h"
#include "daemon/pack.h"
#include "daemon/process.h"
#include "daemon/worker_admin.h"
#include "daemon/worker_bus.h"
#include "daemon/worker_peers.h"
#include "daemon/worker_presence.h"
#include "daemon/worker_status.h"
#include "net/listen_socket.h"
#include "net/worker.h"

/* Free memory that the allocator keeps for what comes next, and blocks that it never keeps. */
enum { KEPT_FREE_BYTES = 16 << 20, OWN_MAPPING_BYTES = 4 << 20 };
enum { STOP_LOOK_MS = 10, RETIRE_MS = 500, LEAVE_LOOK_MS = 100, HTTPS_PORT = 443 };

struct worker_socket {
	char *address;
	struct listener *listener; /* NULL: not yet committed, and then */
	int fd;
	/* By the order prepared last: */
	bool is_wanted;
	struct listener_options options;
};

struct worker_process {
	unsigned index;
	struct worker *worker;
	struct host *host;
	struct channel channel;
	struct worker_bus bus;
	struct worker_admin admin;
	struct worker_presence presence;
	struct worker_peers peers;
	struct event *readable;
	struct event *look; /* a timer, armed while stopping */
	struct worker_socket *sockets;
	size_t socket_count;
	struct generation *next; /* prepared */
	struct tls_context *next_tls;
	unsigned next_workers;
	bool is_retiring, is_leaving, is_stopping, has_failed;
	uint64_t stop_at_ms;   /* while retiring */
	struct stop_conf stop; /* of what serves */
	uint64_t stop_deadline_ms;
};

/* ---- listening -------------------------------------------------------------------------- */

static struct worker_socket *find_socket(struct worker_process *self, const char *address)
{
	for (size_t i = 0; i < self->socket_count; i++)
		if (strcmp(self->sockets[i].address, address) == 0)
			return &self->sockets[i];
	return NULL;
}

/* Takes the descriptor. */
static void add_socket(struct worker_process *self, struct span address, int fd)
{
	struct arena arena = {0};
	char *text = arena_text(&arena, address.ptr, address.len);

	if (find_socket(self, text) != NULL) {
		close(fd);
	} else {
		self->sockets = xrealloc(
			self->sockets, (self->socket_count + 1) * sizeof(*self->sockets));
		self->sockets[self->socket_count++] = (struct worker_socket){
			.address = xstrdup(text), .fd = fd};
		/* From now on: a plugin's start may close it before anybody listens. */
		host_own_descriptor(self->host, fd);
	}
	arena_fini(&arena);
}

static void close_socket(struct worker_process *self, struct worker_socket *entry)
{
	if (entry->listener != NULL) {
		worker_unlisten(self->worker, entry->listener);
	} else {
		host_disown_descriptor(self->host, entry->fd);
		close(entry->fd);
	}
	free(entry->address);
}

/* Those that nobody listens at yet, or those that are not wanted. */
static void close_sockets(
	struct worker_process *self, bool (*is_over)(const struct worker_socket *))
{
	size_t kept = 0;

	for (size_t i = 0; i < self->socket_count; i++) {
		if (is_over(&self->sockets[i]))
			close_socket(self, &self->sockets[i]);
		else
			self->sockets[kept++] = self->sockets[i];
	}
	self->socket_count = kept;
}

static bool is_pending(const struct worker_socket *entry)
{
	return entry->listener == NULL;
}

static bool is_unwanted(const struct worker_socket *entry)
{
	return !entry->is_wanted;
}

static bool is_any(const struct worker_socket *entry)
{
	(void)entry;
	return true;
}

/* ---- loads ------------------------------------------------------------------------------ */

static void say(struct worker_process *self, enum from_worker kind, const struct buf *body)
{
	channel_send(&self->channel, kind, buf_span(body), -1);
	/* The master always reads; what it does not take at once is a long list of complaints. */
	channel_drain(&self->channel);
}

static void drop_next(struct worker_process *self)
{
	generation_unref(self->next);
	self->next = NULL;
	tls_context_unref(self->next_tls);
	self->next_tls = NULL;
}

static void abort_load(struct worker_process *self)
{
	drop_next(self);
	close_sockets(self, is_pending);
}

/* Of the first that speaks TLS; without one somebody in front of us does. */
static unsigned https_port(struct worker_process *self, const struct order *order)
{
	for (size_t i = 0; i < order->address_count; i++) {
		struct listen_conf conf = listen_conf_find(
			&self->next->config, order->addresses[i]);
		const struct worker_socket *entry = find_socket(self, order->sockets[i]);

		if (conf.is_tls && entry != NULL)
			return listen_socket_port(entry->fd);
	}
	return HTTPS_PORT;
}

static struct listener_options listen_options(
	struct worker_process *self, const struct order *order, const char *address)
{
	struct listen_conf conf = listen_conf_find(&self->next->config, address);

	return (struct listener_options){
		.is_tls = conf.is_tls,
		.has_proxy_header = conf.has_proxy_header,
		.redirects = conf.redirects,
		.is_admin = conf.is_admin,
		.https_port = https_port(self, order),
	};
}

static bool prepare_order(
	struct worker_process *self, const struct order *order, struct err_list *why)
{
	const struct load load = {
		.file = order->file,
		.text = &order->text,
		.how = LOAD_TO_SERVE,
		.number = order->number,
		.quarantined = order->quarantined,
		.quarantined_count = order->quarantined_count,
		.tls_files = &order->tls_files,
		.tls_secret = order->secret,
		.tls = &self->next_tls,
	};

	drop_next(self);
	image_store_offer(host_images(self->host), order->offers, order->offer_count);
	self->next = load_generation(self->host, &load, why);
	image_store_offer(host_images(self->host), NULL, 0);
	self->next_workers = order->workers;
	for (size_t i = 0; i < self->socket_count; i++)
		self->sockets[i].is_wanted = false;
	for (size_t i = 0; i < order->address_count; i++) {
		struct worker_socket *entry = find_socket(self, order->sockets[i]);

		if (entry == NULL || self->next == NULL)
			continue;
		entry->is_wanted = true;
		entry->options = listen_options(self, order, order->addresses[i]);
	}
	return self->next != NULL;
}

/* False told the master why. */
static bool prepare(struct worker_process *self, struct span body)
{
	struct order order = {0};
	struct err_list why = {0};
	struct buf complaints = {0};
	bool is_ready;

	if (!order_unpack(&order, body))
		err_list_add(&why, (struct place){0}, "found no order in a message of the master");
	is_ready = why.count == 0 && prepare_order(self, &order, &why);
	if (!is_ready) {
		abort_load(self);
		pack_complaints(&complaints, &why);
		say(self, FROM_REFUSED, &complaints);
		buf_fini(&complaints);
	}
	order_fini(&order);
	err_list_fini(&why);
	return is_ready;
}

static void say_prepared(struct worker_process *self)
{
	const struct plugin_set *plugins = &self->next->plugins;
	struct buf body = {0};

	for (size_t i = 0; i < plugins->count; i++) {
		const struct sl_plugin *plugin = plugins->plugins[i];

		/* Shared with the generation before: nothing changed for it. */
		if (plugin->refs > 1)
			continue;
		pack_text(&body, plugin->name);
		pack_number(&body, image_version(plugin->image));
	}
	say(self, FROM_PREPARED, &body);
	buf_fini(&body);
}

static void say_serves(struct worker_process *self)
{
	struct buf body = {0};

	pack_number(&body, host_generation(self->host)->number);
	say(self, FROM_SERVES, &body);
	buf_fini(&body);
}

static void say_status(struct worker_process *self)
{
	struct buf body = {0};

	worker_status(&body, self->worker, self->host);
	say(self, FROM_STATUS, &body);
	buf_fini(&body);
}

/* One worker alone needs no name. */
static void label_log(const struct worker_process *self)
{
	char label[24] = "";

	if (self->next_workers > 1)
		snprintf(label, sizeof(label), "worker %u", self->index + 1);
	log_set_label(label);
}

static void set_limits(struct worker *worker, const struct limits_conf *limits)
{
	const struct http_limits head = {
		.target_bytes = limits->target_bytes,
		.head_bytes = limits->head_bytes,
		.headers = (unsigned)limits->headers,
		.header_bytes = limits->header_bytes,
	};

	worker_set_handshake_ms(worker, limits->handshake_ms);
	worker_set_entry(worker, limits->all_connections, &head);
}

static void take_topics(struct worker_process *self, const struct topics_conf *topics)
{
	host_set_topics_queue(self->host, topics->queue_bytes);
	worker_bus_set_queue(&self->bus, topics->queue_bytes);
	/* For good: those who leave when there are fewer still have members. */
	if (self->next_workers > 1 ||
		(topics->history_count > 0 && topics->history_store == HISTORY_IN_MEMORY))
		worker_bus_join(&self->bus, self->next_workers > 1);
}

static void listen_to_all(struct worker_process *self)
{
	for (size_t i = 0; i < self->socket_count; i++) {
		struct worker_socket *entry = &self->sockets[i];

		if (entry->listener == NULL)
			entry->listener = worker_listen(self->worker, entry->fd, &entry->options);
		else
			listener_set_options(entry->listener, &entry->options);
	}
}

static void commit_tls(struct worker_process *self)
{
	/* All have the same. */
	if (self->next_tls != NULL && self->index == 0)
		tls_context_warn(self->next_tls);
	worker_set_tls(self->worker, self->next_tls);
	self->next_tls = NULL;
}

/* Cannot fail. */
static void commit(struct worker_process *self)
{
	if (self->next == NULL)
		return;
	label_log(self);
	log_file_configure(&self->next->config.log);
	set_limits(self->worker, &self->next->config.limits);
	self->stop = self->next->config.stop;
	take_topics(self, &self->next->config.topics);
	commit_tls(self);
	host_swap(self->host, self->next);
	worker_status_log_left(self->host);
	self->next = NULL;
	close_sockets(self, is_unwanted);
	listen_to_all(self);
	say_serves(self);
}

static void start(struct worker_process *self, struct span body)
{
	if (prepare(self, body)) {
		commit(self);
		return;
	}
	self->has_failed = true;
	worker_break(self->worker);
}

/* ---- stop ------------------------------------------------------------------------------- */

static void stop(struct worker_process *self)
{
	const struct timeval look = {0, STOP_LOOK_MS * 1000};

	if (self->is_stopping)
		return;
	log_info("stop: closing %zu connections with 1012", worker_connection_count(self->worker));
	self->is_stopping = true;
	self->stop_deadline_ms = process_now_ms() + self->stop.spread_ms + self->stop.deadline_ms;
	abort_load(self);
	close_sockets(self, is_any);
	worker_stop_accepting(self->worker);
	host_stop(self->host, self->stop.spread_ms);
	event_add(self->look, &look);
}

/* What another would have served, had it come a moment later, is not turned away. */
static void retire(struct worker_process *self)
{
	const struct timeval look = {0, STOP_LOOK_MS * 1000};

	if (self->is_stopping || self->is_retiring)
		return;
	self->is_retiring = true;
	self->stop_at_ms = process_now_ms() + RETIRE_MS;
	abort_load(self);
	close_sockets(self, is_any);
	event_add(self->look, &look);
}

/* Connections stay until they end by themselves, or by `drain`; idle HTTP ones are no loss. */
static void leave(struct worker_process *self)
{
	const struct timeval look = {0, LEAVE_LOOK_MS * 1000};

	self->stop_at_ms = UINT64_MAX;
	worker_stop_accepting(self->worker);
	host_leave(self->host);
	event_add(self->look, &look);
}

/* Runs every STOP_LOOK_MS while retiring or stopping, more seldom while leaving. */
static void look(struct worker_process *self)
{
	size_t left = worker_connection_count(self->worker);

	if (!self->is_stopping) {
		if (left == 0)
			stop(self);
		else if (process_now_ms() >= self->stop_at_ms && self->is_leaving)
			leave(self);
		else if (process_now_ms() >= self->stop_at_ms)
			stop(self);
		return;
	}
	if (left > 0 && process_now_ms() < self->stop_deadline_ms)
		return;
	if (left > 0)
		log_warn("stop: %zu connections did not end within %llu ms (`stop: {deadline}`), "
			 "dropping them",
			left, (unsigned long long)self->stop.deadline_ms);
	worker_break(self->worker);
}

static void look_on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	look(arg);
}

/* ---- orders ----------------------------------------------------------------------------- */

static void quarantine(struct worker_process *self, struct span body)
{
	struct generation *serving = host_generation(self->host);
	struct arena arena = {0};
	const char *plugin = pack_take_text(&body, &arena);
	uint64_t version;

	if (plugin != NULL && pack_take_number(&body, &version)) {
		if (serving != NULL)
			quarantine_begin(serving, plugin, (unsigned)version);
		if (self->next != NULL)
			quarantine_begin(self->next, plugin, (unsigned)version);
	}
	arena_fini(&arena);
}

/* No plugin has done that. */
static void take_log(struct worker_process *self, int fd)
{
	dup2(fd, STDERR_FILENO);
	close(fd);
	host_own_descriptor(self->host, STDERR_FILENO);
}

static void take_message(struct worker_process *self, const struct message *message)
{
	if (message->kind == TO_LISTEN && message->fd >= 0) {
		add_socket(self, message->body, message->fd);
		return;
	}
	if (message->kind == TO_BUS && message->fd >= 0)
		worker_bus_open(&self->bus, message->body, message->fd);
	if (message->kind == TO_LOG && message->fd >= 0)
		take_log(self, message->fd);
	if (message->kind == TO_STATUS)
		say_status(self);
	if (message->kind == TO_STOP)
		stop(self);
	if (message->kind == TO_LEAVE)
		self->is_leaving = true;
	if (message->kind == TO_RETIRE || message->kind == TO_LEAVE)
		retire(self);
	if (self->is_stopping || self->is_retiring)
		return;
	if (message->kind == TO_START)
		start(self, message->body);
	else if (message->kind == TO_PREPARE && prepare(self, message->body))
		say_prepared(self);
	else if (message->kind == TO_COMMIT)
		commit(self);
	else if (message->kind == TO_ABORT)
		abort_load(self);
	else if (message->kind == TO_QUARANTINE)
		quarantine(self, message->body);
}

static void channel_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct worker_process *self = arg;
	struct message message;
	enum channel_state state;

	(void)fd;
	(void)what;
	while ((state = channel_receive(&self->channel, &message)) == CHANNEL_MESSAGE)
		take_message(self, &message);
	/* Without a master nobody would tell us to stop. */
	if (state == CHANNEL_ENDED)
		worker_break(self->worker);
}

/* ---- life ------------------------------------------------------------------------------- */

static bool init(struct worker_process *self, const struct worker_birth *birth)
{
	struct err_list why = {0};
	struct err err = {0};
	struct event_base *base;

	self->worker = worker_new(&err);
	if (self->worker != NULL)
		self->host = host_new(worker_loop(self->worker), &why);
	if (self->host == NULL) {
		log_error("worker not started: %s", why.count > 0 ? why.items[0].text : err.text);
		err_list_fini(&why);
		return false;
	}
	host_set_breadcrumb(self->host, birth->page);
	host_set_last_id(self->host, birth->last_id);
	host_set_tally(self->host, birth->tally);
	worker_set_tally(self->worker, birth->tally);
	crash_watch(birth->page);
	base = worker_base(self->worker);
	worker_set_host(self->worker, self->host);
	worker_bus_init(&self->bus, self->host, self->worker);
	worker_admin_init(&self->admin, &self->bus);
	worker_presence_init(&self->presence, &self->bus);
	worker_peers_init(&self->peers, &self->bus);
	self->look = event_new(base, -1, EV_PERSIST, look_on_event, self);
	self->readable = event_new(
		base, self->channel.fd, EV_READ | EV_PERSIST, channel_on_event, self);
	event_add(self->readable, NULL);
	return true;
}

static void fini(struct worker_process *self)
{
	if (self->worker != NULL && self->host != NULL) {
		event_free(self->look);
		event_free(self->readable);
		abort_load(self);
		close_sockets(self, is_any);
		worker_drop_all(self->worker);
		worker_bus_fini(&self->bus);
		worker_set_host(self->worker, NULL);
		host_free(self->host);
	}
	worker_free(self->worker);
	free(self->sockets);
	channel_fini(&self->channel);
}

/*
 * As it comes, the allocator gives the pages of each message beyond some 100 KiB back to the kernel
 * and asks for them anew with the next, which costs more than all else that is done for it.
 */
static void keep_free_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, KEPT_FREE_BYTES);
	mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_BYTES);
}

int worker_process_run(int channel, const struct worker_birth *birth)
{
	struct worker_process self = {.index = birth->index};

	keep_free_memory();
	channel_init(&self.channel, channel);
	if (init(&self, birth))
		worker_run(self.worker);
	else
		self.has_failed = true;
	fini(&self);
	return self.has_failed ? 1 : 0;
}
