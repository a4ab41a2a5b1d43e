/* The descriptor ends before the callbacks. SPDX-License-Identifier: MIT */
#include "altered.h"

FIXTURE(short_size);
#undef socklet_plugin
ALTERED(info.size = 40;);
