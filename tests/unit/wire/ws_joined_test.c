/*
 * What leaves in one piece is, byte for byte, what each message alone would be for that peer; made
 * once for all that can share it, and kept no longer than somebody holds it.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "deflate_terms.h"
#include "wire/ws_deflate.h"
#include "wire/ws_joined.h"

enum { MESSAGES = 6, LONGEST = 3000, PLAIN = 0 };

/* Long enough for some, for all, noise, and nothing at all. */
struct bench {
	struct ws_deflate_shared streams, others; /* ours, and the peers' */
	struct ws_shared *messages[MESSAGES];
	struct ws_joined *joined;
};

static int set_up(void **state)
{
	static const size_t sizes[MESSAGES] = {5, 900, 0, LONGEST, 800, 200};
	static char text[LONGEST];
	struct bench *bench = calloc(1, sizeof(*bench));

	bench->joined = ws_joined_new(MESSAGES);
	for (unsigned i = 0; i < MESSAGES; i++) {
		for (unsigned n = 0; n < sizes[i]; n++)
			text[n] = i == 4 ? (char)rand() : (char)('a' + n * n % 251 % 26);
		bench->messages[i] = ws_shared_new(
			i == 4 ? WS_BINARY : WS_TEXT, (struct span){text, sizes[i]});
		ws_joined_add(bench->joined, bench->messages[i]);
	}
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	ws_joined_free(bench->joined);
	for (unsigned i = 0; i < MESSAGES; i++)
		ws_shared_unref(bench->messages[i]);
	ws_deflate_shared_fini(&bench->streams);
	ws_deflate_shared_fini(&bench->others);
	free(bench);
	return 0;
}

/* PLAIN bits: none. */
static struct ws_deflate *peer_new(
	struct ws_deflate_shared *streams, unsigned bits, unsigned least, bool has_context)
{
	const struct ws_compression agreed = deflate_terms(bits, least, has_context);

	return bits == PLAIN ? NULL : ws_deflate_new(streams, &agreed);
}

static void is_what_each_is_alone(struct bench *bench, struct span all, struct ws_deflate *deflate)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct span one = ws_shared_frame_for(bench->messages[i], deflate);

		assert_true(all.len >= one.len);
		assert_memory_equal(all.ptr, one.ptr, one.len);
		all = span_from(all, one.len);
	}
	assert_int_equal(all.len, 0);
}

static void each_way_to_compress_has_one_piece(void **state)
{
	static const struct {
		unsigned bits, least;
		unsigned same_as; /* the piece of that row */
	} rows[] = {{15, 100, 0}, {PLAIN, 0, 1}, {15, 100, 0}, {9, 100, 3}, {15, 850, 4},
		{12, 100, 3}, {15, 100, 0}, {PLAIN, 0, 1}, {15, LONGEST + 1, 1}, {15, LONGEST, 9},
		{8, 100, 10}, {9, 850, 11}, {10, 100, 3}, {15, 0, 13}};
	enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
	struct bench *bench = *state;
	struct ws_shared *pieces[ROWS];

	for (unsigned i = 0; i < ROWS; i++) {
		struct ws_deflate *deflate = peer_new(
			&bench->streams, rows[i].bits, rows[i].least, false);

		pieces[i] = ws_joined_for(bench->joined, deflate);
		assert_ptr_equal(pieces[i], pieces[rows[i].same_as]);
		for (unsigned n = 0; n < i; n++)
			assert_int_equal(
				pieces[n] == pieces[i], rows[n].same_as == rows[i].same_as);
		/* Those of a smaller window may have come since: then a message alone is of one. */
		if (rows[i].same_as == i)
			is_what_each_is_alone(bench, ws_shared_frame(pieces[i]), deflate);
		ws_deflate_free(deflate);
	}
	assert_int_equal(ws_shared_frame(pieces[1]).len, ws_joined_frame_bytes(bench->joined));
	assert_true(ws_shared_frame(pieces[0]).len < ws_shared_frame(pieces[4]).len);
	assert_true(ws_shared_frame(pieces[4]).len < ws_shared_frame(pieces[1]).len);
}

static void it_knows_how_much_it_is(void **state)
{
	struct bench *bench = *state;

	assert_int_equal(ws_joined_count(bench->joined), MESSAGES);
	assert_int_equal(ws_joined_payload_bytes(bench->joined), 5 + 900 + LONGEST + 800 + 200);
	assert_int_equal(ws_joined_frame_bytes(bench->joined),
		ws_joined_payload_bytes(bench->joined) + 2 + 4 + 2 + 4 + 4 + 4);
}

/* A message of its own, the same one again and again, which its window makes short. */
static void says_alone(struct ws_deflate *deflate, struct ws_deflate *peer, const char *text)
{
	struct ws_message message = {WS_TEXT, {text, LONGEST}, 0, true, 0};
	struct err why;

	assert_true(ws_deflate_compress(deflate, &message.payload));
	assert_true(ws_deflate_inflate(peer, &message, 65536, &why));
	assert_int_equal(message.payload.len, LONGEST);
	assert_memory_equal(message.payload.ptr, text, LONGEST);
}

/* Takes one frame off, as a peer does that heard all before. */
static void peer_takes(struct ws_deflate *peer, struct span *all, struct span wanted)
{
	bool is_compressed = ((uint8_t)all->ptr[0] & 0x40) != 0;
	size_t len = (uint8_t)all->ptr[1], head = len == 126 ? 4 : 2;
	struct ws_message message = {WS_BINARY, {NULL, 0}, 0, true, 0};
	struct err why;

	if (head == 4)
		len = (size_t)((uint8_t)all->ptr[2] << 8 | (uint8_t)all->ptr[3]);
	message.payload = (struct span){all->ptr + head, len};
	if (is_compressed)
		assert_true(ws_deflate_inflate(peer, &message, 65536, &why));
	assert_int_equal(message.payload.len, wanted.len);
	assert_memory_equal(message.payload.ptr, wanted.ptr, wanted.len);
	*all = span_from(*all, head + len);
}

/* The first makes the piece, the second is given it: neither's stream may go on as it was. */
static void who_keeps_a_context_goes_on_with_its_own(void **state)
{
	struct bench *bench = *state;
	struct ws_deflate *ours[2], *peers[2];
	const char *text = ws_shared_payload(bench->messages[3]).ptr;

	for (unsigned i = 0; i < 2; i++) {
		ours[i] = peer_new(&bench->streams, 15, 100, true);
		peers[i] = peer_new(&bench->others, 15, 100, true);
	}
	for (unsigned turn = 0; turn < 6; turn++) {
		struct ws_deflate *deflate = ours[turn % 2], *peer = peers[turn % 2];
		struct span all;

		says_alone(deflate, peer, text);
		says_alone(deflate, peer, text);
		all = ws_shared_frame(ws_joined_for(bench->joined, deflate));
		for (unsigned i = 0; i < MESSAGES; i++)
			peer_takes(peer, &all, ws_shared_payload(bench->messages[i]));
		assert_int_equal(all.len, 0);
		says_alone(deflate, peer, text);
	}
	for (unsigned i = 0; i < 2; i++) {
		ws_deflate_free(ours[i]);
		ws_deflate_free(peers[i]);
	}
}

/* Without a compressed frame in it, nothing has entered the peer's window. */
static void a_piece_of_plain_frames_costs_nobody_its_context(void **state)
{
	struct bench *bench = *state;
	struct ws_deflate *deflate = peer_new(&bench->streams, 15, LONGEST + 1, true);

	ws_joined_for(bench->joined, deflate);
	assert_false(deflate->is_stale);
	ws_deflate_free(deflate);
}

/* The sanitizers see a use after the end, and what is never freed. */
static void a_piece_outlives_what_it_was_made_of(void **state)
{
	struct bench *bench = *state;
	struct ws_deflate *deflate = peer_new(&bench->streams, 15, 100, false);
	struct ws_shared *piece = ws_shared_ref(ws_joined_for(bench->joined, deflate));

	ws_joined_free(bench->joined);
	bench->joined = NULL;
	is_what_each_is_alone(bench, ws_shared_frame(piece), deflate);
	ws_shared_unref(piece);
	ws_deflate_free(deflate);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_way_to_compress_has_one_piece),
		TEST(it_knows_how_much_it_is),
		TEST(who_keeps_a_context_goes_on_with_its_own),
		TEST(a_piece_of_plain_frames_costs_nobody_its_context),
		TEST(a_piece_outlives_what_it_was_made_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
