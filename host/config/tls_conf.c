/*
 * Reads `tls:`; whether the files hold what they should, net/ finds out. Called by config.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/tls_conf.h"

#include <string.h>

#include "config/security_conf.h"

static const char *const minimum_names[] = {"1.2", "1.3", NULL};
static const char *const verify_names[] = {"optional", "required", NULL};

static void read_tls_minimum(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct tls_conf *tls = base;

	if (section_expect(reader, key->name, node, TREE_TEXT, "1.2 or 1.3"))
		tls->is_1_3_only = section_choose(reader, node->place, "version of TLS", node->text,
					   minimum_names) == 1;
}

static void read_tls_verify(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct tls_client_conf *client = base;

	if (section_expect(reader, key->name, node, TREE_TEXT, "optional or required"))
		client->is_required = section_choose(reader, node->place, "verify", node->text,
					      verify_names) == 1;
}

/* A name that a client can ask for, or "*." and one. */
static bool is_host_pattern(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (strncmp(text, "*.", 2) == 0)
		text += 2;
	return text[0] != '\0' && text[0] != '.' && text[strspn(text, letters)] == '\0';
}

static void read_tls_hosts(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct tls_certificate_conf *certificate = base;
	const struct yaml_tree *item = node->first;

	if (!section_read_list(reader, key->name, node, &certificate->hosts))
		return;
	for (; item != NULL; item = item->next)
		if (!is_host_pattern(item->text))
			err_list_add(reader->why, item->place,
				"hosts: found %s, wanted a name such as example.org or "
				"*.example.org",
				yaml_tree_found(item, reader->arena));
}

static void want_file(struct reader *reader, const struct yaml_tree *node, const char *name,
	const struct conf_text *file)
{
	if (file->text == NULL && yaml_tree_get(node, name) == NULL)
		err_list_add(reader->why, node->place, "tls: found no \"%s\": add \"%s: <file>\"",
			name, name);
}

#define ROW(...) SECTION_ROW(struct tls_client_conf, __VA_ARGS__)
static const struct key client_keys[] = {TLS_CLIENT_KEYS(ROW)};
#undef ROW
static const struct section client_section = SECTION("in client", client_keys);

static void read_tls_client(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct tls_client_conf *client = section_member(key, base);

	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {ca: clients.pem, verify: optional}"))
		return;
	section_defaults(reader, &client_section, client);
	if (section_read(reader, &client_section, node, client))
		want_file(reader, node, "ca", &client->ca);
}

#define ROW(...) SECTION_ROW(struct tls_certificate_conf, __VA_ARGS__)
static const struct key certificate_keys[] = {TLS_CERTIFICATE_KEYS(ROW)};
#undef ROW
static const struct section certificate_section = SECTION("of a certificate", certificate_keys);

static void read_tls_certificates(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char shape[] = "a list of {certificate: <file>, key: <file>}";
	const struct yaml_tree *item = node->first;
	struct tls_conf *tls = base;

	if (!section_expect(reader, key->name, node, TREE_LIST, shape))
		return;
	tls->certificates = arena_alloc(
		reader->arena, (node->count + 1) * sizeof(*tls->certificates));
	if (item == NULL)
		err_list_add(reader->why, node->place,
			"certificates: found an empty list, wanted %s", shape);
	for (; item != NULL; item = item->next) {
		struct tls_certificate_conf *one = &tls->certificates[tls->certificate_count++];

		if (!section_expect(reader, key->name, item, TREE_MAP, shape) ||
			!section_read(reader, &certificate_section, item, one))
			continue;
		want_file(reader, item, "certificate", &one->certificate);
		want_file(reader, item, "key", &one->key);
	}
}

#define ROW(...) SECTION_ROW(struct tls_conf, __VA_ARGS__)
static const struct key tls_keys[] = {TLS_KEYS(ROW)};
#undef ROW
static const struct section tls_section = SECTION("in tls", tls_keys);

void read_tls(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct tls_conf *tls = section_member(key, base);

	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {certificates: [{certificate: <file>, key: <file>}]}"))
		return;
	tls->is_there = true;
	section_defaults(reader, &tls_section, tls);
	if (section_read(reader, &tls_section, node, tls) &&
		yaml_tree_get(node, "certificates") == NULL)
		err_list_add(reader->why, node->place,
			"tls: found no certificates: add \"certificates:\" and under it "
			"\"- {certificate: <file>, key: <file>}\"");
}
