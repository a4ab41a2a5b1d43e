/*
 * A bus driver without a broker: every worker has a datagram socket in the folder of the option
 * `dir`, and sends all that is published to all others there. A file `down` in the folder takes the
 * broker away. SPDX-License-Identifier: MIT
 */
#include <dirent.h>
#include <errno.h>
#include <socklet_bus.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LOOK_MS = 5, MESSAGE_MAX = 65536 };

struct postman {
	int fd;
	char own[32];
};

struct options {
	const char *dir;
};
SL_ARGS(options, SL_FIELD(dir));

static const char *dir_of(struct sl_plugin *plugin)
{
	return ((const struct options *)sl_options(plugin))->dir;
}

static struct sockaddr_un address_of(struct sl_plugin *plugin, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%.60s/%.32s", dir_of(plugin), name);
	return address;
}

/* Head, length of the topic as a byte, topic, data. */
static int publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	static char letter[MESSAGE_MAX];
	struct postman *own = sl_plugin_state(plugin);
	size_t len = SL_BUS_HEAD_BYTES;
	DIR *dir = opendir(dir_of(plugin));
	struct dirent *entry;
	int result = SL_OK;

	if (dir == NULL || message->data.len > MESSAGE_MAX / 2)
		return SL_FAILED;
	sl_bus_head_write((uint8_t *)letter, message);
	letter[len++] = (char)message->topic.len;
	memcpy(letter + len, message->topic.ptr, message->topic.len);
	len += message->topic.len;
	memcpy(letter + len, message->data.ptr, message->data.len);
	len += message->data.len;
	while ((entry = readdir(dir)) != NULL) {
		struct sockaddr_un to = address_of(plugin, entry->d_name);

		if (strcmp(entry->d_name, own->own) == 0)
			continue;
		if (sendto(own->fd, letter, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 &&
			errno == EAGAIN)
			result = SL_FULL; /* who has it gets it twice, which is no harm */
	}
	closedir(dir);
	return result;
}

static void filter(struct sl_plugin *plugin, struct sl_str filter)
{
	(void)plugin;
	(void)filter;
}

static void receive(struct sl_plugin *plugin)
{
	static char letter[MESSAGE_MAX];
	struct postman *own = sl_plugin_state(plugin);
	struct sl_bus_message message;
	ssize_t got;

	while ((got = recv(own->fd, letter, sizeof(letter), MSG_DONTWAIT)) > 0) {
		if (!sl_bus_head_read(&message, (struct sl_str){letter, (size_t)got}))
			continue;
		message.topic.len = (unsigned char)*message.data.ptr;
		message.topic.ptr = message.data.ptr + 1;
		message.data.ptr += 1 + message.topic.len;
		message.data.len -= 1 + message.topic.len;
		sl_bus_received(plugin, &message);
	}
}

static void look(struct sl_plugin *plugin, void *data)
{
	struct sockaddr_un mark = address_of(plugin, "down");

	(void)data;
	if (access(mark.sun_path, F_OK) == 0) {
		sl_bus_state(plugin, SL_BUS_DOWN, "a file says so");
		return;
	}
	sl_bus_state(plugin, SL_BUS_UP, dir_of(plugin));
	receive(plugin);
}

static int start(struct sl_plugin *plugin)
{
	struct postman *own = sl_plugin_state(plugin);
	struct sockaddr_un address;

	snprintf(own->own, sizeof(own->own), "%ld.sock", (long)getpid());
	address = address_of(plugin, own->own);
	own->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (own->fd < 0 || bind(own->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		sl_plugin_log(plugin, SL_LOG_ERROR, "%s: %s", address.sun_path, strerror(errno));
		return SL_FAILED;
	}
	return sl_plugin_timer(plugin, LOOK_MS, LOOK_MS, look, NULL) ? SL_OK : SL_FAILED;
}

static void stop(struct sl_plugin *plugin)
{
	struct postman *own = sl_plugin_state(plugin);
	struct sockaddr_un address = address_of(plugin, own->own);

	close(own->fd);
	unlink(address.sun_path);
}

static const struct sl_bus postman_bus = {
	.size = sizeof(struct sl_bus), .publish = publish, .wanted = filter, .unwanted = filter};

SL_PLUGIN(postman, sl_no_args, .plugin_state_size = sizeof(struct postman),
	.options = options_table, .start = start, .stop = stop, .bus = &postman_bus);
