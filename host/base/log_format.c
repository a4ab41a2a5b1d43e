/*
 * Two spellings of the same words: for people, and JSON for machines (RFC 8259 section 7). Knows
 * neither levels nor where lines go. SPDX-License-Identifier: MIT
 */
#include "base/log_format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

enum {
	ENDING = 8,  /* bytes kept for what ends a line: quotes, a brace, the newline */
	LONGEST = 6, /* of what one byte becomes: \u001f */
};

static size_t room(const struct log_words *words)
{
	size_t most = sizeof(words->text) - ENDING;

	return words->len < most ? most - words->len : 0;
}

static void put(struct log_words *words, const char *text, size_t len)
{
	if (len > room(words))
		len = room(words);
	memcpy(words->text + words->len, text, len);
	words->len += len;
}

void log_put(struct log_words *words, const char *text)
{
	put(words, text, strlen(text));
}

void log_put_time(struct log_words *words)
{
	struct timespec now;
	struct tm utc;
	char text[48];
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + len, sizeof(text) - len, ".%03ldZ", now.tv_nsec / 1000000);
	log_put(words, text);
}

static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

static void put_hex(struct log_words *words, const char *prefix, unsigned char c)
{
	char text[LONGEST + 1];

	put(words, text, (size_t)snprintf(text, sizeof(text), "%s%02x", prefix, (unsigned)c));
}

void log_put_escaped(struct log_words *words, struct span text)
{
	for (size_t i = 0; i < text.len && room(words) >= LONGEST; i++) {
		if (is_control((unsigned char)text.ptr[i]))
			put_hex(words, "\\x", (unsigned char)text.ptr[i]);
		else
			put(words, &text.ptr[i], 1);
	}
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

static void put_json_byte(struct log_words *words, const char *byte)
{
	unsigned char c = (unsigned char)*byte;

	if (is_control(c)) {
		put_hex(words, "\\u00", c);
		return;
	}
	if (c == '"' || c == '\\')
		log_put(words, "\\");
	put(words, byte, 1);
}

void log_put_json(struct log_words *words, struct span text)
{
	bool is_text = utf8_valid(text);

	if (room(words) == 0)
		return;
	log_put(words, "\"");
	for (size_t i = 0; i < text.len; i++) {
		/* A character is cut off whole. */
		if (room(words) < LONGEST && !is_continuation(text.ptr[i]))
			break;
		if (!is_text && (unsigned char)text.ptr[i] >= 0x80)
			log_put(words, "\xef\xbf\xbd");
		else
			put_json_byte(words, &text.ptr[i]);
	}
	/* Of what is kept for the ending, if need be. */
	words->text[words->len++] = '"';
}

static bool is_plain(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (is_control((unsigned char)text.ptr[i]) || strchr(" \"\\=", text.ptr[i]) != NULL)
			return false;
	return text.len > 0;
}

static void put_number(struct log_words *words, int64_t number)
{
	char text[24];

	put(words, text, (size_t)snprintf(text, sizeof(text), "%lld", (long long)number));
}

void log_put_field(struct log_words *words, const struct log_field *field)
{
	/* Quotes are whole or not there at all. */
	if (room(words) < strlen(field->name) + 4 * LONGEST)
		return;
	log_put(words, " ");
	log_put(words, field->name);
	log_put(words, "=");
	if (field->text.ptr == NULL)
		put_number(words, field->number);
	else if (is_plain(field->text))
		put(words, field->text.ptr, field->text.len);
	else
		log_put_json(words, field->text);
}

void log_put_field_json(struct log_words *words, const struct log_field *field)
{
	if (room(words) < strlen(field->name) + 8 * LONGEST)
		return;
	log_put(words, ",\"");
	log_put(words, field->name);
	log_put(words, "\":");
	if (field->text.ptr == NULL)
		put_number(words, field->number);
	else
		log_put_json(words, field->text);
}
