/*
 * As the file says it; --listen is the running host's. Called by command_routes.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/command_routes_listen.h"

#include <stdio.h>

static void print_account(const char *word, const struct account_conf *account)
{
	if (account->name.text != NULL)
		printf("%s %s", word, account->name.text);
}

static void print_admin(const struct admin_conf *admin)
{
	printf(", admin (%s token, body %llu bytes, keys known for %llu ms)",
		admin->tokens.count > 0 ? "with a" : "no", (unsigned long long)admin->body_bytes,
		(unsigned long long)admin->remember_ms);
}

static void print_listen(const struct config *config, const struct listen_conf *listen)
{
	printf("listen %s", listen->address.text);
	if (listen->is_admin)
		print_admin(&config->admin);
	if (listen->has_proxy_header)
		printf(", PROXY header");
	if (listen->redirects)
		printf(", redirects to https");
	if (listen->kind == LISTEN_UNIX)
		printf(", mode %04o", listen->mode);
	print_account(", owner", &listen->owner);
	print_account(", group", &listen->group);
	printf("\n");
}

void command_routes_listen_print(const struct config *config)
{
	for (size_t i = 0; i < config->listen_count; i++)
		print_listen(config, &config->listens[i]);
	if (config->user.name.text == NULL && config->group.name.text == NULL)
		return;
	printf("workers run as");
	print_account(" user", &config->user);
	print_account(" group", &config->group);
	printf("\n");
}

static json_t *admin_json(const struct admin_conf *admin)
{
	return json_pack("{s:b, s:I, s:I}", "token", admin->tokens.count > 0, "body",
		(json_int_t)admin->body_bytes, "remember", (json_int_t)admin->remember_ms);
}

static json_t *listen_json(const struct config *config, const struct listen_conf *listen)
{
	json_t *out = json_pack("{s:s, s:b, s:b, s:s?, s:s?}", "at", listen->address.text,
		"proxy_protocol", listen->has_proxy_header, "redirect", listen->redirects, "owner",
		listen->owner.name.text, "group", listen->group.name.text);

	if (listen->kind == LISTEN_UNIX)
		json_object_set_new(out, "mode", json_integer(listen->mode));
	if (listen->is_admin)
		json_object_set_new(out, "admin", admin_json(&config->admin));
	return out;
}

json_t *command_routes_listen_json(const struct config *config)
{
	json_t *out = json_array();

	for (size_t i = 0; i < config->listen_count; i++)
		json_array_append_new(out, listen_json(config, &config->listens[i]));
	return out;
}
