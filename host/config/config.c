/*
 * routes.yaml into struct config: reads the file and the keys at the top; each section has its
 * file. Goes on after a mistake, so that all are reported at once. SPDX-License-Identifier: MIT
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/account_conf.h"
#include "config/admin_conf.h"
#include "config/compression_conf.h"
#include "config/bus_conf.h"
#include "config/config_check.h"
#include "config/keys.h"
#include "config/limits_conf.h"
#include "config/listener_conf.h"
#include "config/log_conf.h"
#include "config/presence_conf.h"
#include "config/provider_conf.h"
#include "config/quarantine_conf.h"
#include "config/route_conf.h"
#include "config/tls_conf.h"
#include "config/topics_conf.h"
#include "config/web_conf.h"

/* The cores this process may run on: a container's share, not the machine's. */
static unsigned count_cores(void)
{
	cpu_set_t cores;
	int count = sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 1;

	return count < CONFIG_WORKERS_MAX ? (unsigned)count : CONFIG_WORKERS_MAX;
}

static void read_workers(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct config *config = base;
	unsigned long count;
	char *end;

	config->workers = 1;
	if (!section_expect(reader, key->name, node, TREE_TEXT, "a number, or auto"))
		return;
	if (strcmp(node->text, "auto") == 0) {
		config->workers = count_cores();
		return;
	}
	count = strtoul(node->text, &end, 10);
	if (!isdigit((unsigned char)node->text[0]) || *end != '\0' || count < 1 ||
		count > CONFIG_WORKERS_MAX)
		err_list_add(reader->why, node->place,
			"workers: found %s, wanted a number from 1 to %d, or auto for one per core",
			yaml_tree_found(node, reader->arena), CONFIG_WORKERS_MAX);
	else
		config->workers = (unsigned)count;
}

#define ROW(...) SECTION_ROW(struct config, __VA_ARGS__)
static const struct key top_keys[] = {TOP_KEYS(ROW) ACCOUNT_KEYS(ROW)};
#undef ROW
static const struct section top_section = SECTION("at the top", top_keys);

static void read_top(struct reader *reader, const struct yaml_tree *root)
{
	struct config *config = reader->config;

	section_defaults(reader, &top_section, config);
	limits_conf_defaults(reader);
	compression_conf_defaults(reader, &config->compression);
	quarantine_conf_defaults(reader, &config->quarantine);
	topics_conf_defaults(reader, &config->topics);
	bus_conf_defaults(reader, &config->bus);
	presence_conf_defaults(reader, &config->presence);
	log_conf_defaults(reader, &config->log);
	if (root->kind == TREE_NOTHING) {
		err_list_add(reader->why, (struct place){config->path, 1, 1},
			"the file is empty: write at least one route under \"routes:\"");
		return;
	}
	if (!section_expect(reader, "the file", root, TREE_MAP,
		    "keys such as \"listen:\", \"plugins:\" and \"routes:\""))
		return;
	if (section_read(reader, &top_section, root, config) &&
		yaml_tree_get(root, "routes") == NULL)
		err_list_add(reader->why, root->place,
			"found no routes: add \"routes:\" and under it at least one \"- path: "
			"...\"");
	provider_conf_override(reader, config);
	config_check(config, reader->why);
}

bool config_parse(struct config *out, struct span text, const char *path, struct err_list *why)
{
	struct reader reader = {.config = out, .arena = &out->arena, .why = why};
	size_t already = why->count;
	struct yaml_tree *root;

	memset(out, 0, sizeof(*out));
	out->path = arena_text(&out->arena, path, strlen(path));
	root = yaml_tree_parse(text, out->path, &out->arena, why);
	if (root != NULL)
		read_top(&reader, root);
	err_list_sort(why, already);
	return why->count == already;
}

/* False, with errno, when it cannot be read; stops one byte beyond the limit. */
static bool read_whole(int fd, struct buf *out)
{
	ssize_t got;

	do {
		got = read(fd, buf_reserve(out, 64 * 1024), 64 * 1024);
		if (got > 0)
			out->len += (size_t)got;
	} while ((got > 0 && out->len <= YAML_TREE_FILE_MAX) || (got < 0 && errno == EINTR));
	return got >= 0;
}

/* Not blocking, and a regular file only: a FIFO without a writer would stop the host's loop. */
bool config_read(struct buf *out, const char *path, struct err_list *why)
{
	struct place place = {.file = path};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t already = why->count;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err_list_add(why, place, "cannot be read (%s): give the path of a routes file",
			strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_list_add(why, place, "found no regular file: give the path of a routes file");
	else if (!read_whole(fd, out))
		err_list_add(why, place, "cannot be read (%s): try again", strerror(errno));
	else if (out->len > YAML_TREE_FILE_MAX)
		err_list_add(why, place, "found more than %d MiB, which no routes file needs",
			YAML_TREE_FILE_MAX >> 20);
	if (fd >= 0)
		close(fd);
	return why->count == already;
}

bool config_load(struct config *out, const char *path, struct err_list *why)
{
	struct buf text = {0};
	bool ok = false;

	memset(out, 0, sizeof(*out));
	if (config_read(&text, path, why))
		ok = config_parse(out, buf_span(&text), path, why);
	buf_fini(&text);
	return ok;
}

void config_fini(struct config *config)
{
	arena_fini(&config->arena);
	memset(config, 0, sizeof(*config));
}
