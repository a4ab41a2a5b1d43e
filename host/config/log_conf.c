/*
 * Where lines go, how they look and which are left out. Opens no file; daemon/log_file.c does.
 * Called by config.c. SPDX-License-Identifier: MIT
 */
#include "config/log_conf.h"

#include <string.h>

#include "base/log.h"
#include "config/keys.h"

#define AS_LEVEL ((enum log_level)(LOG_OFF + 1)) /* not said */

static const char *const levels[] = {"debug", "info", "warn", "error", "off", NULL};
static const char *const formats[] = {"text", "json", NULL};

static void read_log_level(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	enum log_level *out = section_member(key, base);
	size_t choice;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "a level such as warn"))
		return;
	choice = section_choose(reader, node->place, "level", node->text, levels);
	if (levels[choice] != NULL)
		*out = (enum log_level)choice;
}

static void read_log_format(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	size_t choice;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "text or json"))
		return;
	choice = section_choose(reader, node->place, "format", node->text, formats);
	*(bool *)section_member(key, base) = choice == 1;
}

/* A file of one of the two names is written ./stderr. */
static void read_log_to(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct log_conf *log = base;

	if (node->kind == TREE_TEXT && strcmp(node->text, "syslog") == 0)
		log->is_syslog = true;
	else if (node->kind != TREE_TEXT || strcmp(node->text, "stderr") != 0)
		read_file(reader, key, node, base);
}

#define ROW(...) SECTION_ROW(struct log_conf, __VA_ARGS__)
static const struct key log_keys[] = {LOG_KEYS(ROW)};
#undef ROW
static const struct section log_section = SECTION("in log", log_keys);

static void set_levels(struct log_conf *log, enum log_level level)
{
	for (unsigned area = 0; area < LOG_AREAS; area++)
		log->levels[area] = level;
}

/* What an area does not say for itself is as `level`, whatever the order of the rows. */
void read_log(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	struct log_conf *log = section_member(key, base);

	if (!section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {to: stderr, level: info}"))
		return;
	set_levels(log, AS_LEVEL);
	section_read(reader, &log_section, node, log);
	for (unsigned area = 0; area < LOG_AREAS; area++)
		if (log->levels[area] == AS_LEVEL)
			log->levels[area] = log->level;
}

void log_conf_defaults(struct reader *reader, struct log_conf *log)
{
	section_defaults(reader, &log_section, log);
	set_levels(log, log->level);
}
