/*
 * Where a server is, and how it wants to be greeted: redis://user:password@host:port, or rediss://
 * with TLS. SPDX-License-Identifier: MIT
 */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <stdbool.h>

struct redis_url {
	bool is_tls;
	char user[128], password[512]; /* "": none */
	char host[256];                /* without brackets */
	char port[8];
};

/* False puts what is wrong into `why`, without the password. */
bool redis_url_parse(struct redis_url *out, const char *text, const char **why);

#endif
