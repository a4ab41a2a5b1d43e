/*
 * The parts of the status about who is present, here and on other hosts.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_STATUS_HOSTS_H
#define SOCKLET_DAEMON_STATUS_HOSTS_H

#include <jansson.h>

struct master;

/* {"host":…,"members":…,…}, of this one. */
json_t *status_hosts_own(const struct master *master);
/* [{"host":…,"state":…,"members":…,…},…] */
json_t *status_hosts_others(const struct master *master);

#endif
