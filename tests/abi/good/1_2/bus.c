/*
 * A bus driver that carries nothing far. SPDX-License-Identifier: MIT
 */
#include <socklet_bus.h>

static int publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	uint8_t head[SL_BUS_HEAD_BYTES];
	struct sl_bus_message back;
	struct sl_str bytes = {(const char *)head, sizeof(head)};

	sl_bus_head_write(head, message);
	if (!sl_bus_head_read(&back, bytes) || back.host != sl_bus_host_id(plugin))
		return SL_INVALID;
	back.topic = message->topic;
	return sl_bus_received(plugin, &back);
}

static void wanted(struct sl_plugin *plugin, struct sl_str filter)
{
	sl_bus_lost(plugin, filter, 1);
}

static int start(struct sl_plugin *plugin)
{
	sl_bus_state(plugin, SL_BUS_UP, "here");
	return SL_OK;
}

static const struct sl_bus own_bus = {sizeof(struct sl_bus), publish, wanted, wanted, NULL};

SL_PLUGIN(bus, sl_no_args, .start = start, .bus = &own_bus);
