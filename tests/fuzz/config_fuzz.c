/*
 * Any bytes as routes.yaml: a configuration that keeps what config.h promises, or complaints of
 * one line each. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A person reads it in a terminal. */
static void check_complaint(const struct complaint *complaint)
{
	for (const char *c = complaint->text; *c != '\0'; c++)
		check((unsigned char)*c >= 0x20);
	check(complaint->text[0] != '\0' && complaint->place.file != NULL);
}

static void check_inject(
	const struct config *config, const struct inject_conf *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *wanted = fields[i].alias.text != NULL ? fields[i].alias.text
								  : fields[i].field.text;
		bool is_known = fields[i].from != CONF_FROM_PROVIDER;

		check(fields[i].field.text[0] != '\0' && fields[i].field.place.line > 0);
		for (size_t j = 0; j < config->provider_count; j++)
			is_known = is_known || !strcmp(config->providers[j].name.text, wanted);
		check(is_known);
	}
}

static void check_good(const struct config *config)
{
	check(config->listen_count > 0 && config->workers == 1 && config->route_count > 0);
	for (size_t i = 0; i < config->listen_count; i++)
		check(config->listens[i].host[0] != '\0' && config->listens[i].port[0] != '\0');
	for (size_t i = 0; i < config->route_count; i++) {
		const struct route_conf *route = &config->routes[i];
		bool has_plugin = route->kind == ROUTE_PLUGIN;

		check(route->path.text[0] == '/' && route->path.place.line > 0);
		check((route->plugin.text != NULL) == has_plugin);
		check((route->file_or_dir.text != NULL) == !has_plugin);
		check(!has_plugin || config->plugins_dir.text != NULL);
		check(route->limits.message_bytes > 0 && route->limits.handshake_ms > 0);
		check_inject(config, route->inject, route->inject_count);
		for (size_t j = 0; j < route->option_count; j++)
			check(route->options[j].name.text != NULL &&
				route->options[j].value.text != NULL);
	}
	for (size_t i = 0; i < config->provider_count; i++) {
		check(config->providers[i].plugin.text != NULL);
		check_inject(
			config, config->providers[i].inject, config->providers[i].inject_count);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config config;
	struct err_list why = {0};
	bool ok = config_parse(
		&config, (struct span){(const char *)data, size}, "conf/routes.yaml", &why);

	check(ok == (why.count == 0));
	if (ok)
		check_good(&config);
	for (size_t i = 0; i < why.count; i++)
		check_complaint(&why.items[i]);
	config_fini(&config);
	err_list_fini(&why);
	return 0;
}
