/*
 * The keys of `tls:`. Rows as in keys.h; tls_conf.c reads by them. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CONFIG_TLS_KEYS_H
#define SOCKLET_CONFIG_TLS_KEYS_H

/* More of KEY_TYPES. */
#define TLS_KEY_TYPES(TYPE)                            \
	TYPE(tls, "section", "")                       \
	TYPE(tls_certificates, "list of sections", "") \
	TYPE(tls_client, "section", "")                \
	TYPE(tls_hosts, "list of names", "")           \
	TYPE(tls_minimum, "`1.2`, `1.3`", "")          \
	TYPE(tls_verify, "`optional`, `required`", "")

#define TLS_KEYS(ROW)                                                                           \
	ROW(certificates, tls_certificates, certificates, NULL, NULL, NULL,                     \
		"the certificates, chosen by the name that the client asks for; the first is "  \
		"for all other names; required")                                                \
	ROW(minimum, tls_minimum, is_1_3_only, "1.2", NULL, NULL,                               \
		"the lowest version that is spoken")                                            \
	ROW(ciphers, text, ciphers, NULL, NULL, NULL,                                           \
		"the ciphers of TLS 1.2, in OpenSSL's words; without it those with forward "    \
		"secrecy and authenticated encryption")                                         \
	ROW(ciphersuites, text, ciphersuites, NULL, NULL, NULL,                                 \
		"the ciphers of TLS 1.3, in OpenSSL's words; without it all")                   \
	ROW(client, tls_client, client, NULL, NULL, NULL, "whether clients show certificates")  \
	ROW(resumption, duration, resumption_ms, "12h", "0", "7d",                              \
		"how long a client may come back without a whole handshake; what its tickets "  \
		"are encrypted with changes as often; 0 is never")                              \
	ROW(hsts, duration, hsts_ms, "0", "0", "3650d",                                         \
		"so long browsers come back with https:// only (Strict-Transport-Security); 0 " \
		"is not said")                                                                  \
	ROW(hsts_subdomains, flag, hsts_subdomains, "false", NULL, NULL,                        \
		"whether `hsts` is for all names below this host's, too")

#define TLS_CERTIFICATE_KEYS(ROW)                                                             \
	ROW(certificate, file, certificate, NULL, NULL, NULL,                                 \
		"a PEM file: the host's certificate, then those that lead to its root; "      \
		"required")                                                                   \
	ROW(key, file, key, NULL, NULL, NULL,                                                 \
		"a PEM file: the private key of the certificate, without a passphrase; "      \
		"required")                                                                   \
	ROW(hosts, tls_hosts, hosts, NULL, NULL, NULL,                                        \
		"the names it is for, as `example.org` or `*.example.org`; without it those " \
		"that stand in the certificate")

#define TLS_CLIENT_KEYS(ROW)                                                              \
	ROW(ca, file, ca, NULL, NULL, NULL,                                               \
		"a PEM file: the certificates of who signs the clients'; required")       \
	ROW(verify, tls_verify, is_required, "required", NULL, NULL,                      \
		"`required`: who has none is refused; `optional`: who has none comes in " \
		"without; one that is wrong is refused either way")

#endif
