/*
 * A short list that is searched from its newest end, as losses come in rows. Called by whoever
 * drops messages: the queue of a worker, the hub. SPDX-License-Identifier: MIT
 */
#include "topic/topic_losses.h"

#include <string.h>

#include "base/xalloc.h"

void topic_losses_fini(struct topic_losses *losses)
{
	for (size_t i = 0; i < losses->count; i++)
		free(losses->items[i].topic);
	free(losses->items);
	memset(losses, 0, sizeof(*losses));
}

static struct topic_loss *find(const struct topic_losses *losses, struct span topic)
{
	for (size_t i = losses->count; i > 0; i--)
		if (span_equal(span_of(losses->items[i - 1].topic), topic))
			return &losses->items[i - 1];
	return NULL;
}

void topic_losses_add(struct topic_losses *losses, struct span topic, uint64_t count)
{
	struct topic_loss *loss = topic.len == 0 ? NULL : find(losses, topic);

	if (loss != NULL) {
		loss->count += count;
		return;
	}
	if (topic.len == 0 || losses->count == TOPIC_LOSSES_MAX) {
		losses->others += count;
		losses->has_others = true;
		return;
	}
	if (losses->items == NULL)
		losses->items = xcalloc(TOPIC_LOSSES_MAX, sizeof(*losses->items));
	loss = &losses->items[losses->count++];
	loss->topic = xmalloc(topic.len + 1);
	memcpy(loss->topic, topic.ptr, topic.len);
	loss->topic[topic.len] = '\0';
	loss->count = count;
}

bool topic_losses_is_empty(const struct topic_losses *losses)
{
	return losses->count == 0 && !losses->has_others;
}

bool topic_losses_take(struct topic_losses *losses, struct topic_loss *out)
{
	if (losses->count > 0) {
		*out = losses->items[--losses->count];
		return true;
	}
	if (!losses->has_others)
		return false;
	*out = (struct topic_loss){xstrdup(""), losses->others};
	losses->others = 0;
	losses->has_others = false;
	return true;
}
