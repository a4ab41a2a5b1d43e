/*
 * JSON bodies of refusals, written by jansson. SPDX-License-Identifier: MIT
 */
#include "call/detail.h"

#include <jansson.h>
#include <string.h>

/* A text that may hold what is not UTF-8 (a header's bytes): then each such byte becomes U+FFFD. */
json_t *detail_text(struct span text)
{
	json_t *whole = json_stringn(text.len == 0 ? "" : text.ptr, text.len);
	struct buf mended = {0};

	if (whole != NULL)
		return whole;
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] < 0x80)
			buf_append(&mended, &text.ptr[i], 1);
		else
			buf_append_span(&mended, SPAN("\xef\xbf\xbd"));
	}
	whole = json_stringn(mended.data, mended.len);
	buf_fini(&mended);
	return whole;
}

/* Takes `detail`. */
static void send_detail(struct transport *transport, unsigned status, json_t *detail,
	struct buf *headers, bool close)
{
	json_t *body = json_pack("{s:o}", "detail", detail);
	char *text = json_dumps(body, JSON_COMPACT);
	struct reply reply = {
		.status = status,
		.content_type = "application/json",
		.body = span_of(text),
		.fd = -1,
		.close = close,
	};

	if (headers != NULL)
		reply.headers = *headers;
	transport_ops(transport)->reply(transport, &reply);
	if (headers != NULL)
		buf_fini(headers);
	free(text);
	json_decref(body);
}

void detail_reply(struct transport *transport, unsigned status, const char *text,
	struct buf *headers, bool close)
{
	send_detail(transport, status, detail_text(span_of(text)), headers, close);
}

/* A number keeps its spelling as far as JSON has one; what it has not (inf) is a text. */
static json_t *ctx_value(const struct value_ctx *ctx)
{
	json_t *value = ctx->is_number ? json_loads(ctx->value, JSON_DECODE_ANY, NULL) : NULL;

	return value != NULL ? value : detail_text(span_of(ctx->value));
}

static json_t *ctx_json(const struct inject_error *error)
{
	json_t *ctx = json_object();

	for (size_t i = 0; i < VALUE_CTX_MAX && error->ctx[i].name != NULL; i++)
		json_object_set_new(ctx, error->ctx[i].name, ctx_value(&error->ctx[i]));
	return ctx;
}

json_t *detail_input(const struct inject_error *error)
{
	json_t *list;

	if (error->inputs == NULL)
		return error->has_input ? detail_text(error->input) : json_null();
	list = json_array();
	for (size_t i = 0; i < error->input_count; i++)
		json_array_append_new(list, detail_text(error->inputs[i]));
	return list;
}

json_t *detail_row(const struct inject_error *error)
{
	json_t *loc = json_pack("[s,o]", error->source, detail_text(span_of(error->name)));
	json_t *row;

	if (error->has_index)
		json_array_append_new(loc, json_integer((json_int_t)error->index));
	row = json_pack("{s:s, s:o, s:o, s:o}", "type", error->type, "loc", loc, "msg",
		detail_text(span_of(error->message)), "input", detail_input(error));
	if (error->ctx[0].name != NULL)
		json_object_set_new(row, "ctx", ctx_json(error));
	return row;
}

void detail_reply_errors(struct transport *transport, unsigned status,
	const struct inject_errors *errors, struct buf *headers, bool close)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < errors->count; i++)
		json_array_append_new(rows, detail_row(&errors->items[i]));
	send_detail(transport, status, rows, headers, close);
}
