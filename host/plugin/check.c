/*
 * One function a part of the descriptor; each goes on after a mistake, so that an author sees
 * all of them at once. Trusts pointers, which nobody can check, and nothing else. Called by
 * plugin.c for each load. SPDX-License-Identifier: MIT
 */
#include "plugin/check.h"

#include <stdarg.h>
#include <string.h>

#include <socklet_bus.h>

enum {
	FIELDS_MAX = 256,
	NAMES_MAX = 1000,      /* of an enum */
	STRUCT_MAX = 1 << 20,  /* bytes of an argument struct: each connection has one */
	STATE_MAX = 256 << 20, /* bytes of state: what is more is a negative number */
};

/* What 1.0 had; never changes. */
#define INFO_SIZE_1_0 \
	(offsetof(struct sl_plugin_info, drained) + sizeof(((struct sl_plugin_info *)0)->drained))
#define TABLE_SIZE_1_0 (offsetof(struct sl_table, fields) + sizeof(((struct sl_table *)0)->fields))
#define FIELD_SIZE_1_0                                \
	(offsetof(struct sl_field, include_in_docs) + \
		sizeof(((struct sl_field *)0)->include_in_docs))

#define BUS_SIZE_1 (offsetof(struct sl_bus, flush) + sizeof(((struct sl_bus *)0)->flush))

struct check {
	const char *file;
	struct place place;
	struct arena *arena;
	struct err_list *why;
	bool is_good;
};

__attribute__((format(printf, 2, 3))) static void complain(
	struct check *check, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_list_add(check->why, check->place, "%s: %s", check->file,
		arena_vprintf(check->arena, format, args));
	va_end(args);
	check->is_good = false;
}

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- the first four members ------------------------------------------------------------------ */

static void check_header(struct check *check, const struct sl_plugin_info *raw)
{
	if (raw->major != SL_ABI_MAJOR || raw->minor > SL_ABI_MINOR)
		complain(check,
			"built for socklet.h %u.%u, this host offers %u.0 to %u.%u; build it with "
			"this host's socklet.h",
			raw->major, raw->minor, SL_ABI_MAJOR, SL_ABI_MAJOR, SL_ABI_MINOR);
	if (raw->size < INFO_SIZE_1_0)
		complain(check, "the descriptor has %u bytes, %u.0 has %zu; let SL_PLUGIN fill it",
			raw->size, SL_ABI_MAJOR, INFO_SIZE_1_0);
}

/* ---- tables ---------------------------------------------------------------------------------- */

struct type_row {
	uint32_t type;
	size_t size, align;
};

#define TYPE_ROW(number, type) {number, sizeof(type), _Alignof(type)},
#define TYPE_ROWS(word, type, number)                              \
	TYPE_ROW(number, type)                                     \
	TYPE_ROW((number) | SL_TYPE_OPTIONAL, struct sl_opt##word) \
	TYPE_ROW((number) | SL_TYPE_LIST, struct sl_list##word)    \
	TYPE_ROW((number) | SL_TYPE_LIST | SL_TYPE_OPTIONAL, struct sl_opt_list##word)

/* NULL for an unknown one. */
static const struct type_row *type_find(uint32_t type)
{
	static const struct type_row rows[] = {
		SL_TYPES_(TYPE_ROWS) SL_ENUM_TYPE_(TYPE_ROWS) TYPE_ROW(SL_TYPE_STRUCT, void *)};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static void check_place_in_struct(struct check *check, const struct sl_table *table,
	const struct sl_field *field, const struct type_row *type)
{
	if (field->offset > table->struct_size || type->size > table->struct_size - field->offset)
		complain(check,
			"struct %s: %s at byte %u with %zu bytes lies outside of the %u bytes of "
			"its struct; let SL_ARGS list it",
			table->name, field->name, field->offset, type->size, table->struct_size);
	else if (field->offset % type->align != 0)
		complain(check,
			"struct %s: %s at byte %u is misaligned, its type wants a multiple of %zu; "
			"remove packing from the struct",
			table->name, field->name, field->offset, type->align);
}

/* Against the fields before it, whose types are known. */
static void check_twice(struct check *check, const struct sl_table *table, size_t i,
	const struct type_row *own_type)
{
	const struct sl_field *a = &table->fields[i];

	for (size_t j = 0; j < i; j++) {
		const struct sl_field *b = &table->fields[j];
		const struct type_row *type = type_find(b->type);

		if (b->name != NULL && strcmp(a->name, b->name) == 0)
			complain(check, "struct %s lists %s twice; list it once", table->name,
				a->name);
		else if (b->name != NULL && type != NULL && a->offset < b->offset + type->size &&
			 b->offset < a->offset + own_type->size)
			complain(check,
				"struct %s: %s and %s share bytes; two fields need two members",
				table->name, b->name, a->name);
	}
}

static void check_twice_named(
	struct check *check, const struct sl_table *table, const struct sl_field *field, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (field->names[j].name != NULL &&
			strcmp(field->names[i].name, field->names[j].name) == 0)
			complain(check,
				"struct %s: the names of %s have \"%s\" twice; list it once",
				table->name, field->name, field->names[i].name);
}

/* The names of a C enum's enumerators. */
static void check_enum(
	struct check *check, const struct sl_table *table, const struct sl_field *field)
{
	bool is_enum = (field->type & 0xff) == SL_TYPE_ENUM;

	if (!is_enum && (field->names != NULL || field->name_count > 0))
		complain(check, "struct %s: %s has names, but is no enum; use SL_FIELD_ENUM",
			table->name, field->name);
	if (!is_enum)
		return;
	if (field->names == NULL || field->name_count == 0)
		complain(check, "struct %s: %s is an enum without names; use SL_FIELD_ENUM",
			table->name, field->name);
	else if (field->name_count > NAMES_MAX)
		complain(check, "struct %s: %s has %u names, at most %d are possible; take a text",
			table->name, field->name, field->name_count, NAMES_MAX);
	else
		for (size_t i = 0; i < field->name_count; i++)
			if (field->names[i].name == NULL)
				complain(check,
					"struct %s: name %zu of %s is NULL; give each enumerator "
					"that is listed a name",
					table->name, i + 1, field->name);
			else
				check_twice_named(check, table, field, i);
}

static void check_field(struct check *check, const struct sl_table *table, size_t i)
{
	const struct sl_field *field = &table->fields[i];
	const struct type_row *type = type_find(field->type);

	if (field->name == NULL || field->name[0] == '\0') {
		complain(check, "struct %s: field %zu has no name; let SL_FIELD give it",
			table->name, i + 1);
		return;
	}
	if (type == NULL) {
		complain(check,
			"struct %s: %s has the unknown type %u; list the member with SL_FIELD",
			table->name, field->name, field->type);
		return;
	}
	if (field->type == SL_TYPE_STRUCT && field->struct_name == NULL)
		complain(check,
			"struct %s: %s points to a struct without a name; list the member "
			"with SL_FIELD_STRUCT",
			table->name, field->name);
	check_place_in_struct(check, table, field, type);
	check_twice(check, table, i, type);
	check_enum(check, table, field);
}

static bool table_is_readable(struct check *check, const struct sl_table *raw, const char *what)
{
	bool was_good = check->is_good;

	if (raw->size < TABLE_SIZE_1_0 || raw->name == NULL) {
		complain(check,
			"%s: the table has %u bytes, %zu are wanted, and a name; use SL_ARGS", what,
			raw->size, TABLE_SIZE_1_0);
		return false;
	}
	check->is_good = true;
	if (raw->struct_size > STRUCT_MAX)
		complain(check, "struct %s has %u bytes, at most %d are possible; make it smaller",
			raw->name, raw->struct_size, STRUCT_MAX);
	if (raw->field_count > FIELDS_MAX)
		complain(check, "struct %s has %u fields, at most %d are possible; split it",
			raw->name, raw->field_count, FIELDS_MAX);
	else if (raw->field_count > 0 && raw->fields == NULL)
		complain(check, "struct %s: %u fields, but no rows; use SL_ARGS", raw->name,
			raw->field_count);
	if (raw->field_count > 0 &&
		(raw->stride < FIELD_SIZE_1_0 || raw->stride % _Alignof(struct sl_field) != 0))
		complain(check, "struct %s: rows of %u bytes, %zu are wanted; use SL_ARGS",
			raw->name, raw->stride, FIELD_SIZE_1_0);
	if (check->is_good) {
		check->is_good = was_good;
		return true;
	}
	return false;
}

/* A copy with rows of our size. NULL after a complaint that leaves nothing to copy. */
static const struct sl_table *normalise_table(
	struct check *check, const struct sl_table *raw, const char *what)
{
	struct sl_table *table;
	struct sl_field *fields;

	if (raw == NULL) {
		complain(check, "%s: no table; give the tag of a struct listed by SL_ARGS", what);
		return NULL;
	}
	if (!table_is_readable(check, raw, what))
		return NULL;
	table = arena_alloc(check->arena, sizeof(*table));
	fields = arena_alloc(check->arena, raw->field_count * sizeof(*fields));
	memcpy(table, raw, min(raw->size, sizeof(*table)));
	for (size_t i = 0; i < raw->field_count; i++)
		memcpy(&fields[i], (const char *)raw->fields + i * raw->stride,
			min(raw->stride, sizeof(*fields)));
	table->size = sizeof(*table);
	table->stride = sizeof(*fields);
	table->fields = fields;
	for (size_t i = 0; i < table->field_count; i++)
		check_field(check, table, i);
	return table;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static void check_name(struct check *check, const char *name)
{
	size_t len = strlen(check->file);

	if (len > 3 && strcmp(check->file + len - 3, ".so") == 0)
		len -= 3;
	if (name == NULL)
		complain(check, "no name; let SL_PLUGIN give it");
	else if (strlen(name) != len || strncmp(name, check->file, len) != 0)
		complain(check,
			"the plugin calls itself %s, its file says %.*s; make SL_PLUGIN and the "
			"file's name equal",
			name, (int)len, check->file);
}

static void check_callbacks(struct check *check, const struct sl_plugin_info *info)
{
	if (info->connect == NULL && info->message == NULL && info->request == NULL &&
		info->bus == NULL)
		complain(check,
			"none of .connect, .message and .request; give SL_PLUGIN at least one of "
			"them");
	if (info->flags & ~(uint32_t)SL_KEEP_REQUEST)
		complain(check, "unknown .flags 0x%x, this host knows 0x%x; leave the others out",
			info->flags, SL_KEEP_REQUEST);
	if (info->accepts & ~(uint32_t)(SL_TEXT | SL_BINARY))
		complain(check, ".accepts is 0x%x; give SL_TEXT, SL_BINARY or both", info->accepts);
	if (info->host == NULL)
		complain(check, "no place for the host's functions; let SL_PLUGIN give it");
	if (info->state_size > STATE_MAX || info->plugin_state_size > STATE_MAX)
		complain(check,
			".state_size %zu, .plugin_state_size %zu: more than the %d bytes allowed; "
			"allocate what is larger in start",
			info->state_size, info->plugin_state_size, STATE_MAX);
}

/* Of 1.0 the first five members; the rest says nothing. */
static struct sl_provider *copy_provider(
	struct check *check, const struct sl_plugin_info *info, const struct sl_provider *raw)
{
	static const uint32_t connection = SL_SCOPE_CONNECTION;
	struct sl_provider *copy = arena_alloc(check->arena, sizeof(*copy));

	memcpy(copy, raw, info->minor == 0 ? offsetof(struct sl_provider, scope) : sizeof(*copy));
	if (copy->scope == NULL)
		copy->scope = &connection;
	return copy;
}

static void check_result(struct check *check, const struct sl_provider *provider)
{
	const struct type_row *type = type_find(provider->type);

	if (type == NULL || type->size != provider->size)
		complain(check,
			"provider %s: result of the unknown type %u with %u bytes; let SL_PROVIDER "
			"make it",
			provider->name, provider->type, provider->size);
	if (provider->type == SL_TYPE_STRUCT &&
		(provider->struct_name == NULL || provider->struct_size == 0))
		complain(check,
			"provider %s: a struct of %u bytes without a name; let SL_PROVIDER_STRUCT "
			"make it",
			provider->name, provider->struct_size);
}

/* A provider's table stays the plugin's: whoever plans with it steps by its stride. */
static void check_provider(struct check *check, const struct sl_provider *provider)
{
	check_result(check, provider);
	if (*provider->scope > SL_SCOPE_MESSAGE)
		complain(check,
			"provider %s: the unknown .scope %u; write SL_SCOPE_CONNECTION, "
			"SL_SCOPE_HANDSHAKE or SL_SCOPE_MESSAGE",
			provider->name, *provider->scope);
	normalise_table(check, provider->args(), provider->name);
}

static void check_called_twice(
	struct check *check, const struct sl_provider *const *providers, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (providers[j] != NULL && strcmp(providers[j]->name, providers[i]->name) == 0)
			complain(check, "two providers are called %s; list it once",
				providers[i]->name);
}

/* Puts copies of our size in the place of the plugin's own. */
static void check_providers(struct check *check, struct sl_plugin_info *info)
{
	const struct sl_provider **copies;

	if (info->provider_count > SL_PROVIDERS_MAX ||
		(info->provider_count > 0 && info->providers == NULL)) {
		complain(check, "%u providers, at most %d can be listed; use SL_PLUGIN",
			info->provider_count, SL_PROVIDERS_MAX);
		return;
	}
	copies = arena_alloc(check->arena, (info->provider_count + 1) * sizeof(*copies));
	for (size_t i = 0; i < info->provider_count; i++) {
		const struct sl_provider *raw = info->providers[i];

		if (raw == NULL || raw->name == NULL || raw->args == NULL || raw->call == NULL) {
			complain(check, "provider %zu is not complete; let SL_PROVIDER make it",
				i + 1);
			continue;
		}
		copies[i] = copy_provider(check, info, raw);
		check_provider(check, copies[i]);
		check_called_twice(check, copies, i);
	}
	info->providers = copies;
}

/* Puts a copy of our size in the place of the plugin's own. */
static void check_bus(struct check *check, struct sl_plugin_info *info)
{
	const struct sl_bus *raw = info->bus;
	struct sl_bus *copy = arena_alloc(check->arena, sizeof(*copy));

	info->bus = copy;
	if (raw->size < BUS_SIZE_1) {
		complain(check,
			".bus has %u bytes, %zu are wanted; begin it with sizeof(struct "
			"sl_bus)",
			raw->size, BUS_SIZE_1);
		return;
	}
	memcpy(copy, raw, min(raw->size, sizeof(*copy)));
	if (copy->publish == NULL || copy->wanted == NULL || copy->unwanted == NULL)
		complain(check, ".bus lacks .publish, .wanted or .unwanted; give all three");
	if ((copy->keep == NULL) != (copy->recall == NULL))
		complain(check, ".bus has one of .keep and .recall; give both or none");
}

/* They are texts of routes.yaml. */
static void check_options(struct check *check, const struct sl_table *table)
{
	for (size_t i = 0; i < table->field_count; i++)
		if (table->fields[i].type == SL_TYPE_STRUCT)
			complain(check,
				"struct %s: option %s is a pointer to a struct, which no text of "
				"routes.yaml can be; make it a plain member",
				table->name, table->fields[i].name);
}

static bool fail_magic(struct check *check, uint32_t magic)
{
	bool is_swapped = magic == __builtin_bswap32(SL_MAGIC);

	complain(check, "the descriptor starts with 0x%08x, wanted is 0x%08x (%s); %s", magic,
		SL_MAGIC, "SCK1",
		is_swapped ? "build it for this machine's byte order"
			   : "let SL_PLUGIN define socklet_plugin");
	return false;
}

bool check_plugin(struct sl_plugin_info *out, const struct sl_plugin_info *raw,
	const char *file_name, struct place place, struct arena *arena, struct err_list *why)
{
	struct check check = {file_name, place, arena, why, true};

	memset(out, 0, sizeof(*out));
	if (raw == NULL) {
		complain(&check, SL_ENTRY "() returned NULL; let SL_PLUGIN define it");
		return false;
	}
	if (raw->magic != SL_MAGIC)
		return fail_magic(&check, raw->magic);
	check_header(&check, raw);
	/* Of another version nothing else can be understood. */
	if (!check.is_good)
		return false;
	memcpy(out, raw, min(raw->size, sizeof(*out)));
	out->size = sizeof(*out);
	check_name(&check, out->name);
	check_callbacks(&check, out);
	out->args = normalise_table(&check, out->args, "arguments");
	if (out->options != NULL)
		out->options = normalise_table(&check, out->options, "options");
	if (out->options != NULL)
		check_options(&check, out->options);
	check_providers(&check, out);
	if (out->bus != NULL)
		check_bus(&check, out);
	return check.is_good;
}
