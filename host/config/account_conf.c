/*
 * Looked up when the file is read, so that a name nobody has is a mistake with its place and not a
 * surprise at start. SPDX-License-Identifier: MIT
 */
#include "config/account_conf.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "config/section.h"

/* A number needs no entry in the machine's lists: containers have few. */
static bool take_number(const char *text, unsigned *out)
{
	unsigned long number;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0' || strlen(text) > 10)
		return false;
	number = strtoul(text, NULL, 10);
	*out = (unsigned)number;
	/* The last one means "leave it as it is" to chown. */
	return number < UINT32_MAX;
}

static bool find_user(const char *name, unsigned *out)
{
	const struct passwd *entry = getpwnam(name);

	if (entry != NULL)
		*out = entry->pw_uid;
	return entry != NULL;
}

static bool find_group(const char *name, unsigned *out)
{
	const struct group *entry = getgrnam(name);

	if (entry != NULL)
		*out = entry->gr_gid;
	return entry != NULL;
}

static void read_account(struct reader *reader, const struct key *key, const struct yaml_tree *node,
	struct account_conf *out, bool (*find)(const char *, unsigned *), const char *wanted)
{
	if (!section_expect(reader, key->name, node, TREE_TEXT, wanted))
		return;
	if (find(node->text, &out->id) || take_number(node->text, &out->id))
		out->name = (struct conf_text){node->text, node->place};
	else
		err_list_add(reader->why, node->place,
			"%s: found %s, which this machine does not have, wanted %s", key->name,
			yaml_tree_found(node, reader->arena), wanted);
}

void read_user(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_account(reader, key, node, section_member(key, base), find_user,
		"the name or number of a user");
}

void read_group(
	struct reader *reader, const struct key *key, const struct yaml_tree *node, void *base)
{
	read_account(reader, key, node, section_member(key, base), find_group,
		"the name or number of a group");
}
