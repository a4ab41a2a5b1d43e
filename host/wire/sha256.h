/*
 * The SHA-256 of a text, by OpenSSL. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_SHA256_H
#define SOCKLET_WIRE_SHA256_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { SHA256_BYTES = 32 };

/* False: the system has no memory for it. */
bool sha256_of(struct span text, uint8_t out[SHA256_BYTES]);

#endif
