/* Calls itself otherwise than its file. SPDX-License-Identifier: MIT */
#include "altered.h"

FIXTURE(somebody_else);
#undef socklet_plugin
ALTERED();
