/*
 * Its state has a layout that no other version knows.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "strange"
#define LAYOUT  1
#include "tally_plugin.h"

TALLY(.layout = 7, .hand_over = tally_hand_over);
