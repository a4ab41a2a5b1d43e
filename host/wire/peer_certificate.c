/*
 * Names of the rows. SPDX-License-Identifier: MIT
 */
#include "wire/peer_certificate.h"

#include <string.h>

const char *const peer_certificate_names[PEER_CERTIFICATE_COUNT + 1] = {
#define TEXT(name, example) #name,
	PEER_CERTIFICATE_TEXTS(TEXT)
#undef TEXT
		NULL,
};

enum peer_certificate_text peer_certificate_find(const char *name)
{
	unsigned i = 0;

	while (i < PEER_CERTIFICATE_COUNT && strcmp(peer_certificate_names[i], name) != 0)
		i++;
	return (enum peer_certificate_text)i;
}
