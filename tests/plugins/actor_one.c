/*
 * Takes connections of layouts 1 and 2 over.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "one"
#define LAYOUT  1
#include "actor.h"

ACTOR(.layout = 1, .hand_over = actor_hand_over);
