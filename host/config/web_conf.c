/*
 * What is let in and how answers look, at the top and in routes. Each text is held to its grammar
 * here, so that a request meets none that is wrong. A route begins with what stands at the top.
 * Called by config.c and route_conf.c. SPDX-License-Identifier: MIT
 */
#include "config/web_conf.h"

#include <string.h>

#include "config/keys.h"
#include "wire/authority.h"
#include "wire/http_reply.h"
#include "wire/origin.h"

typedef bool check_text(struct span text, struct err *why);

/* A text or a list of texts, each of which `check` lets pass. An empty list is one. */
static void read_checked(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct conf_list *out, check_text *check, const char *wanted)
{
	const struct yaml_tree *item = node->kind == TREE_LIST ? node->first : node;
	const char **items = arena_alloc(reader->arena, (node->count + 2) * sizeof(*items));
	struct err why;

	*out = (struct conf_list){items, 0, node->place};
	for (; item != NULL; item = node->kind == TREE_LIST ? item->next : NULL) {
		if (!section_expect(reader, key->name, item, TREE_TEXT, wanted))
			continue;
		if (check(span_of(item->text), &why))
			items[out->count++] = item->text;
		else
			err_list_add(reader->why, item->place, "%s: found %s, %s", key->name,
				yaml_tree_found(item, reader->arena), why.text);
	}
}

void read_origins(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_checked(reader, key, node, section_member(key, base), origin_pattern_check,
		"an origin such as https://example.org, or a list of them");
}

void read_hosts(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_checked(reader, key, node, section_member(key, base), authority_pattern_check,
		"a host such as example.org, or a list of them");
	if (node->kind == TREE_LIST && node->count == 0)
		err_list_add(reader->why, node->place,
			"hosts: found an empty list, by which nobody could ask: name a host, or "
			"take the key away");
}

static bool check_token(struct span text, struct err *why)
{
	if (http_is_token(text))
		return true;
	err_set(why, ERR_BAD_REQUEST, "wanted a name of letters, digits and !#$%%&'*+-.^_`|~");
	return false;
}

void read_subprotocols(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_checked(reader, key, node, section_member(key, base), check_token,
		"the name of a subprotocol, or a list of them");
}

static bool check_range(struct span text, struct err *why)
{
	struct ip_range ignored;

	return ip_range_parse(&ignored, text, why);
}

void read_proxies(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct proxies_conf *proxies = section_member(key, base);
	struct ip_range *ranges;
	struct err ignored;

	read_checked(reader, key, node, &proxies->texts, check_range,
		"an address such as 10.0.0.1, a range such as 10.0.0.0/8, or a list of them");
	ranges = arena_alloc(reader->arena, (proxies->texts.count + 1) * sizeof(*ranges));
	for (size_t i = 0; i < proxies->texts.count; i++)
		ip_range_parse(&ranges[i], span_of(proxies->texts.items[i]), &ignored);
	proxies->ranges = ranges;
}

void read_proxy_header(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {
		[FORWARDED_X] = "x-forwarded-for", [FORWARDED_RFC7239] = "forwarded", NULL};
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "x-forwarded-for or forwarded"))
		return;
	i = section_choose(reader, node->place, key->name, node->text, names);
	if (names[i] != NULL)
		*(enum forwarded_header *)section_member(key, base) = (enum forwarded_header)i;
}

/* ---- answers -------------------------------------------------------------------------------- */

static bool expect_value(struct reader *reader, const char *name, const struct yaml_tree *node)
{
	if (!section_expect(reader, name, node, TREE_TEXT, "a text"))
		return false;
	if (http_reply_is_value(span_of(node->text)))
		return true;
	err_list_add(reader->why, node->place,
		"%s: found %s, wanted one line without control characters", name,
		yaml_tree_found(node, reader->arena));
	return false;
}

void read_field_value(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (expect_value(reader, key->name, node))
		read_text(reader, key, node, base);
}

void read_server(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct conf_text *member = section_member(key, base);

	member->text = NULL;
	if (node->kind != TREE_TEXT || strcmp(node->text, "false") != 0)
		read_field_value(reader, key, node, base);
}

static bool check_header_name(struct reader *reader, const struct yaml_tree *node)
{
	const char *problem = NULL;

	if (!http_is_token(span_of(node->key)))
		problem = "wanted the name of a header, such as X-Frame-Options";
	else if (http_reply_is_own_header(span_of(node->key)))
		problem = "which socklet sets itself: take it away";
	if (problem != NULL)
		err_list_add(reader->why, node->key_place, "headers: found %s, %s",
			yaml_tree_quote(node->key, reader->arena), problem);
	return problem == NULL;
}

static struct header_conf *find_header(struct headers_conf *headers, const char *name)
{
	for (size_t i = 0; i < headers->count; i++)
		if (span_equal_nocase(span_of(headers->items[i].name), span_of(name)))
			return &headers->items[i];
	return &headers->items[headers->count];
}

/* Over those that are there already, which a route has from the top. */
void read_headers(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct headers_conf *member = section_member(key, base), headers = {.count = member->count};

	if (!section_expect(
		    reader, key->name, node, TREE_MAP, "a mapping such as {X-Frame-Options: DENY}"))
		return;
	headers.items = arena_alloc(
		reader->arena, (member->count + node->count + 1) * sizeof(*headers.items));
	if (member->count > 0)
		memcpy(headers.items, member->items, member->count * sizeof(*headers.items));
	for (const struct yaml_tree *child = node->first; child != NULL; child = child->next) {
		struct header_conf *header;

		if (child->kind == TREE_UNUSABLE || !check_header_name(reader, child) ||
			!expect_value(reader, child->key, child))
			continue;
		header = find_header(&headers, child->key);
		headers.count += header == &headers.items[headers.count];
		*header = (struct header_conf){child->key, child->text};
	}
	*member = headers;
}

void read_redirect_status(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {"301", "302", "303", "307", "308", NULL};
	static const unsigned numbers[] = {301, 302, 303, 307, 308};
	size_t i;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "301, 302, 303, 307 or 308"))
		return;
	i = section_choose(reader, node->place, key->name, node->text, names);
	if (names[i] != NULL)
		*(unsigned *)section_member(key, base) = numbers[i];
}
