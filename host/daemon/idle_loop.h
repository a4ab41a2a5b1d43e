/*
 * A loop that never turns, for commands that open plugins but serve nobody: timers are accepted
 * and never fire. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_IDLE_LOOP_H
#define SOCKLET_DAEMON_IDLE_LOOP_H

#include "call/loop.h"

struct loop idle_loop(void);

#endif
