/*
 * A file that cannot be read is no mistake of whoever reads it: its reason travels in its place,
 * and whoever loads it complains where routes.yaml names it. SPDX-License-Identifier: MIT
 */
#include "daemon/tls_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/pack.h"

enum { FILE_MAX = 512 * 1024 };

/* ---- reading ---------------------------------------------------------------------------- */

/* NULL, or why not. */
static const char *read_fd(int fd, struct buf *out)
{
	struct stat info;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &info) < 0)
		return strerror(errno);
	if (!S_ISREG(info.st_mode))
		return "it is no regular file";
	while (got > 0 && out->len <= FILE_MAX) {
		got = read(fd, buf_reserve(out, 16384), 16384);
		out->len += got > 0 ? (size_t)got : 0;
	}
	if (got < 0)
		return strerror(errno);
	return out->len > FILE_MAX ? "it has more than 512 KiB" : NULL;
}

/* Not blocking: a FIFO without a writer would stop the master. */
static struct tls_bytes read_one(const char *path, struct arena *arena)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct buf bytes = {0};
	const char *reason = read_fd(fd, &bytes);
	struct tls_bytes out = {.path = path, .reason = reason == NULL ? "" : reason};

	out.reason = arena_text(arena, out.reason, strlen(out.reason));
	out.bytes = arena_span(arena, reason == NULL ? buf_span(&bytes) : SPAN(""));
	if (bytes.data != NULL)
		explicit_bzero(bytes.data, bytes.len);
	buf_fini(&bytes);
	if (fd >= 0)
		close(fd);
	return out;
}

static const struct tls_bytes *find(const struct tls_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (strcmp(files->items[i].path, path) == 0)
			return &files->items[i];
	return NULL;
}

static void add(struct tls_files *out, const struct conf_text *path, struct arena *arena)
{
	if (path->text != NULL && find(out, path->text) == NULL)
		out->items[out->count++] = read_one(path->text, arena);
}

void tls_files_read(struct tls_files *out, const struct tls_conf *conf, struct arena *arena)
{
	size_t most = 2 * conf->certificate_count + 1;

	*out = (struct tls_files){arena_alloc(arena, most * sizeof(*out->items)), 0};
	for (size_t i = 0; i < conf->certificate_count; i++) {
		add(out, &conf->certificates[i].certificate, arena);
		add(out, &conf->certificates[i].key, arena);
	}
	add(out, &conf->client.ca, arena);
}

bool tls_files_equal(const struct tls_files *a, const struct tls_files *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->items[i].path, b->items[i].path) != 0 ||
			strcmp(a->items[i].reason, b->items[i].reason) != 0 ||
			!span_equal(a->items[i].bytes, b->items[i].bytes))
			return false;
	return true;
}

/* ---- travelling ------------------------------------------------------------------------- */

void tls_files_pack(struct buf *out, const struct tls_files *files)
{
	pack_number(out, files->count);
	for (size_t i = 0; i < files->count; i++) {
		pack_text(out, files->items[i].path);
		pack_span(out, files->items[i].bytes);
		pack_text(out, files->items[i].reason);
	}
}

bool tls_files_unpack(struct span *in, struct tls_files *out, struct arena *arena)
{
	uint64_t count;

	if (!pack_take_number(in, &count) || count > in->len)
		return false;
	out->count = (size_t)count;
	out->items = arena_alloc(arena, (out->count + 1) * sizeof(*out->items));
	for (size_t i = 0; i < out->count; i++) {
		struct tls_bytes *item = &out->items[i];

		item->path = pack_take_text(in, arena);
		if (item->path == NULL || !pack_take_span(in, &item->bytes))
			return false;
		item->reason = pack_take_text(in, arena);
		if (item->reason == NULL)
			return false;
	}
	return true;
}

/* ---- loading ---------------------------------------------------------------------------- */

static struct tls_file file_of(
	const struct tls_files *files, const struct conf_text *path, struct err_list *why)
{
	const struct tls_bytes *found = find(files, path->text);

	if (found == NULL || found->reason[0] != '\0')
		err_list_add(why, path->place, "tls: %s cannot be read: %s", path->text,
			found == NULL ? "nobody has tried" : found->reason);
	return (struct tls_file){path->text, found == NULL ? SPAN("") : found->bytes, path->place};
}

static const char *const *hosts_of(const struct conf_list *hosts, struct arena *arena)
{
	const char **out;

	if (hosts->items == NULL)
		return NULL;
	out = arena_alloc(arena, (hosts->count + 1) * sizeof(*out));
	memcpy(out, hosts->items, hosts->count * sizeof(*out));
	return out;
}

static const struct tls_pair *pairs_of(const struct tls_files *files, const struct tls_conf *conf,
	struct arena *arena, struct err_list *why)
{
	struct tls_pair *pairs = arena_alloc(arena, (conf->certificate_count + 1) * sizeof(*pairs));

	for (size_t i = 0; i < conf->certificate_count; i++) {
		const struct tls_certificate_conf *one = &conf->certificates[i];

		pairs[i] = (struct tls_pair){
			.certificate = file_of(files, &one->certificate, why),
			.key = file_of(files, &one->key, why),
			.hosts = hosts_of(&one->hosts, arena),
		};
	}
	return pairs;
}

static const char *hsts_of(const struct tls_conf *conf, struct arena *arena)
{
	if (conf->hsts_ms == 0)
		return NULL;
	return arena_printf(arena, "max-age=%llu%s", (unsigned long long)conf->hsts_ms / 1000,
		conf->hsts_subdomains ? "; includeSubDomains" : "");
}

static struct tls_words words_of(const struct conf_text *text)
{
	return (struct tls_words){text->text, text->place};
}

static struct tls_settings settings_of(const struct tls_files *files, const struct tls_conf *conf,
	struct arena *arena, struct err_list *why)
{
	struct tls_settings settings = {
		.pairs = pairs_of(files, conf, arena, why),
		.pair_count = conf->certificate_count,
		.is_1_3_only = conf->is_1_3_only,
		.ciphers = words_of(&conf->ciphers),
		.ciphersuites = words_of(&conf->ciphersuites),
		.hsts = hsts_of(conf, arena),
	};

	if (conf->client.ca.text == NULL)
		return settings;
	settings.client_ca = file_of(files, &conf->client.ca, why);
	settings.verify = conf->client.is_required ? TLS_VERIFY_REQUIRED : TLS_VERIFY_OPTIONAL;
	return settings;
}

struct tls_context *tls_files_load(const struct tls_files *files, const struct tls_conf *conf,
	const struct tls_secret *secret, bool wants_valid, struct err_list *why)
{
	struct arena arena = {0};
	size_t already = why->count;
	struct tls_settings settings = settings_of(files, conf, &arena, why);
	struct tls_context *context = NULL;

	settings.wants_valid = wants_valid;
	if (conf->resumption_ms >= 1000) {
		settings.secret = *secret;
		tls_secret_turn(&settings.secret, conf->resumption_ms / 1000, (uint64_t)time(NULL));
	}
	/* What could not be read would be complained of again. */
	if (why->count == already)
		context = tls_context_new(&settings, why);
	arena_fini(&arena);
	return context;
}
