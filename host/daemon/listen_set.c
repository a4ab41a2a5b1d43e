/*
 * Sockets are opened before a load is decided and closed after, so that a refused one changes
 * nothing: what is new is known by its place, behind `kept` addresses and `workers` workers.
 * Called by the master only. SPDX-License-Identifier: MIT
 */
#include "daemon/listen_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"

static void close_from(struct listen_at *item, unsigned worker)
{
	for (; worker < CONFIG_WORKERS_MAX; worker++) {
		if (item->fds[worker] >= 0)
			close(item->fds[worker]);
		item->fds[worker] = -1;
	}
}

static void close_item(struct listen_at *item)
{
	close_from(item, 0);
	if (item->file.path != NULL && !item->is_lent)
		unix_socket_remove(item->file.path, item->file_id);
	free(item->address);
}

void listen_set_fini(struct listen_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		close_item(&set->items[i]);
	free(set->items);
	given_fini(&set->given);
	memset(set, 0, sizeof(*set));
}

const struct listen_at *listen_set_find(const struct listen_set *set, const char *address)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(set->items[i].address, address) == 0)
			return &set->items[i];
	return NULL;
}

static struct listen_at *find(struct listen_set *set, const char *address)
{
	return (struct listen_at *)(uintptr_t)listen_set_find(set, address);
}

static struct listen_at *add(struct listen_set *set, const char *address, int fd)
{
	struct listen_at *item;

	set->items = xrealloc(set->items, (set->count + 1) * sizeof(*set->items));
	item = &set->items[set->count++];
	*item = (struct listen_at){.address = xstrdup(address),
		.is_wanted = true,
		.is_shared = listen_conf_is_shared(address)};
	item->file.path = listen_conf_file(item->address);
	if (item->file.path != NULL)
		item->file_id = unix_socket_identify(item->file.path);
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++)
		item->fds[i] = -1;
	item->fds[0] = fd;
	return item;
}

void listen_set_inherit(struct listen_set *set, const char *address, unsigned worker, int fd)
{
	struct listen_at *item = find(set, address);

	if (item == NULL && worker == 0)
		add(set, address, fd)->is_lent = true;
	else if (item != NULL && item->fds[worker] < 0)
		item->fds[worker] = fd;
	else
		close(fd);
	set->kept = set->count;
	set->workers = CONFIG_WORKERS_MAX;
}

void listen_set_print(
	char out[LISTEN_URL_SIZE], const struct listen_set *set, const struct listen_conf *conf)
{
	const struct listen_at *item = listen_set_find(set, conf->socket);
	char address[LISTEN_ADDRESS_SIZE] = "";

	if (item != NULL)
		listen_socket_print(address, item->fds[0]);
	if (strncmp(address, "unix:", strlen("unix:")) == 0)
		snprintf(out, LISTEN_URL_SIZE, "%s", address);
	else
		snprintf(out, LISTEN_URL_SIZE, "%s://%s", conf->is_tls ? "https" : "http", address);
}

void listen_set_lend(struct listen_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->items[i].is_lent = true;
}

void listen_set_own(struct listen_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		set->items[i].is_lent = false;
}

static int duplicate(int fd, const char *address, struct err *why)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		err_set(why, ERR_INTERNAL, "cannot share %s: %s", address, strerror(errno));
	return copy;
}

static bool open_twin(struct listen_at *item, unsigned worker, struct err *why)
{
	if (item->fds[worker] < 0)
		item->fds[worker] = item->is_shared ? duplicate(item->fds[0], item->address, why)
						    : listen_socket_twin(item->fds[0], why);
	return item->fds[worker] >= 0;
}

static unsigned id_of(const struct account_conf *account)
{
	return account->name.text == NULL ? UNIX_SOCKET_KEEP : account->id;
}

static struct unix_socket file_of(const struct listen_conf *conf)
{
	return (struct unix_socket){
		conf->path, conf->mode, id_of(&conf->owner), id_of(&conf->group)};
}

static int open_first(struct listen_set *set, const struct listen_conf *conf, struct err *why)
{
	struct unix_socket file = file_of(conf);
	int fd;

	switch (conf->kind) {
	case LISTEN_UNIX:
		return unix_socket_open(&file, why);
	case LISTEN_GIVEN:
		fd = given_find(&set->given, conf->name, why);
		return fd < 0 ? -1 : duplicate(fd, conf->socket, why);
	default:
		return listen_socket_open(conf->host, conf->port, why);
	}
}

static void want(struct listen_set *set, const struct listen_conf *conf, unsigned workers,
	struct err_list *why)
{
	struct listen_at *item = find(set, conf->socket);
	struct err err;

	if (item == NULL) {
		int fd = open_first(set, conf, &err);

		if (fd < 0) {
			err_list_add(why, conf->address.place, "%s", err.text);
			return;
		}
		item = add(set, conf->socket, fd);
	}
	item->is_wanted = true;
	item->file.mode = conf->mode;
	item->file.owner = id_of(&conf->owner);
	item->file.group = id_of(&conf->group);
	for (unsigned i = 1; i < workers; i++) {
		if (set->is_away[i] || open_twin(item, i, &err))
			continue;
		err_list_add(why, conf->address.place, "%s", err.text);
		return;
	}
}

bool listen_set_want(struct listen_set *set, const struct listen_conf *listens, size_t count,
	unsigned workers, struct err_list *why)
{
	size_t already = why->count;

	for (size_t i = 0; i < set->count; i++)
		set->items[i].is_wanted = false;
	for (size_t i = 0; i < count; i++)
		want(set, &listens[i], workers, why);
	if (why->count == already)
		return true;
	listen_set_restore(set);
	return false;
}

bool listen_set_open(struct listen_set *set, unsigned worker, struct err *why)
{
	set->is_away[worker] = false;
	for (size_t i = 0; i < set->count; i++)
		if (!open_twin(&set->items[i], worker, why))
			return false;
	return true;
}

/* What serves has been decided: that a file's owner cannot be changed does not undo it. */
static void allow(struct listen_at *item)
{
	struct err why;

	if (item->file.path == NULL || item->is_lent)
		return;
	if (!unix_socket_allow(&item->file, &why))
		log_warn("%s", why.text);
}

void listen_set_keep(struct listen_set *set, unsigned workers)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (!set->items[i].is_wanted) {
			close_item(&set->items[i]);
			continue;
		}
		close_from(&set->items[i], workers);
		allow(&set->items[i]);
		set->items[kept++] = set->items[i];
	}
	set->count = kept;
	set->kept = kept;
	set->workers = workers;
}

void listen_set_restore(struct listen_set *set)
{
	while (set->count > set->kept)
		close_item(&set->items[--set->count]);
	for (size_t i = 0; i < set->count; i++)
		close_from(&set->items[i], set->workers);
}
