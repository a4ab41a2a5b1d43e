/*
 * struct daemon, shared by daemon.c and reload.c. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_DAEMON_STATE_H
#define SOCKLET_DAEMON_DAEMON_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "call/host.h"
#include "config/config.h"
#include "daemon/options.h"
#include "net/worker.h"

struct breadcrumb;
struct event;

/* One listening socket, known by the address as its author wrote it. */
struct daemon_listener {
	char *address;
	struct listener *listener;
	bool is_wanted; /* by the load in progress */
};

enum { SIGNAL_COUNT = 3 };

struct daemon {
	const struct options *options;
	struct worker *worker;
	struct host *host;
	struct breadcrumb *page; /* lives as long as the process: the crash handler reads it */
	struct daemon_listener *listeners;
	size_t listener_count;
	struct event *signals[SIGNAL_COUNT];
	struct event *look;   /* a timer, armed while stopping */
	struct event *reload; /* made active by SIGHUP */
	bool is_stopping;
	uint64_t stop_deadline_ms;
};

#endif
