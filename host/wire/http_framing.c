/*
 * The checks that keep two readers of one byte stream of one mind about where a request ends
 * (RFC 9112 sections 3.2, 6.1 to 6.3, 9.3): whatever could be read in two ways is refused. Reads
 * no body; called by http_head only. SPDX-License-Identifier: MIT
 */
#include "wire/http_framing.h"

#include <string.h>

#include "wire/quote.h"

static bool refuse(struct err *why, const char *text)
{
	err_set(why, ERR_BAD_REQUEST, "%s", text);
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A byte of RFC 3986's reg-name; the two digits behind a '%' are not looked at. */
static bool is_host_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("-._~%!$&'()*+,;=", c) != NULL);
}

static bool all(struct span s, bool (*allowed)(char))
{
	for (size_t i = 0; i < s.len; i++) {
		if (!allowed(s.ptr[i]))
			return false;
	}
	return true;
}

static bool is_address_byte(char c)
{
	return is_hex(c) || c == ':' || c == '.';
}

bool http_host_valid(struct span host)
{
	struct span rest = host, name;

	if (host.len == 0)
		return false;
	if (host.ptr[0] == '[') {
		rest = span_from(host, 1);
		name = span_cut(&rest, ']');
		if (rest.ptr == NULL || name.len == 0 || !all(name, is_address_byte))
			return false;
		if (rest.len == 0)
			return true;
		return rest.ptr[0] == ':' && all(span_from(rest, 1), is_digit);
	}
	name = span_cut(&rest, ':');
	return name.len > 0 && all(name, is_host_byte) && all(rest, is_digit);
}

static bool check_host(struct http_head *head, struct err *why)
{
	struct span host = http_header_get(head, SPAN("host"), 0);

	if (host.ptr == NULL)
		return head->minor == 0 || refuse(why, "missing Host header");
	if (http_header_get(head, SPAN("host"), 1).ptr != NULL)
		return refuse(why, "more than one Host header");
	if (head->host.ptr == NULL)
		head->host = host;
	if (http_host_valid(host))
		return true;
	err_set(why, ERR_BAD_REQUEST, "invalid Host header: %s", quote(host).text);
	return false;
}

static bool parse_length(struct span text, uint64_t *length)
{
	if (text.len == 0 || !all(text, is_digit))
		return false;
	*length = 0;
	for (size_t i = 0; i < text.len; i++) {
		uint64_t digit = (uint64_t)(text.ptr[i] - '0');

		if (*length > (UINT64_MAX - digit) / 10)
			return false;
		*length = *length * 10 + digit;
	}
	return true;
}

static bool check_content_length(struct http_head *head, struct err *why)
{
	struct span text = http_header_get(head, SPAN("content-length"), 0);

	if (text.ptr == NULL)
		return true;
	/* RFC 9112 6.3 would allow equal ones; nobody honest sends them. */
	if (http_header_get(head, SPAN("content-length"), 1).ptr != NULL)
		return refuse(why, "more than one Content-Length header");
	if (parse_length(text, &head->content_length)) {
		head->has_body = head->content_length > 0;
		return true;
	}
	err_set(why, ERR_BAD_REQUEST,
		"invalid Content-Length header: %s, wanted one number of bytes", quote(text).text);
	return false;
}

/* The last coding of the last line. */
static bool ends_with_chunked(const struct http_head *head)
{
	struct span line = {NULL, 0}, coding = {NULL, 0};

	for (size_t n = 0; (line = http_header_get(head, SPAN("transfer-encoding"), n)).ptr != NULL;
		n++)
		while (line.ptr != NULL)
			coding = span_trim(span_cut(&line, ','));
	return span_equal_nocase(coding, SPAN("chunked"));
}

static bool check_transfer_encoding(struct http_head *head, struct err *why)
{
	struct span name = SPAN("transfer-encoding");
	struct span coding = http_header_get(head, name, 0);

	if (coding.ptr == NULL)
		return true;
	if (head->minor == 0)
		return refuse(why, "Transfer-Encoding header in an HTTP/1.0 request");
	if (http_header_get(head, SPAN("content-length"), 0).ptr != NULL)
		return refuse(why, "both Transfer-Encoding and Content-Length headers");
	head->is_chunked = head->has_body = true;
	if (span_equal_nocase(coding, SPAN("chunked")) &&
		http_header_get(head, name, 1).ptr == NULL)
		return true;
	/* RFC 9112 6.3: then nobody can tell where the body ends. */
	if (http_header_has_token(head, name, SPAN("chunked")) && !ends_with_chunked(head))
		return refuse(why, "Transfer-Encoding does not end with chunked");
	err_set(why, ERR_NOT_IMPLEMENTED, "Transfer-Encoding %s is not known here, wanted chunked",
		quote(coding).text);
	return false;
}

static bool check_expect(struct http_head *head, struct err *why)
{
	struct span value = {NULL, 0};

	for (size_t n = 0; (value = http_header_get(head, SPAN("expect"), n)).ptr != NULL; n++) {
		if (!span_equal_nocase(value, SPAN("100-continue"))) {
			err_set(why, ERR_EXPECTATION_FAILED,
				"cannot meet Expect: %s, only 100-continue", quote(value).text);
			return false;
		}
		/* RFC 9110 10.1.1: an HTTP/1.0 client would not understand the answer. */
		head->expects_continue = head->minor > 0;
	}
	return true;
}

bool http_framing_check(struct http_head *head, struct err *why)
{
	struct span connection = SPAN("connection");

	head->has_body = head->is_chunked = head->expects_continue = false;
	head->content_length = 0;
	if (!check_host(head, why) || !check_transfer_encoding(head, why) ||
		!check_content_length(head, why) || !check_expect(head, why))
		return false;
	head->keep_alive = !http_header_has_token(head, connection, SPAN("close")) &&
			   (head->minor > 0 ||
				   http_header_has_token(head, connection, SPAN("keep-alive")));
	head->is_upgrade = http_header_has_token(head, connection, SPAN("upgrade")) &&
			   http_header_has_token(head, SPAN("upgrade"), SPAN("websocket"));
	return true;
}
