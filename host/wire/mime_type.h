/*
 * What a file holds, by the end of its name. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_WIRE_MIME_TYPE_H
#define SOCKLET_WIRE_MIME_TYPE_H

/* "application/octet-stream" where nothing better is known. Static. */
const char *mime_type_of(const char *path);

#endif
