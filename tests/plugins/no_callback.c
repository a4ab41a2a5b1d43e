/* Neither connect nor message: nothing could ever happen. SPDX-License-Identifier: MIT */
#include "altered.h"

FIXTURE(no_callback);
#undef socklet_plugin
ALTERED(info.message = NULL;);
