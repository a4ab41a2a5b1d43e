/*
 * nats: a bus driver on NATS, by libnats. Topics are subjects (nats_subject.c), long messages
 * travel in parts (nats_parts.c); what may wait is done by a thread (nats_link.h), whose news the
 * loop takes here. SPDX-License-Identifier: MIT
 */
#include <dlfcn.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "nats_link.h"
#include "nats_parts.h"
#include "nats_settings.h"
#include "nats_subject.h"

enum { NEWS_A_TURN = 256 };

SL_ARGS(nats_options, SL_FIELD(url),
	SL_FIELD(prefix, .default_value = "socklet",
		.pattern = "^[A-Za-z0-9_-]{1,64}([.][A-Za-z0-9_-]{1,20})*$", .max_length = "64"),
	SL_FIELD(user), SL_FIELD(password), SL_FIELD(token), SL_FIELD(credentials), SL_FIELD(ca),
	SL_FIELD(certificate), SL_FIELD(key));

struct nats {
	struct nats_link *link;
	struct nats_parts parts;
	struct event *wakes;
};

static const char *prefix_of(const struct sl_plugin *plugin)
{
	return ((const struct nats_options *)sl_options(plugin))->prefix;
}

/* ---- news ------------------------------------------------------------------------------------ */

static void take_message(struct sl_plugin *plugin, const struct nats_news *news)
{
	struct nats *nats = sl_plugin_state(plugin);
	const struct sl_str bytes = {
		natsMsg_GetData(news->message), (size_t)natsMsg_GetDataLength(news->message)};
	char room[NATS_SUBJECT_MAX];
	struct sl_bus_message message;

	if (nats_parts_take(&nats->parts, &message, news->subscription, bytes) &&
		nats_subject_read(
			&message.topic, room, prefix_of(plugin), natsMsg_GetSubject(news->message)))
		sl_bus_received(plugin, &message);
}

static void take_news(struct sl_plugin *plugin, const struct nats_news *news)
{
	switch (news->kind) {
	case NATS_NEWS_MESSAGE:
		take_message(plugin, news);
		break;
	case NATS_NEWS_STATE:
		sl_bus_state(plugin, news->state, news->text);
		break;
	case NATS_NEWS_TROUBLE:
		sl_plugin_log(plugin, SL_LOG_WARN, "%s", news->text);
		break;
	}
}

static void news_on_event(evutil_socket_t fd, short what, void *data)
{
	struct sl_plugin *plugin = data;
	struct nats *nats = sl_plugin_state(plugin);
	struct nats_news *news = NULL;
	uint64_t count;

	(void)what;
	(void)!read((int)fd, &count, sizeof(count));
	for (int i = 0; i < NEWS_A_TURN && (news = nats_link_take(nats->link)) != NULL; i++) {
		take_news(plugin, news);
		nats_news_free(news);
	}
	if (news != NULL)
		nats_link_wake(nats->link);
}

/* ---- what the host asks for ------------------------------------------------------------------ */

static int nats_publish(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	struct nats *nats = sl_plugin_state(plugin);
	char subject[NATS_SUBJECT_MAX];
	struct nats_errand *errand;
	uint8_t *payload;

	if (!nats_subject_of_topic(subject, prefix_of(plugin), message->topic))
		return SL_INVALID;
	if (nats_link_is_full(nats->link))
		return SL_FULL;
	errand = nats_errand_new(NATS_PUBLISH, subject, NATS_PART_HEAD + message->data.len);
	payload = (uint8_t *)errand->bytes + errand->subject_len + 1;
	sl_bus_head_write(payload, message);
	nats_part_number_write(payload, 0, 1);
	if (message->data.len > 0)
		memcpy(payload + NATS_PART_HEAD, message->data.ptr, message->data.len);
	nats_link_give(nats->link, errand);
	return SL_OK;
}

static void give(
	struct sl_plugin *plugin, enum nats_errand_kind kind, struct sl_str filter, bool is_parent)
{
	struct nats *nats = sl_plugin_state(plugin);
	char subject[NATS_SUBJECT_MAX];
	struct nats_errand *errand;

	if (!nats_subject_of_filter(subject, prefix_of(plugin), filter))
		return;
	errand = nats_errand_new(kind, subject, 0);
	errand->is_parent = is_parent;
	nats_link_give(nats->link, errand);
}

/* "room/#" is for "room", too, which "room.>" is not. */
static void give_filter(struct sl_plugin *plugin, enum nats_errand_kind kind, struct sl_str filter)
{
	give(plugin, kind, filter, false);
	if (filter.len > 2 && filter.ptr[filter.len - 1] == '#')
		give(plugin, kind, (struct sl_str){filter.ptr, filter.len - 2}, true);
}

static void nats_wanted(struct sl_plugin *plugin, struct sl_str filter)
{
	give_filter(plugin, NATS_SUBSCRIBE, filter);
}

static void nats_unwanted(struct sl_plugin *plugin, struct sl_str filter)
{
	give_filter(plugin, NATS_UNSUBSCRIBE, filter);
}

/* libnats has threads that it never ends, so that its code must outlive ours. */
static void keep_libnats(void)
{
	Dl_info info;

	if (dladdr(nats_GetVersion(), &info) != 0)
		dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE);
}

static int nats_start(struct sl_plugin *plugin)
{
	struct nats *nats = sl_plugin_state(plugin);
	const struct nats_options *options = sl_options(plugin);
	char text[200] = "out of memory";
	natsOptions *made;

	keep_libnats();
	made = nats_settings_make(options, text, sizeof(text));
	if (made == NULL) {
		sl_plugin_log(plugin, SL_LOG_ERROR, "%s", text);
		return SL_FAILED;
	}
	nats_settings_place(options, text, sizeof(text));
	nats->link = nats_link_new(made, text);
	if (nats->link == NULL)
		return SL_FAILED;
	nats_parts_init(&nats->parts);
	nats->wakes = event_new(sl_event_base(), nats_link_fd(nats->link), EV_READ | EV_PERSIST,
		news_on_event, plugin);
	event_add(nats->wakes, NULL);
	return SL_OK;
}

static void nats_stop(struct sl_plugin *plugin)
{
	struct nats *nats = sl_plugin_state(plugin);

	event_free(nats->wakes);
	nats_link_free(nats->link);
	nats_parts_fini(&nats->parts);
}

static const struct sl_bus nats_bus = {
	.size = sizeof(struct sl_bus),
	.publish = nats_publish,
	.wanted = nats_wanted,
	.unwanted = nats_unwanted,
};

SL_PLUGIN(nats, sl_no_args, .options = nats_options_table, .plugin_state_size = sizeof(struct nats),
	.start = nats_start, .stop = nats_stop, .bus = &nats_bus);
