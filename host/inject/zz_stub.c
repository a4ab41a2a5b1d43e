/* Stub. SPDX-License-Identifier: MIT */
extern int zz_stub2;
int zz_stub2;
