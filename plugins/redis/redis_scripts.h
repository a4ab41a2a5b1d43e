/*
 * What the store does, each in one atomic step of the server. SPDX-License-Identifier: MIT
 */
#ifndef REDIS_SCRIPTS_H
#define REDIS_SCRIPTS_H

/* The first key of each is the history's; all others begin with it. */
extern const char redis_script_open[], redis_script_keep[], redis_script_recall[];

#endif
