/*
 * What two peers agree on for a test: alike both ways. SPDX-License-Identifier: MIT
 */
#ifndef TESTS_DEFLATE_TERMS_H
#define TESTS_DEFLATE_TERMS_H

#include "wire/ws_extension.h"

static inline struct ws_compression deflate_terms(
	unsigned bits, unsigned least_bytes, bool has_context)
{
	return (struct ws_compression){
		.is_enabled = true,
		.server_context = has_context,
		.client_context = has_context,
		.server_bits = (uint8_t)bits,
		.client_bits = (uint8_t)bits,
		.level = 6,
		.least_bytes = least_bytes,
	};
}

#endif
