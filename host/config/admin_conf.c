/*
 * Its addresses are put behind those of `listen`, which were read before, so that whoever opens
 * sockets sees one list. Knows no request. Called by config.c. SPDX-License-Identifier: MIT
 */
#include "config/admin_conf.h"

#include <string.h>

#include "config/keys.h"
#include "config/listener_conf.h"
#include "config/security_conf.h"

static void read_admin_listen(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct config *config = reader->config;
	struct config own = {0};
	struct listen_conf *all;

	(void)base;
	read_listens(reader, key, node, &own);
	all = arena_alloc(
		reader->arena, (config->listen_count + own.listen_count + 1) * sizeof(*all));
	if (config->listen_count > 0)
		memcpy(all, config->listens, config->listen_count * sizeof(*all));
	for (size_t i = 0; i < own.listen_count; i++) {
		all[config->listen_count] = own.listens[i];
		all[config->listen_count++].is_admin = true;
	}
	config->listens = all;
}

/* The member is not where the readers of providers have it. */
static void read_secrets(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	security_conf_read_secrets(reader, key, node, section_member(key, base));
}

/* What ROW below needs of the struct it is read into; the addresses go elsewhere. */
struct admin_section {
	struct secret_list_conf tokens;
	uint64_t body_bytes, remember_ms;
	char listen;
};

#define ROW(...) SECTION_ROW(struct admin_section, __VA_ARGS__)
static const struct key admin_keys[] = {ADMIN_KEYS(ROW)};
#undef ROW
static const struct section admin_section = SECTION("in admin", admin_keys);

/* Of a file, its mode says who may; an inherited socket may be anything. */
static void want_token(struct reader *reader)
{
	for (size_t i = 0; i < reader->config->listen_count; i++) {
		const struct listen_conf *listen = &reader->config->listens[i];

		if (listen->is_admin && listen->kind != LISTEN_UNIX)
			err_list_add(reader->why, listen->address.place,
				"admin: found %s without a token: add \"token: {env: "
				"SOCKLET_TOKEN}\", or listen at a Unix socket",
				listen->address.text);
	}
}

void read_admin(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	static const char wanted[] = "a mapping such as {listen: unix:/run/socklet-admin.sock}";
	struct admin_section read = {0};

	if (!section_expect(reader, key->name, node, TREE_MAP, wanted))
		return;
	section_defaults(reader, &admin_section, &read);
	if (section_read(reader, &admin_section, node, &read) &&
		yaml_tree_get(node, "listen") == NULL)
		err_list_add(reader->why, node->place,
			"admin: found no address: add \"listen: unix:/run/socklet-admin.sock\"");
	if (yaml_tree_get(node, "token") == NULL)
		want_token(reader);
	*(struct admin_conf *)section_member(key, base) = (struct admin_conf){
		read.tokens, read.body_bytes, read.remember_ms};
}
