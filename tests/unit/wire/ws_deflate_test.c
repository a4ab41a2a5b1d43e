/*
 * What one side compresses the other inflates, for all windows, with contexts and without; what is
 * wrong or too large ends where it begins, and memory is what it is said to be.
 * SPDX-License-Identifier: MIT
 */
#include "deflate_terms.h"
#include "table.h"

#include <zlib.h>

#include "base/xalloc.h"
#include "wire/ws_deflate.h"

enum { LIMIT = 1 << 20 };

/* Text that compresses, repeats itself at any distance, and is UTF-8. */
static void fill(char *text, size_t len, unsigned seed)
{
	static const char *const words[] = {"{\"id\": ", "value", "\", \"", "true, ", "12", "null",
		"\xc3\xa4", "}, ", "[", "name"};
	size_t at = 0;

	while (at < len) {
		const char *word = words[(seed = seed * 1103515245 + 12345) >> 16 & 7];

		for (; *word != '\0' && at < len; word++)
			text[at++] = *word;
	}
	/* No cut character at the end. */
	for (at = len; at > 0 && (text[at - 1] & 0x80) != 0; at--)
		text[at - 1] = '.';
}

static void expect_bytes(struct span found, const char *wanted, size_t len)
{
	assert_int_equal(found.len, len);
	assert_memory_equal(found.ptr, wanted, len);
}

/* An inflater that is no part of ours, and has exactly the window that was agreed on. */
static void peer_inflates(z_stream *peer, struct span compressed, const char *wanted, size_t len)
{
	static const char tail[4] = {0, 0, '\xff', '\xff'};
	char *out = xmalloc(len + 1);
	struct buf whole = {0};

	buf_append_span(&whole, compressed);
	buf_append(&whole, tail, 4);
	peer->next_in = (Bytef *)whole.data;
	peer->avail_in = (uInt)whole.len;
	peer->next_out = (Bytef *)out;
	peer->avail_out = (uInt)len + 1;
	assert_int_equal(inflate(peer, Z_SYNC_FLUSH), Z_OK);
	assert_int_equal(peer->avail_in, 0);
	expect_bytes((struct span){out, len + 1 - peer->avail_out}, wanted, len);
	buf_fini(&whole);
	free(out);
}

static void many_messages(unsigned bits, bool context)
{
	static const size_t sizes[] = {50, 3000, 70, 200, 40000, 50, 300, 700, 130000, 60, 60};
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(bits, 0, context);
	struct ws_deflate *sender = ws_deflate_new(&shared, &agreed);
	char *text = xmalloc(130000);
	z_stream peer = {0};

	assert_int_equal(inflateInit2(&peer, -(int)bits), Z_OK);
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct span payload = {text, sizes[i]};

		fill(text, sizes[i], i / 2);
		if (ws_deflate_compress(sender, &payload)) {
			assert_true(payload.len < sizes[i]);
			peer_inflates(&peer, payload, text, sizes[i]);
		}
		if (!context)
			assert_int_equal(inflateReset(&peer), Z_OK);
	}
	inflateEnd(&peer);
	ws_deflate_free(sender);
	ws_deflate_shared_fini(&shared);
	free(text);
}

static void a_peer_with_the_window_agreed_on_understands(void **state)
{
	(void)state;
	for (unsigned bits = WS_WINDOW_BITS_MIN; bits <= WS_WINDOW_BITS_MAX; bits++) {
		many_messages(bits, true);
		many_messages(bits, false);
	}
}

/* zlib has no raw streams of 8 bits: ours of 9 must not look further back than 256 bytes. */
static void eight_bits_are_eight_bits(void **state)
{
	char text[4096];
	z_stream peer = {0};
	struct ws_deflate_shared shared = {0};

	(void)state;
	for (unsigned distance = 200; distance < 600; distance++) {
		struct span payload = {text, sizeof(text)};

		srand(distance);
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = i < distance ? (char)rand() : text[i - distance];
		if (!ws_deflate_once(&shared, 8, 9, &payload))
			continue;
		assert_int_equal(inflateInit2(&peer, -8), Z_OK);
		peer_inflates(&peer, payload, text, sizeof(text));
		inflateEnd(&peer);
	}
	ws_deflate_shared_fini(&shared);
}

static struct ws_message message_of(struct span payload, enum ws_opcode opcode)
{
	return (struct ws_message){opcode, payload, 0, true, 0};
}

static void two_of_ours_understand_each_other(void **state)
{
	struct ws_deflate_shared shared = {0}, other = {0};
	struct ws_compression agreed = deflate_terms(12, 0, true);
	struct ws_deflate *sender = ws_deflate_new(&shared, &agreed);
	struct ws_deflate *receiver = ws_deflate_new(&other, &agreed);
	char text[5000];
	struct err why;

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		struct span payload = {text, 100 + 97 * i};
		struct ws_message message;

		fill(text, payload.len, i % 7);
		assert_true(ws_deflate_compress(sender, &payload));
		message = message_of(payload, WS_TEXT);
		assert_true(ws_deflate_inflate(receiver, &message, LIMIT, &why));
		assert_false(message.is_compressed);
		expect_bytes(message.payload, text, 100 + 97 * i);
	}
	ws_deflate_free(sender);
	ws_deflate_free(receiver);
	ws_deflate_shared_fini(&shared);
	ws_deflate_shared_fini(&other);
}

/* Frames for many, and what does not compress, stand between messages of a kept context. */
static void a_context_survives_what_others_compressed(void **state)
{
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, true);
	struct ws_deflate *sender = ws_deflate_new(&shared, &agreed);
	char text[3000], noise[3000];
	z_stream peer = {0};

	(void)state;
	assert_int_equal(inflateInit2(&peer, -15), Z_OK);
	for (unsigned i = 0; i < 60; i++) {
		struct span payload = {text, sizeof(text)};

		fill(text, sizeof(text), i / 4);
		if (i % 3 == 1) {
			assert_true(ws_deflate_once(&shared, 9, 1, &payload));
			ws_deflate_skip(sender);
		} else if (i % 3 == 2) {
			for (size_t n = 0; n < sizeof(noise); n++)
				noise[n] = (char)rand();
			payload = (struct span){noise, sizeof(noise)};
			assert_false(ws_deflate_compress(sender, &payload));
			continue;
		} else {
			assert_true(ws_deflate_compress(sender, &payload));
		}
		peer_inflates(&peer, payload, text, sizeof(text));
	}
	inflateEnd(&peer);
	ws_deflate_free(sender);
	ws_deflate_shared_fini(&shared);
}

/* ---- one message, with or without a context ------------------------------------------------- */

struct one {
	const char *name, *hex;
	const char *wanted; /* NULL: "decompression failed" */
};

/* The last byte of each row is where a sender cuts off 00 00 ff ff. */
static const struct one messages[] = {
	{"RFC 7692 7.2.3.1", "f248cdc9c90700", "Hello"},
	{"RFC 7692 7.2.3.3, stored", "000500faff48656c6c6f00", "Hello"},
	{"RFC 7692 7.2.3.4, a last block", "f348cdc9c9070000", "Hello"},
	{"RFC 7692 7.2.3.5, two blocks", "f24805000000ffffcac9c90700", "Hello"},
	{"RFC 7692 7.2.3.6, empty", "00", ""},
	{"no byte at all", "", ""},
	{"the tail makes it the last block", "01", ""},
	{"last blocks in a row", "0300030003000300f348cdc9c9070000", "Hello"},
	{"text behind a last block", "f348cdc9c90700f248cdc9c90700", "HelloHello"},
	{"the tail left in", "f248cdc9c907000000ffff", NULL},
	{"cut in a block", "f248cd", NULL},
	{"cut in a stored block", "000500faff4865", NULL},
	{"cut in a header", "0005", NULL},
	{"a reserved kind of block", "06", NULL},
	{"a wrong length of a stored block", "000500fbff48656c6c6f00", NULL},
	{"a distance before the beginning", "4a04a2ff00", NULL},
	{"no DEFLATE", "ffffffffffffffff", NULL},
};

static void check_one(const struct one *one, bool context)
{
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, context);
	struct ws_deflate *deflate = ws_deflate_new(&shared, &agreed);
	char text[200];
	struct err why = {0};
	struct ws_message message;
	bool is_good;

	snprintf(text, sizeof(text), "%s", one->hex);
	message = message_of(table_unhex(text), WS_TEXT);
	is_good = ws_deflate_inflate(deflate, &message, LIMIT, &why);
	if (is_good != (one->wanted != NULL))
		fail_msg("%s: %s", one->name, is_good ? "accepted" : why.text);
	if (is_good && !span_equal(message.payload, span_of(one->wanted)))
		fail_msg("%s: found \"%.*s\", wanted \"%s\"", one->name, SPAN_ARG(message.payload),
			one->wanted);
	if (!is_good) {
		assert_int_equal(err_close_code(why.code), 1002);
		assert_string_equal(why.text, "decompression failed");
	}
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
}

static void every_message_of_the_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		check_one(&messages[i], true);
		check_one(&messages[i], false);
	}
}

/* RFC 7692 section 7.2.3.2, and a last block before it: the window stays. */
static void a_context_reaches_over_messages_and_last_blocks(void **state)
{
	static const char *const hexes[] = {"f348cdc9c9070000", "f248cdc9c90700", "f200110000"};
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, true);
	struct ws_deflate *deflate = ws_deflate_new(&shared, &agreed);
	struct err why;

	(void)state;
	for (size_t i = 0; i < sizeof(hexes) / sizeof(hexes[0]); i++) {
		struct ws_message message;
		char text[40];

		snprintf(text, sizeof(text), "%s", hexes[i]);
		message = message_of(table_unhex(text), WS_TEXT);
		assert_true(ws_deflate_inflate(deflate, &message, LIMIT, &why));
		expect_bytes(message.payload, "Hello", 5);
	}
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
}

/* ---- limits --------------------------------------------------------------------------------- */

/* `len` zeros, compressed. The caller frees. */
static struct span bomb(struct ws_deflate_shared *shared, size_t len, char **owned)
{
	struct span payload = { *owned = xcalloc(1, len), len};

	assert_true(ws_deflate_once(shared, 15, 9, &payload));
	return payload;
}

static void a_message_may_have_the_limit_and_not_a_byte_more(void **state)
{
	static const size_t limits[] = {1, 100, 16383, 16384, 16385, 100000, LIMIT};
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, false);
	struct ws_deflate *deflate = ws_deflate_new(&shared, &agreed);
	struct err why;

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char *zeros, wanted[120];
		struct span compressed = bomb(&shared, limits[i] < 100 ? 100 : limits[i], &zeros);
		struct ws_message message = message_of(compressed, WS_BINARY);

		if (limits[i] >= 100)
			assert_true(ws_deflate_inflate(deflate, &message, limits[i], &why));
		message = message_of(compressed, WS_BINARY);
		assert_false(ws_deflate_inflate(deflate, &message, limits[i] - 1, &why));
		snprintf(wanted, sizeof(wanted),
			"message with %zu compressed bytes inflates beyond limit of %zu bytes",
			compressed.len, limits[i] - 1);
		assert_string_equal(why.text, wanted);
		assert_int_equal(err_close_code(why.code), 1009);
		free(zeros);
	}
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
}

static void a_bomb_takes_no_more_than_the_limit(void **state)
{
	struct ws_deflate_shared shared = {0}, other = {0};
	struct ws_compression agreed = deflate_terms(15, 0, false);
	struct ws_deflate *deflate = ws_deflate_new(&other, &agreed);
	char *zeros;
	struct ws_message message = message_of(bomb(&shared, 256 << 20, &zeros), WS_BINARY);
	struct err why;

	(void)state;
	free(zeros);
	assert_true(message.payload.len < 300000);
	assert_false(ws_deflate_inflate(deflate, &message, LIMIT, &why));
	assert_true(other.inflated.capacity <= LIMIT + 1);
	ws_deflate_shared_trim(&other);
	assert_null(other.inflated.data);
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
	ws_deflate_shared_fini(&other);
}

static void a_text_is_utf8_once_it_is_inflated(void **state)
{
	static const char good[] = "01234567890123456789\xf0\x9f\x98\x80";
	struct ws_deflate_shared shared = {0}, other = {0};
	struct ws_compression agreed = deflate_terms(15, 0, false);
	struct ws_deflate *deflate = ws_deflate_new(&other, &agreed);
	char text[240];
	struct err why;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = good[i % 24];
	for (size_t cut = 0; cut < 4; cut++) {
		struct span payload = {text, sizeof(text) - cut};
		struct ws_message message;

		assert_true(ws_deflate_once(&shared, 15, 6, &payload));
		message = message_of(payload, WS_BINARY);
		assert_true(ws_deflate_inflate(deflate, &message, LIMIT, &why));
		message = message_of(payload, WS_TEXT);
		assert_int_equal(ws_deflate_inflate(deflate, &message, LIMIT, &why), cut == 0);
		if (cut > 0)
			assert_int_equal(err_close_code(why.code), 1007);
	}
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
	ws_deflate_shared_fini(&other);
}

static void a_window_is_no_larger_than_a_message_needs(void **state)
{
	static const struct {
		size_t len;
		unsigned allowed, bits;
	} rows[] = {{100, 15, 9}, {1024, 15, 12}, {1025, 15, 13}, {1024, 10, 10}, {1024, 8, 9},
		{65536, 15, 15}};
	char *text = calloc(1, 65536);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ws_deflate_shared shared = {0};
		struct span payload = {text, rows[i].len};

		assert_true(ws_deflate_once(&shared, rows[i].allowed, 1, &payload));
		for (unsigned bits = WS_WINDOW_BITS_MIN; bits <= WS_WINDOW_BITS_MAX; bits++)
			assert_int_equal(shared.deflaters[bits - WS_WINDOW_BITS_MIN] != NULL,
				bits == rows[i].bits);
		ws_deflate_shared_fini(&shared);
	}
	free(text);
}

/* ---- what is sent as it is, and memory ------------------------------------------------------ */

static void what_is_short_or_noise_is_left_alone(void **state)
{
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, false);
	struct ws_deflate *deflate;
	char text[1000] = {0};
	struct span payload = {text, 499}, nothing = {text, 0}, longest = {text, SIZE_MAX};

	(void)state;
	agreed.least_bytes = 500;
	deflate = ws_deflate_new(&shared, &agreed);
	assert_false(ws_deflate_compress(deflate, &payload));
	assert_ptr_equal(payload.ptr, text);
	payload.len = 500;
	assert_true(ws_deflate_compress(deflate, &payload));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)rand();
	payload = (struct span){text, sizeof(text)};
	assert_false(ws_deflate_compress(deflate, &payload));
	assert_ptr_equal(payload.ptr, text);
	assert_int_equal(payload.len, sizeof(text));
	assert_false(ws_deflate_compress(deflate, &longest));
	deflate->agreed.least_bytes = 0;
	assert_false(ws_deflate_compress(deflate, &nothing));
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
}

static void a_connection_without_contexts_has_no_streams(void **state)
{
	struct ws_deflate_shared shared = {0};
	struct ws_compression agreed = deflate_terms(15, 0, false);
	struct ws_deflate *deflate = ws_deflate_new(&shared, &agreed);
	char *zeros;
	struct ws_message message = message_of(bomb(&shared, 5000, &zeros), WS_BINARY);
	struct span payload = {zeros, 5000};
	struct err why;

	(void)state;
	assert_true(ws_deflate_inflate(deflate, &message, LIMIT, &why));
	assert_true(ws_deflate_compress(deflate, &payload));
	assert_null(deflate->inflater);
	assert_null(deflate->deflater);
	free(zeros);
	ws_deflate_free(deflate);
	ws_deflate_shared_fini(&shared);
}

static size_t heap_bytes;

static void *counted_alloc(void *opaque, uInt items, uInt size)
{
	(void)opaque;
	heap_bytes += (size_t)items * size;
	return xmalloc((size_t)items * size);
}

static void counted_free(void *opaque, void *memory)
{
	(void)opaque;
	free(memory);
}

/* zlib's own figures, with all of a window used. */
static void contexts_take_what_is_said_and_little_less(void **state)
{
	static char text[70000], out[70000];

	(void)state;
	for (unsigned bits = 9; bits <= WS_WINDOW_BITS_MAX; bits++) {
		struct ws_compression agreed = deflate_terms(bits, 0, true);
		z_stream one = {.zalloc = counted_alloc, .zfree = counted_free}, two = one;

		heap_bytes = 2 * sizeof(one);
		deflateInit2(&one, 6, Z_DEFLATED, -(int)bits, (int)bits - 7, 0);
		one.next_in = (Bytef *)text;
		one.avail_in = one.avail_out = sizeof(text);
		one.next_out = (Bytef *)out;
		deflate(&one, Z_SYNC_FLUSH);
		inflateInit2(&two, -(int)bits);
		two.next_in = (Bytef *)out;
		two.avail_in = (uInt)(sizeof(out) - one.avail_out);
		two.next_out = (Bytef *)text;
		two.avail_out = sizeof(text);
		inflate(&two, Z_SYNC_FLUSH);
		assert_in_range(
			heap_bytes, ws_deflate_memory(&agreed) - 8192, ws_deflate_memory(&agreed));
		deflateEnd(&one);
		inflateEnd(&two);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_with_the_window_agreed_on_understands),
		cmocka_unit_test(eight_bits_are_eight_bits),
		cmocka_unit_test(two_of_ours_understand_each_other),
		cmocka_unit_test(a_context_survives_what_others_compressed),
		cmocka_unit_test(every_message_of_the_table),
		cmocka_unit_test(a_context_reaches_over_messages_and_last_blocks),
		cmocka_unit_test(a_message_may_have_the_limit_and_not_a_byte_more),
		cmocka_unit_test(a_bomb_takes_no_more_than_the_limit),
		cmocka_unit_test(a_text_is_utf8_once_it_is_inflated),
		cmocka_unit_test(a_window_is_no_larger_than_a_message_needs),
		cmocka_unit_test(what_is_short_or_noise_is_left_alone),
		cmocka_unit_test(a_connection_without_contexts_has_no_streams),
		cmocka_unit_test(contexts_take_what_is_said_and_little_less),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
