/*
 * Both kinds of header become a list of hops of which the last few are kept, then one walk from the
 * right decides for both. Somebody who wants to hide behind a header that nobody can read is
 * refused: were it passed over, all he did would be put down to the proxy. Knows no socket; called
 * by call/client.c. SPDX-License-Identifier: MIT
 */
#include "wire/forwarded.h"

#include <string.h>

#include "wire/http_framing.h"
#include "wire/quote.h"

struct hop {
	struct span element; /* for complaints */
	struct span address, scheme, host;
	bool is_bad; /* of no form that the header has */
};

struct hops {
	struct hop items[FORWARDED_HOPS_MAX]; /* of all, the last: all[n] is items[n % MAX] */
	size_t count;                         /* of all */
};

static struct hop *add_hop(struct hops *hops, struct span element)
{
	struct hop *hop = &hops->items[hops->count++ % FORWARDED_HOPS_MAX];

	*hop = (struct hop){.element = element};
	return hop;
}

/* The n-th from the right; NULL: there are not so many. */
static struct hop *hop_at(struct hops *hops, size_t n)
{
	if (n >= hops->count || n >= FORWARDED_HOPS_MAX)
		return NULL;
	return &hops->items[(hops->count - 1 - n) % FORWARDED_HOPS_MAX];
}

/* ---- X-Forwarded-For, -Proto, -Host -------------------------------------------------------- */

static void read_list(struct hops *hops, const struct http_head *head, struct span name)
{
	struct span list, item;

	for (size_t n = 0; (list = http_header_get(head, name, n)).ptr != NULL; n++)
		while (list.ptr != NULL) {
			item = span_trim(span_cut(&list, ','));
			if (item.len > 0)
				add_hop(hops, item)->address = item;
		}
}

/*
 * The value that stands as far from the right as the client's address: each proxy adds to all of
 * these headers, or the outermost one has set the only value.
 */
static struct span list_value(const struct http_head *head, struct span name, size_t n)
{
	struct hops hops = {.count = 0};
	const struct hop *hop;

	read_list(&hops, head, name);
	if (hops.count > 0 && n >= hops.count)
		n = hops.count - 1;
	hop = hop_at(&hops, n < FORWARDED_HOPS_MAX ? n : FORWARDED_HOPS_MAX - 1);
	return hop == NULL ? (struct span){NULL, 0} : hop->address;
}

/* ---- Forwarded ------------------------------------------------------------------------------ */

/* Index behind the quoted string at the start of `s`; 0: it has no end. */
static size_t quoted_end(struct span s)
{
	for (size_t i = 1; i < s.len; i++) {
		if (s.ptr[i] == '\\')
			i++;
		else if (s.ptr[i] == '"')
			return i + 1;
	}
	return 0;
}

/* What comes before the next `separator` outside of quotes, as span_cut. */
static struct span cut_unquoted(struct span *rest, char separator)
{
	struct span all = *rest;
	size_t i = 0, quoted;

	while (i < all.len && all.ptr[i] != separator) {
		quoted = all.ptr[i] == '"' ? quoted_end(span_from(all, i)) : 0;
		i += quoted == 0 ? 1 : quoted;
	}
	*rest = i < all.len ? span_from(all, i + 1) : (struct span){NULL, 0};
	return (struct span){all.ptr, i};
}

/* A token, or the inside of a quoted string, its escapes as they are. */
static bool read_value(struct span text, struct span *out)
{
	*out = text;
	if (text.len < 2 || text.ptr[0] != '"')
		return http_is_token(text);
	if (quoted_end(text) != text.len)
		return false;
	*out = (struct span){text.ptr + 1, text.len - 2};
	return true;
}

static bool read_pair(struct hop *hop, struct span pair)
{
	struct span value = pair, name = span_cut(&value, '='), *into = NULL, ignored;

	if (pair.len == 0)
		return true;
	if (span_equal_nocase(name, SPAN("for")))
		into = &hop->address;
	else if (span_equal_nocase(name, SPAN("proto")))
		into = &hop->scheme;
	else if (span_equal_nocase(name, SPAN("host")))
		into = &hop->host;
	if (value.ptr == NULL || !http_is_token(name) || (into != NULL && into->ptr != NULL))
		return false;
	return read_value(value, into != NULL ? into : &ignored);
}

static void read_forwarded(struct hops *hops, const struct http_head *head)
{
	struct span line;

	for (size_t n = 0; (line = http_header_get(head, SPAN("forwarded"), n)).ptr != NULL; n++)
		while (line.ptr != NULL) {
			struct span element = span_trim(cut_unquoted(&line, ','));
			struct span rest = element;
			struct hop *hop;

			if (element.len == 0)
				continue;
			hop = add_hop(hops, element);
			while (rest.ptr != NULL)
				hop->is_bad |= !read_pair(hop, span_trim(cut_unquoted(&rest, ';')));
		}
}

/* ---- the walk ------------------------------------------------------------------------------- */

/* "unknown", or a name that a proxy made up ("_a1"): good, and no address. */
static bool is_hidden(struct span address)
{
	size_t end = span_find(address, ':');

	address.len = end;
	return span_equal_nocase(address, SPAN("unknown")) ||
	       (span_starts(address, SPAN("_")) && http_is_token(address));
}

bool forwarded_is_trusted(struct span peer, const struct ip_range *trusted, size_t count)
{
	struct ip_address address;

	if (!ip_address_parse(&address, peer))
		return false;
	for (size_t i = 0; i < count; i++)
		if (ip_range_has(&trusted[i], &address))
			return true;
	return false;
}

/* A zone ("%eth0") means something on its own machine only. */
static bool is_remote(struct span text)
{
	struct ip_address address;

	return span_find(text, '%') == text.len && ip_address_parse(&address, text) &&
	       !address.is_unix;
}

static bool refuse(struct err *why, const char *header, struct span found, const char *wanted)
{
	err_set(why, ERR_BAD_REQUEST, "%s: found %s, wanted %s", header, quote(found).text, wanted);
	return false;
}

/* Sets *at to the hop of the client, which the last trusted proxy wrote; NULL: nobody wrote any. */
static bool walk(struct hops *hops, const char *header, const struct ip_range *trusted,
	size_t count, struct span *peer, size_t *at, struct err *why)
{
	struct hop *hop;

	*peer = (struct span){NULL, 0};
	for (*at = 0; (hop = hop_at(hops, *at)) != NULL; (*at)++) {
		bool has_address = hop->address.ptr != NULL && is_remote(hop->address);

		if (hop->is_bad ||
			(hop->address.ptr != NULL && !has_address && !is_hidden(hop->address)))
			return refuse(why, header, hop->element, "the address of a client");
		if (!has_address)
			return true;
		*peer = hop->address;
		if (!forwarded_is_trusted(hop->address, trusted, count))
			return true;
	}
	/* All are proxies of ours: the outermost of them asks. */
	*at -= *at > 0;
	return true;
}

static bool take_scheme(
	struct forwarded *out, const char *header, struct span text, struct err *why)
{
	static const struct {
		const char *name;
		enum forwarded_scheme scheme;
	} rows[] = {{"http", FORWARDED_HTTP}, {"https", FORWARDED_HTTPS}, {"ws", FORWARDED_HTTP},
		{"wss", FORWARDED_HTTPS}};

	if (text.ptr == NULL)
		return true;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_equal_nocase(text, span_of(rows[i].name)))
			out->scheme = rows[i].scheme;
	return out->scheme != FORWARDED_UNSAID || refuse(why, header, text, "http or https");
}

static bool take_host(struct forwarded *out, const char *header, struct span text, struct err *why)
{
	out->host = text;
	return text.ptr == NULL || http_host_valid(text) ||
	       refuse(why, header, text, "a host with an optional port");
}

static bool find_x(struct forwarded *out, const struct http_head *head,
	const struct ip_range *trusted, size_t count, struct err *why)
{
	struct hops hops = {.count = 0};
	size_t at;

	read_list(&hops, head, SPAN("x-forwarded-for"));
	return walk(&hops, "X-Forwarded-For", trusted, count, &out->peer, &at, why) &&
	       take_scheme(out, "X-Forwarded-Proto",
		       list_value(head, SPAN("x-forwarded-proto"), at), why) &&
	       take_host(out, "X-Forwarded-Host", list_value(head, SPAN("x-forwarded-host"), at),
		       why);
}

static bool find_rfc7239(struct forwarded *out, const struct http_head *head,
	const struct ip_range *trusted, size_t count, struct err *why)
{
	struct hops hops = {.count = 0};
	const struct hop *hop;
	size_t at;

	read_forwarded(&hops, head);
	if (!walk(&hops, "Forwarded", trusted, count, &out->peer, &at, why))
		return false;
	hop = hop_at(&hops, at);
	return hop == NULL || (take_scheme(out, "Forwarded", hop->scheme, why) &&
				      take_host(out, "Forwarded", hop->host, why));
}

bool forwarded_find(struct forwarded *out, const struct http_head *head,
	enum forwarded_header header, const struct ip_range *trusted, size_t count, struct err *why)
{
	*out = (struct forwarded){.scheme = FORWARDED_UNSAID};
	return header == FORWARDED_X ? find_x(out, head, trusted, count, why)
				     : find_rfc7239(out, head, trusted, count, why);
}
