/*
 * One small function for each group of options; each answers a natsStatus, the first bad one of
 * which is told. Files are read here, once. Called by nats.c. SPDX-License-Identifier: MIT
 */
#include "nats_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SERVERS_MAX = 16,
	CONNECT_MS = 2000,
	PING_MS = 10000, /* two without an answer, and the server is taken for gone */
	WRITE_MS = 5000,
};

static natsStatus set_servers(natsOptions *made, const struct nats_options *options)
{
	const char *servers[SERVERS_MAX];
	char *urls = strdup(options->url), *rest = urls, *url;
	natsStatus status = NATS_OK;
	int count = 0;

	if (urls == NULL)
		return NATS_NO_MEMORY;
	while (count < SERVERS_MAX && (url = strsep(&rest, ", ")) != NULL)
		if (*url != '\0')
			servers[count++] = url;
	status = count > 0 ? natsOptions_SetServers(made, servers, count) : NATS_INVALID_ARG;
	free(urls);
	return status;
}

static natsStatus set_who(natsOptions *made, const struct nats_options *options)
{
	natsStatus status = NATS_OK;

	if (options->user.set)
		status = natsOptions_SetUserInfo(
			made, options->user.value, options->password.value);
	if (status == NATS_OK && options->token.set)
		status = natsOptions_SetToken(made, options->token.value);
	if (status == NATS_OK && options->credentials.set)
		status = natsOptions_SetUserCredentialsFromFiles(
			made, options->credentials.value, NULL);
	return status;
}

/* "tls://" is a promise: a server without TLS is refused. */
static natsStatus set_tls(natsOptions *made, const struct nats_options *options)
{
	natsStatus status = NATS_OK;

	if (strstr(options->url, "tls://") != NULL || options->ca.set || options->certificate.set)
		status = natsOptions_SetSecure(made, true);
	if (status == NATS_OK && options->ca.set)
		status = natsOptions_LoadCATrustedCertificates(made, options->ca.value);
	if (status == NATS_OK && options->certificate.set)
		status = natsOptions_LoadCertificatesChain(made, options->certificate.value,
			options->key.set ? options->key.value : options->certificate.value);
	return status;
}

/* We connect anew by ourselves, with a back-off; subscriptions share one thread of libnats. */
static natsStatus set_manners(natsOptions *made, const struct nats_options *options)
{
	natsStatus status = natsOptions_SetAllowReconnect(made, false);

	(void)options;
	if (status == NATS_OK)
		status = natsOptions_UseGlobalMessageDelivery(made, true);
	if (status == NATS_OK)
		status = natsOptions_SetTimeout(made, CONNECT_MS);
	if (status == NATS_OK)
		status = natsOptions_SetPingInterval(made, PING_MS);
	if (status == NATS_OK)
		status = natsOptions_SetMaxPingsOut(made, 1);
	if (status == NATS_OK)
		status = natsOptions_SetWriteDeadline(made, WRITE_MS);
	if (status == NATS_OK)
		status = natsOptions_SetNoEcho(made, true);
	if (status == NATS_OK)
		status = natsOptions_SetName(made, "socklet");
	return status;
}

natsOptions *nats_settings_make(const struct nats_options *options, char *why, size_t size)
{
	static const struct {
		const char *what;
		natsStatus (*set)(natsOptions *, const struct nats_options *);
	} groups[] = {
		{"url", set_servers},
		{"user, password, token or credentials", set_who},
		{"ca, certificate or key", set_tls},
		{"url", set_manners},
	};
	natsOptions *made = NULL;
	natsStatus status = natsOptions_Create(&made);

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups) && status == NATS_OK; i++) {
		status = groups[i].set(made, options);
		if (status != NATS_OK)
			snprintf(why, size, "option %s: %s", groups[i].what,
				natsStatus_GetText(status));
	}
	if (status == NATS_OK)
		return made;
	natsOptions_Destroy(made);
	return NULL;
}

void nats_settings_place(const struct nats_options *options, char *out, size_t size)
{
	char *to = out, *urls = strdup(options->url), *rest = urls, *url, *at;

	*out = '\0';
	while (urls != NULL && (url = strsep(&rest, ", ")) != NULL) {
		at = strstr(url, "://");
		url = at != NULL ? at + 3 : url;
		at = strrchr(url, '@');
		url = at != NULL ? at + 1 : url;
		if ((size_t)(out + size - to) > strlen(url) + 2)
			to += sprintf(to, "%s%s", to == out ? "" : ",", url);
	}
	free(urls);
}
