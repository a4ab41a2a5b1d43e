/*
 * Reads the keys in tests/data/keys. Shared by the tests of this folder. SPDX-License-Identifier:
 * MIT
 */
#ifndef SOCKLET_TESTS_KEY_FILE_H
#define SOCKLET_TESTS_KEY_FILE_H

#include "table.h"

#include "security/secret.h"

/* Where a key of that name is; in a buffer of the caller. */
static inline const char *key_file_path(char *out, size_t size, const char *name)
{
	snprintf(out, size, "%s/keys/%s", TEST_DATA, name);
	return out;
}

static inline struct secret key_file_read(const char *name)
{
	char path[1024];
	struct secret secret = {0};
	struct err_list why = {0};
	struct secret_source from = {.file = key_file_path(path, sizeof(path), name)};

	if (!secret_read(&secret, &from, &why))
		fail_msg("%s: %s", name, why.items[0].text);
	err_list_fini(&why);
	return secret;
}

#endif
