/*
 * Names an address of code as file+offset, as addr2line wants it, with nothing but system calls:
 * for the crash handler. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_CODE_PLACE_H
#define SOCKLET_DAEMON_CODE_PLACE_H

#include <stdint.h>

#include "base/safe_text.h"
#include "plugin/breadcrumb.h"

/*
 * "echo.so+0x119c"; "unloaded echo version 3 (echo.so+0x119c)"; "libc.so.6+0x9f0c1"; else the bare
 * address. Returns the index of the plugin's image, or -1.
 */
int code_place_put(struct safe_text *text, const struct breadcrumb *page, uintptr_t code);
/*
 * The innermost caller that lies in an open plugin, by the words on the stack: ", called from
 * echo.so+0x11a0". A guess, as old words stay there. Nothing when there is none.
 */
void code_place_put_caller(
	struct safe_text *text, const struct breadcrumb *page, uintptr_t stack_pointer);

#endif
