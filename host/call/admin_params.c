/*
 * The query and the headers of a request, checked before its body is awaited. A name that the
 * action does not know is a mistake: it may be a misspelled one. Called by admin.c.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "call/host_state.h"
#include "base/utf8.h"
#include "wire/quote.h"
#include "wire/sha256.h"
#include "wire/url.h"

enum {
	REASON_MAX = 123, /* bytes of a close frame's reason: RFC 6455 section 5.5 */
	KEY_MAX = 255,    /* bytes of an Idempotency-Key */
	NUMBER_MAX = 18,  /* digits */
};

/* ---- one reader each: false fills `why` ------------------------------------------------- */

static bool read_topic(struct admin_request *request, struct span value, struct err *why)
{
	struct admin_params *params = &request->params;

	if (!topic_name_check(value, why))
		return false;
	if (params->topic_count == ADMIN_TOPICS_MAX) {
		err_set(why, ERR_BAD_REQUEST, "more than %d topics", ADMIN_TOPICS_MAX);
		return false;
	}
	params->topics[params->topic_count++] = arena_text(&request->arena, value.ptr, value.len);
	return true;
}

static bool read_type(struct admin_request *request, struct span value, struct err *why)
{
	request->params.has_type = true;
	request->params.type = span_equal(value, SPAN("binary")) ? WS_BINARY : WS_TEXT;
	if (span_equal(value, SPAN("binary")) || span_equal(value, SPAN("text")))
		return true;
	err_set(why, ERR_BAD_REQUEST, "type: found %s, wanted text or binary", quote(value).text);
	return false;
}

/* Digits only; 0 for what is no number. */
static uint64_t number_of(struct span value)
{
	uint64_t number = 0;

	if (value.len > NUMBER_MAX)
		return 0;
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	return number;
}

static bool read_id(struct admin_request *request, struct span value, struct err *why)
{
	request->params.id = number_of(value);
	if (request->params.id != 0)
		return true;
	err_set(why, ERR_BAD_REQUEST, "id: found %s, wanted the number of a connection",
		quote(value).text);
	return false;
}

static bool read_code(struct admin_request *request, struct span value, struct err *why)
{
	uint64_t code = number_of(value);

	request->params.code = (unsigned)code;
	if (code <= UINT16_MAX && ws_close_code_valid((unsigned)code))
		return true;
	err_set(why, ERR_BAD_REQUEST,
		"code: found %s, wanted 1000 to 1003, 1007 to 1014 or 3000 to 4999",
		quote(value).text);
	return false;
}

static bool read_reason(struct admin_request *request, struct span value, struct err *why)
{
	request->params.reason = value.len == 0 ? ""
						: arena_text(&request->arena, value.ptr, value.len);
	if (value.len <= REASON_MAX && utf8_valid(value) &&
		strlen(request->params.reason) == value.len)
		return true;
	err_set(why, ERR_BAD_REQUEST, "reason: wanted UTF-8 of at most %d bytes", REASON_MAX);
	return false;
}

static const struct {
	const char *name;
	bool (*read)(struct admin_request *request, struct span value, struct err *why);
	bool may_repeat;
} readers[] = {
	{"topic", read_topic, true},
	{"type", read_type, false},
	{"id", read_id, false},
	{"code", read_code, false},
	{"reason", read_reason, false},
};

enum { READER_COUNT = sizeof(readers) / sizeof(readers[0]) };

/* ---- the query -------------------------------------------------------------------------- */

static bool is_of_action(const struct admin_request *request, const char *name)
{
	const char *found = strstr(request->action->params, name);

	return found != NULL && found[strlen(name)] == ' ';
}

static size_t find_reader(const struct admin_request *request, struct span name)
{
	for (size_t i = 0; i < READER_COUNT; i++)
		if (span_equal(name, span_of(readers[i].name)) &&
			is_of_action(request, readers[i].name))
			return i;
	return READER_COUNT;
}

static bool read_query(struct admin_request *request, struct span query, struct err *why)
{
	bool is_read[READER_COUNT] = {false};
	struct pair *pairs;
	size_t count;

	if (query.ptr == NULL)
		return true;
	pairs = url_decode_query(query, &request->arena, &count);
	for (size_t i = 0; i < count; i++) {
		size_t at = find_reader(request, pairs[i].name);

		if (at == READER_COUNT) {
			err_set(why, ERR_BAD_REQUEST, "unknown parameter %s",
				quote(pairs[i].name).text);
			return false;
		}
		if (is_read[at] && !readers[at].may_repeat) {
			err_set(why, ERR_BAD_REQUEST, "%s is given twice", readers[at].name);
			return false;
		}
		is_read[at] = true;
		if (!readers[at].read(request, pairs[i].value, why))
			return false;
	}
	return true;
}

/* ---- headers ---------------------------------------------------------------------------- */

static void read_content_type(struct admin_request *request, const struct http_head *head)
{
	struct span type = http_header_get(head, SPAN("content-type"), 0);

	if (request->params.has_type)
		return;
	type.len = type.ptr == NULL ? 0 : span_find(type, ';');
	request->params.type = span_equal_nocase(span_trim(type), SPAN("application/octet-stream"))
				       ? WS_BINARY
				       : WS_TEXT;
}

/* Only its hash goes to the master, and so a key of any length takes the same room. */
static bool read_key(struct admin_request *request, const struct http_head *head, struct err *why)
{
	struct span key = http_header_get(head, SPAN("idempotency-key"), 0);

	if (key.ptr == NULL)
		return true;
	request->params.has_key = key.len > 0 && key.len <= KEY_MAX &&
				  http_header_get(head, SPAN("idempotency-key"), 1).ptr == NULL &&
				  sha256_of(key, request->params.key);
	if (!request->params.has_key)
		err_set(why, ERR_BAD_REQUEST, "Idempotency-Key: wanted one of 1 to %d bytes",
			KEY_MAX);
	return request->params.has_key;
}

bool admin_params_read(struct admin_request *request, const struct http_head *head,
	unsigned *status, struct err *why)
{
	*status = 422;
	if (!read_query(request, head->query, why))
		return false;
	*status = 400;
	if (request->action->takes_body && !read_key(request, head, why))
		return false;
	read_content_type(request, head);
	return true;
}
