/*
 * What a peer sends becomes the right messages or the right close, however the bytes are cut, and
 * no more memory than came in. SPDX-License-Identifier: MIT
 */
#include "ws_script.h"

#include "base/xalloc.h"
#include "wire/ws_message.h"

enum { LIMIT = 16 * 1024 * 1024 };

static const char *kind_name(enum ws_opcode opcode)
{
	switch (opcode) {
	case WS_TEXT:
		return "text";
	case WS_BINARY:
		return "binary";
	case WS_CLOSE:
		return "close";
	case WS_PING:
		return "ping";
	case WS_PONG:
		return "pong";
	default:
		return "wrong opcode";
	}
}

/* False when nothing more is looked at. */
static bool feed(struct ws_decoder *decoder, uint8_t *data, size_t len, struct buf *events)
{
	struct ws_message message;
	struct err why;

	for (;;) {
		switch (ws_decode(decoder, &data, &len, &message, &why)) {
		case WIRE_MORE:
			assert_int_equal(len, 0);
			return true;
		case WIRE_BAD:
			ws_script_event(events, "bad", err_close_code(why.code), span_of(why.text));
			return false;
		case WIRE_DONE:
			buf_printf(events, "%s", message.is_compressed ? "compressed-" : "");
			ws_script_event(events, kind_name(message.opcode), message.close_code,
				message.payload);
			if (message.opcode == WS_CLOSE)
				return false;
		}
	}
}

static void decode_in_parts(
	const struct buf *wire, size_t limit, bool deflate, size_t step, struct buf *events)
{
	struct ws_decoder decoder;
	uint8_t *part = xmalloc(step < wire->len ? step : wire->len + 1);
	bool more = true;

	ws_decoder_init(&decoder, limit);
	decoder.takes_compressed = deflate;
	for (size_t at = 0; more && at < wire->len; at += step) {
		size_t len = wire->len - at < step ? wire->len - at : step;

		memcpy(part, wire->data + at, len);
		more = feed(&decoder, part, len, events);
	}
	buf_printf(events, "%s", ".");
	ws_decoder_fini(&decoder);
	free(part);
}

static size_t option(const char *options, const char *name, size_t otherwise)
{
	const char *found = strstr(options, name);

	return found == NULL ? otherwise : strtoul(found + strlen(name), NULL, 10);
}

static void every_row_however_it_is_cut(void **state)
{
	static const size_t steps[] = {SIZE_MAX / 2, 1, 2, 5, 14, 997, 65536};
	static struct table table;
	char *columns[4];

	(void)state;
	table_open(&table, "ws_frames.txt");
	while (table_next(&table, columns, 4)) {
		struct buf wire = {0}, wanted = {0};

		ws_script_frames(columns[1], &wire);
		ws_script_events(columns[2], &wanted);
		for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			struct buf found = {0};

			decode_in_parts(&wire, option(columns[3], "limit=", LIMIT),
				strstr(columns[3], "deflate") != NULL, steps[i], &found);
			table_expect(&table, columns[0], found.data, wanted.data);
			buf_fini(&found);
		}
		buf_fini(&wire);
		buf_fini(&wanted);
	}
	table_close(&table);
}

static void every_text_as_one_frame_and_byte_by_byte(void **state)
{
	static struct table table;
	char *columns[3];

	(void)state;
	table_open(&table, "utf8.txt");
	while (table_next(&table, columns, 3)) {
		struct buf wire = {0}, fragments = {0}, wanted = {0};
		struct span text = table_unhex(columns[2]);
		bool valid = strcmp(columns[1], "valid") == 0;
		const struct buf whole = {(char *)(uintptr_t)text.ptr, text.len, 0};
		const struct buf none = {0};

		ws_script_emit(&wire, 0x81, true, &whole);
		for (size_t i = 0; i < text.len; i++) {
			struct buf byte = {whole.data + i, 1, 0};

			ws_script_emit(&fragments, i == 0 ? 0x01 : 0x00, true, &byte);
		}
		ws_script_emit(&fragments, text.len == 0 ? 0x81 : 0x80, true, &none);
		if (valid)
			ws_script_event(&wanted, "text", 0, text);
		else
			ws_script_event(&wanted, "bad", 1007, SPAN(""));
		buf_printf(&wanted, "%s", ".");
		for (size_t i = 0; i < 4; i++) {
			struct buf found = {0};

			decode_in_parts(i < 2 ? &wire : &fragments, LIMIT, false,
				i % 2 == 0 ? SIZE_MAX / 2 : 1, &found);
			table_expect(&table, columns[0], found.data, wanted.data);
			buf_fini(&found);
		}
		buf_fini(&wire);
		buf_fini(&fragments);
		buf_fini(&wanted);
	}
	table_close(&table);
}

/* A frame of which the header and `len` bytes have come, all zero. */
static size_t begin_frame(uint8_t *out, uint8_t first, uint64_t announced, size_t len)
{
	memset(out, 0, 14 + len);
	out[0] = first;
	out[1] = 0x80 | 127;
	for (unsigned i = 0; i < 8; i++)
		out[2 + i] = (uint8_t)(announced >> (56 - 8 * i));
	return 14 + len;
}

static void a_whole_frame_is_handed_out_where_it_lies(void **state)
{
	struct buf wire = {0};
	struct ws_decoder decoder;
	struct ws_message message;
	struct err why;
	uint8_t *data;
	size_t len;

	(void)state;
	ws_script_frames("text:\"in place\" ping:\"here\" -text: cont:\"here too\"", &wire);
	data = (uint8_t *)wire.data;
	len = wire.len;
	ws_decoder_init(&decoder, LIMIT);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_DONE);
		assert_true(message.payload.ptr > wire.data &&
			    message.payload.ptr < wire.data + wire.len);
		assert_null(decoder.message.data);
		assert_null(decoder.control.data);
	}
	buf_fini(&wire);
}

/* Its header may be overwritten: of a payload in place, and only as far as it came with it. */
static void bytes_before_a_long_payload_are_spare(void **state)
{
	static const struct {
		size_t first; /* bytes of the frame that come alone */
		uint8_t spare;
	} table[] = {{0, 8}, {1, 7}, {7, 1}, {8, 0}, {9, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf wire = {0};
		struct ws_decoder decoder;
		struct ws_message message;
		struct err why;
		uint8_t *data;
		size_t len = table[i].first;

		ws_script_frames("binary:\"x\"*20000", &wire);
		data = (uint8_t *)wire.data;
		ws_decoder_init(&decoder, LIMIT);
		assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_MORE);
		len = wire.len - table[i].first;
		assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_DONE);
		assert_int_equal(message.payload.len, 20000);
		assert_int_equal(message.spare, table[i].spare);
		len = 0;
		ws_decode(&decoder, &data, &len, &message, &why);
		ws_decoder_fini(&decoder);
		buf_fini(&wire);
	}
}

static void announced_bytes_take_little_memory_before_they_come(void **state)
{
	static uint8_t bytes[14 + 3000];
	struct ws_decoder decoder;
	struct ws_message message;
	struct err why;
	uint8_t *data = bytes;
	size_t len = begin_frame(bytes, 0x82, 1 << 30, 1000);

	(void)state;
	ws_decoder_init(&decoder, (size_t)2 << 30);
	assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_MORE);
	assert_in_range(decoder.message.capacity, 1000, 33000);
	ws_decoder_fini(&decoder);

	/* And never more than announced, where that is known to be all. */
	ws_decoder_init(&decoder, LIMIT);
	len = begin_frame(bytes, 0x82, 70000, 3000);
	data = bytes;
	assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_MORE);
	while (decoder.payload_left > 0) {
		assert_in_range(decoder.message.capacity, decoder.message.len, 70000);
		data = bytes;
		len = decoder.payload_left < 3000 ? decoder.payload_left : 3000;
		ws_decode(&decoder, &data, &len, &message, &why);
	}
	assert_int_equal(message.payload.len, 70000);
	assert_in_range(decoder.message.capacity, 70000, 70000);
	ws_decoder_fini(&decoder);
}

/* Gives the decoder so many bytes that count on, in the place that it offers or in `own`. */
static enum wire give(
	struct ws_decoder *decoder, uint8_t *own, size_t len, uint8_t *next, struct ws_message *out)
{
	size_t size = len;
	uint8_t *at = ws_decoder_room(decoder, &size), *data = at == NULL ? own : at;
	struct err why;

	for (size_t i = 0; i < size; i++)
		data[i] = (*next)++ ^ decoder->mask[(decoder->phase + i) & 3];
	return ws_decode(decoder, &data, &size, out, &why);
}

static void the_rest_of_a_long_payload_has_a_place_of_its_own(void **state)
{
	static uint8_t bytes[14 + 3000];
	struct ws_decoder decoder;
	struct ws_message message;
	struct err why;
	uint8_t *data = bytes, next = 0;
	size_t len = begin_frame(bytes, 0x82, 1000000, 0), size = 5000;

	(void)state;
	ws_decoder_init(&decoder, LIMIT);
	assert_null(ws_decoder_room(&decoder, &size));
	assert_int_equal(ws_decode(&decoder, &data, &len, &message, &why), WIRE_MORE);
	/* Nothing of it has come: what was announced takes no memory. */
	assert_null(ws_decoder_room(&decoder, &size));
	assert_int_equal(give(&decoder, bytes, 1000, &next, &message), WIRE_MORE);
	assert_non_null(ws_decoder_room(&decoder, &size));
	assert_in_range(decoder.message.capacity, 1000, 40000);
	while (decoder.payload_left > 3000)
		assert_int_equal(give(&decoder, bytes, 3000, &next, &message), WIRE_MORE);
	assert_int_equal(decoder.message.capacity, 1000000);
	/* Short ends come with what is behind them. */
	assert_null(ws_decoder_room(&decoder, &size));
	assert_int_equal(give(&decoder, bytes, decoder.payload_left, &next, &message), WIRE_DONE);
	assert_int_equal(message.payload.len, 1000000);
	for (size_t i = 0; i < message.payload.len; i++)
		assert_int_equal((uint8_t)message.payload.ptr[i], (uint8_t)i);
	ws_decoder_fini(&decoder);
}

static void an_idle_decoder_holds_no_memory(void **state)
{
	static const char *const scripts[] = {"-text:61*5000 cont:62", "ping:61*125",
		"-text:61 ping:62 cont:63", "binary:61*70000"};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct buf wire = {0}, events = {0};
		struct ws_decoder decoder;

		ws_script_frames(scripts[i], &wire);
		ws_decoder_init(&decoder, LIMIT);
		for (size_t at = 0; at < wire.len; at++)
			assert_true(feed(&decoder, (uint8_t *)wire.data + at, 1, &events));
		assert_null(decoder.message.data);
		assert_null(decoder.control.data);
		buf_fini(&wire);
		buf_fini(&events);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_however_it_is_cut),
		cmocka_unit_test(every_text_as_one_frame_and_byte_by_byte),
		cmocka_unit_test(a_whole_frame_is_handed_out_where_it_lies),
		cmocka_unit_test(bytes_before_a_long_payload_are_spare),
		cmocka_unit_test(announced_bytes_take_little_memory_before_they_come),
		cmocka_unit_test(the_rest_of_a_long_payload_has_a_place_of_its_own),
		cmocka_unit_test(an_idle_decoder_holds_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
