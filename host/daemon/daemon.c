/*
 * One worker in one process: start, signals, stop. A later master forks several of what
 * daemon_run does between its first and last line. SPDX-License-Identifier: MIT
 */
#include "daemon/daemon.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/command.h"
#include "daemon/crash.h"
#include "daemon/daemon_state.h"
#include "daemon/reload.h"

enum { STOP_MS = 10000, STOP_LOOK_MS = 10 };

static const int signals[SIGNAL_COUNT] = {SIGHUP, SIGTERM, SIGINT};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- stop ------------------------------------------------------------------------------- */

static void daemon_stop(struct daemon *daemon)
{
	const struct timeval look = {0, STOP_LOOK_MS * 1000};

	if (daemon->is_stopping) {
		log_warn("stop: second signal, stopping at once");
		_exit(1);
	}
	log_info(
		"stop: closing %zu connections with 1012", worker_connection_count(daemon->worker));
	daemon->is_stopping = true;
	daemon->stop_deadline_ms = now_ms() + STOP_MS;
	worker_stop_accepting(daemon->worker);
	host_close_all(daemon->host, 1012, "");
	event_add(daemon->look, &look);
}

/* Runs every STOP_LOOK_MS while stopping. */
static void daemon_look(struct daemon *daemon)
{
	size_t left = worker_connection_count(daemon->worker);

	if (left > 0 && now_ms() < daemon->stop_deadline_ms)
		return;
	if (left > 0)
		log_warn("stop: %zu connections did not end within %d s, dropping them", left,
			STOP_MS / 1000);
	worker_break(daemon->worker);
}

/* ---- signals ---------------------------------------------------------------------------- */

static void look_on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	daemon_look(arg);
}

static void signal_on_event(evutil_socket_t signal_number, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)what;
	if (signal_number != SIGHUP)
		daemon_stop(daemon);
	else if (daemon->is_stopping)
		log_warn("reload: not while stopping");
	else
		event_active(daemon->reload, EV_TIMEOUT, 1);
}

/* Once for all signals of a turn: the loop calls signal_on_event for each of them in a row. */
static void reload_on_event(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;

	(void)fd;
	(void)what;
	if (!daemon->is_stopping)
		reload_run(daemon);
}

/* Before the ready line: who reads it may send one at once. */
static void watch_signals(struct daemon *daemon)
{
	struct event_base *base = worker_base(daemon->worker);

	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		daemon->signals[i] = evsignal_new(base, signals[i], signal_on_event, daemon);
		event_add(daemon->signals[i], NULL);
	}
	daemon->look = event_new(base, -1, EV_PERSIST, look_on_event, daemon);
	daemon->reload = event_new(base, -1, 0, reload_on_event, daemon);
}

static void unwatch_signals(struct daemon *daemon)
{
	event_free(daemon->look);
	event_free(daemon->reload);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		event_free(daemon->signals[i]);
}

/* ---- start ------------------------------------------------------------------------------ */

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool daemon_start(struct daemon *daemon, struct err_list *why)
{
	struct err err;

	daemon->worker = worker_new(&err);
	if (daemon->worker == NULL) {
		err_list_add(why, (struct place){0}, "%s", err.text);
		return false;
	}
	daemon->host = host_new(worker_loop(daemon->worker), why);
	if (daemon->host == NULL)
		return false;
	daemon->page = breadcrumb_new();
	host_set_breadcrumb(daemon->host, daemon->page);
	crash_watch(daemon->page);
	worker_set_host(daemon->worker, daemon->host);
	return reload_load(daemon, why);
}

/* The first bytes on standard output: scripts wait for them to learn the port. */
static void print_ready(const struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->listener_count; i++)
		printf("socklet: listening on http://%s\n",
			listener_address(daemon->listeners[i].listener));
	fflush(stdout);
}

static void daemon_fini(struct daemon *daemon)
{
	for (size_t i = 0; i < daemon->listener_count; i++)
		free(daemon->listeners[i].address);
	free(daemon->listeners);
	if (daemon->worker == NULL)
		return;
	worker_drop_all(daemon->worker);
	worker_set_host(daemon->worker, NULL);
	host_free(daemon->host);
	worker_free(daemon->worker);
}

int daemon_run(const struct options *options)
{
	struct daemon daemon = {.options = options};
	struct err_list why = {0};
	bool started;

	raise_descriptor_limit();
	started = daemon_start(&daemon, &why);
	if (started) {
		watch_signals(&daemon);
		print_ready(&daemon);
		worker_run(daemon.worker);
		unwatch_signals(&daemon);
		log_info("stop: done");
	} else {
		command_print_complaints(&why);
		fprintf(stderr, "socklet: not started, %zu mistake%s\n", why.count,
			why.count == 1 ? "" : "s");
	}
	daemon_fini(&daemon);
	err_list_fini(&why);
	return started ? 0 : 1;
}
