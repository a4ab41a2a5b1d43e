/*
 * Offers are read one by one, in the order of the lines, and judged while they are read, so nothing
 * is stored and a head full of them costs one pass. Knows no zlib but what its contexts take.
 * SPDX-License-Identifier: MIT
 */
#include "wire/ws_extension.h"

#include "wire/quote.h"
#include "wire/ws_deflate.h"

enum parameter {
	SERVER_NO_CONTEXT,
	CLIENT_NO_CONTEXT,
	SERVER_BITS,
	CLIENT_BITS,
	PARAMETERS,
};

enum takes { NO_VALUE, MAY_HAVE_BITS, NEEDS_BITS };

/* RFC 7692 section 7.1, as a server is offered them. */
static const struct {
	struct span name;
	enum takes takes;
} parameters[PARAMETERS] = {
	[SERVER_NO_CONTEXT] = {{"server_no_context_takeover", 26}, NO_VALUE},
	[CLIENT_NO_CONTEXT] = {{"client_no_context_takeover", 26}, NO_VALUE},
	[SERVER_BITS] = {{"server_max_window_bits", 22}, NEEDS_BITS},
	[CLIENT_BITS] = {{"client_max_window_bits", 22}, MAY_HAVE_BITS},
};

struct offer {
	bool is_deflate;  /* else an extension we do not know */
	bool is_declined; /* something in it is not to be had */
	bool has[PARAMETERS];
	uint8_t bits[PARAMETERS]; /* 0: no value was given */
};

/* A value behind '=', with the backslashes of a quoted one undone. */
struct value {
	char text[3]; /* its start: ours are no longer than two bytes */
	size_t len;   /* 0: no value was given */
};

/* Goes over the offers of all lines. Begin with the head, all else zero. */
struct scan {
	const struct http_head *head;
	size_t next_header;
	struct span line, rest; /* of the line being read: all, and what is left */
	size_t offers;
	bool has_line, is_malformed;
};

static bool is_token_byte(char c)
{
	return http_is_token((struct span){&c, 1});
}

/* Without the blanks before it; empty when there is none. */
static struct span take_token(struct span *rest)
{
	struct span token = span_trim(*rest);
	size_t len = 0;

	while (len < token.len && is_token_byte(token.ptr[len]))
		len++;
	*rest = span_from(token, len);
	token.len = len;
	return token;
}

/* Whether `c` comes next, which is then taken. */
static bool take_byte(struct span *rest, char c)
{
	struct span trimmed = span_trim(*rest);

	if (trimmed.len == 0 || trimmed.ptr[0] != c)
		return false;
	*rest = span_from(trimmed, 1);
	return true;
}

static void value_add(struct value *value, char c)
{
	if (value->len < sizeof(value->text))
		value->text[value->len] = c;
	value->len++;
}

/* Unescaped it must be a token as well (RFC 6455 section 9.1). False: it is none, or has no end. */
static bool take_quoted(struct span *rest, struct value *value)
{
	size_t at = 0;

	for (; at < rest->len && rest->ptr[at] != '"'; at++) {
		if (rest->ptr[at] == '\\')
			at++;
		if (at == rest->len || !is_token_byte(rest->ptr[at]))
			return false;
		value_add(value, rest->ptr[at]);
	}
	if (at == rest->len)
		return false;
	*rest = span_from(*rest, at + 1);
	return value->len > 0;
}

static bool take_value(struct span *rest, struct value *value)
{
	struct span token;

	if (take_byte(rest, '"'))
		return take_quoted(rest, value);
	token = take_token(rest);
	for (size_t i = 0; i < token.len; i++)
		value_add(value, token.ptr[i]);
	return token.len > 0;
}

/* 8 to 15, in decimal and without leading zeros; 0 for everything else. */
static uint8_t bits_of(const struct value *value)
{
	const char *text = value->text;

	if (value->len == 1 && (text[0] == '8' || text[0] == '9'))
		return (uint8_t)(text[0] - '0');
	if (value->len == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5')
		return (uint8_t)(10 + text[1] - '0');
	return 0;
}

static void note_parameter(struct offer *offer, struct span name, const struct value *value)
{
	size_t i = 0;

	while (i < PARAMETERS && !span_equal(parameters[i].name, name))
		i++;
	if (i == PARAMETERS || offer->has[i]) {
		offer->is_declined = true;
		return;
	}
	offer->has[i] = true;
	offer->bits[i] = bits_of(value);
	if (value->len > 0 ? parameters[i].takes == NO_VALUE || offer->bits[i] == 0
			   : parameters[i].takes == NEEDS_BITS)
		offer->is_declined = true;
}

/* From its name to the comma behind it, or the end of the line. False: it is malformed. */
static bool take_offer(struct span *rest, struct offer *offer)
{
	struct span name = take_token(rest);

	*offer = (struct offer){.is_deflate = span_equal(name, SPAN("permessage-deflate"))};
	if (name.len == 0)
		return false;
	while (take_byte(rest, ';')) {
		struct value value = {.len = 0};

		name = take_token(rest);
		if (name.len == 0 || (take_byte(rest, '=') && !take_value(rest, &value)))
			return false;
		note_parameter(offer, name, &value);
	}
	return take_byte(rest, ',') || span_trim(*rest).len == 0;
}

/* False: there is no further line. */
static bool next_line(struct scan *scan)
{
	while (scan->next_header < scan->head->header_count) {
		const struct http_header *header = &scan->head->headers[scan->next_header++];

		if (!span_equal_nocase(header->name, SPAN("Sec-WebSocket-Extensions")))
			continue;
		scan->line = scan->rest = header->value;
		scan->has_line = true;
		return true;
	}
	return false;
}

/* False behind the last, and at what is malformed. */
static bool next_offer(struct scan *scan, struct offer *offer)
{
	do {
		while (take_byte(&scan->rest, ','))
			;
		if (span_trim(scan->rest).len > 0) {
			scan->is_malformed = !take_offer(&scan->rest, offer);
			scan->offers++;
			return !scan->is_malformed;
		}
	} while (next_line(scan));
	scan->is_malformed = scan->has_line && scan->offers == 0;
	return false;
}

bool ws_extension_check(const struct http_head *head, struct err *why)
{
	struct scan scan = {.head = head};
	struct offer offer;

	while (next_offer(&scan, &offer))
		;
	if (scan.is_malformed)
		err_set(why, ERR_BAD_REQUEST,
			"invalid Sec-WebSocket-Extensions header: %s, wanted names and parameters "
			"such as permessage-deflate; client_max_window_bits",
			quote(scan.line).text);
	return !scan.is_malformed;
}

static uint8_t smaller(uint8_t bits, uint8_t offered)
{
	return offered != 0 && offered < bits ? offered : bits;
}

static void keep_within_memory(struct ws_compression *agreed)
{
	if (ws_deflate_memory(agreed) > agreed->memory_bytes)
		agreed->client_context = false;
	if (ws_deflate_memory(agreed) > agreed->memory_bytes)
		agreed->server_context = false;
}

/*
 * Either side may be asked to keep no context whatever was offered; the client's window may be
 * limited only when it said that it can do so, else it has all 15 bits.
 */
static void agree(const struct offer *offer, const struct ws_compression *allowed,
	struct ws_compression *agreed)
{
	*agreed = *allowed;
	agreed->server_context &= !offer->has[SERVER_NO_CONTEXT];
	agreed->client_context &= !offer->has[CLIENT_NO_CONTEXT];
	agreed->server_bits = smaller(allowed->server_bits, offer->bits[SERVER_BITS]);
	agreed->client_bits = WS_WINDOW_BITS_MAX;
	if (offer->has[CLIENT_BITS])
		agreed->client_bits = smaller(allowed->client_bits, offer->bits[CLIENT_BITS]);
	keep_within_memory(agreed);
}

static void write_answer(
	const struct offer *offer, const struct ws_compression *agreed, struct buf *answer)
{
	buf_printf(answer, "permessage-deflate");
	if (!agreed->server_context)
		buf_printf(answer, "; server_no_context_takeover");
	if (!agreed->client_context)
		buf_printf(answer, "; client_no_context_takeover");
	if (offer->has[SERVER_BITS] || agreed->server_bits < WS_WINDOW_BITS_MAX)
		buf_printf(answer, "; server_max_window_bits=%u", agreed->server_bits);
	if (offer->bits[CLIENT_BITS] != 0 || agreed->client_bits < WS_WINDOW_BITS_MAX)
		buf_printf(answer, "; client_max_window_bits=%u", agreed->client_bits);
}

bool ws_extension_negotiate(const struct http_head *head, const struct ws_compression *allowed,
	struct ws_compression *agreed, struct buf *answer)
{
	struct scan scan = {.head = head};
	struct offer offer;

	if (!allowed->is_enabled)
		return false;
	while (next_offer(&scan, &offer)) {
		if (!offer.is_deflate || offer.is_declined)
			continue;
		agree(&offer, allowed, agreed);
		write_answer(&offer, agreed, answer);
		return true;
	}
	return false;
}
