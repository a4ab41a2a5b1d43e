/*
 * Each thing is one pair of functions, note and check. What was noted is what the host wants, so
 * that the host may change what it likes between a check and the next note.
 * SPDX-License-Identifier: MIT
 */
#include "plugin/manners.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "plugin/extent.h"

struct manners {
	mode_t umask;
	struct fd_mark folder; /* the working directory, to return to */
	char locale[512];
	locale_t thread_locale;
	struct sigaction signals[NSIG];
	uintptr_t theirs[NSIG]; /* handlers that plugins gave to signals which nobody handled */
	struct own_fds own;
};

static void tell(const struct manners_suspect *who, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(const struct manners_suspect *who, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_warn("plugin %s (version %u), %s%s%s: %s", who->plugin, who->version,
		who->is_certain ? "in " : "which ran last (", who->callback,
		who->is_certain ? "" : ")", text);
}

/* ---- umask, working directory, locale ------------------------------------------------------- */

/* Can only be read by setting it: to what is safe, as other threads may create files meanwhile. */
static mode_t umask_now(void)
{
	mode_t mask = umask(077);

	umask(mask);
	return mask;
}

static void check_umask(struct manners *manners, const struct manners_suspect *who)
{
	mode_t now = umask_now();

	if (now == manners->umask)
		return;
	umask(manners->umask);
	tell(who,
		"changed the umask from %04o to %04o, put back; give files their mode with "
		"fchmod",
		(unsigned)manners->umask, (unsigned)now);
}

static bool is_in_folder(const struct manners *manners)
{
	struct stat info;

	return stat(".", &info) == 0 && info.st_dev == manners->folder.device &&
	       info.st_ino == manners->folder.node;
}

static void forget_folder(struct manners *manners)
{
	if (fd_mark_holds(&manners->folder))
		close(manners->folder.fd);
	manners->folder.fd = -1;
}

static void note_folder(struct manners *manners)
{
	int fd;

	if (is_in_folder(manners) && fd_mark_holds(&manners->folder))
		return;
	forget_folder(manners);
	fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fd_mark_take(&manners->folder, own_fds_spare(fd));
	close(fd);
}

static void check_folder(struct manners *manners, const struct manners_suspect *who)
{
	char path[256];
	bool is_back;

	if (manners->folder.fd < 0 || is_in_folder(manners))
		return;
	if (getcwd(path, sizeof(path)) == NULL)
		snprintf(path, sizeof(path), "another one");
	is_back = fd_mark_holds(&manners->folder) && fchdir(manners->folder.fd) == 0;
	tell(who, "changed the working directory to %s, %s; use absolute paths, or openat", path,
		is_back ? "put back" : "which cannot be put back");
}

static void note_locale(struct manners *manners)
{
	const char *name = setlocale(LC_ALL, NULL);

	snprintf(manners->locale, sizeof(manners->locale), "%s", name == NULL ? "C" : name);
	manners->thread_locale = uselocale((locale_t)0);
}

static void check_locale(struct manners *manners, const struct manners_suspect *who)
{
	const char *now = setlocale(LC_ALL, NULL);

	if (now != NULL && strncmp(now, manners->locale, sizeof(manners->locale) - 1) != 0) {
		tell(who,
			"changed the locale from %s to %s, put back; use newlocale and the _l "
			"functions",
			manners->locale, now);
		setlocale(LC_ALL, manners->locale);
	}
	if (uselocale((locale_t)0) != manners->thread_locale) {
		uselocale(manners->thread_locale);
		tell(who, "left another locale in use, put back; call uselocale again with what it "
			  "returned");
	}
}

/* ---- signals -------------------------------------------------------------------------------- */

static void note_signals(struct manners *manners)
{
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &manners->signals[number]) != 0)
			manners->signals[number].sa_handler = SIG_DFL;
}

/*
 * Only those that the host handles or ignores are its business. It gives up some of its own when
 * it stops: that is nobody's fault.
 */
static bool is_spoilt(const struct manners *manners, int number, const struct sigaction *now,
	const struct manners_suspect *who)
{
	const struct sigaction *before = &manners->signals[number];

	if (before->sa_handler == SIG_DFL || before->sa_handler == now->sa_handler ||
		(uintptr_t)before->sa_handler == manners->theirs[number])
		return false;
	return who->is_certain || now->sa_handler != SIG_DFL || number == SIGPIPE;
}

/* As when two versions save what was there before, and put it back in the wrong order. */
static bool is_gone(const struct sigaction *action)
{
	return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN &&
	       !extent_is_mapped((uintptr_t)action->sa_handler);
}

static void check_signal(struct manners *manners, int number, const struct sigaction *now,
	const struct manners_suspect *who)
{
	static const struct sigaction usual; /* SIG_DFL */
	const char *name = sigabbrev_np(number);
	const char *comma = name == NULL ? "" : ", SIG";

	name = name == NULL ? "" : name;
	if (is_spoilt(manners, number, now, who)) {
		sigaction(number, &manners->signals[number], NULL);
		tell(who,
			"changed what signal %d%s%s does, put back; the host needs it, take "
			"another or a signalfd",
			number, comma, name);
	} else if (is_gone(now)) {
		sigaction(number, &usual, NULL);
		tell(who,
			"left signal %d%s%s with a handler that is no longer in memory, reset; "
			"put one back only over your own",
			number, comma, name);
	} else if (now->sa_handler != manners->signals[number].sa_handler) {
		manners->theirs[number] = (uintptr_t)now->sa_handler;
		manners->signals[number] = *now;
	}
}

static void check_signals(struct manners *manners, const struct manners_suspect *who)
{
	struct sigaction now;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &now) == 0)
			check_signal(manners, number, &now, who);
}

/* ---- descriptors ---------------------------------------------------------------------------- */

void manners_own(struct manners *manners, int fd)
{
	own_fds_add(&manners->own, fd);
}

void manners_disown(struct manners *manners, int fd)
{
	own_fds_remove(&manners->own, fd);
}

static void check_own(struct manners *manners, const struct manners_suspect *who)
{
	const char *outcomes[OWN_FDS_MAX];

	/* All first, the log's too: then it can be told. */
	for (unsigned i = 0; i < manners->own.count; i++)
		outcomes[i] = own_fds_restore(&manners->own, i);
	for (unsigned i = 0; i < manners->own.count; i++)
		if (outcomes[i] != NULL)
			tell(who,
				"closed descriptor %d, which is the host's, %s; close only what "
				"you opened",
				manners->own.items[i].is.fd, outcomes[i]);
}

void manners_note_open(struct manners *manners)
{
	own_fds_note_open(&manners->own);
}

void manners_find_opened(const struct manners *manners, struct fd_marks *out)
{
	own_fds_find_new(&manners->own, out);
}

void manners_check_opened(const struct fd_marks *opened, const struct manners_suspect *who)
{
	for (unsigned i = 0; i < opened->count; i++)
		if (fd_mark_holds(&opened->items[i]))
			tell(who,
				"left descriptor %d open, %s that .start opened; close it in "
				".stop",
				opened->items[i].fd, fd_mark_kind(&opened->items[i]));
}

/* ---- the whole ------------------------------------------------------------------------------ */

struct manners *manners_new(void)
{
	struct manners *manners = xcalloc(1, sizeof(*manners));

	manners->folder.fd = -1;
	return manners;
}

void manners_free(struct manners *manners)
{
	own_fds_fini(&manners->own);
	forget_folder(manners);
	free(manners);
}

void manners_note(struct manners *manners)
{
	manners->umask = umask_now();
	note_folder(manners);
	note_locale(manners);
	note_signals(manners);
	own_fds_note(&manners->own);
}

void manners_check(struct manners *manners, const struct manners_suspect *who)
{
	/* Descriptors first: the warnings go to one of them. */
	check_own(manners, who);
	check_umask(manners, who);
	check_folder(manners, who);
	check_locale(manners, who);
	check_signals(manners, who);
}
