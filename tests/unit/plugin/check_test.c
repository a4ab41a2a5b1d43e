/*
 * Every mismatch of a descriptor is named with both values, all at once, and a good one comes out
 * in the host's own sizes. SPDX-License-Identifier: MIT
 */
#include "plugin/check.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include <socklet_bus.h>

struct all_args {
	const char *text;
	struct sl_str str;
	int64_t integer;
	double number;
	bool truth;
	struct sl_opt_text opt_text;
	struct sl_opt_str opt_str;
	struct sl_opt_int opt_int;
	struct sl_opt_double opt_double;
	struct sl_opt_bool opt_bool;
};
SL_ARGS(all_args, SL_FIELD(text), SL_FIELD(str), SL_FIELD(integer), SL_FIELD(number),
	SL_FIELD(truth), SL_FIELD(opt_text), SL_FIELD(opt_str), SL_FIELD(opt_int),
	SL_FIELD(opt_double), SL_FIELD(opt_bool));

static int connect_any(struct sl_conn *conn, const void *args)
{
	(void)conn;
	(void)args;
	return SL_OK;
}

static int provide(struct sl_conn *conn, const void *args, void *result)
{
	(void)conn;
	(void)args;
	(void)result;
	return SL_OK;
}

static const struct sl_table *null_table(void)
{
	return NULL;
}

static const struct sl_host *host_place;
static const struct sl_provider good_provider = {.name = "token",
	.args = all_args_table,
	.type = SL_TYPE_TEXT,
	.size = sizeof(const char *),
	.call = provide};

/* What a case may change. */
struct subject {
	struct sl_plugin_info info;
	struct sl_table args, options;
	struct sl_bus bus;
	struct sl_field field;
	struct sl_enum_name names[3];
	struct sl_provider provider;
	const struct sl_provider *providers[2];
};

static void subject_init(struct subject *subject)
{
	memset(subject, 0, sizeof(*subject));
	subject->args = *all_args_table();
	subject->options = *all_args_table();
	subject->field = (struct sl_field){.name = "one", .type = SL_TYPE_INT};
	subject->provider = good_provider;
	subject->providers[0] = &subject->provider;
	subject->providers[1] = &good_provider;
	subject->info = (struct sl_plugin_info){.magic = SL_MAGIC,
		.size = sizeof(subject->info),
		.major = 1,
		.minor = 0,
		.host = &host_place,
		.name = "echo",
		.args = &subject->args,
		.providers = subject->providers,
		.provider_count = 1,
		.connect = connect_any};
}

static bool check(const struct sl_plugin_info *raw, struct sl_plugin_info *out, struct arena *arena,
	struct err_list *why)
{
	return check_plugin(out, raw, "echo.so", (struct place){"routes.yaml", 3, 5}, arena, why);
}

/* A table of one field, for what a row can have wrong. */
static struct sl_field *one_field(struct subject *s)
{
	s->args.fields = &s->field;
	s->args.field_count = 1;
	return &s->field;
}

/* And one that is an enum. */
static struct sl_enum_name *one_enum(struct subject *s, uint32_t count)
{
	s->names[0] = (struct sl_enum_name){"red", 1};
	s->names[1] = (struct sl_enum_name){"green", 2};
	s->names[2] = (struct sl_enum_name){"blue", 1};
	one_field(s)->type = SL_TYPE_ENUM;
	s->field.names = s->names;
	s->field.name_count = count;
	return s->names;
}

static int carry(struct sl_plugin *plugin, const struct sl_bus_message *message)
{
	(void)plugin;
	(void)message;
	return SL_OK;
}

static void want(struct sl_plugin *plugin, struct sl_str filter)
{
	(void)plugin;
	(void)filter;
}

/* What a bus driver has, with nothing wrong. */
static struct sl_bus *one_bus(struct subject *s)
{
	s->bus = (struct sl_bus){
		.size = sizeof(struct sl_bus), .publish = carry, .wanted = want, .unwanted = want};
	s->info.bus = &s->bus;
	return &s->bus;
}

/* One thing wrong each: a name, the change to struct subject *s, how the complaint has to start. */
#define CASES(CASE)                                                                                \
	CASE(magic_swapped, s->info.magic = 0x53434b31,                                            \
		"the descriptor starts with 0x53434b31, wanted is "                                \
		"0x314b4353 (SCK1); build it for this machine's byte order")                       \
	CASE(major_next, s->info.major = 2,                                                        \
		"built for socklet.h 2.0, this host offers 1.0 to 1.2")                            \
	CASE(major_none, s->info.major = 0,                                                        \
		"built for socklet.h 0.0, this host offers 1.0 to 1.2")                            \
	CASE(minor_newer, s->info.minor = 9,                                                       \
		"built for socklet.h 1.9, this host offers 1.0 to 1.2")                            \
	CASE(size_short, s->info.size = 127, "the descriptor has 127 bytes, 1.0 has 128")          \
	CASE(name_none, s->info.name = NULL, "no name; let SL_PLUGIN give it")                     \
	CASE(name_longer, s->info.name = "echo2",                                                  \
		"the plugin calls itself echo2, its file says echo;")                              \
	CASE(name_shorter, s->info.name = "ech",                                                   \
		"the plugin calls itself ech, its file says echo;")                                \
	CASE(no_callback, s->info.connect = NULL, "none of .connect,")                             \
	CASE(flags_unknown, s->info.flags = 6, "unknown .flags 0x6, this host knows 0x1")          \
	CASE(accepts_unknown, s->info.accepts = 5,                                                 \
		".accepts is 0x5; give SL_TEXT, SL_BINARY or both")                                \
	CASE(host_none, s->info.host = NULL, "no place for the host's functions")                  \
	CASE(state_negative, s->info.state_size = SIZE_MAX,                                        \
		".state_size 18446744073709551615, "                                               \
		".plugin_state_size 0: more than the 268435456 bytes")                             \
	CASE(plugin_state_large, s->info.plugin_state_size = 268435457,                            \
		".state_size 0, .plugin_state_size 268435457")                                     \
	CASE(args_none, s->info.args = NULL,                                                       \
		"arguments: no table; give the tag of a struct listed by")                         \
	CASE(table_short, s->args.size = 8,                                                        \
		"arguments: the table has 8 bytes, 32 are wanted, and a name")                     \
	CASE(table_nameless, s->args.name = NULL,                                                  \
		"arguments: the table has 32 bytes, 32 are wanted, and a name")                    \
	CASE(rows_none, s->args.fields = NULL, "struct all_args: 10 fields, but no rows")          \
	CASE(stride_short, s->args.stride = 8, "struct all_args: rows of 8 bytes, 152 are wanted") \
	CASE(stride_odd, s->args.stride = 17, "struct all_args: rows of 17 bytes, 152 are wanted") \
	CASE(fields_many, s->args.field_count = 257,                                               \
		"struct all_args has 257 fields, at most 256 are possible")                        \
	CASE(struct_large, s->args.struct_size = 1048577,                                          \
		"struct all_args has 1048577 bytes, at most 1048576")                              \
	CASE(field_nameless, one_field(s)->name = NULL, "struct all_args: field 1 has no name")    \
	CASE(field_empty, one_field(s)->name = "", "struct all_args: field 1 has no name")         \
	CASE(type_none, one_field(s)->type = 0, "struct all_args: one has the unknown type 0")     \
	CASE(type_unknown, one_field(s)->type = 99,                                                \
		"struct all_args: one has the unknown type 99")                                    \
	CASE(type_only_list, one_field(s)->type = SL_TYPE_LIST, "one has the unknown type 512")    \
	CASE(list_outside, one_field(s)->type = SL_TYPE_INT | SL_TYPE_LIST;                        \
		s->field.offset = s->args.struct_size - 8, "with 16 bytes lies outside of the ")   \
	CASE(enum_without_names, one_field(s)->type = SL_TYPE_ENUM,                                \
		"struct all_args: one is an enum without names; use SL_FIELD_ENUM")                \
	CASE(enum_no_name, one_enum(s, 0), "one is an enum without names")                         \
	CASE(enum_many_names, one_enum(s, 1001), "one has 1001 names, at most 1000 are possible")  \
	CASE(enum_null_name, one_enum(s, 3)[2].name = NULL, "name 3 of one is NULL")               \
	CASE(enum_same_names, one_enum(s, 3)[2].name = "red",                                      \
		"struct all_args: the names of one have \"red\" twice; list it once")              \
	CASE(names_of_no_enum, one_enum(s, 2);                                                     \
		s->field.type = SL_TYPE_INT, "one has names, but is no enum; use SL_FIELD_ENUM")   \
	CASE(type_only_optional, one_field(s)->type = SL_TYPE_OPTIONAL,                            \
		"one has the unknown type 256")                                                    \
	CASE(offset_huge, one_field(s)->offset = UINT32_MAX,                                       \
		"one at byte 4294967295 with 8 bytes lies outside")                                \
	CASE(offset_near_end, one_field(s)->offset = s->args.struct_size - 4,                      \
		"with 8 bytes lies outside of the ")                                               \
	CASE(offset_odd, one_field(s)->offset = 12,                                                \
		"one at byte 12 is misaligned, its type wants a multiple of 8")                    \
	CASE(options_bad, s->info.options = &s->options;                                           \
		s->options.size = 0, "options: the table has 0")                                   \
	CASE(providers_many, s->info.provider_count = 17,                                          \
		"17 providers, at most 16 can be listed")                                          \
	CASE(providers_none, s->info.providers = NULL, "1 providers, at most 16 can be listed")    \
	CASE(provider_none, s->providers[0] = NULL,                                                \
		"provider 1 is not complete; let SL_PROVIDER make it")                             \
	CASE(provider_no_call, s->provider.call = NULL, "provider 1 is not complete")              \
	CASE(provider_no_args, s->provider.args = NULL, "provider 1 is not complete")              \
	CASE(provider_no_table, s->provider.args = null_table, "token: no table")                  \
	CASE(provider_size, s->provider.size = 4,                                                  \
		"provider token: result of the unknown type 1 with 4 bytes")                       \
	CASE(provider_type, s->provider.type = 77,                                                 \
		"provider token: result of the unknown type 77 with 8 bytes")                      \
	CASE(bus_short, one_bus(s)->size = 32,                                                     \
		".bus has 32 bytes, 40 are wanted; begin it with sizeof(struct sl_bus)")           \
	CASE(bus_mute, one_bus(s)->publish = NULL, ".bus lacks .publish, .wanted or .unwanted")    \
	CASE(bus_deaf, one_bus(s)->wanted = NULL, ".bus lacks .publish, .wanted or .unwanted")     \
	CASE(bus_greedy, one_bus(s)->unwanted = NULL, ".bus lacks .publish")                       \
	CASE(provider_twice, s->info.provider_count = 2,                                           \
		"two providers are called token; list it once")

#define CASE(name, statement, text)         \
	static void name(struct subject *s) \
	{                                   \
		statement;                  \
	}
CASES(CASE)
#undef CASE

static const struct {
	const char *name;
	void (*change)(struct subject *);
	const char *text;
} cases[] = {
#define CASE(name, statement, text) {#name, name, text},
	CASES(CASE)
#undef CASE
};

static void each_mismatch_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct subject subject;
		struct sl_plugin_info out;
		struct arena arena = {0};
		struct err_list why = {0};

		subject_init(&subject);
		cases[i].change(&subject);
		if (check(&subject.info, &out, &arena, &why) || why.count != 1)
			fail_msg("%s: %zu complaints instead of one", cases[i].name, why.count);
		if (strncmp(why.items[0].text, "echo.so: ", 9) != 0 ||
			strstr(why.items[0].text, cases[i].text) == NULL)
			fail_msg("%s: said \"%s\"\nwanted \"%s\"", cases[i].name, why.items[0].text,
				cases[i].text);
		assert_string_equal(why.items[0].place.file, "routes.yaml");
		err_list_fini(&why);
		arena_fini(&arena);
	}
}

static void all_mismatches_come_at_once(void **state)
{
	static const char *const wanted[] = {"calls itself echo2", "none of .connect",
		"unknown .flags", "at byte 12 is misaligned", "options: the table",
		"provider token: result"};
	struct subject subject;
	struct sl_plugin_info out;
	struct arena arena = {0};
	struct err_list why = {0};

	(void)state;
	subject_init(&subject);
	name_longer(&subject);
	no_callback(&subject);
	flags_unknown(&subject);
	offset_odd(&subject);
	options_bad(&subject);
	provider_type(&subject);
	assert_false(check(&subject.info, &out, &arena, &why));
	assert_int_equal(why.count, 6);
	for (size_t i = 0; i < 6; i++)
		if (strstr(why.items[i].text, wanted[i]) == NULL)
			fail_msg("said \"%s\", wanted \"%s\"", why.items[i].text, wanted[i]);
	err_list_fini(&why);
	arena_fini(&arena);
}

static void a_bus_driver_needs_no_other_callback(void **state)
{
	struct subject subject;
	struct sl_plugin_info out;
	struct arena arena = {0};
	struct err_list why = {0};

	(void)state;
	subject_init(&subject);
	no_callback(&subject);
	one_bus(&subject);
	assert_true(check(&subject.info, &out, &arena, &why));
	assert_ptr_equal(out.bus->publish, carry);
	assert_null(out.bus->flush);
	arena_fini(&arena);
}

static void no_descriptor_is_refused(void **state)
{
	struct sl_plugin_info out;
	struct arena arena = {0};
	struct err_list why = {0};

	(void)state;
	assert_false(check(NULL, &out, &arena, &why));
	assert_string_equal(why.items[0].text,
		"echo.so: socklet_plugin() returned NULL; let SL_PLUGIN define it");
	err_list_fini(&why);
	arena_fini(&arena);
}

/* What a plugin built with a header of more members in each struct would hand over. */
static void larger_structs_come_out_in_our_size(void **state)
{
	struct wide_field {
		struct sl_field field;
		uint64_t more;
	} rows[] = {{{.name = "a", .type = SL_TYPE_INT}, 1},
		{{.name = "b", .offset = 8, .type = SL_TYPE_BOOL}, 2}};
	struct {
		struct sl_table table;
		uint64_t more;
	} table = {{sizeof(table), sizeof(rows[0]), 16, 2, "wide", &rows[0].field}, 3};
	struct {
		struct sl_plugin_info info;
		uint64_t more;
	} raw;
	struct subject subject;
	struct sl_plugin_info out;
	struct arena arena = {0};
	struct err_list why = {0};

	(void)state;
	subject_init(&subject);
	raw.info = subject.info;
	raw.info.size = sizeof(raw);
	raw.info.args = &table.table;
	assert_true(check(&raw.info, &out, &arena, &why));
	assert_int_equal(out.size, sizeof(out));
	assert_int_equal(out.args->size, sizeof(struct sl_table));
	assert_int_equal(out.args->stride, sizeof(struct sl_field));
	assert_int_equal(out.args->field_count, 2);
	assert_string_equal(out.args->fields[1].name, "b");
	assert_int_equal(out.args->fields[1].offset, 8);
	assert_null(out.options);
	arena_fini(&arena);
}

static void all_types_and_no_arguments_pass(void **state)
{
	struct subject subject;
	struct sl_plugin_info out;
	struct arena arena = {0};
	struct err_list why = {0};

	(void)state;
	subject_init(&subject);
	subject.info.options = &subject.options;
	assert_true(check(&subject.info, &out, &arena, &why));
	assert_int_equal(out.args->field_count, 10);
	assert_int_equal(out.options->field_count, 10);
	subject.info.args = sl_no_args_table();
	assert_true(check(&subject.info, &out, &arena, &why));
	assert_int_equal(out.args->field_count, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mismatch_is_named),
		cmocka_unit_test(all_mismatches_come_at_once),
		cmocka_unit_test(a_bus_driver_needs_no_other_callback),
		cmocka_unit_test(no_descriptor_is_refused),
		cmocka_unit_test(larger_structs_come_out_in_our_size),
		cmocka_unit_test(all_types_and_no_arguments_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
