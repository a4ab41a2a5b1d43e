/* Built for the next ABI, which this host cannot speak. SPDX-License-Identifier: MIT */
#include "altered.h"

FIXTURE(other_major);
#undef socklet_plugin
ALTERED(info.major = SL_ABI_MAJOR + 1;);
