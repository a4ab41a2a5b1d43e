/*
 * The server's side of the opening handshake, read from a decoded head. Writes no answer; call/
 * and net/ do, with what these functions say. SPDX-License-Identifier: MIT
 */
#include "wire/ws_key.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/log.h"
#include "wire/quote.h"
#include "wire/ws_extension.h"

enum { KEY_SIZE = 24, NONCE_SIZE = 16 };

static bool check_single(
	const struct http_head *head, struct span name, struct span *value, struct err *why)
{
	*value = http_header_get(head, name, 0);
	if (value->ptr == NULL) {
		err_set(why, ERR_BAD_REQUEST, "missing %.*s header", SPAN_ARG(name));
		return false;
	}
	if (http_header_get(head, name, 1).ptr != NULL) {
		err_set(why, ERR_BAD_REQUEST, "more than one %.*s header", SPAN_ARG(name));
		return false;
	}
	return true;
}

/* Before the key: another version of the protocol may well have other keys. */
static bool check_version(const struct http_head *head, struct err *why)
{
	struct span version;

	if (!check_single(head, SPAN("Sec-WebSocket-Version"), &version, why)) {
		if (version.ptr == NULL)
			why->code = ERR_UPGRADE_REQUIRED;
		return false;
	}
	if (span_equal(version, SPAN("13")))
		return true;
	err_set(why, ERR_UPGRADE_REQUIRED, "invalid Sec-WebSocket-Version header: %s, wanted 13",
		quote(version).text);
	return false;
}

static bool is_nonce(struct span key)
{
	/* OpenSSL decodes whole groups of three and skips blanks at the ends: a head has none. */
	uint8_t nonce[NONCE_SIZE + 2];

	return key.len == KEY_SIZE && span_find(key, '=') == KEY_SIZE - 2 &&
	       EVP_DecodeBlock(nonce, (const uint8_t *)key.ptr, KEY_SIZE) == sizeof(nonce);
}

static bool check_key(const struct http_head *head, struct err *why)
{
	struct span key;

	if (!check_single(head, SPAN("Sec-WebSocket-Key"), &key, why))
		return false;
	if (is_nonce(key))
		return true;
	err_set(why, ERR_BAD_REQUEST,
		"invalid Sec-WebSocket-Key header: %s has %zu bytes, wanted %d of base64, "
		"ending with \"==\"",
		quote(key).text, key.len, KEY_SIZE);
	return false;
}

bool ws_handshake_check(const struct http_head *head, struct err *why)
{
	if (!span_equal(head->method, SPAN("GET"))) {
		err_set(why, ERR_METHOD_NOT_ALLOWED, "upgrade with method %s, wanted GET",
			quote(head->method).text);
		return false;
	}
	if (head->minor == 0) {
		err_set(why, ERR_BAD_REQUEST, "upgrade in HTTP/1.0, wanted HTTP/1.1");
		return false;
	}
	return check_version(head, why) && check_key(head, why) && ws_extension_check(head, why);
}

EVP_MD_CTX *ws_accept_new(void)
{
	EVP_MD_CTX *sha1 = EVP_MD_CTX_new();

	if (sha1 != NULL && EVP_DigestInit_ex2(sha1, EVP_sha1(), NULL) == 1)
		return sha1;
	log_error("OpenSSL gives no SHA-1, without which no handshake can be answered, giving up");
	abort();
}

void ws_accept_free(EVP_MD_CTX *sha1)
{
	EVP_MD_CTX_free(sha1);
}

void ws_accept_key(EVP_MD_CTX *sha1, struct span key, char out[WS_ACCEPT_SIZE])
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	uint8_t digest[SHA_DIGEST_LENGTH];

	assert(key.len == KEY_SIZE);
	EVP_DigestInit_ex2(sha1, NULL, NULL);
	EVP_DigestUpdate(sha1, key.ptr, KEY_SIZE);
	EVP_DigestUpdate(sha1, guid, sizeof(guid) - 1);
	EVP_DigestFinal_ex(sha1, digest, NULL);
	EVP_EncodeBlock((uint8_t *)out, digest, sizeof(digest));
}

/* False: there is no further line. */
static bool offers_next_line(struct ws_offers *offers)
{
	while (offers->next_header < offers->head->header_count) {
		const struct http_header *header = &offers->head->headers[offers->next_header++];

		offers->rest = header->value;
		if (span_equal_nocase(header->name, SPAN("Sec-WebSocket-Protocol")))
			return true;
	}
	offers->rest = (struct span){NULL, 0};
	return false;
}

struct span ws_offers_next(struct ws_offers *offers)
{
	while (offers->rest.ptr != NULL || offers_next_line(offers)) {
		struct span offer = span_trim(span_cut(&offers->rest, ','));

		if (offer.len > 0)
			return offer;
	}
	return (struct span){NULL, 0};
}
