/*
 * A descriptor travels with the first byte of its message: the kernel ends a read behind such a
 * byte's batch, so at most one is waiting for its message to be whole. A lost peer shows in
 * channel_receive only, so that senders need not look. SPDX-License-Identifier: MIT
 */
#include "daemon/channel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { CHUNK = 65536 };

struct header {
	uint32_t len;
	uint16_t kind;
	uint16_t has_fd;
};

struct passing {
	size_t at; /* offset in `out` of its message */
	int fd;
};

bool channel_pair(int ends[2], struct err *why)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0)
		return true;
	err_set(why, ERR_INTERNAL, "cannot make a pair of sockets: %s", strerror(errno));
	return false;
}

void channel_init(struct channel *channel, int fd)
{
	memset(channel, 0, sizeof(*channel));
	channel->fd = fd;
	channel->received_fd = -1;
}

void channel_fini(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	if (channel->received_fd >= 0)
		close(channel->received_fd);
	for (size_t i = 0; i < channel->passing_count; i++)
		close(channel->passing[i].fd);
	free(channel->passing);
	buf_fini(&channel->in);
	buf_fini(&channel->out);
	channel_init(channel, -1);
}

/* ---- sending ---------------------------------------------------------------------------- */

static void forget_sent(struct channel *channel, size_t len)
{
	struct buf *out = &channel->out;
	size_t gone = channel->passing_count > 0 && channel->passing[0].at == 0 ? 1 : 0;

	if (gone > 0)
		close(channel->passing[0].fd);
	for (size_t i = gone; i < channel->passing_count; i++) {
		channel->passing[i - gone] = channel->passing[i];
		channel->passing[i - gone].at -= len;
	}
	channel->passing_count -= gone;
	memmove(out->data, out->data + len, out->len - len);
	out->len -= len;
}

/* Up to the next message that has a descriptor, or with that descriptor. */
static ssize_t send_some(struct channel *channel)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec bytes = {channel->out.data, channel->out.len};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
	const struct passing *first = channel->passing_count > 0 ? &channel->passing[0] : NULL;
	const struct passing *limit = first;

	if (first != NULL && first->at == 0) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){
			CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &first->fd, sizeof(int));
		limit = channel->passing_count > 1 ? &channel->passing[1] : NULL;
	}
	if (limit != NULL)
		bytes.iov_len = limit->at;
	return sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void channel_flush(struct channel *channel)
{
	while (channel->out.len > 0 && channel->fd >= 0) {
		ssize_t sent = send_some(channel);

		if (sent > 0)
			forget_sent(channel, (size_t)sent);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			channel->out.len = 0; /* its end will be read, too */
	}
}

void channel_drain(struct channel *channel)
{
	struct pollfd room = {.fd = channel->fd, .events = POLLOUT};

	channel_flush(channel);
	while (channel_is_full(channel)) {
		poll(&room, 1, -1);
		channel_flush(channel);
	}
}

bool channel_is_full(const struct channel *channel)
{
	return channel->out.len > 0;
}

void channel_send(struct channel *channel, unsigned kind, struct span body, int fd)
{
	struct header header = {(uint32_t)body.len, (uint16_t)kind, fd >= 0};
	struct passing passing = {channel->out.len, fd};

	assert(body.len <= CHANNEL_BODY_MAX);
	if (fd >= 0)
		passing.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	header.has_fd = passing.fd >= 0;
	if (passing.fd >= 0) {
		channel->passing = xrealloc(
			channel->passing, (channel->passing_count + 1) * sizeof(*channel->passing));
		channel->passing[channel->passing_count++] = passing;
	}
	buf_append(&channel->out, &header, sizeof(header));
	buf_append_span(&channel->out, body);
	channel_flush(channel);
}

/* ---- receiving -------------------------------------------------------------------------- */

static void keep_fd(struct channel *channel, struct msghdr *message)
{
	struct cmsghdr *control = CMSG_FIRSTHDR(message);

	if (control == NULL || control->cmsg_type != SCM_RIGHTS)
		return;
	if (channel->received_fd >= 0)
		close(channel->received_fd);
	memcpy(&channel->received_fd, CMSG_DATA(control), sizeof(int));
}

/* As recv(2). */
static ssize_t receive_some(struct channel *channel)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec bytes = {buf_reserve(&channel->in, CHUNK), CHUNK};
	struct msghdr message = {
		.msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t got = recvmsg(channel->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (got > 0) {
		channel->in.len += (size_t)got;
		keep_fd(channel, &message);
	}
	return got;
}

/* CHANNEL_EMPTY: more bytes are needed. */
static enum channel_state take_message(struct channel *channel, struct message *out)
{
	struct header header;

	if (channel->in.len < sizeof(header))
		return CHANNEL_EMPTY;
	memcpy(&header, channel->in.data, sizeof(header));
	if (header.len > CHANNEL_BODY_MAX)
		return CHANNEL_ENDED;
	if (channel->in.len < sizeof(header) + header.len)
		return CHANNEL_EMPTY;
	*out = (struct message){header.kind, {channel->in.data + sizeof(header), header.len}, -1};
	if (header.has_fd) {
		out->fd = channel->received_fd;
		channel->received_fd = -1;
	}
	channel->taken = sizeof(header) + header.len;
	return CHANNEL_MESSAGE;
}

static void drop_taken(struct channel *channel)
{
	if (channel->taken == 0)
		return;
	memmove(channel->in.data, channel->in.data + channel->taken,
		channel->in.len - channel->taken);
	channel->in.len -= channel->taken;
	channel->taken = 0;
}

enum channel_state channel_receive(struct channel *channel, struct message *out)
{
	enum channel_state state;

	if (channel->fd < 0)
		return CHANNEL_ENDED;
	drop_taken(channel);
	while ((state = take_message(channel, out)) == CHANNEL_EMPTY) {
		ssize_t got = receive_some(channel);

		if (got > 0 || (got < 0 && errno == EINTR))
			continue;
		return got < 0 && errno == EAGAIN ? CHANNEL_EMPTY : CHANNEL_ENDED;
	}
	return state;
}
