/*
 * One object, whose members come in one order, the data last. A text stands there as text, other
 * data as base64. Called by fan_out.c and resume.c. SPDX-License-Identifier: MIT
 */
#include "call/envelope.h"

#include <jansson.h>

#include "call/host_state.h"
#include "topic/topic_position.h"
#include "wire/base64.h"

static json_t *begin(const struct host *host, struct span topic, uint64_t number)
{
	json_t *object = json_object();
	char position[TOPIC_POSITION_SIZE];

	if (topic.len > 0)
		json_object_set_new(object, "topic", json_stringn(topic.ptr, topic.len));
	if (number != 0) {
		topic_position_write(position, bus_host_id(host), number);
		json_object_set_new(object, "position", json_string(position));
	}
	return object;
}

static void finish(json_t *object, struct buf *out)
{
	char *text = json_dumps(object, JSON_COMPACT);

	buf_append_span(out, span_of(text));
	free(text);
	json_decref(object);
}

void envelope_write(struct buf *out, const struct host *host, const struct bus_message *message)
{
	json_t *object = begin(host, message->topic, message->number);
	struct span data = message->payload;
	struct buf text = {0};

	if (message->opcode == WS_TEXT) {
		json_object_set_new(
			object, "text", json_stringn(data.len == 0 ? "" : data.ptr, data.len));
	} else {
		base64_encode(&text, data);
		json_object_set_new(
			object, "base64", json_stringn(text.len == 0 ? "" : text.data, text.len));
	}
	buf_fini(&text);
	finish(object, out);
}

void envelope_send_note(struct sl_conn *conn, struct span topic, uint64_t number, bool is_lost)
{
	json_t *object = begin(session_host(conn), topic, number);
	struct buf text = {0};

	if (is_lost)
		json_object_set_new(object, "lost", json_true());
	finish(object, &text);
	session_send(conn, SL_TEXT, buf_span(&text));
	buf_fini(&text);
}
