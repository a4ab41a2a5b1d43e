/*
 * Cuts a URL from its front to its end. Knows no socket. Called by redis.c.
 * SPDX-License-Identifier: MIT
 */
#include "redis_url.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_hex(const char *text)
{
	return isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]);
}

/* Percent-decoded. False: it does not fit, or is no text. */
static bool decode(char *out, size_t size, const char *text, size_t len)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++, at++) {
		if (at + 1 >= size)
			return false;
		out[at] = text[i];
		if (text[i] != '%')
			continue;
		if (i + 2 >= len || !is_hex(text + i + 1))
			return false;
		out[at] = (char)strtol((const char[]){text[i + 1], text[i + 2], '\0'}, NULL, 16);
		if (out[at] == '\0')
			return false;
		i += 2;
	}
	out[at] = '\0';
	return true;
}

/* "user:password", ":password", "user". */
static bool parse_login(struct redis_url *out, const char *text, size_t len)
{
	const char *colon = memchr(text, ':', len);
	size_t user = colon == NULL ? len : (size_t)(colon - text);

	if (!decode(out->user, sizeof(out->user), text, user))
		return false;
	return colon == NULL ||
	       decode(out->password, sizeof(out->password), colon + 1, len - user - 1);
}

static bool parse_port(struct redis_url *out, const char *text, size_t len)
{
	char digits[8] = "6379";
	long port;
	char *end;

	if (len >= sizeof(digits))
		return false;
	if (len > 0)
		snprintf(digits, sizeof(digits), "%.*s", (int)len, text);
	port = strtol(digits, &end, 10);
	if (!isdigit((unsigned char)digits[0]) || *end != '\0' || port < 1 || port > 65535)
		return false;
	snprintf(out->port, sizeof(out->port), "%ld", port);
	return true;
}

/* "host", "host:port", "[::1]:port". */
static bool parse_place(struct redis_url *out, const char *text, size_t len)
{
	bool has_brackets = len > 0 && text[0] == '[';
	const char *host = has_brackets ? text + 1 : text;
	const char *end = memchr(host, has_brackets ? ']' : ':', len - (size_t)(host - text));
	const char *rest = end == NULL ? text + len : end + has_brackets;
	size_t host_len = (size_t)((end == NULL ? text + len : end) - host);

	if (host_len == 0 || host_len >= sizeof(out->host) || (has_brackets && end == NULL))
		return false;
	memcpy(out->host, host, host_len);
	out->host[host_len] = '\0';
	if (rest < text + len && *rest++ != ':')
		return false;
	return parse_port(out, rest, (size_t)(text + len - rest));
}

bool redis_url_parse(struct redis_url *out, const char *text, const char **why)
{
	const char *at;
	size_t len;

	memset(out, 0, sizeof(*out));
	out->is_tls = strncmp(text, "rediss://", 9) == 0;
	*why = "wanted a url such as redis://127.0.0.1:6379, or rediss:// with TLS";
	if (!out->is_tls && strncmp(text, "redis://", 8) != 0)
		return false;
	text += out->is_tls ? 9 : 8;
	/* Behind it a database, which is none of pub/sub's. */
	len = strcspn(text, "/?#");
	at = memrchr(text, '@', len);
	*why = "user and password of the url: write %40 for @, %2F for /, %25 for %";
	if (at != NULL && !parse_login(out, text, (size_t)(at - text)))
		return false;
	if (at != NULL)
		len -= (size_t)(at + 1 - text);
	*why = "the url's host and port: wanted such as 10.0.0.7:6379, or [::1]:6379";
	return parse_place(out, at == NULL ? text : at + 1, len);
}
