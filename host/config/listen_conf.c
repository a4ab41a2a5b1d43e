/*
 * Splits the addresses of listen and --listen, and sees what people write instead: a bare port, a
 * URL, an IPv6 address without brackets. Opens no socket; net/ does. Called by config.c and by
 * the command line. SPDX-License-Identifier: MIT
 */
#include <arpa/inet.h>
#include <string.h>

#include "config/config.h"
#include "config/yaml_tree.h"

static bool is_ip(int family, const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(family, text, address) == 1;
}

/* 0 to 65535, digits only. */
static bool is_port(const char *text)
{
	unsigned number = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
		return false;
	for (; *text != '\0'; text++)
		number = number * 10 + (unsigned)(*text - '0');
	return number <= 65535;
}

static bool is_host_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (text[0] == '\0' || strlen(text) > 253 || text[strspn(text, letters)] != '\0')
		return false;
	/* Digits and dots alone are meant as an address: "127.0.0.256" is not to be looked up. */
	return text[strspn(text, "0123456789.")] != '\0' || is_ip(AF_INET, text);
}

static bool is_host(const char *host, bool in_brackets)
{
	char address[INET6_ADDRSTRLEN] = "";
	size_t len = strcspn(host, "%"); /* fe80::1%eth0: the zone is the kernel's to know */

	if (!in_brackets)
		return is_host_name(host);
	if (len >= sizeof(address))
		return false;
	memcpy(address, host, len);
	return is_ip(AF_INET6, address);
}

static const struct {
	struct span text;
	bool is_tls;
} schemes[] = {
	{{"http://", 7}, false},
	{{"https://", 8}, true},
};

/* What is behind the scheme, if there is one. */
static const char *skip_scheme(const char *text, bool *is_tls)
{
	*is_tls = false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncmp(text, schemes[i].text.ptr, schemes[i].text.len) != 0)
			continue;
		*is_tls = schemes[i].is_tls;
		return text + schemes[i].text.len;
	}
	return text;
}

/* Cuts the text at its last colon, the brackets off. False when it has no such shape. */
static bool split(struct listen_conf *out, const char *text, bool *in_brackets, struct arena *arena)
{
	const char *colon = strrchr(text, ':');
	struct span host;

	if (colon == NULL)
		return false;
	host = (struct span){text, (size_t)(colon - text)};
	*in_brackets = host.len >= 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
	if (*in_brackets)
		host = (struct span){host.ptr + 1, host.len - 2};
	out->host = arena_text(arena, host.ptr, host.len);
	out->port = arena_text(arena, colon + 1, strlen(colon + 1));
	return true;
}

static const char *advice(const char *text, struct arena *arena)
{
	const char *colon = strrchr(text, ':');

	if (strstr(text, "://") != NULL)
		return "the scheme is http:// or https://";
	if (strchr(text, '/') != NULL)
		return "take all behind the port away";
	if (is_port(text))
		return arena_printf(arena, "write 127.0.0.1:%s", text);
	if (text[0] == ':' && is_port(text + 1))
		return arena_printf(arena,
			"write 127.0.0.1%s, or 0.0.0.0%s for all addresses of the machine", text,
			text);
	if (text[0] == '*')
		return "write 0.0.0.0 for all addresses of the machine";
	if (colon == NULL)
		return "add a port, such as :8000";
	if (memchr(text, ':', (size_t)(colon - text)) != NULL && text[0] != '[')
		return "write an IPv6 address in brackets, such as \"[::1]:8000\"";
	if (!is_port(colon + 1))
		return "the port is a number from 0 (any free one) to 65535";
	return "the host is a name or an address, such as 127.0.0.1 or \"[::1]\"";
}

static bool parse_tcp(
	struct listen_conf *out, const char *text, struct arena *arena, struct err_list *why)
{
	bool in_brackets = false;

	if (split(out, text, &in_brackets, arena) && is_host(out->host, in_brackets) &&
		is_port(out->port)) {
		out->socket = text;
		if (out->is_tls && strspn(out->port, "0") == strlen(out->port))
			out->socket = out->address.text;
		return true;
	}
	err_list_add(why, out->address.place, "listen: found %s, wanted host:port: %s",
		yaml_tree_quote(out->address.text, arena), advice(text, arena));
	return false;
}

/* ---- other than TCP --------------------------------------------------------------------- */

static const char unix_prefix[] = "unix:", given_prefix[] = "fd:", given_word[] = "systemd";

static bool has_prefix(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static const char *join(const char *file, const char *path, struct arena *arena)
{
	const char *slash = file == NULL ? NULL : strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return path;
	return arena_printf(arena, "%.*s%s", (int)(slash + 1 - file), file, path);
}

static bool parse_unix(struct listen_conf *out, const char *path, const char *file,
	struct arena *arena, struct err_list *why)
{
	const char *mistake = NULL;

	out->kind = LISTEN_UNIX;
	out->path = join(file, path, arena);
	out->socket = arena_printf(arena, "%s%s", unix_prefix, out->path);
	if (path[0] == '\0' || path[strlen(path) - 1] == '/')
		mistake = "wanted the path of a file, such as unix:/run/socklet.sock";
	else if (strlen(out->path) > LISTEN_PATH_MAX)
		mistake = arena_printf(arena,
			"whose path has %zu bytes with its folder, %d more than a socket's may: "
			"take a shorter one",
			strlen(out->path), (int)strlen(out->path) - LISTEN_PATH_MAX);
	else if (out->is_tls)
		mistake = "but a Unix socket speaks no TLS: take https:// away";
	if (mistake != NULL)
		err_list_add(why, out->address.place, "listen: found %s, %s",
			yaml_tree_quote(out->address.text, arena), mistake);
	return mistake == NULL;
}

static bool parse_given(struct listen_conf *out, const char *text, const char *name,
	struct arena *arena, struct err_list *why)
{
	out->kind = LISTEN_GIVEN;
	out->name = name;
	out->socket = text;
	if (name[0] != '\0' || strcmp(text, given_word) == 0)
		return true;
	err_list_add(why, out->address.place,
		"listen: found %s, wanted a name or number behind it, such as fd:web or fd:3",
		yaml_tree_quote(out->address.text, arena));
	return false;
}

bool listen_conf_is_shared(const char *socket)
{
	return has_prefix(socket, unix_prefix) || has_prefix(socket, given_prefix) ||
	       strcmp(socket, given_word) == 0;
}

const char *listen_conf_file(const char *socket)
{
	return has_prefix(socket, unix_prefix) ? socket + strlen(unix_prefix) : NULL;
}

bool listen_conf_parse(struct listen_conf *out, struct conf_text address, const char *file,
	struct arena *arena, struct err_list *why)
{
	const char *rest = skip_scheme(address.text, &out->is_tls);

	out->address = address;
	out->kind = LISTEN_TCP;
	if (has_prefix(rest, unix_prefix))
		return parse_unix(out, rest + strlen(unix_prefix), file, arena, why);
	if (has_prefix(rest, given_prefix))
		return parse_given(out, rest, rest + strlen(given_prefix), arena, why);
	if (strcmp(rest, given_word) == 0)
		return parse_given(out, rest, "", arena, why);
	return parse_tcp(out, rest, arena, why);
}

static const struct listen_conf *find_twin(const struct listen_conf *listens, size_t count)
{
	for (size_t i = 0; i + 1 < count; i++)
		if (strcmp(listens[i].socket, listens[count - 1].socket) == 0)
			return &listens[i];
	return NULL;
}

static bool same_options(const struct listen_conf *a, const struct listen_conf *b)
{
	return a->is_tls == b->is_tls && a->has_proxy_header == b->has_proxy_header &&
	       a->redirects == b->redirects && a->is_admin == b->is_admin && a->mode == b->mode &&
	       a->owner.id == b->owner.id && a->group.id == b->group.id;
}

void listen_conf_check(const struct config *config, const struct listen_conf *listens, size_t count,
	struct err_list *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct listen_conf *twin = find_twin(listens, i + 1);

		if (twin != NULL && !same_options(twin, &listens[i]))
			err_list_add(why, listens[i].address.place,
				"listen: found %s and %s, which are one address: give each %s of "
				"its own",
				twin->address.text, listens[i].address.text,
				twin->kind == LISTEN_TCP ? "a port" : "one");
		if (listens[i].is_tls && !config->tls.is_there)
			err_list_add(why, listens[i].address.place,
				"listen: found %s, which needs certificates: add \"tls:\" at the "
				"top",
				listens[i].address.text);
	}
}

struct listen_conf listen_conf_find(const struct config *config, const char *address)
{
	struct listen_conf found = {.address.text = address};

	for (size_t i = 0; i < config->listen_count; i++)
		if (strcmp(config->listens[i].address.text, address) == 0)
			return config->listens[i];
	skip_scheme(address, &found.is_tls);
	return found;
}
