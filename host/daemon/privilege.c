/*
 * Groups first, as nobody but root may change them, then the user in all three of its places, then
 * a look whether there is a way back. Called by reload.c, and by crew.c and canary.c in children.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"

static bool refuse(struct err_list *why, const struct account_conf *account, const char *key,
	const char *mistake)
{
	err_list_add(
		why, account->name.place, "%s: found %s, %s", key, account->name.text, mistake);
	return false;
}

/* The user's own group, unless another one is named. */
static bool find_group(struct privilege *out, const struct config *config, struct err_list *why)
{
	const struct passwd *entry = getpwuid(config->user.id);

	if (config->group.name.text == NULL && entry == NULL)
		return refuse(why, &config->user, "user",
			"whose group this machine does not know: add \"group:\"");
	out->group = config->group.name.text != NULL ? config->group.id : entry->pw_gid;
	return true;
}

bool privilege_find(struct privilege *out, const struct config *config, struct err_list *why)
{
	*out = (struct privilege){.user = geteuid(), .group = getegid()};
	if (config->user.name.text == NULL)
		return config->group.name.text == NULL ||
		       refuse(why, &config->group, "group",
			       "but no user: add \"user:\", or take the key away");
	if (!find_group(out, config, why))
		return false;
	if (config->user.id == geteuid() && out->group == getegid())
		return true;
	if (geteuid() != 0)
		return refuse(why, &config->user, "user",
			"but only a host that root has started can become another user: start it "
			"as root, or take the key away");
	out->user = config->user.id;
	out->is_dropped = true;
	return true;
}

bool privilege_is_same(const struct privilege *a, const struct privilege *b)
{
	return a->user == b->user && a->group == b->group;
}

/* With the further groups that the machine's lists give the user, or none. */
static bool set_groups(const struct privilege *privilege)
{
	const struct passwd *entry = getpwuid(privilege->user);

	return entry == NULL ? setgroups(0, NULL) == 0
			     : initgroups(entry->pw_name, privilege->group) == 0;
}

static bool become(const struct privilege *privilege)
{
	uid_t user = privilege->user;
	gid_t group = privilege->group;

	return set_groups(privilege) && setresgid(group, group, group) == 0 &&
	       setresuid(user, user, user) == 0;
}

bool privilege_drop(const struct privilege *privilege)
{
	pid_t parent = getppid();

	if (!privilege->is_dropped)
		return true;
	if (!become(privilege)) {
		log_error("cannot become user %u with group %u: %s", privilege->user,
			privilege->group, strerror(errno));
		return false;
	}
	if (privilege->user != 0 && (setuid(0) == 0 || seteuid(0) == 0)) {
		log_error("user %u can become root again", privilege->user);
		return false;
	}
	/* Else there is neither a core nor a look by a debugger of that user. */
	prctl(PR_SET_DUMPABLE, 1);
	/* The kernel forgets it with another user. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return getppid() == parent;
}
