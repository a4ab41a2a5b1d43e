/*
 * Live messages and answers of the store come by different ways; numbers put them together. Who
 * catches up is live first, then asks: what comes meanwhile is held, what is in both is dropped by
 * its number. Knows no driver and no connection. Called by bus.c, bus_plugin.c and resume.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/kept_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "call/host_state.h"

struct kept_copy {
	STAILQ_ENTRY(kept_copy) next;
	struct bus_message message; /* its texts are behind this */
	size_t bytes;
};

/* ---- what is held ----------------------------------------------------------------------- */

static void held_drop(struct kept_stream *stream)
{
	struct kept_copy *first = STAILQ_FIRST(&stream->held);

	STAILQ_REMOVE_HEAD(&stream->held, next);
	stream->held_bytes -= first->bytes;
	free(first);
}

static void held_clear(struct kept_stream *stream)
{
	while (!STAILQ_EMPTY(&stream->held))
		held_drop(stream);
	stream->held_from = stream->heard;
}

static void hold(struct kept_stream *stream, const struct bus_message *message)
{
	size_t bytes = sizeof(struct kept_copy) + message->topic.len + message->payload.len;
	struct kept_copy *copy = xmalloc(bytes);
	char *topic = (char *)(copy + 1), *data = topic + message->topic.len;

	*copy = (struct kept_copy){.message = *message, .bytes = bytes};
	memcpy(topic, message->topic.ptr, message->topic.len);
	if (message->payload.len > 0)
		memcpy(data, message->payload.ptr, message->payload.len);
	copy->message.topic.ptr = topic;
	copy->message.payload.ptr = data;
	STAILQ_INSERT_TAIL(&stream->held, copy, next);
	stream->held_bytes += bytes;
	while (stream->held_bytes > KEPT_HELD_BYTES) {
		stream->held_from = STAILQ_FIRST(&stream->held)->message.number;
		held_drop(stream);
	}
}

static bool is_asked(const struct host *host)
{
	return host->resumes.asked > 0;
}

void kept_stream_hold(struct host *host)
{
	if (!is_asked(host) && !host->kept.is_catching_up)
		held_clear(&host->kept);
}

bool kept_stream_replay(const struct host *host, uint64_t order, uint64_t after,
	bool (*visit)(void *context, const struct bus_message *message), void *context)
{
	const struct kept_stream *stream = &host->kept;
	const struct kept_copy *copy;

	/* What comes in another order is behind all of this one, or before. */
	if (order != stream->order || stream->heard <= after)
		return true;
	if (stream->is_catching_up || stream->held_from > after)
		return false;
	STAILQ_FOREACH (copy, &stream->held, next) {
		const struct bus_message *message = &copy->message;

		if (message->order == order && message->number > after &&
			message->number <= stream->heard && !visit(context, message))
			break;
	}
	return true;
}

/* ---- who has it already ----------------------------------------------------------------- */

static struct kept_passed *find_passed(struct kept_stream *stream, uint64_t origin)
{
	for (size_t i = 0; i < stream->passed_count; i++)
		if (stream->passed[i].origin == origin)
			return &stream->passed[i];
	return NULL;
}

/* Of origins whose workers have gone the first is forgotten. */
static void note_passed(struct kept_stream *stream, uint64_t origin, uint64_t sequence)
{
	struct kept_passed *passed = find_passed(stream, origin);

	if (passed == NULL && stream->passed_count == KEPT_PASSED_MAX)
		memmove(stream->passed, stream->passed + 1,
			--stream->passed_count * sizeof(*stream->passed));
	if (passed == NULL)
		passed = &stream->passed[stream->passed_count++];
	*passed = (struct kept_passed){origin, sequence};
}

static void run_drop(struct kept_stream *stream, size_t at)
{
	stream->run_count--;
	memmove(stream->runs + at, stream->runs + at + 1,
		(stream->run_count - at) * sizeof(*stream->runs));
}

/* As many in a row as there are, for the same members, are one. */
static void note_early(struct kept_stream *stream, const struct bus_message *message, uint64_t born)
{
	struct kept_run *last;

	for (size_t i = stream->run_count; i > 0; i--) {
		last = &stream->runs[i - 1];
		if (last->origin != message->origin)
			continue;
		if (last->born != born || last->last + 1 != message->sequence)
			break;
		last->last = message->sequence;
		return;
	}
	if (stream->runs == NULL)
		stream->runs = xcalloc(KEPT_RUNS_MAX, sizeof(*stream->runs));
	if (stream->run_count == KEPT_RUNS_MAX)
		run_drop(stream, 0);
	stream->runs[stream->run_count++] = (struct kept_run){
		message->origin, message->sequence, message->sequence, born};
}

/* The birth up to which members have it. What is behind it in its origin comes behind it here. */
static uint64_t take_early(struct kept_stream *stream, const struct bus_message *message)
{
	uint64_t born = 0;

	for (size_t i = 0; i < stream->run_count;) {
		const struct kept_run *run = &stream->runs[i];
		bool is_over = run->origin == message->origin && run->last <= message->sequence;

		if (run->origin == message->origin && run->first <= message->sequence &&
			run->last >= message->sequence)
			born = run->born;
		if (is_over)
			run_drop(stream, i);
		else
			i++;
	}
	return born;
}

bool kept_stream_early(struct host *host, const struct bus_message *message)
{
	struct kept_stream *stream = &host->kept;
	const struct kept_passed *passed = find_passed(stream, message->origin);
	struct bus_message copy = *message;
	uint64_t born = host->fan_out.tree.born;

	if (passed != NULL && passed->sequence >= message->sequence)
		return true;
	copy.number = 0;
	if (!fan_out_push(host, &copy))
		return false;
	note_early(stream, message, born);
	stream->early++;
	return true;
}

/* ---- in --------------------------------------------------------------------------------- */

/* Without a position where nobody could come back to it. */
static void push(struct host *host, const struct bus_message *message)
{
	struct kept_stream *stream = &host->kept;
	struct bus_message copy = *message;

	/* Numbers of another order say nothing about what is held. */
	if (message->order != stream->order)
		stream->held_from = 0;
	stream->order = message->order;
	stream->heard = message->number;
	if (message->host == bus_host_id(host) && !message->is_gap) {
		copy.had = take_early(stream, message);
		note_passed(stream, message->origin, message->sequence);
	}
	if (!bus_has_store(host))
		copy.number = 0;
	if (message->is_gap)
		bus_lost(host, message->topic, message->lost);
	else if (topic_tree_count(&host->fan_out.tree, message->topic) > 0 &&
		 !fan_out_push(host, &copy))
		bus_lost(host, message->topic, 1);
}

static bool is_heard(const struct kept_stream *stream, const struct bus_message *message)
{
	return message->order == stream->order && message->number <= stream->heard;
}

void kept_stream_receive(struct host *host, const struct bus_message *message)
{
	struct kept_stream *stream = &host->kept;

	if (stream->is_catching_up) {
		hold(stream, message);
		return;
	}
	if (is_heard(stream, message)) {
		stream->duplicates++;
		return;
	}
	push(host, message);
	if (is_asked(host) && !message->is_gap)
		hold(stream, message);
}

/* ---- after an outage -------------------------------------------------------------------- */

static bool is_behind(const struct kept_copy *copy, uint64_t order, uint64_t number)
{
	return copy->message.order != order || copy->message.number > number;
}

/* What came meanwhile, in its place. */
static void push_held(struct host *host, uint64_t order, uint64_t number)
{
	const struct kept_copy *copy;

	STAILQ_FOREACH (copy, &host->kept.held, next)
		if (is_behind(copy, order, number) && !is_heard(&host->kept, &copy->message))
			push(host, &copy->message);
}

static void ask(struct host *host, uint64_t order, uint64_t after)
{
	const struct bus_recall recall = {
		.filter = SPAN("#"), .order = order, .after = after, .bytes = KEPT_PART_BYTES};

	host->kept.is_catching_up = true;
	bus_recall(host, &recall);
}

/*
 * A driver may hear messages before the host has asked it for anything: the first of them, live,
 * would make all that was missed before it look old. Where nothing was heard yet nothing is.
 */
void kept_stream_disconnected(struct host *host)
{
	struct kept_stream *stream = &host->kept;

	stream->is_catching_up |= stream->order != 0;
}

/* Nobody can be asked for what was missed: what is live goes on. */
static void go_on_with_held(struct host *host)
{
	struct kept_stream *stream = &host->kept;

	if (stream->held_from > stream->heard)
		bus_lost(host, SPAN(""), 0);
	push_held(host, stream->order, stream->heard);
	held_clear(stream);
}

void kept_stream_connected(struct host *host)
{
	struct kept_stream *stream = &host->kept;

	stream->is_catching_up = false;
	if (!bus_has_store(host)) {
		go_on_with_held(host);
		return;
	}
	held_clear(stream);
	stream->held_from = 0;
	if (stream->order == 0 || host->fan_out.tree.filter_count == 0)
		ask(host, 0, BUS_NOW);
	else
		ask(host, stream->order, stream->heard);
}

void kept_stream_past(struct host *host, const struct bus_message *message)
{
	struct kept_stream *stream = &host->kept;

	if (is_heard(stream, message)) {
		stream->duplicates++;
		return;
	}
	push(host, message);
}

static void tell_lost(void *context, struct span filter, size_t count)
{
	struct host *host = context;

	(void)count;
	if (topic_filter_is_wild(filter))
		bus_lost(host, SPAN(""), 0);
	else if (bus_keeps(host, filter))
		bus_lost(host, filter, 0);
}

static void caught_up(struct host *host, uint64_t order, uint64_t number)
{
	struct kept_stream *stream = &host->kept;

	stream->order = order;
	stream->heard = number;
	stream->is_catching_up = false;
	/* What the answer had is not held. */
	if (stream->held_from < number)
		stream->held_from = number;
	push_held(host, order, number);
	if (!is_asked(host))
		held_clear(stream);
}

void kept_stream_past_over(
	struct host *host, enum bus_recalled outcome, uint64_t order, uint64_t number)
{
	struct kept_stream *stream = &host->kept;

	if (outcome == BUS_RECALLED_LOST) {
		/* The old store's end is not known, and all there is in a new one is news. */
		topic_tree_each_filter(&host->fan_out.tree, tell_lost, host);
		ask(host, order, order == stream->order ? BUS_NOW : 0);
	} else if (outcome == BUS_RECALLED_PART || stream->held_from > number) {
		ask(host, order, number);
	} else {
		caught_up(host, order, number);
	}
}

/* ---- life ------------------------------------------------------------------------------- */

void kept_stream_init(struct kept_stream *stream)
{
	STAILQ_INIT(&stream->held);
}

void kept_stream_forget(struct kept_stream *stream)
{
	stream->order = stream->heard = 0;
	stream->is_catching_up = false;
	stream->run_count = 0;
	held_clear(stream);
}

void kept_stream_fini(struct kept_stream *stream)
{
	held_clear(stream);
	free(stream->runs);
}
