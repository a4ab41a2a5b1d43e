/*
 * `socklet reload`, `status`, `stop` and `upgrade`: asks the host that runs with this routes file,
 * and waits for its answer. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/command.h"
#include "daemon/control.h"
#include "daemon/control_path.h"

enum { ASKS_MAX = 100 }; /* of a host whose process changes meanwhile */

/* What the file says; one with mistakes may be just what the host is to be told of. */
static bool find_host(struct sockaddr_un *out, const char *file, struct err *why)
{
	struct err_list ignored = {0};
	struct config config;
	bool is_found;

	config_load(&config, file, &ignored);
	if (config.path == NULL)
		config.path = file;
	is_found = control_path(out, &config, why);
	config_fini(&config);
	err_list_fini(&ignored);
	return is_found;
}

static int connect_to(const struct sockaddr_un *address, const char *file)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return fd;
	fprintf(stderr,
		"socklet: found no host that runs with %s (%s: %s); start one with "
		"socklet run %s\n",
		file, address->sun_path, strerror(errno), file);
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * Waits for the answer, and then for the host to hang up: after a stop it is really gone. Prints
 * it, unless it is CONTROL_ASK_AGAIN and may be.
 */
static int hear(struct channel *channel, bool may_ask_again)
{
	struct pollfd readable = {.fd = channel->fd, .events = POLLIN};
	enum channel_state state;
	struct message message;
	int status = -1;

	while ((state = channel_receive(channel, &message)) != CHANNEL_ENDED) {
		if (state == CHANNEL_EMPTY) {
			poll(&readable, 1, -1);
			continue;
		}
		if (message.kind == CONTROL_ASK_AGAIN && may_ask_again) {
			status = CONTROL_ASK_AGAIN;
			continue;
		}
		status = message.kind == 0 ? 0 : 1;
		fwrite(message.body.ptr, 1, message.body.len, status == 0 ? stdout : stderr);
	}
	if (status < 0)
		fprintf(stderr, "socklet: the host hung up without an answer; its log says more\n");
	return status < 0 ? 1 : status;
}

static int ask_once(const struct sockaddr_un *address, const char *file,
	enum control_request request, bool may_ask_again)
{
	struct channel channel;
	int status, fd = connect_to(address, file);

	if (fd < 0)
		return 1;
	channel_init(&channel, fd);
	channel_send(&channel, request, (struct span){0}, -1);
	status = hear(&channel, may_ask_again);
	channel_fini(&channel);
	return status;
}

static int ask(const struct options *options, enum control_request request)
{
	const struct timespec nap = {0, 50 * 1000 * 1000};
	struct sockaddr_un address;
	struct err why;
	int status = 1;

	if (!find_host(&address, options->file, &why)) {
		fprintf(stderr, "socklet: %s\n", why.text);
		return 1;
	}
	for (unsigned tries = ASKS_MAX; tries > 0; tries--) {
		status = ask_once(&address, options->file, request, tries > 1);
		if (status != CONTROL_ASK_AGAIN)
			break;
		nanosleep(&nap, NULL);
	}
	return status;
}

int command_reload(const struct options *options)
{
	return ask(options, CONTROL_RELOAD);
}

int command_status(const struct options *options)
{
	if (options->as_metrics)
		return ask(options, CONTROL_STATUS_METRICS);
	return ask(options, options->as_json ? CONTROL_STATUS_JSON : CONTROL_STATUS);
}

int command_stop(const struct options *options)
{
	return ask(options, CONTROL_STOP);
}

int command_upgrade(const struct options *options)
{
	return ask(options, CONTROL_UPGRADE);
}
