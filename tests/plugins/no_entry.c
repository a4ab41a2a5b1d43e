/* A shared object without the one function. SPDX-License-Identifier: MIT */
#include <socklet.h>

SL_EXPORT int no_entry_value(void);

int no_entry_value(void)
{
	return 1;
}
