/*
 * The section `compression`, which stands at the top and in routes; a route begins with what stands
 * at the top. Knows no zlib but what its contexts take. Called by config.c and route_conf.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/compression_conf.h"

#include "config/keys.h"
#include "wire/ws_deflate.h"

static void read_small_number(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	uint64_t number;

	if (section_read_number(reader, key, node, &number))
		*(uint8_t *)section_member(key, base) = (uint8_t)number;
}

#define ROW(...) SECTION_ROW(struct ws_compression, __VA_ARGS__)
static const struct key compression_keys[] = {COMPRESSION_KEYS(ROW)};
#undef ROW
static const struct section compression_section = SECTION("in compression", compression_keys);

/* Less would silently be another setting: contexts that are asked for and never kept. */
static void check_memory(struct reader *reader, const struct yaml_tree *node,
	const struct ws_compression *compression)
{
	const struct yaml_tree *memory = yaml_tree_get(node, "memory");
	uint64_t needed = ws_deflate_memory(compression);

	if (needed > compression->memory_bytes)
		err_list_add(reader->why, memory == NULL ? node->place : memory->place,
			"memory: found %llu bytes, but the contexts take %llu: raise it, make "
			"server_window or client_window smaller, or keep fewer contexts",
			(unsigned long long)compression->memory_bytes, (unsigned long long)needed);
}

void read_compression(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct ws_compression *compression = section_member(key, base);
	struct key enabled = {
		.name = key->name, .offset = offsetof(struct ws_compression, is_enabled)};

	if (node->kind == TREE_TEXT)
		read_flag(reader, &enabled, node, compression);
	else if (section_expect(reader, key->name, node, TREE_MAP,
			 "true, false or a mapping such as {level: 6, min: 1KiB}") &&
		 section_read(reader, &compression_section, node, compression))
		check_memory(reader, node, compression);
}

void compression_conf_defaults(struct reader *reader, struct ws_compression *compression)
{
	section_defaults(reader, &compression_section, compression);
}
