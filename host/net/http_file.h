/*
 * A file on its way into a socket, as the body of an answer. Knows no HTTP.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_NET_HTTP_FILE_H
#define SOCKLET_NET_HTTP_FILE_H

#include <stdint.h>
#include <sys/types.h>

struct http_file {
	int fd; /* -1: none */
	off_t at;
	uint64_t left; /* bytes */
};

enum http_file_sent {
	HTTP_FILE_WHOLE,  /* all of it has left */
	HTTP_FILE_PART,   /* go on when the socket has room */
	HTTP_FILE_SHRANK, /* it has become shorter than it was */
	HTTP_FILE_FAILED, /* the socket or the file */
};

/* Sends what the socket takes, but only so much that other connections have their turn. */
enum http_file_sent http_file_send(struct http_file *file, int socket);
void http_file_close(struct http_file *file);

#endif
