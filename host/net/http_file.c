/*
 * sendfile: the bytes never pass through us. A file that shrinks makes it return 0 for ever, which
 * must not be taken for a full socket. SPDX-License-Identifier: MIT
 */
#include "net/http_file.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <unistd.h>

enum { BYTES_A_TURN = 1 << 20 };

enum http_file_sent http_file_send(struct http_file *file, int socket)
{
	size_t part = file->left < BYTES_A_TURN ? (size_t)file->left : BYTES_A_TURN;
	ssize_t sent = sendfile(socket, file->fd, &file->at, part);

	if (sent == 0)
		return HTTP_FILE_SHRANK;
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? HTTP_FILE_PART : HTTP_FILE_FAILED;
	file->left -= (size_t)sent;
	return file->left == 0 ? HTTP_FILE_WHOLE : HTTP_FILE_PART;
}

void http_file_close(struct http_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	*file = (struct http_file){.fd = -1};
}
