/*
 * Version one without a hand-over: whoever comes from elsewhere stays there.
 * SPDX-License-Identifier: MIT
 */
#define VERSION "plain"
#define LAYOUT  1
#include "tally_plugin.h"

TALLY(.layout = 1);
