/*
 * Takes connections of layouts 1 and 2 over, into another layout.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "v2"
#define LAYOUT  2
#include "tally_plugin.h"

TALLY(.layout = 2, .hand_over = tally_hand_over);
