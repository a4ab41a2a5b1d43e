/*
 * All calls of the driver are made from `flush`, at the end of a turn, so that a plugin that
 * publishes in a callback never has another one run inside of it. What the driver hears, and how it
 * is with its broker, comes from its own events. Knows no broker. Called by bus.c, by host.c at a
 * swap, and by the driver through the table of socklet_bus.h. SPDX-License-Identifier: MIT
 */
#include "call/bus_plugin.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "call/generation.h"
#include "call/host_state.h"
#include "call/resume.h"
#include "call/topics.h"

enum {
	WARN_MS = 5000,
	FILTERS_MAX = 64, /* more are asked for as "#" */
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

bool bus_plugin_is_up(const struct bus_plugin *bus)
{
	return bus->plugin != NULL && is_up(bus);
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

static void warn_full(struct bus_plugin *bus)
{
	if (clock_allows(&bus->warned_ms, WARN_MS))
		log_line(LOG_HOST, LOG_WARN,
			"bus: %s: %zu bytes of messages wait for the broker already "
			"(`bus: {queue}` is %zu); %llu were dropped up to now",
			bus->plugin->name, bus->queue.bytes, bus->queue.bytes_max,
			(unsigned long long)bus->queue.dropped);
}

/* One that is dropped has its number all the same: who hears the next one knows. */
static void publish(struct bus_driver *driver, const struct bus_message *message)
{
	struct bus_plugin *bus = bus_of(driver);
	struct bus_parcel *parcel;

	if (topic_name_is_of_host(message->topic))
		return;
	parcel = bus_parcel_new(BUS_PARCEL_MESSAGE, message);
	parcel->message.sequence = number_next(bus, message->topic);
	parcel->message.origin = bus->origin;
	if (!bus_queue_push(&bus->queue, parcel))
		warn_full(bus);
}

/* ---- what is to be kept ----------------------------------------------------------------- */

static struct bus_parcel *kept_parcel(struct bus_plugin *bus, const struct bus_message *message)
{
	const struct topics_conf *conf = &host_generation(bus->host)->config.topics;
	const struct history_conf *rule = bus_history_of(bus->host, message->topic);
	struct bus_parcel *parcel = bus_parcel_new(BUS_PARCEL_KEEP, message);

	parcel->rule = (struct sl_bus_rule){.messages = rule == NULL ? 0 : rule->messages,
		.time_ms = rule == NULL ? 0 : rule->time_ms,
		.bytes = conf->history_bytes};
	return parcel;
}

/*
 * Members of this host have it now, without a number; with that it comes once more, and is known by
 * origin and sequence. False: no room.
 */
static bool deliver_early(struct bus_plugin *bus, struct bus_parcel *parcel)
{
	const struct bus_message message = bus_parcel_message(parcel);

	if (!kept_stream_early(bus->host, &message))
		return false;
	parcel->is_early = true;
	bus_publish_within(bus->host, &message);
	return true;
}

/* Those that were on their way when the broker went: whether it has them nobody knows. */
static void deliver_stranded(struct bus_plugin *bus)
{
	struct bus_parcel *parcel;

	bus->has_stranded = false;
	TAILQ_FOREACH (parcel, &bus->queue.waiting, next)
		if (parcel->kind == BUS_PARCEL_KEEP && !parcel->is_early &&
			parcel->message.type != SL_BUS_GAP && !deliver_early(bus, parcel))
			return;
}

static bool keep(struct bus_driver *driver, const struct bus_message *message)
{
	struct bus_plugin *bus = bus_of(driver);
	struct bus_parcel *parcel;

	if (bus->has_stranded)
		deliver_stranded(bus);
	if (is_up(bus) && !bus_queue_has_room(&bus->queue, message->payload.len))
		return false;
	parcel = kept_parcel(bus, message);
	parcel->message.origin = bus->kept_origin;
	parcel->message.sequence = bus->kept_sequence + 1;
	if (!is_up(bus) && !deliver_early(bus, parcel)) {
		free(parcel);
		return false;
	}
	bus->kept_sequence++;
	if (!bus_queue_push(&bus->queue, parcel))
		warn_full(bus);
	return true;
}

static void recall(struct bus_driver *driver, const struct bus_recall *what)
{
	struct bus_plugin *bus = bus_of(driver);

	bus_queue_ask(&bus->queue, ++bus->questions, what);
}

/* The store learns of what it will never have; so do all who would have had it from there. */
static struct bus_parcel *gap_parcel(struct bus_plugin *bus, const struct topic_loss *loss)
{
	char count[24];
	const struct bus_message message = {
		.topic = span_of(loss->topic),
		.payload = {count, (size_t)snprintf(count, sizeof(count), "%llu",
					   (unsigned long long)loss->count)},
		.host = bus_host_id(bus->host),
	};
	struct bus_parcel *parcel = kept_parcel(bus, &message);

	parcel->message.type = SL_BUS_GAP;
	parcel->message.origin = bus->gap_origin;
	parcel->message.sequence = ++bus->gap_sequence;
	return parcel;
}

static void tell_gaps(struct bus_plugin *bus, struct topic_losses *losses)
{
	struct topic_loss loss;

	while (topic_losses_take(losses, &loss)) {
		bus_queue_push_first(&bus->queue, gap_parcel(bus, &loss));
		free(loss.topic);
	}
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

/* ---- questions -------------------------------------------------------------------------- */

void bus_plugin_answer(struct bus_plugin *bus, struct bus_parcel *question,
	enum bus_recalled outcome, uint64_t order, uint64_t number)
{
	if (question->conn == 0)
		kept_stream_past_over(bus->host, outcome, order, number);
	else
		bus_recall_over(
			bus->host, question->conn, question->serial, outcome, order, number);
	free(question);
}

/* Of a broker that has gone: who asked asks again, or does without. */
static void take_questions_back(struct bus_plugin *bus)
{
	struct bus_parcel *question;

	while (bus->has_lost_questions && (question = bus_queue_take_question(&bus->queue))) {
		if (question->conn != 0)
			resume_unasked(bus->host, question->conn, question->serial);
		free(question);
	}
	bus->has_lost_questions = false;
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

static void tell_other_filter(void *context, struct span filter, size_t count)
{
	struct bus_plugin *bus = context;

	if (!topic_tree_has_filter(&bus->host->fan_out.tree, filter))
		tell_filter(context, filter, count);
}

static void tell_filters(struct bus_plugin *bus)
{
	struct bus_wish *first;

	if (!bus->is_told) {
		bus->is_told = true;
		topic_tree_each_filter(&bus->host->fan_out.tree, tell_filter, bus);
		topic_tree_each_filter(&bus->host->resumes.wanted, tell_other_filter, bus);
		kept_stream_connected(bus->host);
		resume_broker_up(bus->host);
	}
	/* A reload may have given the store a meaning just now. */
	if (bus->host->kept.order == 0 && !bus->host->kept.is_catching_up)
		kept_stream_connected(bus->host);
	while (is_up(bus) && (first = wish_take(bus)) != NULL) {
		plugin_call_bus_filter(
			bus->plugin, (struct sl_str){first->filter, first->len}, first->is_wanted);
		free(first);
	}
}

/* A few filters by name: the store need not look at all it has. */
struct filter_list {
	struct sl_str items[FILTERS_MAX];
	size_t count;
	char text[FILTERS_MAX * (TOPIC_NAME_MAX + 1)];
};

static void add_filter(void *context, struct span filter, size_t count)
{
	struct filter_list *list = context;
	char *at = list->text + list->count * (TOPIC_NAME_MAX + 1);

	(void)count;
	memcpy(at, filter.ptr, filter.len);
	at[filter.len] = '\0';
	list->items[list->count++] = (struct sl_str){at, filter.len};
}

/* What an outage has kept from us is asked for all members at once. */
static int ask_for_all(struct bus_plugin *bus, struct sl_bus_recall *what)
{
	static const struct sl_str all = {"#", 1};
	const struct topic_tree *tree = &bus->host->fan_out.tree;
	struct filter_list *list = NULL;
	int result;

	what->filters = &all;
	what->filter_count = 1;
	what->anyhow = true;
	if (tree->filter_count > 0 && tree->filter_count <= FILTERS_MAX) {
		list = xcalloc(1, sizeof(*list));
		topic_tree_each_filter(tree, add_filter, list);
		what->filters = list->items;
		what->filter_count = list->count;
	}
	result = plugin_call_bus_recall(bus->plugin, what);
	free(list);
	return result;
}

static int ask(struct bus_plugin *bus, const struct bus_parcel *parcel)
{
	struct sl_bus_recall what = {
		.id = parcel->id,
		.filters = &parcel->filter,
		.filter_count = 1,
		.order = parcel->order,
		.after = parcel->after,
		.bytes = parcel->bytes_wanted,
	};

	if (parcel->after == BUS_UNKNOWN)
		return SL_INVALID;
	if (parcel->conn == 0)
		return ask_for_all(bus, &what);
	return plugin_call_bus_recall(bus->plugin, &what);
}

static int hand_over(struct bus_plugin *bus, const struct bus_parcel *parcel)
{
	switch (parcel->kind) {
	case BUS_PARCEL_KEEP:
		return plugin_call_bus_keep(bus->plugin, &parcel->message, &parcel->rule);
	case BUS_PARCEL_QUESTION:
		return ask(bus, parcel);
	default:
		return plugin_call_bus_publish(bus->plugin, &parcel->message);
	}
}

/* A question that cannot be asked is answered: nobody knows. */
static void refused(struct bus_plugin *bus, struct bus_parcel *parcel)
{
	if (parcel->kind != BUS_PARCEL_QUESTION) {
		bus_queue_drop(&bus->queue);
		return;
	}
	TAILQ_REMOVE(&bus->queue.waiting, parcel, next);
	bus_plugin_answer(bus, parcel, BUS_RECALLED_LOST, 0, 0);
}

static void carry(struct bus_plugin *bus)
{
	struct bus_parcel *parcel;
	int result;

	tell_gaps(bus, &bus->queue.lost_before);
	if (TAILQ_EMPTY(&bus->queue.waiting))
		tell_gaps(bus, &bus->queue.lost_behind);
	while (is_up(bus) && !bus->is_full && (parcel = TAILQ_FIRST(&bus->queue.waiting)) != NULL) {
		bool is_message = parcel->kind == BUS_PARCEL_MESSAGE;

		result = hand_over(bus, parcel);
		bus->is_full = result == SL_FULL;
		/* It may have lost its broker in there: what it has not had it will be given again.
		 */
		if (bus->is_full || parcel != TAILQ_FIRST(&bus->queue.waiting) ||
			(!is_up(bus) && !is_message))
			return;
		if (result != SL_OK)
			refused(bus, parcel);
		else if (is_message)
			bus_queue_done(&bus->queue);
		else
			bus_queue_hand_over(&bus->queue);
		bus->counts.published += result == SL_OK && is_message;
	}
}

static void flush(struct bus_driver *driver)
{
	struct bus_plugin *bus = bus_of(driver);

	if (bus->has_stranded)
		deliver_stranded(bus);
	take_questions_back(bus);
	if (!is_up(bus))
		return;
	tell_filters(bus);
	bus_peers_flush(bus);
	carry(bus);
	/* What had no room behind the others has now. */
	if (TAILQ_EMPTY(&bus->queue.waiting) && !topic_losses_is_empty(&bus->queue.lost_behind))
		carry(bus);
	if (is_up(bus))
		plugin_call_bus_flush(bus->plugin);
}

static const struct bus_ops ops = {
	.name = "plugin",
	.publish = publish,
	.wanted = wanted,
	.unwanted = unwanted,
	.keep = keep,
	.recall = recall,
	.flush = flush,
};

/* For a driver without a store. */
static const struct bus_ops ops_without_store = {
	.name = "plugin",
	.publish = publish,
	.wanted = wanted,
	.unwanted = unwanted,
	.flush = flush,
};

/* ---- how it is with the broker ----------------------------------------------------------- */

static const char *const state_names[] = {
	[SL_BUS_DOWN] = "down", [SL_BUS_CONNECTING] = "connecting", [SL_BUS_UP] = "up"};

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

/* No plugin code may run in here, and no message leave: the rest is done at the end of the turn. */
static void broker_gone(struct bus_plugin *bus)
{
	bus->is_told = false;
	forget_wishes(bus);
	bus_queue_rewind(&bus->queue);
	kept_stream_disconnected(bus->host);
	bus->has_stranded = bus->has_lost_questions = true;
}

void bus_plugin_take_state(struct bus_plugin *bus)
{
	log_state(bus);
	if (!is_up(bus))
		broker_gone(bus);
	bus->is_full = false;
	bus_peers_note_state(bus);
	bus_touch(bus->host, &bus->driver);
}

void bus_census_take(struct bus_census *out, const struct host *host)
{
	const struct bus_plugin *bus = &host->broker;
	const struct sl_plugin *plugin = bus->plugin;

	*out = (struct bus_census){.counts = bus->counts, .queue_bytes = bus->queue.bytes};
	out->counts.dropped = bus->queue.dropped;
	out->counts.duplicates += host->kept.duplicates;
	out->counts.early = host->kept.early;
	out->has_store = bus_has_store(host);
	out->order = host->kept.order;
	out->number = host->kept.heard;
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
	bus->kept_origin = draw();
	bus->gap_origin = draw();
	bus->logged = SL_BUS_CONNECTING;
	bus_queue_init(&bus->queue);
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
	broker_gone(bus);
	plugin_unref(bus->plugin);
	bus->plugin = NULL;
	bus->is_told = false;
	bus_peers_note_state(bus);
	bus->logged = SL_BUS_CONNECTING; /* nothing yet */
}

void bus_plugin_fini(struct bus_plugin *bus)
{
	leave(bus);
	bus_queue_fini(&bus->queue);
	topic_numbers_fini(&bus->sent);
	topic_numbers_fini(&bus->heard);
	bus_peers_fini(&bus->peers);
}

bool bus_plugin_use(struct bus_plugin *bus, const struct generation *generation)
{
	const struct bus_conf *conf = &generation->config.bus;

	bus->queue.bytes_max = conf->queue_bytes;
	bus->queue.drops_newest = conf->overflow == BUS_DROP_NEWEST;
	if (bus->plugin == generation->bus)
		return false;
	if (generation->bus == NULL)
		bus_peers_part(bus);
	leave(bus);
	if (generation->bus == NULL) {
		take_questions_back(bus);
		bus_queue_drop_all(&bus->queue);
		kept_stream_forget(&bus->host->kept);
		return true;
	}
	/* Where nobody gave one, our own messages could not be told from those of others. */
	if (bus_host_id(bus->host) == 0)
		bus_set_host_id(bus->host, draw());
	bus->plugin = plugin_ref(generation->bus);
	bus->driver.ops = bus->plugin->info.bus->keep != NULL ? &ops : &ops_without_store;
	bus_attach(bus->host, &bus->driver);
	bus_plugin_take_state(bus);
	return true;
}
