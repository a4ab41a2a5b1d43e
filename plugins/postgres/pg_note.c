/*
 * Message to text and back, by base64 of OpenSSL. Pure: knows no connection. Called by pg_outbox.c
 * and pg_inbox.c. SPDX-License-Identifier: MIT
 */
#include "pg_note.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { FIXED_BYTES = SL_BUS_HEAD_BYTES + 1 };

bool pg_note_needs_row(const struct sl_bus_message *message)
{
	return message->data.len > PG_NOTE_ROOM - FIXED_BYTES - message->topic.len;
}

bool pg_note_needs_kept_row(const struct sl_bus_message *message)
{
	return message->data.len >
	       PG_NOTE_ROOM - PG_NOTE_POSITION_ROOM - FIXED_BYTES - message->topic.len;
}

static char *note_write(const struct sl_bus_message *message, const char *begin, bool has_data)
{
	uint8_t bytes[PG_NOTE_ROOM];
	size_t len = FIXED_BYTES, before = strlen(begin);
	char *note;

	if (message->topic.len > PG_NOTE_TOPIC_MAX)
		return NULL;
	sl_bus_head_write(bytes, message);
	bytes[SL_BUS_HEAD_BYTES] = (uint8_t)message->topic.len;
	memcpy(bytes + len, message->topic.ptr, message->topic.len);
	len += message->topic.len;
	if (has_data && message->data.len > 0) {
		memcpy(bytes + len, message->data.ptr, message->data.len);
		len += message->data.len;
	}
	note = malloc(before + (len + 2) / 3 * 4 + 1);
	if (note == NULL)
		return NULL;
	memcpy(note, begin, before);
	EVP_EncodeBlock((unsigned char *)note + before, bytes, (int)len);
	return note;
}

char *pg_note_write(const struct sl_bus_message *message)
{
	return note_write(message, "=", !pg_note_needs_row(message));
}

char *pg_note_write_kept(const struct sl_bus_message *message)
{
	bool has_row = pg_note_needs_kept_row(message);

	return note_write(message, has_row ? "@=" : "=", !has_row);
}

/* "@17=…": cuts all before the '=' off. */
static bool cut_row(const char **note, int64_t *row)
{
	char *end;

	*row = -1;
	if (**note != '@')
		return true;
	*row = strtoll(*note + 1, &end, 10);
	*note = end;
	return *row >= 0;
}

/* "#5f0c2a917be3d864-42", and perhaps an '@': the same. */
static bool cut_position(const char **note, int64_t *row, uint64_t *order, uint64_t *number)
{
	char *end;

	*order = *number = 0;
	if (**note != '#')
		return cut_row(note, row);
	*row = -1;
	*order = strtoull(*note + 1, &end, 16);
	if (*end != '-')
		return false;
	*number = strtoull(end + 1, &end, 10);
	if (*end == '@') {
		*row = (int64_t)*number;
		end++;
	}
	*note = end;
	return *order != 0 && *number != 0;
}

/* The number of bytes; 0: not base64, or nothing. */
static size_t decode(char bytes[PG_NOTE_MAX + 1], const char *text)
{
	size_t len = strlen(text), padding = 0;
	int made;

	if (len == 0 || len > PG_NOTE_MAX || len % 4 != 0)
		return 0;
	while (padding < 2 && text[len - 1 - padding] == '=')
		padding++;
	made = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)len);
	return made < 0 ? 0 : (size_t)made - padding;
}

bool pg_note_read(
	struct sl_bus_message *out, int64_t *row, char bytes[PG_NOTE_MAX + 1], const char *note)
{
	struct sl_str all = {bytes, 0};
	uint64_t order, number;
	size_t topic_len;

	if (!cut_position(&note, row, &order, &number) || *note != '=')
		return false;
	all.len = decode(bytes, note + 1);
	if (all.len < FIXED_BYTES || !sl_bus_head_read(out, all))
		return false;
	topic_len = (uint8_t)bytes[SL_BUS_HEAD_BYTES];
	if (all.len < FIXED_BYTES + topic_len)
		return false;
	out->topic = (struct sl_str){bytes + FIXED_BYTES, topic_len};
	out->data = (struct sl_str){
		bytes + FIXED_BYTES + topic_len, all.len - FIXED_BYTES - topic_len};
	out->order = order;
	out->number = number;
	return true;
}
