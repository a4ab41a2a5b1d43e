/*
 * A connection of the load generator: the handshake, a batch of ready frames going out, and a
 * counter of the frames that come in. Believes nothing of what it gets but the lengths. Called by
 * load_modes.c. SPDX-License-Identifier: MIT
 */
#ifndef LOAD_CONN_H
#define LOAD_CONN_H

#include <limits.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_group;

#define LOAD_ROOT UINT_MAX

/* Where a connection goes, from where, and what it speaks. */
struct load_way {
	unsigned port;
	unsigned route;  /* /rN/x, or LOAD_ROOT for / */
	unsigned source; /* 127.0.0.source; 0: the kernel's choice */
	bool is_tls, is_deflate;
};

struct load_conn {
	int fd;
	SSL *ssl; /* NULL: plain */
	struct load_group *group;
	size_t sent;            /* of the batch */
	unsigned char head[14]; /* of the frame that is coming in */
	size_t head_len;
	uint64_t left; /* of its payload */
};

/* What every batch is: `frames` masked frames, ready to go. */
struct load_batch {
	unsigned char *data;
	size_t len;
	unsigned frames;
};

/* `bytes` of text, with `deflate` compressed. The caller's to free. */
unsigned char *load_message(size_t bytes, bool deflate, size_t *len);
/* Frames of `bytes` of text; with `deflate` compressed before they are framed. */
void load_batch_init(struct load_batch *batch, unsigned frames, size_t bytes, bool deflate);
void load_batch_fini(struct load_batch *batch);

/* Ends the program with a line on standard error. */
_Noreturn void load_die(const char *what, const char *detail);

/* Connects, with TLS shakes hands, and sends the request; the answer is still to come. */
void load_conn_open(struct load_conn *conn, const struct load_way *way);
/* Waits for the answer, which must be 101. */
void load_conn_wait_upgraded(struct load_conn *conn);
/* Without TIME_WAIT, of which handshakes in a row would use up all ports. */
void load_conn_reset(struct load_conn *conn);

/* Goes on sending the batch; false while the socket takes no more. */
bool load_conn_send(struct load_conn *conn, const struct load_batch *batch);
/* Reads once; the data frames that ended with it. */
unsigned load_conn_receive(struct load_conn *conn);

#endif
