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

static void drop_begin(struct buf *buf, size_t *over)
{
	if (*over > 0)
		memmove(buf->data, buf->data + *over, buf->len - *over);
	buf->len -= *over;
	*over = 0;
}

static void forget_sent(struct channel *channel, size_t len)
{
	struct buf *out = &channel->out;
	bool has_gone = channel->passing_count > 0 && channel->passing[0].at == channel->sent;

	if (has_gone) {
		close(channel->passing[0].fd);
		memmove(channel->passing, channel->passing + 1,
			--channel->passing_count * sizeof(*channel->passing));
	}
	channel->sent += len;
	/* A long queue is not moved for every piece of it that leaves. */
	if (channel->sent < out->len - channel->sent)
		return;
	for (size_t i = 0; i < channel->passing_count; i++)
		channel->passing[i].at -= channel->sent;
	drop_begin(out, &channel->sent);
}

/* Up to the next message that has a descriptor, or with that descriptor. */
static ssize_t send_some(struct channel *channel)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec bytes = {channel->out.data + channel->sent, channel_queued(channel)};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
	const struct passing *first = channel->passing_count > 0 ? &channel->passing[0] : NULL;
	const struct passing *limit = first;

	if (first != NULL && first->at == channel->sent) {
		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		*CMSG_FIRSTHDR(&message) = (struct cmsghdr){
			CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), &first->fd, sizeof(int));
		limit = channel->passing_count > 1 ? &channel->passing[1] : NULL;
	}
	if (limit != NULL)
		bytes.iov_len = limit->at - channel->sent;
	return sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void channel_flush(struct channel *channel)
{
	while (channel_is_full(channel) && channel->fd >= 0) {
		ssize_t sent = send_some(channel);

		if (sent > 0)
			forget_sent(channel, (size_t)sent);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			channel->out.len = channel->sent = 0; /* its end will be read, too */
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
	return channel_queued(channel) > 0;
}

size_t channel_queued(const struct channel *channel)
{
	return channel->out.len - channel->sent;
}

void channel_queue(struct channel *channel, unsigned kind, struct span body, int fd)
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
}

void channel_send(struct channel *channel, unsigned kind, struct span body, int fd)
{
	channel_queue(channel, kind, body, fd);
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
	size_t len = channel->in.len - channel->taken;
	struct header header;
	const char *data;

	if (len < sizeof(header))
		return CHANNEL_EMPTY;
	data = channel->in.data + channel->taken;
	memcpy(&header, data, sizeof(header));
	if (header.len > CHANNEL_BODY_MAX)
		return CHANNEL_ENDED;
	if (len < sizeof(header) + header.len)
		return CHANNEL_EMPTY;
	*out = (struct message){header.kind, {data + sizeof(header), header.len}, -1};
	if (header.has_fd) {
		out->fd = channel->received_fd;
		channel->received_fd = -1;
	}
	channel->taken += sizeof(header) + header.len;
	return CHANNEL_MESSAGE;
}

enum channel_state channel_receive(struct channel *channel, struct message *out)
{
	enum channel_state state;

	if (channel->fd < 0)
		return CHANNEL_ENDED;
	while ((state = take_message(channel, out)) == CHANNEL_EMPTY) {
		ssize_t got;

		/* Once a read, not once a message: a read brings many small ones. */
		drop_begin(&channel->in, &channel->taken);
		got = receive_some(channel);
		if (got > 0 || (got < 0 && errno == EINTR))
			continue;
		return got < 0 && errno == EAGAIN ? CHANNEL_EMPTY : CHANNEL_ENDED;
	}
	return state;
}
