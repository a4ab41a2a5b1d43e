/*
 * conf/README.md describes exactly the keys that are read (name, type, unit, default, range and
 * sentence), its examples are good files, and its mistakes are reported as it says.
 * SPDX-License-Identifier: MIT
 */
#include "table.h"

#include "base/buf.h"
#include "config/admin_keys.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/security_keys.h"
#include "config/tls_keys.h"

struct key_type {
	const char *token, *words, *unit;
};

static const struct key_type key_types[] = {
#define TYPE(token, words, unit) {#token, words, unit},
	KEY_TYPES(TYPE) BUS_KEY_TYPES(TYPE) LISTEN_KEY_TYPES(TYPE) SECURITY_KEY_TYPES(TYPE)
		TLS_KEY_TYPES(TYPE) LIMITS_KEY_TYPES(TYPE) WEB_KEY_TYPES(TYPE)
#undef TYPE
};

struct key_row {
	const char *section, *name, *type, *default_text, *least, *most, *sentence;
};

/* Each section is called in its heading: "## Limits". */
static const struct key_row
	key_rows[] =
		{
#define ROWS(section, name, type, default_text, least, most, sentence) \
	{section, #name, #type, default_text, least, most, sentence},
#define ROW(name, type, member, ...) ROWS("At the top", name, type, __VA_ARGS__)
			TOP_KEYS(ROW) ACCOUNT_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Routes", name, type, __VA_ARGS__)
				ROUTE_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Inject", name, type, __VA_ARGS__)
					INJECT_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Providers", name, type, __VA_ARGS__)
						PROVIDER_KEYS(ROW) SECURITY_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Attached", name, type, __VA_ARGS__)
							ATTACHED_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Ping", name, type, __VA_ARGS__)
								PING_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Drain", name, type, __VA_ARGS__)
									DRAIN_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Stop", name, type, __VA_ARGS__)
										STOP_KEYS(ROW)
#undef ROW
/* The formatter would move each further to the right. */
/* clang-format off */
#define ROW(name, type, member, ...) ROWS("Admin", name, type, __VA_ARGS__)
	ADMIN_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Limits", name, type, __VA_ARGS__)
	LIMITS_KEYS(ROW) REQUEST_LIMITS_KEYS(ROW) TRAFFIC_KEYS(ROW)
	HANDSHAKE_KEYS(ROW) ENTRY_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Limits of a route", name, type, __VA_ARGS__)
	ROUTE_LIMITS_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Quarantine", name, type, __VA_ARGS__)
	QUARANTINE_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Compression", name, type, __VA_ARGS__)
	COMPRESSION_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Topics", name, type, __VA_ARGS__)
	TOPICS_KEYS(ROW) HISTORY_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Bus", name, type, __VA_ARGS__)
	BUS_KEYS(ROW) PRESENCE_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("TLS", name, type, __VA_ARGS__)
	TLS_KEYS(ROW) TLS_CERTIFICATE_KEYS(ROW) TLS_CLIENT_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Log", name, type, __VA_ARGS__)
	LOG_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: api_key", name, type, __VA_ARGS__)
	API_KEY_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: basic", name, type, __VA_ARGS__)
	BASIC_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: bearer", name, type, __VA_ARGS__)
	BEARER_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: oauth2", name, type, __VA_ARGS__)
	OAUTH2_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: jwt", name, type, __VA_ARGS__)
	JWT_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: places", name, type, __VA_ARGS__)
	FROM_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Security: secrets and keys", name, type, __VA_ARGS__)
	SECRET_KEYS(ROW) KID_KEYS(ROW)
#undef ROW
#define ROW(name, type, member, ...) ROWS("Listeners", name, type, __VA_ARGS__)
	LISTEN_KEYS(ROW)
#undef ROW
			/* clang-format on */
};

enum { KEY_COUNT = sizeof(key_rows) / sizeof(key_rows[0]) };

static FILE *open_readme(void)
{
	FILE *file = fopen(TEST_DATA "/../../conf/README.md", "r");

	assert_non_null(file);
	return file;
}

/* The line of README that a row must have, up to its example. */
static void row_line(char *out, size_t size, const struct key_row *row)
{
	const struct key_type *type = key_types;
	char range[100] = "-", standard[100] = "-";

	while (strcmp(type->token, row->type) != 0)
		type++;
	if (row->least != NULL)
		snprintf(range, sizeof(range), "`%s` to `%s`", row->least, row->most);
	if (row->default_text != NULL)
		snprintf(standard, sizeof(standard), "`%s`", row->default_text);
	snprintf(out, size, "| `%s` | %s | %s | %s | %s | %s | ", row->name, type->words,
		type->unit[0] == '\0' ? "-" : type->unit, standard, range, row->sentence);
}

/* Index of the row that this line describes, KEY_COUNT for one that is none of ours. */
static size_t find_row(const char *section, const char *line)
{
	size_t i = 0;

	for (; i < KEY_COUNT; i++) {
		char wanted[1000];

		row_line(wanted, sizeof(wanted), &key_rows[i]);
		if (!strcmp(section, key_rows[i].section) &&
			!strncmp(line, wanted, strlen(wanted)) && strlen(line) > strlen(wanted) + 4)
			break;
	}
	return i;
}

static void describes_each_key(void **state)
{
	FILE *file = open_readme();
	char line[1000], section[100] = "", wanted[1000];
	bool is_described[KEY_COUNT] = {false}, in_keys = false;
	unsigned failures = 0;

	(void)state;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (!strncmp(line, "## ", 3))
			snprintf(section, sizeof(section), "%.*s", (int)strcspn(line + 3, "\n"),
				line + 3);
		if (line[0] != '|')
			in_keys = false;
		if (!strncmp(line, "| Key ", 6))
			in_keys = true;
		if (in_keys && !strncmp(line, "| `", 3)) {
			size_t i = find_row(section, line);

			if (i < KEY_COUNT)
				is_described[i] = true;
			else if (++failures)
				print_error("README, %s: not so in keys.h: %s", section, line);
		}
	}
	fclose(file);
	for (size_t i = 0; i < KEY_COUNT; i++) {
		row_line(wanted, sizeof(wanted), &key_rows[i]);
		if (!is_described[i] && ++failures)
			print_error("README, %s: missing, with an example at the end: %s\n",
				key_rows[i].section, wanted);
	}
	assert_int_equal(failures, 0);
}

/* The complaints about an example, as socklet prints them. */
static void check_example(struct buf *yaml, struct buf *found)
{
	struct config config;
	struct err_list why = {0};
	struct arena arena = {0};

	config_parse(&config, buf_span(yaml), "conf/routes.yaml", &why);
	for (size_t i = 0; i < why.count; i++)
		buf_printf(found, "%s\n", complaint_line(&why.items[i], &arena));
	arena_fini(&arena);
	err_list_fini(&why);
	config_fini(&config);
	buf_fini(yaml);
}

static void expect_complaints(struct buf *found, struct buf *wanted)
{
	buf_append(found, "", 1);
	buf_append(wanted, "", 1);
	assert_string_equal(found->data, wanted->data);
	buf_fini(found);
	buf_fini(wanted);
}

/* A text block holds the complaints about the YAML block before it; without one there are none. */
static void shows_examples_that_hold(void **state)
{
	FILE *file = open_readme();
	struct buf yaml = {0}, found = {0}, wanted = {0}, *into = NULL;
	char line[1000];
	unsigned count = 0;

	(void)state;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (!strcmp(line, "```yaml\n")) {
			expect_complaints(&found, &wanted);
			into = &yaml;
		} else if (!strcmp(line, "```text\n")) {
			into = &wanted;
		} else if (!strcmp(line, "```\n")) {
			if (into == &yaml) {
				check_example(&yaml, &found);
				count++;
			}
			into = NULL;
		} else if (into != NULL) {
			buf_append_span(into, span_of(line));
		}
	}
	expect_complaints(&found, &wanted);
	fclose(file);
	assert_true(count >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(describes_each_key),
		cmocka_unit_test(shows_examples_that_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
