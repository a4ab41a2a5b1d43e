/*
 * The listening sockets of all workers: one for each worker and address, open as long as the
 * address is wanted, so that clients that wait in one outlive the worker. SPDX-License-Identifier:
 * MIT
 */
#ifndef SOCKLET_DAEMON_LISTEN_SET_H
#define SOCKLET_DAEMON_LISTEN_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "config/config.h"
#include "daemon/given.h"
#include "net/listen_socket.h"
#include "net/unix_socket.h"

enum { LISTEN_URL_SIZE = LISTEN_ADDRESS_SIZE + sizeof("https://") };

/* Known by `socket` of struct listen_conf. */
struct listen_at {
	char *address;
	int fds[CONFIG_WORKERS_MAX]; /* by worker; -1: none */
	bool is_wanted;              /* by the load in progress */
	bool is_shared;              /* the workers' are copies of one */
	/* Of a Unix socket, else zeros; the path is part of the address. */
	struct unix_socket file;
	struct unix_socket_id file_id;
	bool is_lent; /* another process removes the file */
};

/* Zero it; then listen_set_fini. */
struct listen_set {
	struct listen_at *items;
	size_t count;
	/* As it was before the load in progress: so many addresses, a socket for so many workers.
	 */
	size_t kept;
	unsigned workers;
	/* Nobody accepts there before listen_set_open: that process is still leaving. */
	bool is_away[CONFIG_WORKERS_MAX];
	struct given given; /* sockets that this process was started with */
};

void listen_set_fini(struct listen_set *set);
/* Takes a socket that was opened before this process was; the first of an address is worker 0's. */
void listen_set_inherit(struct listen_set *set, const char *address, unsigned worker, int fd);
/* Another process serves with these sockets, from now on or until now: files are its to remove. */
void listen_set_lend(struct listen_set *set);
/* They are ours from now on. */
void listen_set_own(struct listen_set *set);
/* NULL: no socket is open there. */
const struct listen_at *listen_set_find(const struct listen_set *set, const char *address);
/* "https://127.0.0.1:8443": the real port; "unix:/run/x.sock" */
void listen_set_print(
	char out[LISTEN_URL_SIZE], const struct listen_set *set, const struct listen_conf *conf);
/*
 * Opens what is missing for these addresses and that many workers, and keeps what is there. False
 * adds to `why`, and leaves all as it was.
 */
bool listen_set_want(struct listen_set *set, const struct listen_conf *listens, size_t count,
	unsigned workers, struct err_list *why);
/* The sockets of that worker, as far as they are not open: its process comes. */
bool listen_set_open(struct listen_set *set, unsigned worker, struct err *why);
/* The load in progress serves: closes what it did not want. */
void listen_set_keep(struct listen_set *set, unsigned workers);
/* It was refused: closes what was opened for it. */
void listen_set_restore(struct listen_set *set);

#endif
