/*
 * A routes file is read as it is meant, and a wrong one is refused with every complaint the table
 * lists, each at its place. SPDX-License-Identifier: MIT
 */
#include "table.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"

static void append_complaints(struct buf *out, const struct err_list *why)
{
	for (size_t i = 0; i < why->count; i++)
		buf_printf(out, "%u:%u: %s\n", why->items[i].place.line, why->items[i].place.column,
			why->items[i].text);
	buf_append(out, "", 1);
}

/* One case of config_bad.txt. */
struct bad {
	char name[200];
	bool is_escaped;
	struct buf yaml, wanted;
};

static void bad_check(struct bad *bad, struct table *table)
{
	struct config config;
	struct err_list why = {0};
	struct buf found = {0};
	struct span yaml = buf_span(&bad->yaml);

	buf_append(&bad->wanted, "", 1);
	if (bad->is_escaped) {
		bad->yaml.data[yaml.len - 1] = '\0';
		yaml = table_unescape(bad->yaml.data);
	}
	/* Of exactly the size, so that a sanitizer sees a byte read too far. */
	yaml.ptr = memcpy(malloc(yaml.len + 1), yaml.len == 0 ? "" : yaml.ptr, yaml.len);
	yaml.ptr = realloc((char *)yaml.ptr, yaml.len == 0 ? 1 : yaml.len);
	if (config_parse(&config, yaml, "conf/routes.yaml", &why))
		buf_printf(&found, "(accepted)\n");
	append_complaints(&found, &why);
	table_expect(table, bad->name, found.data, bad->wanted.data);
	table->rows++;
	free((char *)yaml.ptr);
	buf_fini(&found);
	buf_fini(&bad->yaml);
	buf_fini(&bad->wanted);
	config_fini(&config);
	err_list_fini(&why);
}

static void refuses_as_the_table_says(void **state)
{
	struct table table;
	struct bad bad = {0};
	struct buf *into = NULL;

	(void)state;
	table_open(&table, "config_bad.txt");
	while (fgets(table.line, sizeof(table.line), table.file) != NULL) {
		const char *line = table.line;

		table.number++;
		if (!strncmp(line, "=== ", 4) || !strncmp(line, "==\\ ", 4)) {
			if (into != NULL)
				bad_check(&bad, &table);
			snprintf(bad.name, sizeof(bad.name), "%.*s", (int)sizeof(bad.name) - 1,
				line + 4);
			bad.is_escaped = line[2] == '\\';
			into = &bad.yaml;
		} else if (!strcmp(line, ">>>\n")) {
			into = &bad.wanted;
		} else if (into == &bad.yaml ||
			   (into == &bad.wanted && line[0] != '#' && line[0] != '\n')) {
			buf_append_span(into, span_of(line));
		}
	}
	bad_check(&bad, &table);
	table_close(&table);
}

static const char good[] = "listen: [127.0.0.1:8000, '[::1]:0', localhost:65535]\n"
			   "plugins: ../build/plugins\n"
			   "workers: 1\n"
			   "limits: {message: 64KiB, idle: 1m, handshake: 2s}\n"
			   "ping: {interval: 0}\n"
			   "routes:\n"
			   "  - path: /\n"
			   "    file: ../plugins/echo/index.html\n"
			   "  - {path: /static, dir: /srv/static}\n"
			   "  - path: /items/{item_id}/ws\n"
			   "    plugin: items\n"
			   "    inject:\n"
			   "      item_id: path\n"
			   "      q: {from: query, type: int, default: '5', alias: the-q}\n"
			   "      token: provider\n"
			   "      any: {type: str}\n"
			   "    options: {room: lobby, size: 5, empty: '', yes: no}\n"
			   "    limits: {message: 2MiB, close: 250ms}\n"
			   "    ping: {timeout: 1s}\n"
			   "providers:\n"
			   "  token:\n"
			   "    plugin: items-2\n"
			   "    inject: {session: cookie, x_key: header}\n";

static void parse_good(struct config *config, const char *path)
{
	struct err_list why = {0};

	if (!config_parse(config, SPAN(good), path, &why))
		fail_msg("%u:%u: %s", why.items[0].place.line, why.items[0].place.column,
			why.items[0].text);
	err_list_fini(&why);
}

static void reads_the_top(void **state)
{
	struct config config;

	(void)state;
	parse_good(&config, "conf/routes.yaml");
	assert_string_equal(config.path, "conf/routes.yaml");
	assert_string_equal(config.plugins_dir.text, "conf/../build/plugins");
	assert_int_equal(config.plugins_dir.place.line, 2);
	assert_int_equal(config.plugins_dir.place.column, 10);
	assert_int_equal(config.workers, 1);
	assert_int_equal(config.listen_count, 3);
	assert_string_equal(config.listens[1].address.text, "[::1]:0");
	assert_string_equal(config.listens[1].host, "::1");
	assert_string_equal(config.listens[1].port, "0");
	assert_string_equal(config.listens[2].host, "localhost");
	assert_int_equal(config.limits.message_bytes, 64 * 1024);
	assert_int_equal(config.limits.queue_bytes, 4 * 1024 * 1024);
	assert_int_equal(config.limits.idle_ms, 60000);
	assert_int_equal(config.limits.handshake_ms, 2000);
	assert_int_equal(config.limits.close_ms, 5000);
	assert_int_equal(config.ping.interval_ms, 0);
	assert_int_equal(config.ping.timeout_ms, 20000);
	config_fini(&config);
}

static void reads_routes(void **state)
{
	struct config config;
	const struct route_conf *route;

	(void)state;
	parse_good(&config, "conf/routes.yaml");
	assert_int_equal(config.route_count, 3);
	route = &config.routes[0];
	assert_int_equal(route->kind, ROUTE_FILE);
	assert_string_equal(route->file_or_dir.text, "conf/../plugins/echo/index.html");
	assert_int_equal(config.routes[1].kind, ROUTE_DIR);
	assert_string_equal(config.routes[1].file_or_dir.text, "/srv/static");
	route = &config.routes[2];
	assert_int_equal(route->kind, ROUTE_PLUGIN);
	assert_string_equal(route->path.text, "/items/{item_id}/ws");
	assert_int_equal(route->path.place.line, 10);
	assert_int_equal(route->path.place.column, 11);
	assert_string_equal(route->plugin.text, "items");
	assert_int_equal(route->option_count, 4);
	assert_string_equal(route->options[1].name.text, "size");
	assert_string_equal(route->options[1].value.text, "5");
	assert_string_equal(route->options[2].value.text, "");
	assert_string_equal(route->options[3].value.text, "no");
	config_fini(&config);
}

static void gives_a_route_what_it_leaves_out(void **state)
{
	struct config config;

	(void)state;
	parse_good(&config, "conf/routes.yaml");
	assert_int_equal(config.routes[0].limits.message_bytes, 64 * 1024);
	assert_int_equal(config.routes[2].limits.message_bytes, 2 * 1024 * 1024);
	assert_int_equal(config.routes[2].limits.idle_ms, 60000);
	assert_int_equal(config.routes[2].limits.close_ms, 250);
	assert_int_equal(config.routes[2].limits.handshake_ms, 2000);
	assert_int_equal(config.routes[2].ping.interval_ms, 0);
	assert_int_equal(config.routes[2].ping.timeout_ms, 1000);
	config_fini(&config);
}

static void reads_what_is_injected(void **state)
{
	struct config config;
	const struct inject_conf *inject;
	const struct provider_conf *provider;

	(void)state;
	parse_good(&config, "conf/routes.yaml");
	assert_int_equal(config.routes[2].inject_count, 4);
	inject = config.routes[2].inject;
	assert_string_equal(inject[0].field.text, "item_id");
	assert_int_equal(inject[0].from, CONF_FROM_PATH);
	assert_null(inject[0].alias.text);
	assert_null(inject[0].default_value.text);
	assert_int_equal(inject[1].from, CONF_FROM_QUERY);
	assert_string_equal(inject[1].type.text, "int");
	assert_string_equal(inject[1].default_value.text, "5");
	assert_string_equal(inject[1].alias.text, "the-q");
	assert_int_equal(inject[1].field.place.line, 14);
	assert_int_equal(inject[1].field.place.column, 7);
	assert_int_equal(inject[2].from, CONF_FROM_PROVIDER);
	assert_int_equal(inject[3].from, CONF_FROM_DEFAULT);
	assert_int_equal(config.provider_count, 1);
	provider = &config.providers[0];
	assert_string_equal(provider->name.text, "token");
	assert_string_equal(provider->plugin.text, "items-2");
	assert_int_equal(provider->inject_count, 2);
	assert_int_equal(provider->inject[0].from, CONF_FROM_COOKIE);
	assert_int_equal(provider->inject[1].from, CONF_FROM_HEADER);
	config_fini(&config);
}

static void does_with_one_route(void **state)
{
	struct config config;
	struct err_list why = {0};

	(void)state;
	assert_true(
		config_parse(&config, SPAN("routes: [{path: /, file: x}]"), "routes.yaml", &why));
	assert_int_equal(config.listen_count, 1);
	assert_string_equal(config.listens[0].host, "127.0.0.1");
	assert_string_equal(config.listens[0].port, "8000");
	assert_null(config.plugins_dir.text);
	assert_int_equal(config.workers, 1);
	assert_string_equal(config.routes[0].file_or_dir.text, "x");
	config_fini(&config);
}

static void joins_paths_to_the_files_folder(void **state)
{
	static const char *const rows[][2] = {
		{"routes.yaml", "../build/plugins"},
		{"./routes.yaml", "./../build/plugins"},
		{"/etc/socklet/r.yaml", "/etc/socklet/../build/plugins"},
		{"/r.yaml", "/../build/plugins"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config config;

		parse_good(&config, rows[i][0]);
		assert_string_equal(config.plugins_dir.text, rows[i][1]);
		assert_string_equal(config.routes[1].file_or_dir.text, "/srv/static");
		config_fini(&config);
	}
}

static void expect_refused(const char *path, const char *wanted)
{
	struct config config;
	struct err_list why = {0};
	struct arena arena = {0};

	assert_false(config_load(&config, path, &why));
	assert_int_equal(why.count, 1);
	assert_string_equal(complaint_line(&why.items[0], &arena), wanted);
	config_fini(&config);
	err_list_fini(&why);
	arena_fini(&arena);
}

static void says_why_a_file_cannot_be_read(void **state)
{
	(void)state;
	expect_refused("/nowhere/routes.yaml",
		"/nowhere/routes.yaml: cannot be read (No such file or directory): give the path "
		"of a routes file");
	expect_refused("/", "/: found no regular file: give the path of a routes file");
	expect_refused(
		"/dev/null", "/dev/null: found no regular file: give the path of a routes file");
}

/* A FIFO without a writer would stop whoever waits for it; a sparse file costs nothing. */
static void does_not_wait_and_has_a_limit(void **state)
{
	char folder[] = "/tmp/socklet_config_test.XXXXXX", path[64], wanted[160];
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/routes.yaml", folder);
	snprintf(wanted, sizeof(wanted),
		"%s: found no regular file: give the path of a routes file", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect_refused(path, wanted);
	unlink(path);

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(fd, 17 << 20), 0);
	close(fd);
	snprintf(wanted, sizeof(wanted), "%s: found more than 16 MiB, which no routes file needs",
		path);
	expect_refused(path, wanted);
	snprintf(wanted, sizeof(wanted),
		"%s:1:1: the file is empty: write at least one route under \"routes:\"", path);
	assert_int_equal(truncate(path, 0), 0);
	expect_refused(path, wanted);
	unlink(path);
	rmdir(folder);
}

static void loads_a_file(void **state)
{
	char path[] = "/tmp/socklet_config_test.XXXXXX";
	int fd = mkstemp(path);
	struct err_list why = {0};
	struct config config;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, good, sizeof(good) - 1), sizeof(good) - 1);
	assert_true(config_load(&config, path, &why));
	assert_int_equal(config.route_count, 3);
	config_fini(&config);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_as_the_table_says),
		cmocka_unit_test(reads_the_top),
		cmocka_unit_test(reads_routes),
		cmocka_unit_test(gives_a_route_what_it_leaves_out),
		cmocka_unit_test(reads_what_is_injected),
		cmocka_unit_test(does_with_one_route),
		cmocka_unit_test(joins_paths_to_the_files_folder),
		cmocka_unit_test(says_why_a_file_cannot_be_read),
		cmocka_unit_test(does_not_wait_and_has_a_limit),
		cmocka_unit_test(loads_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
