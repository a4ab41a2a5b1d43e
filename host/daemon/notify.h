/*
 * Tells a service manager that set $NOTIFY_SOCKET how the host is, in the words of sd_notify(3).
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_NOTIFY_H
#define SOCKLET_DAEMON_NOTIFY_H

/* `status` is one line for people, as systemctl shows it. Without a manager nothing happens. */
void notify_ready(const char *status);
void notify_reloading(void);
void notify_stopping(void);

#endif
