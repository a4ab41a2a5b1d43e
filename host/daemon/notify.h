/*
 * Tells a service manager that set $NOTIFY_SOCKET how the host is, in the words of sd_notify(3).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_NOTIFY_H
#define SOCKLET_DAEMON_NOTIFY_H

#include <sys/types.h>

/* `status` is one line for people, as systemctl shows it. Without a manager nothing happens. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);
/* Another process serves from now on; the manager takes it from the one that it knows. */
void notify_successor(pid_t pid);

#endif
