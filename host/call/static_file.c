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
#include "wire/http_accept.h"
#include "wire/http_conditions.h"
#include "wire/http_range.h"
#include "wire/mime_type.h"

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
	transport_ops(transport)->reply(transport, &reply);
	buf_fini(&reply.headers);
}

/* ---- a file that is there -------------------------------------------------------------------- */

/* Takes what is open of it. */
struct opened {
	int fd;
	struct stat st;
	const char *path;   /* of the file that was asked for */
	const char *coding; /* NULL: fd is that file, else the compressed one beside it */
	bool has_codings;   /* there are compressed ones */
};

/* Best first: what is weighted alike is sent in the smallest form. */
static const struct {
	const char *suffix, *coding;
} codings[] = {{".br", "br"}, {".gz", "gzip"}};

static int open_file(const struct route *route, const char *path)
{
	if (route->conf->kind == ROUTE_DIR)
		return open_below(route->dir_fd, path);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* One that is older than the file is of what stood in it before. */
static bool is_fresh(int fd, const struct stat *of, struct stat *st)
{
	return fstat(fd, st) == 0 && S_ISREG(st->st_mode) &&
	       st->st_mtim.tv_sec >= of->st_mtim.tv_sec;
}

/* Replaces the file by a compressed one beside it that the client would rather have. */
static void choose_coding(
	struct opened *file, const struct route *route, const struct http_head *head)
{
	unsigned best = http_accept_coding(head, SPAN("identity")), weight;
	struct stat plain = file->st, st;
	struct arena arena = {0};

	for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
		int fd = open_file(
			route, arena_printf(&arena, "%s%s", file->path, codings[i].suffix));

		if (fd < 0)
			continue;
		weight = http_accept_coding(head, span_of(codings[i].coding));
		if (!is_fresh(fd, &plain, &st)) {
			close(fd);
			continue;
		}
		file->has_codings = true;
		if (weight == 0 || weight < best || (weight == best && file->coding != NULL)) {
			close(fd);
			continue;
		}
		close(file->fd);
		file->fd = fd;
		file->st = st;
		file->coding = codings[i].coding;
		best = weight;
	}
	arena_fini(&arena);
}

/*
 * Weak while the file may still change without its time changing: the kernel's clock of files has
 * coarse ticks, and who writes twice within one would be served half of each.
 */
static struct http_validators validators_of(const struct stat *st, time_t now, char text[80])
{
	bool is_settled = st->st_mtim.tv_sec + 1 < now;

	snprintf(text, 80, "%s\"%llx-%llx-%llx\"", is_settled ? "" : "W/",
		(unsigned long long)st->st_mtim.tv_sec * 1000000000u +
			(unsigned long long)st->st_mtim.tv_nsec,
		(unsigned long long)st->st_size, (unsigned long long)st->st_ino);
	return (struct http_validators){span_of(text), st->st_mtim.tv_sec};
}

/* What a 304 says, too. */
static void put_validators(struct buf *out, const struct opened *file, const struct route *route,
	const struct http_validators *now, time_t time)
{
	struct http_date date = {0};
	const char *cache = route->conf->cache_control.text;

	/* RFC 9110 section 8.8.2.1: not later than the answer itself. */
	buf_printf(out, "ETag: %.*s\r\nLast-Modified: %s\r\n", SPAN_ARG(now->etag),
		http_date_text(&date, now->modified < time ? now->modified : time));
	if (cache != NULL)
		buf_printf(out, "Cache-Control: %s\r\n", cache);
	if (file->has_codings)
		buf_append_span(out, SPAN("Vary: Accept-Encoding\r\n"));
}

static void put_content(struct buf *out, const struct opened *file)
{
	buf_append_span(out, SPAN("Accept-Ranges: bytes\r\nX-Content-Type-Options: nosniff\r\n"));
	if (file->coding != NULL)
		buf_printf(out, "Content-Encoding: %s\r\n", file->coding);
}

/* The whole, or the part that is asked for. */
static void choose_part(struct reply *reply, const struct opened *file,
	const struct http_head *head, const struct http_validators *now)
{
	uint64_t size = (uint64_t)file->st.st_size, first = 0, len = size;
	enum http_range range = HTTP_RANGE_WHOLE;

	if (span_equal(head->method, SPAN("GET")) && http_conditions_may_range(head, now))
		range = http_range_find(head, size, &first, &len);
	reply->status = range == HTTP_RANGE_WHOLE ? 200 : range == HTTP_RANGE_PART ? 206 : 416;
	reply->fd_offset = first;
	reply->fd_bytes = len;
	if (range == HTTP_RANGE_PART)
		buf_printf(&reply->headers, "Content-Range: bytes %llu-%llu/%llu\r\n",
			(unsigned long long)first, (unsigned long long)(first + len - 1),
			(unsigned long long)size);
	else if (range == HTTP_RANGE_OUTSIDE)
		buf_printf(&reply->headers, "Content-Range: bytes */%llu\r\n",
			(unsigned long long)size);
}

/* Takes file->fd. */
static void reply_file(struct transport *transport, const struct route *route,
	const struct request *request, const struct opened *file)
{
	struct reply reply = {.fd = -1};
	time_t time_now = time(NULL);
	char etag[80];
	struct http_validators now = validators_of(&file->st, time_now, etag);
	enum http_condition condition = http_conditions_check(request->head, &now);

	put_validators(&reply.headers, file, route, &now, time_now);
	if (condition == HTTP_CONDITION_HOLDS) {
		choose_part(&reply, file, request->head, &now);
	} else {
		reply.status = condition == HTTP_CONDITION_FAILS ? 412 : 304;
	}
	if (reply.status == 200 || reply.status == 206) {
		put_content(&reply.headers, file);
		reply.content_type = mime_type_of(file->path);
		reply.fd = file->fd;
	} else {
		close(file->fd);
	}
	transport_ops(transport)->reply(transport, &reply);
	buf_fini(&reply.headers);
}

/* Takes fd, which may be a folder, a device or no descriptor at all (errno says why). */
static void reply_opened(struct transport *transport, const struct route *route,
	const struct request *request, int fd, const char *path)
{
	struct opened file = {.fd = fd, .path = path};

	if (fd < 0) {
		reply_missing(transport, route, errno);
		return;
	}
	if (fstat(fd, &file.st) == 0 && S_ISREG(file.st.st_mode)) {
		choose_coding(&file, route, request->head);
		reply_file(transport, route, request, &file);
		return;
	}
	close(fd);
	if (S_ISDIR(file.st.st_mode) && route->conf->kind == ROUTE_DIR)
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
	reply_opened(transport, route, request, open_file(route, path), path);
	arena_fini(&arena);
}

void static_file_reply(
	struct transport *transport, const struct route *route, const struct request *request)
{
	const char *path = route->conf->file_or_dir.text;

	if (route->conf->kind == ROUTE_FILE)
		reply_opened(transport, route, request, open_file(route, path), path);
	else if (request->param_count > 0)
		reply_below(transport, route, request);
	else
		redirect_to_slash(transport, request);
}
