/*
 * Names files, looks into none: `socklet check` does. Called by command_routes.c.
 * SPDX-License-Identifier: MIT
 */
#include "daemon/command_routes_tls.h"

#include <stdio.h>

static const char *minimum(const struct tls_conf *tls)
{
	return tls->is_1_3_only ? "1.3" : "1.2";
}

/* NULL: they show none. */
static const char *verify(const struct tls_client_conf *client)
{
	if (client->ca.text == NULL)
		return NULL;
	return client->is_required ? "required" : "optional";
}

void command_routes_tls_print(const struct tls_conf *tls)
{
	if (!tls->is_there)
		return;
	printf("tls: from %s on, sessions resumed for %llu ms", minimum(tls),
		(unsigned long long)tls->resumption_ms);
	if (verify(&tls->client) != NULL)
		printf(", client certificates %s", verify(&tls->client));
	if (tls->hsts_ms > 0)
		printf(", hsts %llu ms%s", (unsigned long long)tls->hsts_ms,
			tls->hsts_subdomains ? " with subdomains" : "");
	printf("\n");
	for (size_t i = 0; i < tls->certificate_count; i++) {
		const struct tls_certificate_conf *one = &tls->certificates[i];

		printf("    certificate %s", one->certificate.text);
		for (size_t n = 0; n < one->hosts.count; n++)
			printf("%s %s", n == 0 ? ", for" : ",", one->hosts.items[n]);
		printf("\n");
	}
}

static json_t *certificates_json(const struct tls_conf *tls)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tls->certificate_count; i++) {
		const struct tls_certificate_conf *one = &tls->certificates[i];
		json_t *hosts = json_array();

		for (size_t n = 0; n < one->hosts.count; n++)
			json_array_append_new(hosts, json_string(one->hosts.items[n]));
		json_array_append_new(
			array, json_pack("{s:s?, s:s?, s:o}", "certificate", one->certificate.text,
				       "key", one->key.text, "hosts", hosts));
	}
	return array;
}

json_t *command_routes_tls_json(const struct tls_conf *tls)
{
	if (!tls->is_there)
		return json_null();
	return json_pack("{s:o, s:s, s:s?, s:s?, s:s?, s:I, s:I, s:b}", "certificates",
		certificates_json(tls), "minimum", minimum(tls), "ciphers", tls->ciphers.text,
		"ciphersuites", tls->ciphersuites.text, "client", verify(&tls->client),
		"resumption_ms", (json_int_t)tls->resumption_ms, "hsts_ms",
		(json_int_t)tls->hsts_ms, "hsts_subdomains", (int)tls->hsts_subdomains);
}
