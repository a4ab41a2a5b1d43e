/*
 * Only the master opens files: workers may not be allowed to. They inherit its standard error, and
 * are sent another one when it changes. Called by reload.c, master.c and worker_process.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "daemon/master_state.h"
#include "daemon/message_kinds.h"

void log_file_init(struct log_file *file)
{
	file->original = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	file->next = -1;
}

void log_file_forget(struct log_file *file)
{
	if (file->next >= 0)
		close(file->next);
	file->next = -1;
}

void log_file_fini(struct log_file *file)
{
	log_file_forget(file);
	if (file->original >= 0)
		close(file->original);
	file->original = -1;
}

void log_file_configure(const struct log_conf *conf)
{
	struct log_settings settings = {.as_json = conf->is_json, .to_syslog = conf->is_syslog};

	memcpy(settings.lowest, conf->levels, sizeof(settings.lowest));
	log_configure(&settings);
}

/* Group may read, others not: it tells who was here. */
static int open_file(const char *path)
{
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
}

bool log_file_prepare(struct log_file *file, const struct log_conf *conf, struct err_list *why)
{
	log_file_forget(file);
	if (conf->to.text == NULL)
		return true;
	file->next = open_file(conf->to.text);
	if (file->next >= 0)
		return true;
	err_list_add(
		why, conf->to.place, "log: cannot write to %s: %s", conf->to.text, strerror(errno));
	return false;
}

static void tell_workers(struct master *master)
{
	for (unsigned i = 0; i < CONFIG_WORKERS_MAX; i++) {
		struct member *member = &master->crew.members[i];

		if (crew_is_alive(member))
			channel_send(&member->channel, TO_LOG, (struct span){0}, STDERR_FILENO);
	}
}

static void use(struct master *master, int fd)
{
	if (fd < 0)
		return;
	dup2(fd, STDERR_FILENO);
	tell_workers(master);
}

void log_file_commit(struct master *master)
{
	const struct log_conf *conf = &master->committed->config.log;

	/* A load that is fallen back to was not prepared. */
	if (conf->to.text != NULL && master->log.next < 0)
		master->log.next = open_file(conf->to.text);
	use(master, conf->to.text == NULL ? master->log.original : master->log.next);
	log_file_forget(&master->log);
	log_file_configure(conf);
}

void log_file_reopen(struct master *master)
{
	const char *path;
	int fd;

	if (master->committed == NULL || master->committed->config.log.to.text == NULL)
		return;
	path = master->committed->config.log.to.text;
	fd = open_file(path);
	if (fd < 0) {
		log_error("log: cannot open %s again: %s; going on with the one that is open", path,
			strerror(errno));
		return;
	}
	use(master, fd);
	close(fd);
	log_info("log: opened again");
}
