/*
 * Takes nobody over: old connections stay with the old code.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "plain"
#define LAYOUT  1
#include "actor.h"

ACTOR(.layout = 1);
