/*
 * What zlib itself takes: the load generator compresses its messages with it, and as a mode of its
 * own measures how long inflating and deflating one takes, without a socket. Called by load_conn.c
 * and load_modes.c. SPDX-License-Identifier: MIT
 */
#ifndef LOAD_ZLIB_H
#define LOAD_ZLIB_H

#include <stddef.h>

/* As permessage-deflate has it, without a context; the caller's to free. */
unsigned char *load_zlib_deflate(const unsigned char *text, size_t bytes, size_t *len);
/* Inflates a message and deflates it again, as a server without contexts does. */
void load_zlib_echo(const unsigned char *message, size_t len, int level);

#endif
