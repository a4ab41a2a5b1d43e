/*
 * It calls an argument otherwise: nobody asks it to take over.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "other"
#define LAYOUT  1
#define NAME    title
#include "tally_plugin.h"

TALLY(.layout = 1, .hand_over = tally_hand_over);
