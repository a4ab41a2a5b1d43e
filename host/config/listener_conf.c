/*
 * What an item says beside its address must fit the kind of the address: a port has no mode, and
 * a socket that was inherited has one already. Called by config.c. SPDX-License-Identifier: MIT
 */
#include "config/listener_conf.h"

#include <stdlib.h>
#include <string.h>

#include "config/account_conf.h"
#include "config/keys.h"

static void read_redirect_scheme(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char *const names[] = {"https", NULL};

	if (section_expect(reader, key->name, node, TREE_TEXT, "https"))
		*(bool *)section_member(key, base) = section_choose(reader, node->place, "redirect",
							     node->text, names) == 0;
}

static void read_file_mode(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char wanted[] = "a mode of three octal digits such as 0660";
	const char *digits;

	if (!section_expect(reader, key->name, node, TREE_TEXT, wanted))
		return;
	digits = node->text + (node->text[0] == '0' && strlen(node->text) == 4);
	if (strlen(digits) != 3 || digits[strspn(digits, "01234567")] != '\0')
		err_list_add(reader->why, node->place, "%s: found %s, wanted %s", key->name,
			yaml_tree_found(node, reader->arena), wanted);
	else
		*(unsigned *)section_member(key, base) = (unsigned)strtoul(digits, NULL, 8);
}

#define ROW(...) SECTION_ROW(struct listen_conf, __VA_ARGS__)
static const struct key listen_keys[] = {LISTEN_KEYS(ROW)};
#undef ROW
static const struct section listen_section = SECTION("in an item of listen", listen_keys);

static const char *describe_kind(const struct listen_conf *listen)
{
	return listen->kind == LISTEN_GIVEN ? "which was made by who gives it" : "which is no file";
}

static void check_fit(
	struct reader *reader, const struct listen_conf *listen, const struct yaml_tree *node)
{
	static const char *const of_files[] = {"mode", "owner", "group"};

	for (size_t i = 0; i < sizeof(of_files) / sizeof(of_files[0]); i++) {
		const struct yaml_tree *child = yaml_tree_get(node, of_files[i]);

		if (child != NULL && listen->kind != LISTEN_UNIX)
			err_list_add(reader->why, child->key_place,
				"%s: found for %s, %s: only a Unix socket takes it", of_files[i],
				listen->address.text, describe_kind(listen));
	}
	if (listen->redirects && listen->is_tls)
		err_list_add(reader->why, yaml_tree_get(node, "redirect")->key_place,
			"redirect: found for %s, which speaks TLS itself: take the key away",
			listen->address.text);
}

static bool read_mapping(
	struct reader *reader, struct listen_conf *out, const struct yaml_tree *node)
{
	bool all_known = section_read(reader, &listen_section, node, out);

	if (out->address.text == NULL) {
		if (all_known && yaml_tree_get(node, "at") == NULL)
			err_list_add(reader->why, node->place,
				"listen: found an item without an address: add \"at: "
				"127.0.0.1:8000\" to it");
		return false;
	}
	if (!listen_conf_parse(out, out->address, reader->config->path, reader->arena, reader->why))
		return false;
	check_fit(reader, out, node);
	return true;
}

static bool read_item(struct reader *reader, struct listen_conf *out, const struct yaml_tree *node)
{
	static const char wanted[] = "an address such as 127.0.0.1:8000, a mapping such as {at: "
				     "127.0.0.1:8000}, or a list of them";

	memset(out, 0, sizeof(*out));
	section_defaults(reader, &listen_section, out);
	if (node->kind == TREE_MAP)
		return read_mapping(reader, out, node);
	return section_expect(reader, "listen", node, TREE_TEXT, wanted) &&
	       listen_conf_parse(out, (struct conf_text){node->text, node->place},
		       reader->config->path, reader->arena, reader->why);
}

void read_listens(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	const struct yaml_tree *item = node->kind == TREE_LIST ? node->first : node;
	struct config *config = base;

	(void)key;
	config->listens = arena_alloc(reader->arena, (node->count + 1) * sizeof(*config->listens));
	config->listen_count = 0;
	if (item == NULL)
		err_list_add(reader->why, node->place,
			"listen: found an empty list: add an address, such as 127.0.0.1:8000");
	for (; item != NULL; item = node->kind == TREE_LIST ? item->next : NULL)
		if (item->kind != TREE_UNUSABLE &&
			read_item(reader, &config->listens[config->listen_count], item))
			config->listen_count++;
}
