/*
 * The section `tls:`. Names files, reads none: daemon/ does. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_CONF_TLS_H
#define SOCKLET_CONFIG_CONF_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/conf_text.h"

struct tls_certificate_conf {
	struct conf_text certificate, key;
	struct conf_list hosts; /* items NULL: the certificate's own */
};

struct tls_client_conf {
	struct conf_text ca; /* absent: clients show none */
	bool is_required;
};

struct tls_conf {
	bool is_there; /* the section */
	struct tls_certificate_conf *certificates;
	size_t certificate_count;
	bool is_1_3_only;
	struct conf_text ciphers, ciphersuites;
	struct tls_client_conf client;
	uint64_t resumption_ms; /* 0: never */
	uint64_t hsts_ms;       /* 0: not said */
	bool hsts_subdomains;
};

#endif
