/*
 * Takes connections of layouts 1 and 2 over, into another layout.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "two"
#define LAYOUT  2
#include "actor.h"

ACTOR(.layout = 2, .hand_over = actor_hand_over);
