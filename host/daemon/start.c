/*
 * What is different while nobody is served yet. Called by reload.c. SPDX-License-Identifier: MIT
 */
#include "daemon/start.h"

#include <stdio.h>
#include <sys/resource.h>

#include "base/log.h"
#include "daemon/command.h"

enum { START_DEATHS = 5 }; /* of one worker, before the start is given up */

void start_refused(struct master *master)
{
	const struct err_list *why = &master->reload.why;

	command_print_complaints(why);
	fprintf(stderr, "socklet: not started, %zu mistake%s\n", why->count,
		why->count == 1 ? "" : "s");
	inherit_failed(&master->inherit, why);
	master->status = 1;
	master->is_over = true;
}

/* The first bytes on standard output: scripts wait for them to learn the port. */
static void print_ready(const struct master *master)
{
	char url[LISTEN_URL_SIZE];

	for (size_t i = 0; i < master->committed->listen_count; i++) {
		listen_set_print(url, &master->listens, &master->committed->listens[i]);
		printf("socklet: listening on %s\n", url);
	}
	fflush(stdout);
}

static void open_control(struct master *master)
{
	struct err why;

	if (master->inherit.control >= 0)
		control_adopt(&master->control, master->inherit.control);
	master->inherit.control = -1;
	if (!control_open(&master->control, &master->committed->config, &why))
		log_warn("control: %s", why.text);
}

/* As soon as the log has its level. */
static void log_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		log_debug("descriptors: each process may have %llu, the hard limit",
			(unsigned long long)limit.rlim_cur);
}

bool start_is_done(struct master *master)
{
	for (unsigned i = 0; i < master->crew.wanted; i++)
		if (master->crew.members[i].state != MEMBER_SERVING)
			return false;
	master->has_started = true;
	open_control(master);
	log_descriptors();
	listen_set_own(&master->listens);
	report_to_manager(master);
	if (inherit_is_successor(&master->inherit))
		inherit_serves(&master->inherit);
	else
		print_ready(master);
	return true;
}

bool start_is_hopeless(const struct member *member, struct err *why)
{
	err_set(why, ERR_INTERNAL,
		"worker %u %s before it served, %u times in a row; what it logged says more",
		member->index + 1, member->end, member->deaths);
	return member->deaths >= START_DEATHS;
}
