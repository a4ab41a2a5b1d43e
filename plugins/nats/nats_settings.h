/*
 * The options of the driver as routes.yaml has them, and as libnats wants them.
 * SPDX-License-Identifier: MIT
 */
#ifndef NATS_SETTINGS_H
#define NATS_SETTINGS_H

#include <nats/nats.h>
#include <socklet.h>

struct nats_options {
	const char *url; /* several: divided by commas */
	const char *prefix;
	struct sl_opt_text user, password, token, credentials;
	struct sl_opt_text ca, certificate, key;
};

/* The caller's. NULL: `why` says which option cannot be right. */
natsOptions *nats_settings_make(const struct nats_options *options, char *why, size_t size);
/* The servers without user and password, for people. */
void nats_settings_place(const struct nats_options *options, char *out, size_t size);

#endif
