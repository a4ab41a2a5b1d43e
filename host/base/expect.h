/*
 * Which way a condition goes as a rule, for the few functions that every message passes: the
 * compiler lays the other way apart. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_BASE_EXPECT_H
#define SOCKLET_BASE_EXPECT_H

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/*
 * What leads to a system call has no functions of its own: so many frames of the kernel have been
 * entered and left by then that none of ours returns where the processor expects.
 */
#define FLAT __attribute__((always_inline)) static inline

#endif
