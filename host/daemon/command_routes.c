/*
 * `socklet routes`: the route table with every injected field and where it comes from, as text or
 * JSON. SPDX-License-Identifier: MIT
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "config/limits_show.h"
#include "daemon/command.h"
#include "daemon/idle_loop.h"
#include "daemon/load.h"
#include "daemon/command_routes_compression.h"
#include "daemon/command_routes_listen.h"
#include "daemon/command_routes_tls.h"
#include "daemon/command_routes_web.h"

static const char *kind_name(const struct route *route)
{
	return route_conf_kind_name(route->conf->kind);
}

static const char *target(const struct route *route)
{
	return route_conf_target(route->conf);
}

static void print_note(const struct plan_note *note)
{
	bool is_empty_list = note->text == NULL && note->items.count == 0;

	printf(", %s %s", note->name, is_empty_list ? "[]" : note->text == NULL ? "" : note->text);
	for (size_t i = 0; i < note->items.count; i++)
		printf("%s%s", i > 0 ? "|" : "", note->items.items[i]);
}

/* The member's name, type and source: "q: int? from query". */
static void print_fetch(const struct plan *plan, const struct plan_fetch *fetch)
{
	const char *provider = plan_claimed_of(plan, fetch);

	printf("    %s: %s from %s", fetch->field, plan_type_name(fetch->type),
		inject_source_name(fetch->source));
	if (strcmp(fetch->field, fetch->name) != 0)
		printf(" %s", fetch->name);
	if (provider != NULL)
		printf(" of %s", provider);
	for (size_t i = 0; i < fetch->note_count; i++)
		print_note(&fetch->notes[i]);
	printf("\n");
}

/* Sources of which a peer may send nothing else. */
static void print_strict(const struct plan *plan)
{
	if (plan->query.is_strict)
		printf("    nothing else from query\n");
	if (plan->cookies.is_strict)
		printf("    nothing else from cookie\n");
}

/* "calls token, scope message, not shared with": what is not said is as usual. */
static void print_call(const struct plan_call *call)
{
	printf("    calls %s", call->provider->name);
	if (call->provider->security_kind != NULL)
		printf(" (%s)", call->provider->security_kind);
	if (call->provider->is_override)
		printf(" (overridden)");
	if (call->scope != SL_SCOPE_CONNECTION)
		printf(", scope %s", plan_scope_name(call->scope));
	if (call->is_fresh)
		printf(", not cached");
	if (call->is_attached)
		printf(", attached");
	for (size_t i = 0; call->scopes[i] != NULL; i++)
		printf("%s %s", i == 0 ? ", asking for" : "", call->scopes[i]);
	printf("%s\n", call->fetch_count > 0 ? ", with" : "");
}

/* What is as usual is not said. */
static void print_limits(const char *start, const struct limit_shown *limits, size_t count)
{
	bool is_first = true;

	for (size_t i = 0; i < count; i++) {
		if (limits[i].is_default)
			continue;
		printf("%s %s %s", is_first ? start : ",", limits[i].name, limits[i].text);
		is_first = false;
	}
	if (!is_first)
		printf("\n");
}

static void print_route_limits(const struct route *route)
{
	struct limit_shown limits[LIMITS_SHOWN_MAX];
	struct arena arena = {0};

	print_limits("    limits:", limits, limits_show_route(limits, route->conf, &arena));
	arena_fini(&arena);
}

static void print_host_limits(const struct config *config)
{
	struct limit_shown limits[LIMITS_SHOWN_MAX];
	struct arena arena = {0};

	print_limits(
		"limits of the host:", limits, limits_show_host(limits, &config->limits, &arena));
	arena_fini(&arena);
}

static void print_route(const struct route *route, int width)
{
	printf("%-*s  %s %s\n", width, route->conf->path.text, kind_name(route), target(route));
	for (size_t i = 0; i < route->plan.call_count; i++) {
		const struct plan_call *call = &route->plan.calls[i];

		if (call->provider != NULL)
			print_call(call);
		for (size_t j = 0; j < call->fetch_count; j++) {
			if (call->provider != NULL)
				printf("    ");
			print_fetch(&route->plan, &call->fetches[j]);
		}
	}
	print_strict(&route->plan);
	if (route->conf->kind == ROUTE_PLUGIN)
		print_route_limits(route);
	command_routes_compression_print(route);
	command_routes_web_print(route);
}

/* Without the options, which may hold a password. */
static void print_bus(const struct bus_conf *bus)
{
	if (bus->driver.text != NULL)
		printf("bus: %s, queue %llu bytes, overflow %s\n", bus->driver.text,
			(unsigned long long)bus->queue_bytes,
			bus_conf_overflow_name(bus->overflow));
}

static void print_text(const struct generation *generation)
{
	int width = 0;

	for (size_t i = 0; i < generation->route_count; i++) {
		int len = (int)strlen(generation->routes[i].conf->path.text);

		if (len > width)
			width = len;
	}
	command_routes_listen_print(&generation->config);
	command_routes_tls_print(&generation->config.tls);
	command_routes_web_print_top(&generation->config);
	command_routes_compression_print_top(&generation->config);
	print_bus(&generation->config.bus);
	for (size_t i = 0; i < generation->route_count; i++)
		print_route(&generation->routes[i], width);
	print_host_limits(&generation->config);
}

/* Numbers and truth values bare, if JSON can say them so. */
static json_t *said_json(const char *text, bool is_text)
{
	json_t *value = is_text ? NULL : json_loads(text, JSON_DECODE_ANY, NULL);

	return value != NULL ? value : json_string(text);
}

static json_t *note_json(const struct plan_note *note)
{
	json_t *list;

	if (note->text != NULL)
		return said_json(note->text, note->is_text);
	list = json_array();
	for (size_t i = 0; i < note->items.count; i++)
		json_array_append_new(list, said_json(note->items.items[i], note->is_text));
	return list;
}

static json_t *fetch_json(const struct plan *plan, const struct plan_fetch *fetch)
{
	json_t *field = json_pack("{s:s, s:s, s:s, s:s, s:s*}", "field", fetch->field, "type",
		plan_type_name(fetch->type), "from", inject_source_name(fetch->source), "name",
		fetch->name, "provider", plan_claimed_of(plan, fetch));

	for (size_t i = 0; i < fetch->note_count; i++)
		json_object_set_new(field, fetch->notes[i].name, note_json(&fetch->notes[i]));
	return field;
}

static json_t *call_json(const struct plan *plan, const struct plan_call *call)
{
	json_t *fields = json_array(), *scopes = json_array();

	for (size_t i = 0; i < call->fetch_count; i++)
		json_array_append_new(fields, fetch_json(plan, &call->fetches[i]));
	for (size_t i = 0; call->scopes[i] != NULL; i++)
		json_array_append_new(scopes, json_string(call->scopes[i]));
	if (call->provider == NULL) {
		json_decref(scopes);
		return json_pack("{s:n, s:o}", "provider", "fields", fields);
	}
	return json_pack("{s:s, s:s?, s:s, s:b, s:b, s:b, s:o, s:o}", "provider",
		call->provider->name, "security", call->provider->security_kind, "scope",
		plan_scope_name(call->scope), "cached", !call->is_fresh, "attached",
		call->is_attached, "overridden", call->provider->is_override, "security_scopes",
		scopes, "fields", fields);
}

/* All of them, in bytes and milliseconds. */
static json_t *limits_json(const struct route *route)
{
	struct limit_shown limits[LIMITS_SHOWN_MAX];
	struct arena arena = {0};
	size_t count = limits_show_route(limits, route->conf, &arena);
	json_t *out = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(out, limits[i].name,
			limits[i].is_number ? json_integer((json_int_t)limits[i].number)
					    : json_string(limits[i].text));
	arena_fini(&arena);
	return out;
}

static json_t *route_json(const struct route *route)
{
	json_t *calls = json_array(), *strict = json_array(), *object;

	for (size_t i = 0; i < route->plan.call_count; i++)
		json_array_append_new(calls, call_json(&route->plan, &route->plan.calls[i]));
	if (route->plan.query.is_strict)
		json_array_append_new(strict, json_string("query"));
	if (route->plan.cookies.is_strict)
		json_array_append_new(strict, json_string("cookie"));
	object = json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o}", "path", route->conf->path.text,
		"serves", kind_name(route), "target", target(route), "line",
		(int)route->conf->path.place.line, "strict", strict, "limits", limits_json(route),
		"calls", calls);
	command_routes_compression_add(object, route);
	command_routes_web_add(object, route);
	json_object_set_new(
		object, "listen", command_routes_listen_json(&route->generation->config));
	json_object_set_new(object, "tls", command_routes_tls_json(&route->generation->config.tls));
	return object;
}

static void print_json(const struct generation *generation)
{
	json_t *routes = json_array();

	for (size_t i = 0; i < generation->route_count; i++)
		json_array_append_new(routes, route_json(&generation->routes[i]));
	json_dumpf(routes, stdout, JSON_INDENT(2));
	printf("\n");
	json_decref(routes);
}

int command_routes(const struct options *options)
{
	const struct load load = {.file = options->file, .how = LOAD_TO_LOOK};
	struct err_list why = {0};
	struct loop loop = idle_loop();
	struct host *host = host_new(&loop, &why);
	struct generation *generation = NULL;
	int status;

	if (host != NULL)
		generation = load_generation(host, &load, &why);
	if (generation == NULL)
		command_print_complaints(&why);
	else if (options->as_json)
		print_json(generation);
	else
		print_text(generation);
	status = generation == NULL ? 1 : 0;
	err_list_fini(&why);
	generation_unref(generation);
	host_free(host);
	return status;
}
