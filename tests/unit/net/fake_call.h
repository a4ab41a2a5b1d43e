/*
 * Stands in for call/: answers requests by their path, and writes down what it is told, one line
 * an event. SPDX-License-Identifier: MIT
 */
#ifndef TEST_FAKE_CALL_H
#define TEST_FAKE_CALL_H

#include <stdbool.h>

#include "base/buf.h"
#include "call/loop.h"
#include "call/transport.h"

/*
 * Paths: "/text" a short answer, "/big" one of big_bytes, "/file" one of file_bytes from `file`,
 * "/close" closes, "/ws" accepts, "/greet" accepts and sends "hi", "/later" waits for the test.
 * Messages come back as they are; "count", "close", "flood N", "pause" and "hold" do what they say.
 */
struct host {
	struct loop *loop;
	int collect_fd; /* write to it: offloaded work is done */
	struct transport_limits limits;
	const struct ws_compression *compression; /* agreed on with whoever comes; NULL: none */
	struct transport *transport;              /* of the newest session */
	size_t big_bytes;
	const char *file;
	uint64_t file_bytes;
	struct buf log;
	unsigned refused_sends;
	bool is_counting; /* messages are counted, not sent back */
	size_t counted;
	bool has_turn_end;
	bool has_no_proxy; /* else 127.0.0.1 may speak for others */
	struct span key;   /* of the handshake waiting */
	char key_text[32];
};

void fake_host_init(struct host *host, struct loop *loop);
void fake_host_fini(struct host *host);
/* The log so far, with its NUL. */
const char *fake_host_log(struct host *host);
/* What a plugin would do later, for "/later". */
void fake_accept(struct host *host);
void fake_refuse(struct host *host);
/* As session_close does. */
void fake_close(struct host *host, unsigned code, const char *reason);
bool fake_send(struct host *host, const void *data, size_t len);

#endif
