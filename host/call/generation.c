/*
 * Builds a generation in steps that each add all their complaints: plugins, providers, routes,
 * then start. Knows no request. Called by daemon/ at start and reload, and by `socklet check`.
 * SPDX-License-Identifier: MIT
 */
#include "call/generation.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "call/host_state.h"
#include "call/route_serves.h"
#include "call/history_check.h"
#include "call/inject_load.h"
#include "call/security_load.h"
#include "topic/topic_name.h"
#include "wire/quote.h"

#define GENERATION_MAGIC 0x47454e31u

static const struct plugin_options no_options;

struct build {
	struct generation *generation;
	struct plugin_source plugins;
	struct err_list *why;
	const char **provider_names; /* NULL-ended */
	bool *is_planned;            /* one a provider: some plan has it */
	const struct generation_input *input;
	bool met_quarantined; /* by what is built now */
};

/* A plugin that is not to be loaded is no mistake: the route that needs it will refuse. */
static bool is_quarantined(struct build *build, const char *plugin)
{
	for (size_t i = 0; i < build->input->quarantined_count; i++) {
		if (strcmp(build->input->quarantined[i], plugin) != 0)
			continue;
		build->met_quarantined = true;
		return true;
	}
	return false;
}

static struct sl_plugin *need_plugin(
	struct build *build, const struct conf_text *named, const struct plugin_options *options)
{
	if (is_quarantined(build, named->text))
		return NULL;
	return plugin_set_need(&build->generation->plugins, &build->plugins, named, options);
}

/* ---- providers -------------------------------------------------------------------------- */

/* Its index among the plugin's, or their count. */
static uint32_t find_function(
	struct build *build, const struct sl_plugin *plugin, const struct conf_text *name)
{
	const struct sl_plugin_info *info = &plugin->info;
	const char *names[SL_PROVIDERS_MAX + 1] = {NULL};
	const char *near;

	for (uint32_t i = 0; i < info->provider_count; i++) {
		if (strcmp(info->providers[i]->name, name->text) == 0)
			return i;
		names[i] = info->providers[i]->name;
	}
	near = err_nearest(name->text, names);
	err_list_add(build->why, name->place,
		"plugin %s has no provider \"%s\"%s%s%s; name one that its SL_PLUGIN lists in "
		".providers",
		plugin->name, name->text, near == NULL ? "" : ", did you mean \"",
		near == NULL ? "" : near, near == NULL ? "" : "\"?");
	return info->provider_count;
}

static uint32_t scope_of(const struct provider_conf *conf, const struct sl_provider *function)
{
	uint32_t scope = SL_SCOPE_CONNECTION;

	if (conf->scope.text == NULL)
		return *function->scope;
	while (strcmp(plan_scope_name(scope), conf->scope.text) != 0)
		scope++;
	return scope;
}

static void build_security(
	struct build *build, struct inject_provider *provider, const struct provider_conf *conf)
{
	struct security *security = security_load(
		conf->security, &build->generation->arena, build->why);

	provider->security = security;
	if (security == NULL)
		return;
	provider->security_kind = security_kind_name(security);
	provider->default_claim = security_default_claim(security);
	provider->looked_count = security_load_looked(
		conf->security, &build->generation->arena, &provider->looked);
}

/* One that cannot be had keeps its entry: who takes it has nothing to say about that. */
static void build_provider(struct build *build, const struct provider_conf *conf)
{
	struct generation *generation = build->generation;
	struct inject_provider *provider = &generation->providers[generation->provider_count++];
	const struct conf_text *name = conf->function.text == NULL ? &conf->name : &conf->function;
	struct sl_plugin *plugin = NULL;
	uint32_t i;

	provider->name = conf->name.text;
	provider->place = conf->name.place;
	provider->is_override = conf->is_override;
	if (conf->security != NULL) {
		build_security(build, provider, conf);
		return;
	}
	if (conf->plugin.text != NULL)
		plugin = need_plugin(build, &conf->plugin, &no_options);
	if (plugin == NULL)
		return;
	provider->owner = plugin;
	i = find_function(build, plugin, name);
	if (i == plugin->info.provider_count)
		return;
	provider->function = plugin->info.providers[i];
	provider->own = plugin->own_providers[i];
	provider->rules = inject_load_rules(&generation->arena, conf->inject, conf->inject_count);
	provider->rule_count = conf->inject_count;
	provider->scope = scope_of(conf, provider->function);
	provider->timeout_ms = conf->timeout_ms;
}

static void build_providers(struct build *build)
{
	struct generation *generation = build->generation;
	const struct config *config = &generation->config;

	generation->providers = xcalloc(config->provider_count + 1, sizeof(*generation->providers));
	build->provider_names = arena_alloc(
		&generation->arena, (config->provider_count + 1) * sizeof(char *));
	build->is_planned = arena_alloc(&generation->arena, config->provider_count + 1);
	for (size_t i = 0; i < config->provider_count; i++) {
		build_provider(build, &config->providers[i]);
		build->provider_names[i] = config->providers[i].name.text;
	}
}

static const struct inject_provider *find_provider(void *context, const char *name)
{
	struct build *build = context;
	const struct generation *generation = build->generation;

	for (size_t i = 0; i < generation->provider_count; i++) {
		if (strcmp(generation->providers[i].name, name) != 0)
			continue;
		build->is_planned[i] = true;
		if (generation->config.providers[i].plugin.text != NULL)
			is_quarantined(build, generation->config.providers[i].plugin.text);
		return &generation->providers[i];
	}
	return NULL;
}

/* Mistakes in a provider that no route takes are mistakes, too. */
static void plan_alone(struct build *build, const struct inject_provider *provider)
{
	const struct inject_attached one = {.name = provider->name, .place = provider->place};
	const struct plan_input input = {
		.table = sl_no_args_table(),
		.label = "providers",
		.place = provider->place,
		.attached = &one,
		.attached_count = 1,
		.is_any_path = true,
		.find_provider = find_provider,
		.context = build,
		.provider_names = build->provider_names,
	};
	struct plan plan;

	plan_build(&plan, &input, &build->generation->arena, build->why);
	plan_fini(&plan);
}

static void plan_untaken(struct build *build)
{
	const struct generation *generation = build->generation;

	for (size_t i = 0; i < generation->provider_count; i++)
		if (!build->is_planned[i])
			plan_alone(build, &generation->providers[i]);
}

/* ---- routes ----------------------------------------------------------------------------- */

static bool add_to_map(struct build *build, struct route_map *map, struct route *route,
	const struct pattern *pattern)
{
	void *taken = NULL;

	if (route_map_add(map, pattern, route, &taken))
		return true;
	err_list_add(build->why, route->conf->path.place,
		"route \"%s\" matches the same paths as \"%s\" in line %u and would never be "
		"reached; remove one or change its path",
		route->conf->path.text, ((struct route *)taken)->conf->path.text,
		((struct route *)taken)->conf->path.place.line);
	return false;
}

/* One complaint is enough for a plugin that is both. */
static void add_to_maps(struct build *build, struct route *route, const struct pattern *pattern)
{
	struct generation *generation = build->generation;

	if (route_serves_websocket(route) &&
		!add_to_map(build, generation->websocket, route, pattern))
		return;
	if (route_serves_http(route))
		add_to_map(build, generation->http, route, pattern);
}

static bool parse_pattern(
	struct build *build, struct route *route, const char *text, struct pattern *out)
{
	struct err why;

	if (pattern_parse(out, text, &build->generation->arena, &why))
		return true;
	err_list_add(build->why, route->conf->path.place, "%s", why.text);
	return false;
}

/* Those of all routes first, in the file's order. */
static void attach(struct build *build, const struct route_conf *conf, struct plan_input *input)
{
	const struct config *config = &build->generation->config;
	struct inject_attached *all = arena_alloc(&build->generation->arena,
		(config->provider_count + conf->attached_count + 1) * sizeof(*all));

	input->attached = all;
	for (size_t i = 0; i < config->provider_count; i++)
		if (config->providers[i].all_routes)
			all[input->attached_count++] = (struct inject_attached){
				.name = config->providers[i].name.text,
				.place = config->providers[i].name.place};
	for (size_t i = 0; i < conf->attached_count; i++)
		all[input->attached_count++] = (struct inject_attached){
			.name = conf->attached[i].name.text,
			.place = conf->attached[i].name.place,
			.scopes = conf->attached[i].scopes};
}

/* No route can use it. */
static bool is_driver_only(const struct sl_plugin *plugin)
{
	const struct sl_plugin_info *info = &plugin->info;

	return info->bus != NULL && info->connect == NULL && info->message == NULL &&
	       info->request == NULL;
}

static void build_plugin_route(struct build *build, struct route *route)
{
	const struct route_conf *conf = route->conf;
	const struct plugin_options options = {conf->options, conf->option_count};
	struct arena *arena = &build->generation->arena;
	struct plan_input input = {
		.label = arena_printf(arena, "route %s", conf->path.text),
		.place = conf->path.place,
		.path_params = route->pattern.params,
		.path_converters = route->pattern.converters,
		.path_param_count = route->pattern.param_count,
		.is_query_strict = conf->strict.query,
		.is_cookie_strict = conf->strict.cookie,
		.rules = inject_load_rules(arena, conf->inject, conf->inject_count),
		.rule_count = conf->inject_count,
		.find_provider = find_provider,
		.context = build,
		.provider_names = build->provider_names,
	};

	build->met_quarantined = false;
	route->plugin = need_plugin(build, &conf->plugin, &options);
	if (route->plugin != NULL && is_driver_only(route->plugin)) {
		err_list_add(build->why, conf->plugin.place,
			"plugin %s is a bus driver and serves no route; name it under \"bus:\"",
			route->plugin->name);
	} else if (route->plugin != NULL) {
		input.table = route->plugin->info.args;
		attach(build, conf, &input);
		plan_build(&route->plan, &input, arena, build->why);
	}
	route_serves_find_methods(route, arena, build->why);
	route->is_quarantined = build->met_quarantined;
}

static void build_file_route(struct build *build, struct route *route)
{
	const struct conf_text *named = &route->conf->file_or_dir;
	/* Not blocking: it may be a FIFO. */
	int fd = open(named->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err_list_add(build->why, named->place, "cannot read \"%s\": %s; check the path",
			named->text, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_list_add(build->why, named->place,
			"\"%s\" is not a regular file; for a folder write `dir`", named->text);
	if (fd >= 0)
		close(fd);
}

/* `/static` serves `/static/<anything>`, and sends `/static` itself there. */
static void build_dir_route(struct build *build, struct route *route)
{
	const struct conf_text *named = &route->conf->file_or_dir;
	struct arena *arena = &build->generation->arena;
	size_t len = strlen(route->conf->path.text);
	struct pattern *below = arena_alloc(arena, sizeof(*below));

	route->dir_fd = open(named->text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (route->dir_fd < 0)
		err_list_add(build->why, named->place,
			"cannot open the folder \"%s\": %s; check the path", named->text,
			strerror(errno));
	if (len > 0 && route->conf->path.text[len - 1] == '/')
		len--;
	if (parse_pattern(build, route,
		    arena_printf(arena, "%.*s/{file:path}", (int)len, route->conf->path.text),
		    below))
		add_to_maps(build, route, below);
}

static enum overflow overflow_of(enum overflow_conf conf)
{
	static const enum overflow meant[] = {
		[OVERFLOW_CONF_CLOSE] = OVERFLOW_CLOSE,
		[OVERFLOW_CONF_CLOSE_1008] = OVERFLOW_CLOSE_1008,
		[OVERFLOW_CONF_TELL] = OVERFLOW_TELL,
		[OVERFLOW_CONF_DROP_NEWEST] = OVERFLOW_DROP_NEWEST,
		[OVERFLOW_CONF_DROP_OLDEST] = OVERFLOW_DROP_OLDEST,
		[OVERFLOW_CONF_KEEP_LAST] = OVERFLOW_KEEP_LAST,
	};

	return meant[conf];
}

static void build_redirect_route(struct build *build, struct route *route)
{
	const struct conf_text *to = &route->conf->redirect.to;
	const char *params[PATTERN_PARAMS_MAX + 1] = {NULL};
	const char *converters[PATTERN_PARAMS_MAX + 1] = {NULL};
	struct err why;

	memcpy(params, route->pattern.params, route->pattern.param_count * sizeof(*params));
	memcpy(converters, route->pattern.converters,
		route->pattern.param_count * sizeof(*converters));
	if (!redirect_parse(&route->redirect, to->text, params, converters,
		    &build->generation->arena, &why))
		err_list_add(build->why, to->place, "redirect: found %s, %s",
			quote(span_of(to->text)).text, why.text);
}

static struct http_style style_of(struct build *build, const struct headers_conf *headers)
{
	const struct config *config = &build->generation->config;
	struct http_style style = {
		.server = config->http.server.text, .has_date = config->http.has_date};
	struct buf lines = {0};

	for (size_t i = 0; i < headers->count; i++)
		buf_printf(&lines, "%s: %s\r\n", headers->items[i].name, headers->items[i].value);
	style.headers = arena_span(&build->generation->arena, buf_span(&lines));
	buf_fini(&lines);
	return style;
}

static void build_route(struct build *build, struct route *route, const struct route_conf *conf)
{
	const struct limits_conf *limits = &conf->limits;

	route->conf = conf;
	route->generation = build->generation;
	route->dir_fd = -1;
	route->style = style_of(build, &conf->web.headers);
	route->limits = (struct transport_limits){
		.message_bytes = limits->message_bytes,
		.queue_bytes = limits->queue_bytes,
		.overflow = overflow_of(limits->overflow),
		.idle_ms = limits->idle_ms,
		.close_ms = limits->close_ms,
		.ping_interval_ms = conf->ping.interval_ms,
		.ping_timeout_ms = conf->ping.timeout_ms,
		.frame_bytes = limits->frame_bytes,
		.message_time_ms = limits->message_time_ms,
		.lifetime_ms = limits->lifetime_ms,
		.lifetime_spread_ms = limits->lifetime_spread_ms,
		.messages_per_s = limits->rates.messages,
		.messages_burst = limits->rates.messages_burst,
		.bytes_per_s = limits->rates.bytes,
		.bytes_burst = limits->rates.bytes_burst,
		.excess = (enum transport_excess)limits->rates.excess,
	};
	route->path = conf->path.text;
	route->label = conf->kind == ROUTE_PLUGIN ? arena_printf(&build->generation->arena, "%s %s",
							    conf->plugin.text, conf->path.text)
						  : conf->path.text;
	if (!parse_pattern(build, route, conf->path.text, &route->pattern))
		return;
	if (conf->kind == ROUTE_PLUGIN)
		build_plugin_route(build, route);
	else if (conf->kind == ROUTE_FILE)
		build_file_route(build, route);
	else if (conf->kind == ROUTE_REDIRECT)
		build_redirect_route(build, route);
	else
		build_dir_route(build, route);
	/* "/" as a folder is its own pattern below. */
	if (conf->kind != ROUTE_DIR || strcmp(conf->path.text, "/") != 0)
		add_to_maps(build, route, &route->pattern);
}

/* ---- the bus ---------------------------------------------------------------------------- */

static void build_bus(struct build *build)
{
	struct generation *generation = build->generation;
	const struct bus_conf *conf = &generation->config.bus;
	const struct plugin_options options = {conf->options, conf->option_count};

	if (conf->driver.text == NULL)
		return;
	generation->bus = need_plugin(build, &conf->driver, &options);
	if (generation->bus != NULL && generation->bus->info.bus == NULL)
		err_list_add(build->why, conf->driver.place,
			"plugin %s is no bus driver; name one whose SL_PLUGIN has .bus, such as "
			"redis",
			conf->driver.text);
}

void generation_leave_bus(struct generation *generation)
{
	struct sl_plugin *plugin = generation->bus;

	generation->bus = NULL;
	if (plugin != NULL && is_driver_only(plugin) && plugin->info.provider_count == 0)
		plugin_set_drop(&generation->plugins, plugin);
}

/* ---- the whole -------------------------------------------------------------------------- */

/* What a file with mistakes may lack; config_load complained of it. */
static bool is_complete(const struct route_conf *conf)
{
	return conf->path.text != NULL && route_conf_target(conf) != NULL;
}

static void build_all(struct build *build)
{
	struct generation *generation = build->generation;
	struct config *config = &generation->config;

	generation->style = style_of(build, &config->web.headers);
	history_check_filters(&config->topics, build->why);
	build_providers(build);
	generation->admin_tokens = security_load_tokens(
		&config->admin.tokens, &generation->arena, build->why);
	generation->routes = xcalloc(config->route_count + 1, sizeof(*generation->routes));
	for (size_t i = 0; i < config->route_count; i++)
		if (is_complete(&config->routes[i]))
			build_route(build, &generation->routes[generation->route_count++],
				&config->routes[i]);
	plan_untaken(build);
	build_bus(build);
	history_check_store(generation, build->why);
}

static struct place place_of_plugin(
	const struct generation *generation, const struct sl_plugin *plugin)
{
	for (size_t i = 0; i < generation->route_count; i++)
		if (generation->routes[i].plugin == plugin)
			return generation->routes[i].conf->plugin.place;
	for (size_t i = 0; i < generation->provider_count; i++)
		if (generation->providers[i].owner == plugin)
			return generation->providers[i].place;
	if (generation->bus == plugin)
		return generation->config.bus.driver.place;
	return (struct place){generation->config.path, 0, 0};
}

static void start_all(struct build *build)
{
	struct generation *generation = build->generation;

	for (size_t i = 0; i < generation->plugins.count; i++) {
		struct sl_plugin *plugin = generation->plugins.plugins[i];

		if (!plugin->is_started)
			plugin_start(plugin, place_of_plugin(generation, plugin), build->why);
	}
}

static struct plugin_source source_of(
	struct generation *generation, const struct generation_input *input, struct err_list *why)
{
	return (struct plugin_source){
		.images = input->images,
		.host = input->host,
		.dir = generation->config.plugins_dir.text,
		.previous = input->previous == NULL ? NULL : &input->previous->plugins,
		.arena = &generation->arena,
		.why = why,
	};
}

struct generation *generation_build(const struct generation_input *input, struct err_list *why)
{
	struct generation *generation = xcalloc(1, sizeof(*generation));
	struct build build = {.generation = generation, .why = why, .input = input};
	size_t before = why->count;

	generation->magic = GENERATION_MAGIC;
	generation->refs = 1;
	generation->host = host_of_table(input->host);
	generation->number = input->number;
	generation->config = *input->config;
	memset(input->config, 0, sizeof(*input->config));
	generation->http = route_map_new();
	generation->websocket = route_map_new();
	build.plugins = source_of(generation, input, why);
	build_all(&build);
	/* Plugin code runs only when everything that can be seen without it is right. */
	if (why->count == before && !input->check_only)
		start_all(&build);
	if (why->count == before)
		return generation;
	generation_unref(generation);
	return NULL;
}

struct generation *generation_ref(struct generation *generation)
{
	assert(generation->magic == GENERATION_MAGIC);
	generation->refs++;
	return generation;
}

void generation_unref(struct generation *generation)
{
	if (generation == NULL)
		return;
	assert(generation->magic == GENERATION_MAGIC && generation->refs > 0);
	if (--generation->refs > 0)
		return;
	generation->magic = 0;
	plugin_set_fini(&generation->plugins);
	for (size_t i = 0; i < generation->route_count; i++) {
		plan_fini(&generation->routes[i].plan);
		if (generation->routes[i].dir_fd >= 0)
			close(generation->routes[i].dir_fd);
	}
	route_map_free(generation->http);
	route_map_free(generation->websocket);
	for (size_t i = 0; i < generation->provider_count; i++)
		security_free((struct security *)generation->providers[i].security);
	secret_set_free(generation->admin_tokens);
	free(generation->providers);
	free(generation->routes);
	arena_fini(&generation->arena);
	config_fini(&generation->config);
	free(generation);
}
