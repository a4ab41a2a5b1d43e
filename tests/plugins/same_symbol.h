/* What same_symbol_a and _b both export. SPDX-License-Identifier: MIT */
#ifndef SOCKLET_TESTS_SAME_SYMBOL_H
#define SOCKLET_TESTS_SAME_SYMBOL_H

#include <socklet.h>

extern SL_EXPORT int shared_counter;
SL_EXPORT int shared_value(void);
SL_EXPORT int arena_alloc(void);
/* Called through the names above, as any code of the plugin would. */
SL_EXPORT int fixture_sum(void);

#endif
