/*
 * A bus driver that carries nothing and writes down what it is asked to. It is connecting until
 * somebody says otherwise. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <socklet_bus.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tape.h"

struct options {
	int64_t number; /* another one makes another driver */
};
SL_ARGS(options, SL_FIELD(number, .default_value = "0"));

SL_PRINTF(2, 3) static void note(struct sl_plugin *plugin, const char *format, ...)
{
	struct tape *tape = sl_plugin_state(plugin);
	size_t len = strlen(tape->text);
	va_list args;

	va_start(args, format);
	vsnprintf(tape->text + len, sizeof(tape->text) - len, format, args);
	va_end(args);
}

static int publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	struct tape *tape = sl_plugin_state(plugin);

	if (tape->result == SL_OK)
		note(plugin, "%s#%" PRIu64 "=%.*s|", message->topic.ptr, message->sequence,
			SL_STR(message->data));
	return tape->result;
}

static void wanted(struct sl_plugin *plugin, struct sl_str filter)
{
	note(plugin, "+%s|", filter.ptr);
}

static void unwanted(struct sl_plugin *plugin, struct sl_str filter)
{
	note(plugin, "-%s|", filter.ptr);
}

static void flush(struct sl_plugin *plugin)
{
	note(plugin, ".|");
}

static int keep(struct sl_plugin *plugin, const struct sl_bus_message *message,
	const struct sl_bus_rule *rule)
{
	struct tape *tape = sl_plugin_state(plugin);

	(void)rule;
	if (tape->result == SL_OK)
		note(plugin, "%s%s#%" PRIu64 "=%.*s|", message->type == SL_BUS_GAP ? "!!" : "!",
			message->topic.ptr, message->sequence, SL_STR(message->data));
	return tape->result;
}

static int recall(struct sl_plugin *plugin, const struct sl_bus_recall *what)
{
	struct tape *tape = sl_plugin_state(plugin);

	if (tape->result != SL_OK)
		return tape->result;
	tape->recall_id = what->id;
	for (size_t i = 0; i < what->filter_count; i++)
		note(plugin, "%s%s", i == 0 ? "?" : ",", what->filters[i].ptr);
	if (what->after == SL_BUS_NOW)
		note(plugin, ">now|");
	else
		note(plugin, ">%" PRIx64 "-%" PRIu64 "|", what->order, what->after);
	return SL_OK;
}

static int start(struct sl_plugin *plugin)
{
	sl_bus_state(plugin, SL_BUS_CONNECTING, "starting");
	return SL_OK;
}

static const struct sl_bus tape_bus = {.size = sizeof(struct sl_bus),
	.publish = publish,
	.wanted = wanted,
	.unwanted = unwanted,
	.flush = flush,
	.keep = keep,
	.recall = recall};

SL_PLUGIN(tape, sl_no_args, .plugin_state_size = sizeof(struct tape), .options = options_table,
	.start = start, .bus = &tape_bus);
