/*
 * What the compiler and the processor are told of the few functions that every message passes.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_EXPECT_H
#define SOCKLET_BASE_EXPECT_H

#include <stdint.h>

/* Which way it goes as a rule, or which value it has: all else is laid apart. */
#define EXPECT(value, usual) __builtin_expect(value, usual)
#define LIKELY(condition)    EXPECT(!!(condition), 1)
#define UNLIKELY(condition)  EXPECT(!!(condition), 0)

/*
 * What leads to a system call has no functions of its own: so many frames of the kernel have been
 * entered and left by then that none of ours returns where the processor expects.
 */
#define FLAT __attribute__((always_inline)) static inline

/* The first two cache lines of what is needed soon, wherever that is: a wrong address is no error.
 */
static inline void expect_object(const void *object)
{
	__builtin_prefetch(object);
	__builtin_prefetch((const void *)((uintptr_t)object + 64));
}

#endif
