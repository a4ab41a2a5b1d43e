/*
 * login: whoever brings a right user name and password is given a session cookie: a JWT, signed
 * with the key in the environment variable SESSION_KEY, that any worker, any host and any other
 * program with that key can check (see the members plugin). The host has checked name and
 * password before connect is called. SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_BYTES_LEAST = 32, TOKEN_MAX = 1024 };

struct login_options {
	int64_t hours; /* that a session lasts */
};
SL_ARGS(login_options, SL_FIELD(hours, .default_value = "8", .ge = "1", .le = "720"));

/* The pattern keeps out of the JSON below what would need escaping there. */
struct login_args {
	const char *user;
};
SL_ARGS(login_args, SL_FIELD(user, .pattern = "^[A-Za-z0-9._@-]{1,64}$"));

static const char *session_key(void)
{
	const char *key = getenv("SESSION_KEY");

	return key != NULL && strlen(key) >= KEY_BYTES_LEAST ? key : NULL;
}

static int login_start(struct sl_plugin *plugin)
{
	if (session_key() != NULL)
		return SL_OK;
	sl_plugin_log(plugin, SL_LOG_ERROR,
		"the environment variable SESSION_KEY needs %d characters or more: "
		"SESSION_KEY=$(openssl rand -hex 32)",
		KEY_BYTES_LEAST);
	return SL_FAILED;
}

/* RFC 4648 section 5, without padding. Returns where the text ends. */
static char *base64url(char *out, const void *data, size_t len)
{
	char *end = out + EVP_EncodeBlock((unsigned char *)out, data, (int)len);

	while (end > out && end[-1] == '=')
		end--;
	for (char *c = out; c < end; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	*end = '\0';
	return end;
}

/* RFC 7519, HS256. */
static void make_token(char out[TOKEN_MAX], const char *user, int64_t now_s, int64_t hours)
{
	static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	const char *key = session_key();
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len = 0;
	char claims[256], *end;

	snprintf(claims, sizeof(claims), "{\"sub\":\"%s\",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}",
		user, now_s, now_s + hours * 3600);
	end = base64url(out, header, sizeof(header) - 1);
	*end++ = '.';
	end = base64url(end, claims, strlen(claims));
	HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)out, (size_t)(end - out),
		mac, &mac_len);
	*end++ = '.';
	base64url(end, mac, mac_len);
}

static int login_connect(struct sl_conn *conn, const struct login_args *args)
{
	const struct login_options *options = sl_options(sl_plugin_of(conn));
	char token[TOKEN_MAX], cookie[TOKEN_MAX + 128];

	make_token(token, args->user, (int64_t)time(NULL), options->hours);
	/* Scripts cannot read it, other sites cannot send it. Add Secure behind TLS. */
	snprintf(cookie, sizeof(cookie),
		"session=%s; Path=/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict", token,
		options->hours * 3600);
	sl_response_header(conn, "Set-Cookie", cookie);
	sl_accept(conn, NULL);
	sl_log(conn, SL_LOG_INFO, "%s logged in", args->user);
	return sl_close(conn, 1000, "logged in");
}

SL_PLUGIN(login, login_args, .options = login_options_table, .start = login_start,
	.connect = login_connect);
