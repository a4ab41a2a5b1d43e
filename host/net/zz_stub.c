/* Stub. SPDX-License-Identifier: MIT */
extern int zz_stub;
int zz_stub;
