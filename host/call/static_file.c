/*
 * A dir route's files are opened by the kernel below the folder (openat2, RESOLVE_BENEATH): "..",
 * absolute paths and symbolic links cannot lead out, whatever the spelling. Called by host.c.
 * SPDX-License-Identifier: MIT
 */
#include "call/static_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "call/detail.h"

static const struct {
	const char *extension, *type;
} types[] = {
	{"html", "text/html; charset=utf-8"},
	{"htm", "text/html; charset=utf-8"},
	{"css", "text/css; charset=utf-8"},
	{"js", "text/javascript; charset=utf-8"},
	{"mjs", "text/javascript; charset=utf-8"},
	{"txt", "text/plain; charset=utf-8"},
	{"md", "text/markdown; charset=utf-8"},
	{"csv", "text/csv; charset=utf-8"},
	{"xml", "application/xml"},
	{"json", "application/json"},
	{"map", "application/json"},
	{"webmanifest", "application/manifest+json"},
	{"svg", "image/svg+xml"},
	{"png", "image/png"},
	{"jpg", "image/jpeg"},
	{"jpeg", "image/jpeg"},
	{"gif", "image/gif"},
	{"webp", "image/webp"},
	{"avif", "image/avif"},
	{"ico", "image/x-icon"},
	{"woff", "font/woff"},
	{"woff2", "font/woff2"},
	{"ttf", "font/ttf"},
	{"otf", "font/otf"},
	{"mp3", "audio/mpeg"},
	{"ogg", "audio/ogg"},
	{"wav", "audio/wav"},
	{"mp4", "video/mp4"},
	{"webm", "video/webm"},
	{"pdf", "application/pdf"},
	{"wasm", "application/wasm"},
	{"zip", "application/zip"},
	{"gz", "application/gzip"},
};

static const char *content_type(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcasecmp(dot + 1, types[i].extension) == 0)
			return types[i].type;
	return "application/octet-stream";
}

/* Dot files are hidden; so is what the kernel could not take as a path. */
static bool is_hidden(struct span path)
{
	if (span_find(path, '\0') < path.len)
		return true;
	while (path.ptr != NULL) {
		struct span segment = span_cut(&path, '/');

		if (segment.len > 0 && segment.ptr[0] == '.')
			return true;
	}
	return false;
}

static int open_below(int dir_fd, const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

static void reply_missing(struct transport *transport, const struct route *route, int error)
{
	if (error == EACCES || error == EMFILE || error == ENFILE || error == ENOSYS)
		log_warn("%s: cannot open a file: %s", route->label, strerror(error));
	if (error == EACCES)
		detail_reply(transport, 403, "Forbidden", NULL, false);
	else if (error == EMFILE || error == ENFILE)
		detail_reply(transport, 503, "Service Unavailable", NULL, false);
	else
		detail_reply(transport, 404, "Not Found", NULL, false);
}

/* A folder asked for without its slash: relative links of its index.html would go astray. */
static void redirect_to_slash(struct transport *transport, const struct request *request)
{
	struct reply reply = {.status = 307, .fd = -1};
	struct span query = request->head->query;

	buf_printf(&reply.headers, "Location: %.*s/%s%.*s\r\n", SPAN_ARG(request->head->path),
		query.ptr == NULL ? "" : "?", SPAN_ARG(query));
	transport->ops->reply(transport, &reply);
	buf_fini(&reply.headers);
}

/* If-None-Match by weak comparison (RFC 9110 section 13.1.2). */
static bool etag_matches(const struct http_head *head, struct span etag)
{
	struct span list, item;

	for (size_t n = 0; (list = http_header_get(head, SPAN("if-none-match"), n)).ptr != NULL;
		n++) {
		while (list.ptr != NULL) {
			item = span_trim(span_cut(&list, ','));
			if (span_starts(item, SPAN("W/")))
				item = span_from(item, 2);
			if (span_equal(item, SPAN("*")) || span_equal(item, etag))
				return true;
		}
	}
	return false;
}

/* Takes fd. */
static void reply_file(struct transport *transport, const struct request *request, int fd,
	const struct stat *st, const char *path)
{
	struct reply reply = {.status = 200, .content_type = content_type(path), .fd = fd};
	char etag[64];

	snprintf(etag, sizeof(etag), "\"%llx-%llx\"",
		(unsigned long long)st->st_mtim.tv_sec * 1000000000u +
			(unsigned long long)st->st_mtim.tv_nsec,
		(unsigned long long)st->st_size);
	buf_printf(&reply.headers, "ETag: %s\r\nX-Content-Type-Options: nosniff\r\n", etag);
	reply.fd_bytes = (uint64_t)st->st_size;
	if (etag_matches(request->head, span_of(etag))) {
		reply.status = 304;
		reply.content_type = NULL;
		reply.fd = -1;
		close(fd);
	}
	transport->ops->reply(transport, &reply);
	buf_fini(&reply.headers);
}

/* Takes fd, which may be a folder, a device or no descriptor at all (errno says why). */
static void reply_opened(struct transport *transport, const struct route *route,
	const struct request *request, int fd, const char *path)
{
	struct stat st;

	if (fd < 0) {
		reply_missing(transport, route, errno);
		return;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
		reply_file(transport, request, fd, &st, path);
		return;
	}
	close(fd);
	if (S_ISDIR(st.st_mode) && route->conf->kind == ROUTE_DIR)
		redirect_to_slash(transport, request);
	else
		reply_missing(transport, route, ENOENT);
}

static void reply_below(
	struct transport *transport, const struct route *route, const struct request *request)
{
	struct span rest = request->params[0];
	bool wants_index = rest.len == 0 || rest.ptr[rest.len - 1] == '/';
	struct arena arena = {0};
	const char *path;

	if (is_hidden(rest)) {
		reply_missing(transport, route, ENOENT);
		return;
	}
	path = arena_printf(&arena, "%.*s%s", SPAN_ARG(rest), wants_index ? "index.html" : "");
	reply_opened(transport, route, request, open_below(route->dir_fd, path), path);
	arena_fini(&arena);
}

void static_file_reply(
	struct transport *transport, const struct route *route, const struct request *request)
{
	const char *path = route->conf->file_or_dir.text;

	if (route->conf->kind == ROUTE_FILE)
		reply_opened(transport, route, request,
			open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), path);
	else if (request->param_count > 0)
		reply_below(transport, route, request);
	else
		redirect_to_slash(transport, request);
}
