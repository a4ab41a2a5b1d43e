/*
 * One small function for each place, in a table. Judges nothing: whether the credential is right is
 * security.c's, which calls it. SPDX-License-Identifier: MIT
 */
#include "security/credential.h"

#include "wire/base64.h"
#include "wire/ws_key.h"

/* ---- places ----------------------------------------------------------------------------- */

static struct span from_authorization(
	const struct security_request *request, const char *name, const char *scheme)
{
	struct span rest = http_header_get(request->head, SPAN("Authorization"), 0);
	struct span first = span_cut(&rest, ' ');

	(void)name;
	return span_equal_nocase(first, span_of(scheme)) ? span_trim(rest) : (struct span){NULL, 0};
}

static struct span from_subprotocol(
	const struct security_request *request, const char *name, const char *scheme)
{
	struct ws_offers offers = {.head = request->head};
	struct span offer;

	(void)name;
	while ((offer = ws_offers_next(&offers)).ptr != NULL)
		if (span_equal_nocase(offer, span_of(scheme)))
			return ws_offers_next(&offers);
	return offer;
}

static struct span from_header(
	const struct security_request *request, const char *name, const char *scheme)
{
	(void)scheme;
	return http_header_get(request->head, span_of(name), 0);
}

static struct span last_of(const struct pair *pairs, size_t count, const char *name)
{
	while (count-- > 0)
		if (span_equal(pairs[count].name, span_of(name)))
			return pairs[count].value;
	return (struct span){NULL, 0};
}

static struct span from_cookie(
	const struct security_request *request, const char *name, const char *scheme)
{
	(void)scheme;
	return last_of(request->cookies, request->cookie_count, name);
}

static struct span from_query(
	const struct security_request *request, const char *name, const char *scheme)
{
	(void)scheme;
	return last_of(request->query, request->query_count, name);
}

static const struct {
	const char *name;
	struct span (*find)(
		const struct security_request *request, const char *name, const char *scheme);
} places[] = {
	[CREDENTIAL_NOWHERE] = {"nowhere", NULL},
	[CREDENTIAL_AUTHORIZATION] = {"Authorization", from_authorization},
	[CREDENTIAL_SUBPROTOCOL] = {"subprotocol", from_subprotocol},
	[CREDENTIAL_HEADER] = {"header", from_header},
	[CREDENTIAL_COOKIE] = {"cookie", from_cookie},
	[CREDENTIAL_QUERY] = {"query", from_query},
};

bool credential_find(struct credential *out, const struct credential_from *from, size_t count,
	const char *scheme, const struct security_request *request)
{
	for (size_t i = 0; i < count; i++) {
		struct span value = places[from[i].place].find(request, from[i].name, scheme);

		if (value.len > 0) {
			*out = (struct credential){from[i].place, value};
			return true;
		}
	}
	*out = (struct credential){CREDENTIAL_NOWHERE, {NULL, 0}};
	return false;
}

const char *credential_place_name(enum credential_place place)
{
	return places[place].name;
}

/* ---- basic ------------------------------------------------------------------------------ */

static bool is_printable_ascii(struct span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] > '~')
			return false;
	return true;
}

bool credential_decode_basic(
	const struct credential *credential, struct arena *arena, struct credential_basic *out)
{
	bool is_url = credential->place == CREDENTIAL_SUBPROTOCOL;

	if (!(is_url ? base64_decode_url : base64_decode)(credential->value, arena, &out->both) ||
		!is_printable_ascii(out->both) || span_find(out->both, ':') == out->both.len)
		return false;
	out->password = out->both;
	out->username = span_cut(&out->password, ':');
	return true;
}
