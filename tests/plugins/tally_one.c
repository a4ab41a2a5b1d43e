/*
 * Takes connections of layouts 1 and 2 over.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "v1"
#define LAYOUT  1
#include "tally_plugin.h"

TALLY(.layout = 1, .hand_over = tally_hand_over);
