/*
 * A client asks for one thing and gets one answer; meanwhile it costs a descriptor. It is of the
 * host's own user, as the folder of the socket lets nobody else in. Called by master.c and
 * reload.c. SPDX-License-Identifier: MIT
 */
#include "daemon/hub_admin.h"
#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "daemon/control_path.h"
#include "daemon/master_state.h"
#include "daemon/reload.h"
#include "daemon/status.h"

enum { BACKLOG = 16, CLIENTS_MAX = 64, REST_MS = 100 };

enum client_state {
	CLIENT_ASKS,
	CLIENT_WAITS_FOR_RELOAD, /* one that begins from now on */
	CLIENT_IN_RELOAD,        /* this one */
	CLIENT_WAITS_FOR_STATUS,
	CLIENT_WAITS_FOR_STOP,
	CLIENT_WAITS_FOR_UPGRADE,
	CLIENT_ANSWERED,
};

struct control_client {
	LIST_ENTRY(control_client) link;
	struct control *control;
	struct channel channel;
	enum client_state state;
	enum status_form form; /* of the answer to a status */
};

/* ---- life ------------------------------------------------------------------------------- */

void control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	control->fd = -1;
	LIST_INIT(&control->clients);
}

/* Whether a host answers there; else what is there is of one that died. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool answers = fd >= 0 &&
		       (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
			       errno == EAGAIN);

	if (fd >= 0)
		close(fd);
	return answers;
}

static bool bind_there(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(077);
	bool is_bound = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0;

	umask(mask);
	return is_bound && listen(fd, BACKLOG) == 0;
}

/* Only a socket is ever removed. */
static void remove_dead(const struct sockaddr_un *address)
{
	struct stat info;

	if (lstat(address->sun_path, &info) == 0 && S_ISSOCK(info.st_mode))
		unlink(address->sun_path);
}

static void close_listening(struct control *control)
{
	if (control->fd < 0)
		return;
	unlink(control->address.sun_path);
	close(control->fd);
	control->fd = -1;
}

void control_adopt(struct control *control, int fd)
{
	socklen_t len = sizeof(control->address);

	control->fd = fd;
	getsockname(fd, (struct sockaddr *)&control->address, &len);
}

bool control_open(struct control *control, const struct config *config, struct err *why)
{
	struct sockaddr_un address;
	int fd;

	if (!control_path(&address, config, why))
		return false;
	if (control->fd >= 0 && strcmp(address.sun_path, control->address.sun_path) == 0)
		return true;
	close_listening(control);
	control->address = address;
	if (is_alive(&control->address)) {
		err_set(why, ERR_INTERNAL,
			"%s is another host's with the same routes file; reload, status and stop "
			"reach that one only",
			control->address.sun_path);
		return false;
	}
	remove_dead(&control->address);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && bind_there(fd, &control->address)) {
		control->fd = fd;
		return true;
	}
	err_set(why, ERR_INTERNAL, "cannot listen on %s: %s", control->address.sun_path,
		strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

static void drop(struct control_client *client)
{
	LIST_REMOVE(client, link);
	channel_fini(&client->channel);
	free(client);
}

static void answer(struct control_client *client, unsigned status, struct span text)
{
	channel_send(&client->channel, status, text, -1);
	client->state = CLIENT_ANSWERED;
	/* It reads to our end; what the socket has not taken yet goes first. */
	if (!channel_is_full(&client->channel))
		shutdown(client->channel.fd, SHUT_WR);
}

void control_fini(struct control *control, int status)
{
	while (!LIST_EMPTY(&control->clients)) {
		struct control_client *client = LIST_FIRST(&control->clients);

		if (client->state == CLIENT_WAITS_FOR_STOP)
			answer(client, (unsigned)status,
				status == 0 ? SPAN("stop: done\n")
					    : SPAN("stop: done, but not all workers ended as they "
						   "should; the log says more\n"));
		else if (client->state != CLIENT_ANSWERED)
			answer(client, 1, SPAN("the host is stopping\n"));
		drop(client);
	}
	close_listening(control);
}

void control_give_up(struct control *control)
{
	struct control_client *client;

	LIST_FOREACH (client, &control->clients, link)
		if (client->state < CLIENT_WAITS_FOR_STOP)
			answer(client, CONTROL_ASK_AGAIN,
				SPAN("another process has taken over, ask again\n"));
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
}

/* ---- requests --------------------------------------------------------------------------- */

static void take(struct master *master, struct control_client *client, unsigned request)
{
	if (client->state != CLIENT_ASKS)
		return;
	switch ((enum control_request)request) {
	case CONTROL_RELOAD:
		if (master->is_stopping) {
			answer(client, 1, SPAN("reload: not while stopping\n"));
			return;
		}
		client->state = CLIENT_WAITS_FOR_RELOAD;
		reload_request(master);
		return;
	case CONTROL_STATUS:
	case CONTROL_STATUS_JSON:
	case CONTROL_STATUS_METRICS:
		client->form = (enum status_form)(request - CONTROL_STATUS);
		client->state = CLIENT_WAITS_FOR_STATUS;
		status_ask(master);
		return;
	case CONTROL_STOP:
		client->state = CLIENT_WAITS_FOR_STOP;
		if (!master->is_stopping)
			kill(getpid(), SIGTERM);
		return;
	case CONTROL_UPGRADE:
		client->state = CLIENT_WAITS_FOR_UPGRADE;
		upgrade_request(master);
		return;
	}
	answer(client, 1, SPAN("found an unknown request: is the command of another version?\n"));
}

static void client_on_ready(void *context, void *arg)
{
	struct control_client *client = arg;
	struct message message;
	enum channel_state state;

	channel_flush(&client->channel);
	if (client->state == CLIENT_ANSWERED && !channel_is_full(&client->channel))
		shutdown(client->channel.fd, SHUT_WR);
	while ((state = channel_receive(&client->channel, &message)) == CHANNEL_MESSAGE) {
		if (message.fd >= 0)
			close(message.fd);
		take(context, client, message.kind);
	}
	if (state == CHANNEL_ENDED)
		drop(client);
}

static void control_on_ready(void *context, void *arg)
{
	struct control *control = arg;
	struct control_client *client;
	int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	size_t count = 0;

	(void)context;
	/* Who waits keeps the socket readable: a poll that goes on telling of it would spin. */
	if (fd < 0 && errno != EAGAIN)
		control->rests_until_ms = process_now_ms() + REST_MS;
	if (fd < 0)
		return;
	LIST_FOREACH (client, &control->clients, link)
		count++;
	if (count >= CLIENTS_MAX) {
		close(fd);
		return;
	}
	client = xcalloc(1, sizeof(*client));
	client->control = control;
	channel_init(&client->channel, fd);
	LIST_INSERT_HEAD(&control->clients, client, link);
}

void control_watch(struct master *master, struct poll_list *list)
{
	struct control *control = &master->control;
	struct control_client *client;

	if (control->fd >= 0 && process_now_ms() < control->rests_until_ms)
		poll_list_until(list, control->rests_until_ms);
	else if (control->fd >= 0)
		poll_list_add(list, control->fd, POLLIN, control_on_ready, control);
	LIST_FOREACH (client, &control->clients, link) {
		poll_list_add(list, client->channel.fd,
			channel_is_full(&client->channel) ? POLLIN | POLLOUT : POLLIN,
			client_on_ready, client);
		if (client->state == CLIENT_WAITS_FOR_STATUS)
			poll_list_until(list, status_due_ms(master));
	}
}

/* ---- answers ---------------------------------------------------------------------------- */

void control_look(struct master *master)
{
	struct control_client *client;

	if (!status_is_due(master))
		return;
	LIST_FOREACH (client, &master->control.clients, link) {
		struct buf text = {0};

		if (client->state != CLIENT_WAITS_FOR_STATUS)
			continue;
		status_print(&text, master, client->form);
		answer(client, 0, buf_span(&text));
		buf_fini(&text);
	}
	hub_admin_tell_status(master);
	status_forget(master);
}

void control_reload_begins(struct control *control)
{
	struct control_client *client;

	LIST_FOREACH (client, &control->clients, link)
		if (client->state == CLIENT_WAITS_FOR_RELOAD)
			client->state = CLIENT_IN_RELOAD;
}

void control_reload_ends(struct control *control, bool is_done, struct span report)
{
	struct control_client *client;

	LIST_FOREACH (client, &control->clients, link)
		if (client->state == CLIENT_IN_RELOAD)
			answer(client, is_done ? 0 : 1, report);
}

void control_upgrade_ends(struct control *control, bool is_done, struct span report)
{
	struct control_client *client;

	LIST_FOREACH (client, &control->clients, link)
		if (client->state == CLIENT_WAITS_FOR_UPGRADE)
			answer(client, is_done ? 0 : 1, report);
}
