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

static int keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	sl_bus_kept(plugin, rule->messages > 0 && message->type != SL_BUS_GAP);
	return SL_OK;
}

static int recall(struct sl_plugin *plugin, const struct sl_bus_recall *what)
{
	struct sl_bus_message message = {what->filters[0], {"", 0}, 1, 1, 1, 1, SL_TEXT, 7, 8};

	if (what->after != SL_BUS_NOW)
		sl_bus_recalled(plugin, what->id, &message);
	sl_bus_recall_over(plugin, what->id, what->anyhow ? SL_BUS_PART : SL_BUS_LOST, 7, 8);
	return SL_OK;
}

static int start(struct sl_plugin *plugin)
{
	sl_bus_state(plugin, SL_BUS_UP, "here");
	return SL_OK;
}

static const struct sl_bus own_bus = {sizeof(struct sl_bus), publish, wanted, wanted, NULL, keep,
	recall};

SL_PLUGIN(bus, sl_no_args, .start = start, .bus = &own_bus);
