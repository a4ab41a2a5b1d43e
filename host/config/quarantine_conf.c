/*
 * Two numbers. Knows no worker; daemon/suspects.c counts by them. Called by config.c.
 * SPDX-License-Identifier: MIT
 */
#include "config/quarantine_conf.h"

#include <ctype.h>
#include <stdlib.h>

#include "config/keys.h"

static void read_deaths(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	unsigned *out = section_member(key, base);
	unsigned long most = strtoul(key->most, NULL, 10), count;
	char *end;

	if (!section_expect(reader, key->name, node, TREE_TEXT, "a number"))
		return;
	count = strtoul(node->text, &end, 10);
	if (!isdigit((unsigned char)node->text[0]) || *end != '\0' || count > most)
		err_list_add(reader->why, node->place,
			"deaths: found %s, wanted a number from 0 (never) to %lu",
			yaml_tree_found(node, reader->arena), most);
	else
		*out = (unsigned)count;
}

#define ROW(...) SECTION_ROW(struct quarantine_conf, __VA_ARGS__)
static const struct key quarantine_keys[] = {QUARANTINE_KEYS(ROW)};
#undef ROW
static const struct section quarantine_section = SECTION("in quarantine", quarantine_keys);

void read_quarantine(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	if (section_expect(reader, key->name, node, TREE_MAP,
		    "a mapping such as {deaths: 5, within: 60s}"))
		section_read(reader, &quarantine_section, node, section_member(key, base));
}

void quarantine_conf_defaults(struct reader *reader, struct quarantine_conf *quarantine)
{
	section_defaults(reader, &quarantine_section, quarantine);
}
