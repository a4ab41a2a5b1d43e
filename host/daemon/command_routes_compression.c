/*
 * The section `compression` of a route with that at the top filled in, as people and machines read
 * it: people are not told of windows of the usual size. Called by command_routes.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/command_routes_compression.h"

#include <stdio.h>

static void print_window(const char *side, unsigned bits, bool has_context)
{
	if (bits < WS_WINDOW_BITS_MAX)
		printf(", %s window %u", side, bits);
	if (has_context)
		printf(", %s context", side);
}

/* "compression level 1, from 1024 bytes, server window 12, server context, memory 65536 bytes" */
static void print_compression(const char *indent, const struct ws_compression *compression)
{
	if (!compression->is_enabled) {
		printf("%sno compression\n", indent);
		return;
	}
	printf("%scompression level %u, from %llu bytes", indent, compression->level,
		(unsigned long long)compression->least_bytes);
	print_window("server", compression->server_bits, compression->server_context);
	print_window("client", compression->client_bits, compression->client_context);
	if (compression->server_context || compression->client_context)
		printf(", memory %llu bytes", (unsigned long long)compression->memory_bytes);
	printf("\n");
}

static json_t *compression_json(const struct ws_compression *compression)
{
	return json_pack("{s:b, s:i, s:I, s:i, s:i, s:b, s:b, s:I}", "enabled",
		compression->is_enabled, "level", compression->level, "min",
		(json_int_t)compression->least_bytes, "server_window", compression->server_bits,
		"client_window", compression->client_bits, "server_context",
		compression->server_context, "client_context", compression->client_context,
		"memory", (json_int_t)compression->memory_bytes);
}

/* As at the top: a line of its own would only be read over. */
static bool is_usual(const struct route *route)
{
	json_t *own = compression_json(&route->conf->compression);
	json_t *usual = compression_json(&route->generation->config.compression);
	bool is_same = json_equal(own, usual);

	json_decref(own);
	json_decref(usual);
	return is_same;
}

void command_routes_compression_print(const struct route *route)
{
	if (route->conf->kind == ROUTE_PLUGIN && !is_usual(route))
		print_compression("    ", &route->conf->compression);
}

void command_routes_compression_print_top(const struct config *config)
{
	print_compression("", &config->compression);
}

void command_routes_compression_add(json_t *object, const struct route *route)
{
	if (route->conf->kind == ROUTE_PLUGIN)
		json_object_set_new(
			object, "compression", compression_json(&route->conf->compression));
}
