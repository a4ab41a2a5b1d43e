/*
 * Messages that wait give way as they are told to, and leave in order, whole but for the one that
 * has begun: as a simple model says, for random sequences. SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "net/backlog.h"

enum { MODEL_MOST = 400, SEQUENCES = 300, STEPS = 300 };

struct model {
	struct backlog *backlog;
	struct outbox outbox;
	struct outbox_pool pool;
	struct buf began; /* bytes of the outbox: what has begun to leave */
	struct {
		char text[200];
		size_t len;
		uint64_t key;
	} waiting[MODEL_MOST];
	size_t count;
	unsigned seed, said;
};

static unsigned chance(struct model *model, unsigned below)
{
	model->seed = model->seed * 1103515245u + 12345u;
	return (model->seed >> 8) % below;
}

static struct ws_shared *say(struct model *model, size_t at, uint64_t key)
{
	char text[180];
	int len = snprintf(
		text, sizeof(text), "%u %*s", model->said++, (int)chance(model, 150), "");
	struct ws_shared *shared = ws_shared_new(WS_TEXT, (struct span){text, (size_t)len});
	struct span frame = ws_shared_frame(shared);

	memcpy(model->waiting[at].text, frame.ptr, frame.len);
	model->waiting[at].len = frame.len;
	model->waiting[at].key = key;
	return shared;
}

static size_t model_find(const struct model *model, uint64_t key)
{
	size_t at = 0;

	while (at < model->count && model->waiting[at].key != key)
		at++;
	return key == 0 ? model->count : at;
}

static void model_remove(struct model *model, size_t at)
{
	model->count--;
	memmove(&model->waiting[at], &model->waiting[at + 1],
		(model->count - at) * sizeof(model->waiting[0]));
}

static void add_or_replace(struct model *model)
{
	uint64_t key = chance(model, 2) * (uint64_t)chance(model, 60) * 4096;
	size_t at = model_find(model, key);
	struct waiting *waiting = backlog_find(model->backlog, key);
	struct ws_shared *shared;

	assert_int_equal(waiting != NULL, at < model->count);
	if (model->count == MODEL_MOST)
		return;
	shared = say(model, at, key);
	if (waiting == NULL) {
		model->count++;
		backlog_add(&model->backlog, shared, ws_shared_frame(shared), key);
	} else {
		backlog_replace(model->backlog, waiting, shared, ws_shared_frame(shared));
	}
	ws_shared_unref(shared);
}

static void drop_oldest(struct model *model)
{
	uint64_t key = (uint64_t)chance(model, 60) * 4096;
	size_t kept = model_find(model, key), at = kept == 0 ? 1 : 0;
	bool has_one = at < model->count;

	if (backlog_drop_oldest(&model->backlog, backlog_find(model->backlog, key)) != has_one)
		fail_msg("seed %u: %zu wait, kept %zu", model->seed, model->count, kept);
	if (has_one)
		model_remove(model, at);
}

/* As conn.c does: the outbox first, then the first bytes of what waits. */
static void leave(struct model *model)
{
	struct iovec iov[4];
	size_t count, peeked = 0, left;

	outbox_consume(&model->outbox, &model->pool, model->outbox.bytes);
	model->began.len = 0;
	count = backlog_peek(model->backlog, iov, 4);
	assert_int_equal(count, model->count < 4 ? model->count : 4);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(iov[i].iov_len, model->waiting[i].len);
		assert_memory_equal(iov[i].iov_base, model->waiting[i].text, iov[i].iov_len);
		peeked += iov[i].iov_len;
	}
	left = chance(model, (unsigned)peeked + 1);
	backlog_consume(&model->backlog, &model->outbox, &model->pool, left);
	while (left > 0) {
		size_t len = model->waiting[0].len, part = len < left ? len : left;

		buf_append(&model->began, model->waiting[0].text + part, len - part);
		left -= part;
		model_remove(model, 0);
	}
}

static void commit(struct model *model)
{
	if (chance(model, 8) != 0)
		return;
	while (model->count > 0) {
		buf_append(&model->began, model->waiting[0].text, model->waiting[0].len);
		model_remove(model, 0);
	}
	backlog_commit(&model->backlog, &model->outbox, &model->pool);
}

static void compare(struct model *model)
{
	struct iovec iov[MODEL_MOST + 1];
	size_t pieces = outbox_peek(&model->outbox, iov, MODEL_MOST + 1), at = 0, cost = 0;

	assert_int_equal(model->outbox.bytes, model->began.len);
	for (size_t i = 0; i < pieces; at += iov[i++].iov_len)
		assert_memory_equal(model->began.data + at, iov[i].iov_base, iov[i].iov_len);
	for (size_t i = 0; i < model->count; i++)
		cost += model->waiting[i].len < 64 ? 64 : model->waiting[i].len;
	assert_int_equal(backlog_bytes(model->backlog), cost);
	assert_int_equal(model->backlog == NULL, model->count == 0);
}

static void random_sequences_are_as_a_model_says(void **state)
{
	static void (*const steps[])(struct model *) = {
		add_or_replace, add_or_replace, add_or_replace, drop_oldest, leave, commit};
	struct model *model = xcalloc(1, sizeof(*model));

	(void)state;
	for (unsigned i = 0; i < SEQUENCES; i++) {
		model->seed = i;
		for (unsigned n = 0; n < STEPS; n++) {
			steps[chance(model, 6)](model);
			compare(model);
		}
		backlog_free(model->backlog);
		model->backlog = NULL;
		model->count = 0;
		outbox_clear(&model->outbox, &model->pool);
		model->began.len = 0;
	}
	outbox_pool_fini(&model->pool);
	buf_fini(&model->began);
	free(model);
}

/* A walk for each would take minutes. */
static void many_keys_are_found_at_once(void **state)
{
	enum { KEYS = 100000 };
	struct ws_shared *shared = ws_shared_new(WS_TEXT, SPAN("tick"));
	struct backlog *backlog = NULL;

	(void)state;
	for (uint64_t key = 1; key <= KEYS; key++)
		backlog_add(&backlog, shared, ws_shared_frame(shared), key << 20);
	for (uint64_t key = KEYS; key > 0; key--) {
		struct waiting *waiting = backlog_find(backlog, key << 20);

		assert_non_null(waiting);
		backlog_replace(backlog, waiting, shared, ws_shared_frame(shared));
	}
	assert_null(backlog_find(backlog, KEYS + 1));
	assert_int_equal(backlog_bytes(backlog), (size_t)KEYS * BACKLOG_LEAST);
	backlog_free(backlog);
	ws_shared_unref(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_are_as_a_model_says),
		cmocka_unit_test(many_keys_are_found_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
