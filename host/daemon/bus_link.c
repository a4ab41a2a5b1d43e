/*
 * Room is given to the news of losses only once half the queue is free, so that a row of losses is
 * told as one. The log hears of it at most every WARN_MS. Called by hub.c and worker_bus.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/bus_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/bus_message_pack.h"
#include "daemon/process.h"

enum { WARN_MS = 5000 };

void bus_link_init(struct bus_link *link)
{
	memset(link, 0, sizeof(*link));
	channel_init(&link->channel, -1);
}

void bus_link_open(struct bus_link *link, int fd)
{
	channel_init(&link->channel, fd);
}

void bus_link_close(struct bus_link *link)
{
	channel_fini(&link->channel);
	topic_losses_fini(&link->losses);
	link->warned_ms = 0;
}

bool bus_link_is_open(const struct bus_link *link)
{
	return link->channel.fd >= 0;
}

static void warn(struct bus_link *link, const char *to)
{
	uint64_t now = process_now_ms();

	if (link->warned_ms != 0 && now < link->warned_ms + WARN_MS)
		return;
	log_warn("topics: %s does not keep up: %llu messages to it were lost, %zu bytes wait for "
		 "it (`topics: {queue}` is %llu)",
		to, (unsigned long long)(link->lost - link->warned_lost),
		channel_queued(&link->channel), (unsigned long long)link->bytes_max);
	link->warned_ms = now;
	link->warned_lost = link->lost;
}

void bus_link_pass(struct bus_link *link, struct span body, const char *to)
{
	size_t queued = channel_queued(&link->channel);
	struct span topic;

	if (!bus_link_is_open(link))
		return;
	/* One that is alone goes whatever its size: it could never else. */
	if (queued == 0 || queued + body.len <= link->bytes_max) {
		channel_queue(&link->channel, BUS_MESSAGE, body, -1);
		return;
	}
	if (bus_topic_unpack(body, &topic))
		topic_losses_add(&link->losses, topic, 1);
	link->lost++;
	warn(link, to);
}

void bus_link_pass_loss(struct bus_link *link, struct span topic, uint64_t count)
{
	if (bus_link_is_open(link))
		topic_losses_add(&link->losses, topic, count);
}

static void tell_losses(struct bus_link *link)
{
	struct topic_loss loss;
	struct buf body = {0};

	while (topic_losses_take(&link->losses, &loss)) {
		body.len = 0;
		bus_loss_pack(&body, span_of(loss.topic), loss.count);
		channel_queue(&link->channel, BUS_LOST, buf_span(&body), -1);
		free(loss.topic);
	}
	buf_fini(&body);
}

void bus_link_flush(struct bus_link *link)
{
	channel_flush(&link->channel);
	if (!bus_link_is_open(link) || topic_losses_is_empty(&link->losses) ||
		channel_queued(&link->channel) > link->bytes_max / 2)
		return;
	tell_losses(link);
	channel_flush(&link->channel);
}
