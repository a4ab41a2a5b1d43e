/*
 * Checks across sections: the folder of the plugins is known if one is named. Knows no YAML. Called
 * by config.c when all is read, also when there were complaints. SPDX-License-Identifier: MIT
 */
#include "config/config_check.h"

void config_check(const struct config *config, struct err_list *why)
{
	const struct conf_text *named = config->bus.driver.text != NULL ? &config->bus.driver
									: NULL;

	for (size_t i = config->provider_count; i-- > 0;)
		if (config->providers[i].plugin.text != NULL)
			named = &config->providers[i].plugin;
	for (size_t i = config->route_count; i-- > 0;)
		if (config->routes[i].plugin.text != NULL)
			named = &config->routes[i].plugin;
	if (named != NULL && config->plugins_dir.text == NULL)
		err_list_add(why, named->place,
			"plugin \"%s\" is named, but not the folder of the plugins: add "
			"\"plugins: <folder of the .so files>\" at the top",
			named->text);
	listen_conf_check(config, config->listens, config->listen_count, why);
}
