/*
 * All calls of the driver are made from `flush`, at the end of a turn, so that a plugin that
 * publishes in a callback never has another one run inside of it. What the driver hears, and how it
 * is with its broker, comes from its own events. Knows no broker. Called by bus.c, by host.c at a
 * swap, and by the driver through the table of socklet_bus.h. SPDX-License-Identifier: MIT
 */
#include "call/bus_plugin.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "call/host_state.h"
#include "call/topics.h"

enum { WARN_MS = 5000 };

/* A text each, and a NUL behind it. */
struct bus_parcel {
	TAILQ_ENTRY(bus_parcel) next;
	struct sl_bus_message message; /* points behind this */
	size_t bytes;
};

struct bus_wish {
	STAILQ_ENTRY(bus_wish) next;
	bool is_wanted;
	size_t len;
	char filter[];
};

static struct bus_plugin *bus_of(struct bus_driver *driver)
{
	return (struct bus_plugin *)driver; /* the first member */
}

static bool is_up(const struct bus_plugin *bus)
{
	return bus->plugin->bus.state == SL_BUS_UP;
}

/* ---- what waits ------------------------------------------------------------------------- */

static uint64_t draw(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint64_t)time(NULL) << 32 ^ (uintptr_t)&number;
	return number | 1; /* 0 is who sends, in its own book */
}

/* Who hears must never see a number of an origin go back: a book that is full gets a new one. */
static uint64_t number_next(struct bus_plugin *bus, struct span topic)
{
	uint64_t number = topic_numbers_next(&bus->sent, topic);

	if (number != 0)
		return number;
	topic_numbers_clear(&bus->sent);
	bus->origin = draw();
	return topic_numbers_next(&bus->sent, topic);
}

static struct bus_parcel *parcel_new(struct bus_plugin *bus, const struct bus_message *from)
{
	size_t bytes = sizeof(struct bus_parcel) + from->topic.len + 1 + from->payload.len;
	struct bus_parcel *parcel = xmalloc(bytes);
	char *topic = (char *)(parcel + 1), *data = topic + from->topic.len + 1;

	memcpy(topic, from->topic.ptr, from->topic.len);
	topic[from->topic.len] = '\0';
	if (from->payload.len > 0)
		memcpy(data, from->payload.ptr, from->payload.len);
	parcel->bytes = bytes;
	parcel->message = (struct sl_bus_message){
		.topic = {topic, from->topic.len},
		.data = {data, from->payload.len},
		.host = from->host,
		.publisher = from->publisher,
		.sequence = number_next(bus, from->topic),
		.type = from->opcode == WS_TEXT ? SL_TEXT : SL_BINARY,
	};
	parcel->message.origin = bus->origin;
	return parcel;
}

static void parcel_drop(struct bus_plugin *bus, struct bus_parcel *parcel)
{
	TAILQ_REMOVE(&bus->parcels, parcel, next);
	bus->bytes -= parcel->bytes;
	free(parcel);
}

static void warn_full(struct bus_plugin *bus)
{
	if (clock_allows(&bus->warned_ms, WARN_MS))
		log_line(LOG_HOST, LOG_WARN,
			"bus: %s: %zu bytes of messages wait for the broker already "
			"(`bus: {queue}` is %zu); %llu were dropped up to now",
			bus->plugin->name, bus->bytes, bus->bytes_max,
			(unsigned long long)bus->counts.dropped);
}

/* One that is dropped has its number all the same: who hears the next one knows. */
static void publish(struct bus_driver *driver, const struct bus_message *message)
{
	struct bus_plugin *bus = bus_of(driver);
	struct bus_parcel *parcel;
	size_t room;

	if (topic_name_is_of_host(message->topic))
		return;
	parcel = parcel_new(bus, message);
	room = parcel->bytes > bus->bytes_max ? 0 : bus->bytes_max - parcel->bytes;
	while (bus->bytes > room && !bus->drops_newest && parcel->bytes <= bus->bytes_max) {
		bus->counts.dropped++;
		warn_full(bus);
		parcel_drop(bus, TAILQ_FIRST(&bus->parcels));
	}
	TAILQ_INSERT_TAIL(&bus->parcels, parcel, next);
	bus->bytes += parcel->bytes;
	if (bus->bytes <= bus->bytes_max)
		return;
	bus->counts.dropped++;
	parcel_drop(bus, parcel);
	warn_full(bus);
}

/* ---- filters ---------------------------------------------------------------------------- */

static void wish(struct bus_driver *driver, struct span filter, bool is_wanted)
{
	struct bus_plugin *bus = bus_of(driver);
	struct bus_wish *made;

	if (topic_name_is_of_host(filter))
		return;
	if (!is_wanted)
		topic_numbers_pause(&bus->heard, filter);
	/* It will be told of all there are. */
	if (!bus->is_told)
		return;
	made = xmalloc(sizeof(*made) + filter.len + 1);
	made->is_wanted = is_wanted;
	made->len = filter.len;
	memcpy(made->filter, filter.ptr, filter.len);
	made->filter[filter.len] = '\0';
	STAILQ_INSERT_TAIL(&bus->wishes, made, next);
}

static void wanted(struct bus_driver *driver, struct span filter)
{
	wish(driver, filter, true);
}

static void unwanted(struct bus_driver *driver, struct span filter)
{
	wish(driver, filter, false);
}

static struct bus_wish *wish_take(struct bus_plugin *bus)
{
	struct bus_wish *first = STAILQ_FIRST(&bus->wishes);

	if (first != NULL)
		STAILQ_REMOVE_HEAD(&bus->wishes, next);
	return first;
}

static void forget_wishes(struct bus_plugin *bus)
{
	struct bus_wish *first;

	while ((first = wish_take(bus)) != NULL)
		free(first);
}

/* ---- the end of a turn ------------------------------------------------------------------ */

static void tell_filter(void *context, struct span filter, size_t count)
{
	struct bus_plugin *bus = context;
	char text[TOPIC_NAME_MAX + 1];

	(void)count;
	if (!is_up(bus) || topic_name_is_of_host(filter))
		return;
	memcpy(text, filter.ptr, filter.len);
	text[filter.len] = '\0';
	plugin_call_bus_filter(bus->plugin, (struct sl_str){text, filter.len}, true);
}

static void tell_filters(struct bus_plugin *bus)
{
	struct bus_wish *first;

	if (!bus->is_told) {
		bus->is_told = true;
		topic_tree_each_filter(&bus->host->fan_out.tree, tell_filter, bus);
	}
	while (is_up(bus) && (first = wish_take(bus)) != NULL) {
		plugin_call_bus_filter(
			bus->plugin, (struct sl_str){first->filter, first->len}, first->is_wanted);
		free(first);
	}
}

static void carry(struct bus_plugin *bus)
{
	struct bus_parcel *parcel;

	while (is_up(bus) && !bus->is_full && (parcel = TAILQ_FIRST(&bus->parcels)) != NULL) {
		int result = plugin_call_bus_publish(bus->plugin, &parcel->message);

		bus->is_full = result == SL_FULL;
		if (bus->is_full)
			return;
		if (result == SL_OK)
			bus->counts.published++;
		else
			bus->counts.dropped++;
		parcel_drop(bus, parcel);
	}
}

static void flush(struct bus_driver *driver)
{
	struct bus_plugin *bus = bus_of(driver);

	if (!is_up(bus))
		return;
	tell_filters(bus);
	bus_peers_flush(bus);
	carry(bus);
	if (is_up(bus))
		plugin_call_bus_flush(bus->plugin);
}

static const struct bus_ops ops = {
	.name = "plugin",
	.publish = publish,
	.wanted = wanted,
	.unwanted = unwanted,
	.flush = flush,
};

/* ---- what the driver says --------------------------------------------------------------- */

static const char *const state_names[] = {
	[SL_BUS_DOWN] = "down", [SL_BUS_CONNECTING] = "connecting", [SL_BUS_UP] = "up"};

static struct bus_plugin *bus_of_plugin(const struct sl_plugin *plugin)
{
	return &host_of_table(*plugin->info.host)->broker;
}

/* Up and down once each, whatever is tried in between. */
static void log_state(struct bus_plugin *bus)
{
	const struct plugin_bus *now = &bus->plugin->bus;

	if (now->state == bus->logged || now->state == SL_BUS_CONNECTING || now->text[0] == '\0')
		return;
	bus->logged = now->state;
	log_line(LOG_HOST, now->state == SL_BUS_UP ? LOG_INFO : LOG_WARN, "bus: %s is %s: %s",
		bus->plugin->name, state_names[now->state], now->text);
}

static void take_state(struct bus_plugin *bus)
{
	log_state(bus);
	if (!is_up(bus)) {
		bus->is_told = false;
		forget_wishes(bus);
	}
	bus->is_full = false;
	bus_peers_note_state(bus);
	bus_touch(bus->host, &bus->driver);
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
		take_state(bus);
}

static bool check_message(struct bus_plugin *bus, const struct sl_bus_message *message)
{
	struct span topic = {message->topic.ptr, message->topic.len};
	struct span data = {message->data.ptr, message->data.len};
	struct err why = {0};

	if (!topic_name_check(topic, &why))
		;
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

static void deliver(struct bus_plugin *bus, const struct sl_bus_message *from)
{
	struct bus_message message = {
		.topic = {from->topic.ptr, from->topic.len},
		.opcode = from->type == SL_TEXT ? WS_TEXT : WS_BINARY,
		.payload = {from->data.ptr, from->data.len},
		.host = from->host,
		.publisher = from->publisher,
		.sequence = from->sequence,
	};
	uint64_t missing;

	if (topic_numbers_hear(&bus->heard, from->origin, message.topic, from->sequence,
		    &missing) == TOPIC_HEARD_BEFORE) {
		bus->counts.duplicates++;
		return;
	}
	if (missing > 0) {
		bus->counts.lost += missing;
		bus_lost(bus->host, message.topic, missing);
	}
	bus->counts.received++;
	bus_receive(bus->host, &bus->driver, &message);
}

static int api_received(struct sl_plugin *plugin, const struct sl_bus_message *message, size_t size)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);

	if (bus->plugin != plugin)
		return SL_CLOSED;
	if (size < sizeof(*message))
		return SL_INVALID;
	/* Its members here have it. */
	if (message->host == bus_host_id(bus->host))
		return SL_OK;
	if (bus_peers_take(bus, message))
		return SL_OK;
	if (!check_message(bus, message))
		return SL_INVALID;
	deliver(bus, message);
	return SL_OK;
}

static void api_lost(struct sl_plugin *plugin, struct sl_str topic, uint64_t count)
{
	struct bus_plugin *bus = bus_of_plugin(plugin);

	if (bus->plugin != plugin || count == 0)
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
	static const struct sl_bus_host functions = {
		sizeof(functions), api_received, api_lost, api_state, api_host_id};

	return &functions;
}

void bus_census_take(struct bus_census *out, const struct host *host)
{
	const struct bus_plugin *bus = &host->broker;
	const struct sl_plugin *plugin = bus->plugin;

	*out = (struct bus_census){.counts = bus->counts, .queue_bytes = bus->bytes};
	if (plugin == NULL)
		return;
	out->driver = plugin->name;
	out->state = state_names[plugin->bus.state];
	out->text = plugin->bus.text;
}

/* ---- life ------------------------------------------------------------------------------- */

void bus_plugin_init(struct bus_plugin *bus, struct host *host)
{
	bus->driver.ops = &ops;
	bus->host = host;
	bus->origin = draw();
	bus->logged = SL_BUS_CONNECTING;
	TAILQ_INIT(&bus->parcels);
	STAILQ_INIT(&bus->wishes);
	topic_numbers_init(&bus->sent, TOPIC_NUMBERS_MAX);
	topic_numbers_init(&bus->heard, TOPIC_NUMBERS_MAX);
	bus_peers_init(&bus->peers);
}

static void leave(struct bus_plugin *bus)
{
	if (bus->plugin == NULL)
		return;
	flush(&bus->driver);
	bus_detach(bus->host, &bus->driver);
	forget_wishes(bus);
	plugin_unref(bus->plugin);
	bus->plugin = NULL;
	bus->is_told = false;
	bus_peers_note_state(bus);
	bus->logged = SL_BUS_CONNECTING; /* nothing yet */
}

static void drop_all(struct bus_plugin *bus)
{
	while (!TAILQ_EMPTY(&bus->parcels)) {
		bus->counts.dropped++;
		parcel_drop(bus, TAILQ_FIRST(&bus->parcels));
	}
}

void bus_plugin_fini(struct bus_plugin *bus)
{
	leave(bus);
	drop_all(bus);
	topic_numbers_fini(&bus->sent);
	topic_numbers_fini(&bus->heard);
	bus_peers_fini(&bus->peers);
}

bool bus_plugin_use(struct bus_plugin *bus, const struct generation *generation)
{
	const struct bus_conf *conf = &generation->config.bus;

	bus->bytes_max = conf->queue_bytes;
	bus->drops_newest = conf->overflow == BUS_DROP_NEWEST;
	if (bus->plugin == generation->bus)
		return false;
	if (generation->bus == NULL)
		bus_peers_part(bus);
	leave(bus);
	if (generation->bus == NULL) {
		drop_all(bus);
		return true;
	}
	/* Where nobody gave one, our own messages could not be told from those of others. */
	if (bus_host_id(bus->host) == 0)
		bus_set_host_id(bus->host, draw());
	bus->plugin = plugin_ref(generation->bus);
	bus_attach(bus->host, &bus->driver);
	take_state(bus);
	return true;
}
