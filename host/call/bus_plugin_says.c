/*
 * What a driver says: messages, losses, answers of its store, how it is with its broker. It is
 * checked, and what came before is passed over; the rest goes to bus.c. Called by the driver,
 * through the table of socklet_bus.h, from its own events. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "call/bus_plugin.h"
#include "call/host_state.h"
#include "call/topics.h"

enum { WARN_MS = 5000 };

static struct bus_plugin *bus_of_plugin(const struct sl_plugin *plugin)
{
	return &host_of_table(*plugin->info.host)->broker;
}

static void api_state(struct sl_plugin *plugin, uint32_t state, const char *text)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);

	if (state > SL_BUS_UP) {
		log_line(LOG_HOST, LOG_ERROR, "%s: sl_bus_state with %u, which is no state",
			plugin->name, state);
		return;
	}
	plugin->bus.state = state;
	snprintf(plugin->bus.text, sizeof(plugin->bus.text), "%s", text == NULL ? "" : text);
	if (bus->plugin == plugin)
		bus_plugin_take_state(bus);
}

static bool check_message(struct bus_plugin *bus, const struct sl_bus_message *message)
{
	struct span topic = {message->topic.ptr, message->topic.len};
	struct span data = {message->data.ptr, message->data.len};
	struct err why = {0};

	if (!topic_name_check(topic, &why))
		;
	else if (message->number != 0 && message->order != 0 && message->type == SL_BUS_GAP)
		return true;
	else if (message->type != SL_TEXT && message->type != SL_BINARY)
		err_set(&why, ERR_BAD_REQUEST, "type %llu, wanted SL_TEXT or SL_BINARY",
			(unsigned long long)message->type);
	else if (data.len > TOPICS_MESSAGE_MAX)
		err_set(&why, ERR_BAD_REQUEST, "%zu bytes, at most %d can be published", data.len,
			TOPICS_MESSAGE_MAX);
	else if (message->type == SL_TEXT && !utf8_valid(data))
		err_set(&why, ERR_BAD_REQUEST, "a text of %zu bytes that is not UTF-8", data.len);
	else
		return true;
	bus->counts.refused++;
	if (clock_allows(&bus->warned_ms, WARN_MS))
		log_line(LOG_HOST, LOG_WARN, "bus: %s: a message from elsewhere is refused: %s",
			bus->plugin->name, why.text);
	return false;
}

static struct bus_message message_of(const struct sl_bus_message *from)
{
	struct bus_message message = {
		.topic = {from->topic.ptr, from->topic.len},
		.opcode = from->type == SL_TEXT ? WS_TEXT : WS_BINARY,
		.payload = {from->data.ptr, from->data.len},
		.host = from->host,
		.publisher = from->publisher,
		.sequence = from->sequence,
		.number = from->number,
		.order = from->order,
		.origin = from->origin,
		.is_gap = from->type == SL_BUS_GAP,
	};
	char count[24];

	if (message.is_gap) {
		snprintf(count, sizeof(count), "%.*s", SPAN_ARG(message.payload));
		message.lost = strtoull(count, NULL, 10);
		message.payload = SPAN("");
	}
	return message;
}

/* One host does not keep what others keep: then its messages are missing in what they keep. */
static void warn_unkept(struct bus_plugin *bus, struct span topic)
{
	if (bus_has_store(bus->host) && bus_keeps(bus->host, topic) &&
		clock_allows(&bus->warned_ms, WARN_MS))
		log_line(LOG_HOST, LOG_WARN,
			"bus: %s: a host publishes to \"%.*s\" and does not keep it, as this one "
			"does: give all hosts on this broker the same `topics: {history}`",
			bus->plugin->name, SPAN_ARG(topic));
}

static void deliver(struct bus_plugin *bus, const struct sl_bus_message *from)
{
	struct bus_message message = message_of(from);
	uint64_t missing;

	bus->counts.received += message.host != bus_host_id(bus->host);
	if (message.number != 0) {
		bus_receive(bus->host, &bus->driver, &message);
		return;
	}
	message.origin = 0;
	warn_unkept(bus, message.topic);
	if (topic_numbers_hear(&bus->heard, from->origin, message.topic, from->sequence,
		    &missing) == TOPIC_HEARD_BEFORE) {
		bus->counts.received--;
		bus->counts.duplicates++;
		return;
	}
	if (missing > 0) {
		bus->counts.lost += missing;
		bus_lost(bus->host, message.topic, missing);
	}
	bus_receive(bus->host, &bus->driver, &message);
}

/* What a driver that was built for less does not have is zero. */
static bool copy_message(
	struct sl_bus_message *out, const struct sl_bus_message *message, size_t size)
{
	memset(out, 0, sizeof(*out));
	if (size < offsetof(struct sl_bus_message, order))
		return false;
	memcpy(out, message, size < sizeof(*out) ? size : sizeof(*out));
	return true;
}

static int api_received(struct sl_plugin *plugin, const struct sl_bus_message *from, size_t size)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);
	struct sl_bus_message message;

	if (bus->plugin != plugin)
		return SL_CLOSED;
	if (!copy_message(&message, from, size))
		return SL_INVALID;
	/* Its members here have it; what is kept comes to them by this way only. */
	if (message.host == bus_host_id(bus->host) && message.number == 0)
		return SL_OK;
	if (message.number == 0 && bus_peers_take(bus, &message))
		return SL_OK;
	if (!check_message(bus, &message))
		return SL_INVALID;
	deliver(bus, &message);
	return SL_OK;
}

static void api_kept(struct sl_plugin *plugin, uint64_t count)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);

	if (bus->plugin != plugin)
		return;
	bus->counts.published += count;
	bus->counts.kept += count;
	bus_queue_kept(&bus->queue, count);
}

static void api_recalled(
	struct sl_plugin *plugin, uint64_t id, const struct sl_bus_message *from, size_t size)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);
	const struct bus_parcel *question;
	struct sl_bus_message raw;
	struct bus_message message;

	if (bus->plugin != plugin || !copy_message(&raw, from, size) || raw.number == 0 ||
		!check_message(bus, &raw))
		return;
	question = bus_queue_find_question(&bus->queue, id);
	if (question == NULL)
		return;
	message = message_of(&raw);
	bus->counts.recalled++;
	if (question->conn == 0)
		kept_stream_past(bus->host, &message);
	else
		bus_recalled(bus->host, question->conn, question->serial, &message);
}

static void api_recall_over(
	struct sl_plugin *plugin, uint64_t id, uint64_t outcome, uint64_t order, uint64_t number)
{
	static const enum bus_recalled outcomes[] = {
		[SL_BUS_ALL] = BUS_RECALLED,
		[SL_BUS_PART] = BUS_RECALLED_PART,
		[SL_BUS_LOST] = BUS_RECALLED_LOST,
	};
	struct bus_plugin *bus = bus_of_plugin(plugin);
	struct bus_parcel *question;

	if (bus->plugin != plugin || outcome > SL_BUS_LOST)
		return;
	question = bus_queue_answered(&bus->queue, id);
	if (question != NULL)
		bus_plugin_answer(bus, question, outcomes[outcome], order, number);
}

static void api_lost(struct sl_plugin *plugin, struct sl_str topic, uint64_t count)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);

	if (bus->plugin != plugin)
		return;
	bus->counts.lost += count;
	bus_lost(bus->host, (struct span){topic.ptr, topic.len}, count);
}

static uint64_t api_host_id(const struct sl_plugin *plugin)
{
	return bus_host_id(bus_of_plugin(plugin)->host);
}

const struct sl_bus_host *bus_plugin_functions(void)
{
	static const struct sl_bus_host functions = {sizeof(functions), api_received, api_lost,
		api_state, api_host_id, api_kept, api_recalled, api_recall_over};

	return &functions;
}
