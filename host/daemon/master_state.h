/*
 * struct master, shared by the files of daemon/ that make up the master. SPDX-License-Identifier:
 * MIT
 */
#ifndef SOCKLET_DAEMON_MASTER_STATE_H
#define SOCKLET_DAEMON_MASTER_STATE_H

#include "daemon/canary.h"
#include "daemon/commit.h"
#include "daemon/control.h"
#include "daemon/crew.h"
#include "daemon/file_watch.h"
#include "daemon/hub_admin.h"
#include "daemon/hub_counts.h"
#include "daemon/hub_roster.h"
#include "daemon/inherit.h"
#include "daemon/listen_set.h"
#include "daemon/log_file.h"
#include "daemon/poll_list.h"
#include "daemon/presence_table.h"
#include "daemon/report.h"
#include "daemon/status.h"
#include "daemon/suspects.h"
#include "daemon/upgrade.h"
#include "topic/topic_history.h"

enum reload_phase {
	RELOAD_IDLE,
	RELOAD_COPYING,    /* plugins that somebody may still be writing */
	RELOAD_CHECKING,   /* the canary runs */
	RELOAD_STARTING,   /* at start: the first workers have their order */
	RELOAD_PREPARING,  /* all workers build, beside what they serve */
	RELOAD_COMMITTING, /* all swap */
};

struct reload {
	enum reload_phase phase;
	bool is_wanted;      /* once more, when this one is over */
	bool is_fallback;    /* what serves could not start again; why says so */
	struct commit *next; /* what it is about; NULL once it is committed */
	uint64_t look_ms;    /* when to try again, UINT64_MAX: when something happens */
	uint64_t give_up_ms; /* waiting for a plugin that is being written */
	struct canary canary;
	struct buf news; /* of the plugins: packed names and versions */
	struct err_list why;
};

struct master {
	const struct options *options;
	int signals; /* a descriptor to read them from */
	struct copy_store *copies;
	struct commit *previous;  /* what was committed before, to fall back to; or NULL */
	struct commit *committed; /* NULL: before the start has succeeded that far */
	struct listen_set listens;
	struct log_file log;
	struct crew crew;
	struct reload reload;
	struct report report;
	struct control control;
	struct file_watch files;
	struct suspects suspects;
	struct status status_answers;
	struct tls_secret tls_secret; /* of session tickets */
	struct inherit inherit;
	struct upgrade upgrade;
	struct {
		uint64_t id; /* of this host, in what its workers publish, and in positions */
		struct topic_history history;
		struct hub_counts counts;
		struct hub_admin admin;
		struct presence_table present; /* of other hosts, too */
		struct hub_roster others;
	} hub;
	bool has_started; /* the ready lines are out */
	bool is_stopping, is_over;
	int status; /* of exit */
};

#endif
