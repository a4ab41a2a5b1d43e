/*
 * Lists are written as in the routes file. Called by command_routes.c. SPDX-License-Identifier: MIT
 */
#include "daemon/command_routes_web.h"

#include <stdio.h>

#include "call/route_serves.h"

static void print_list(const char *indent, const char *name, const struct conf_list *list)
{
	if (list->count == 0)
		return;
	printf("%s%s:", indent, name);
	for (size_t i = 0; i < list->count; i++)
		printf(" %s", list->items[i]);
	printf("\n");
}

static void print_headers(const char *indent, const struct headers_conf *headers)
{
	for (size_t i = 0; i < headers->count; i++)
		printf("%sheader %s: %s\n", indent, headers->items[i].name,
			headers->items[i].value);
}

/* What a plugin's route does besides WebSocket, or instead. */
static void print_requests(const struct route *route)
{
	const struct limits_conf *limits = &route->conf->limits;

	if (route->conf->kind != ROUTE_PLUGIN || !route_serves_http(route))
		return;
	printf("    answers HTTP%s: %s\n", route_serves_websocket(route) ? ", too" : " only",
		route->allow == NULL ? "any method" : route->allow);
	printf("        body up to %llu bytes, request %llu ms\n",
		(unsigned long long)limits->body_bytes, (unsigned long long)limits->request_ms);
}

void command_routes_web_print(const struct route *route)
{
	const struct route_conf *conf = route->conf;

	print_requests(route);
	if (conf->kind == ROUTE_PLUGIN)
		print_list("    ", "origins", &conf->web.origins);
	print_list("    ",
		conf->subprotocols.is_required ? "subprotocols, required" : "subprotocols",
		&conf->subprotocols.names);
	if (conf->kind == ROUTE_REDIRECT)
		printf("    status: %u\n", conf->redirect.status);
	if (conf->cache_control.text != NULL)
		printf("    cache_control: %s\n", conf->cache_control.text);
	print_headers("    ", &conf->web.headers);
}

void command_routes_web_print_top(const struct config *config)
{
	print_list("", "hosts", &config->http.hosts);
	print_list("", "proxies", &config->http.proxies.texts);
}

static json_t *list_json(const struct conf_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	return array;
}

static json_t *headers_json(const struct headers_conf *headers)
{
	json_t *object = json_object();

	for (size_t i = 0; i < headers->count; i++)
		json_object_set_new(
			object, headers->items[i].name, json_string(headers->items[i].value));
	return object;
}

/* null: it answers none; methods null: any. */
static json_t *requests_json(const struct route *route)
{
	const struct limits_conf *limits = &route->conf->limits;

	if (!route_serves_http(route))
		return json_null();
	return json_pack("{s:s?, s:I, s:I}", "methods", route->allow, "body_bytes",
		(json_int_t)limits->body_bytes, "request_ms", (json_int_t)limits->request_ms);
}

void command_routes_web_add(json_t *object, const struct route *route)
{
	const struct route_conf *conf = route->conf;

	const struct config *config = &route->generation->config;

	json_object_set_new(object, "hosts", list_json(&config->http.hosts));
	json_object_set_new(object, "proxies", list_json(&config->http.proxies.texts));
	json_object_set_new(object, "headers", headers_json(&conf->web.headers));
	if (conf->kind == ROUTE_PLUGIN) {
		json_object_set_new(
			object, "websocket", json_boolean(route_serves_websocket(route)));
		json_object_set_new(object, "http", requests_json(route));
		json_object_set_new(object, "origins", list_json(&conf->web.origins));
		json_object_set_new(object, "subprotocols", list_json(&conf->subprotocols.names));
		json_object_set_new(object, "require_subprotocol",
			json_boolean(conf->subprotocols.is_required));
	} else if (conf->kind == ROUTE_REDIRECT) {
		json_object_set_new(
			object, "status", json_integer((json_int_t)conf->redirect.status));
	} else if (conf->cache_control.text != NULL) {
		json_object_set_new(object, "cache_control", json_string(conf->cache_control.text));
	}
}
