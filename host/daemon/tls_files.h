/*
 * What the files of `tls:` hold. The master reads them, so that workers neither need the right to
 * do so nor see others than it does. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_DAEMON_TLS_FILES_H
#define SOCKLET_DAEMON_TLS_FILES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "config/config.h"
#include "net/tls_context.h"

struct tls_bytes {
	const char *path;
	struct span bytes;
	const char *reason; /* why it could not be read; "": it could */
};

struct tls_files {
	struct tls_bytes *items;
	size_t count;
};

/* Each file that the section names, once. All of it is the arena's. */
void tls_files_read(struct tls_files *out, const struct tls_conf *conf, struct arena *arena);
bool tls_files_equal(const struct tls_files *a, const struct tls_files *b);
void tls_files_pack(struct buf *out, const struct tls_files *files);
/* The bytes are borrowed from `in`. */
bool tls_files_unpack(struct span *in, struct tls_files *out, struct arena *arena);

/*
 * What the section asks for, of these files. Certificates that are not valid today are mistakes if
 * `wants_valid`. NULL adds to `why`.
 */
struct tls_context *tls_files_load(const struct tls_files *files, const struct tls_conf *conf,
	const struct tls_secret *secret, bool wants_valid, struct err_list *why);

#endif
