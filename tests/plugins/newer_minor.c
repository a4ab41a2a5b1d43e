/* Built with a newer header than the host's. SPDX-License-Identifier: MIT */
#include "altered.h"

FIXTURE(newer_minor);
#undef socklet_plugin
ALTERED(info.minor = SL_ABI_MINOR + 1;);
