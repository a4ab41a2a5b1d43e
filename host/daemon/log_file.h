/*
 * The section `log` at work: a log file takes the place of standard error, so that it is there in
 * every process, for the last line of one that crashes too. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_LOG_FILE_H
#define SOCKLET_DAEMON_LOG_FILE_H

#include "config/config.h"

struct master;

struct log_file {
	int original; /* standard error as it was given to us */
	int next;     /* opened for a load that is not committed yet; -1: none */
};

void log_file_init(struct log_file *file);
void log_file_fini(struct log_file *file);

/* Level and format, in the master and in each worker. */
void log_file_configure(const struct log_conf *conf);
/* Opens what a load wants, before it is committed; false adds to `why`. */
bool log_file_prepare(struct log_file *file, const struct log_conf *conf, struct err_list *why);
/* The load is given up. */
void log_file_forget(struct log_file *file);
/* What is committed is how it is logged from now on, here and in all workers. */
void log_file_commit(struct master *master);
/* The file was moved away: opens its path anew. */
void log_file_reopen(struct master *master);

#endif
