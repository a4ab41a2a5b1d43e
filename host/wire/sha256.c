/*
 * One call of OpenSSL, so that who needs a name of fixed length for a long text need not know it.
 * No secret is hashed here. Called by call/admin_params.c. SPDX-License-Identifier: MIT
 */
#include "wire/sha256.h"

#include <openssl/evp.h>

bool sha256_of(struct span text, uint8_t out[SHA256_BYTES])
{
	return EVP_Digest(text.len == 0 ? "" : text.ptr, text.len, out, NULL, EVP_sha256(), NULL) ==
	       1;
}
