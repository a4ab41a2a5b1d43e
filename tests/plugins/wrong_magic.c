/*
 * Built by something else than SL_PLUGIN: its magic is wrong. SPDX-License-Identifier: MIT
 */
#include "altered.h"

FIXTURE(wrong_magic);
#undef socklet_plugin
ALTERED(info.magic = 0x12345678;);
