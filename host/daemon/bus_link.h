/*
 * One end of the channel between a worker and the hub: a bounded queue that drops what it has no
 * room for, counts it by topic, and tells the other end once there is room again.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_BUS_LINK_H
#define SOCKLET_DAEMON_BUS_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/channel.h"
#include "topic/topic_losses.h"

struct bus_link {
	struct channel channel;
	uint64_t bytes_max;         /* that wait to be sent */
	struct topic_losses losses; /* to tell the other end of */
	uint64_t lost;              /* all */
	uint64_t warned_ms;         /* of the last line about that; 0: none yet */
	uint64_t warned_lost;       /* `lost` at that time */
};

/* Not open. */
void bus_link_init(struct bus_link *link);
/* Takes the descriptor. */
void bus_link_open(struct bus_link *link, int fd);
void bus_link_close(struct bus_link *link);
bool bus_link_is_open(const struct bus_link *link);

/* Queues a packed message; or drops it, if it has no room. `to` names the other end in the log. */
void bus_link_pass(struct bus_link *link, struct span body, const char *to);
/* The other end has to know of losses that happened before. */
void bus_link_pass_loss(struct bus_link *link, struct span topic, uint64_t count);
/* Sends what has gathered. */
void bus_link_flush(struct bus_link *link);

#endif
