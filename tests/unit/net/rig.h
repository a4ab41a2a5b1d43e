/*
 * A worker with a fake host, and clients on the same thread: each wait turns the worker until what
 * is waited for has come, or fails the test after some seconds. SPDX-License-Identifier: MIT
 */
#ifndef TEST_RIG_H
#define TEST_RIG_H

#include <stdbool.h>
#include <stddef.h>

#include "net/fake_call.h"
#include "net/worker.h"

struct rig {
	struct worker *worker;
	struct listener *listener;
	struct listener_options options; /* of the next to listen */
	struct host host;
};

struct client {
	int fd;
	struct buf got; /* received and not yet expected */
	bool has_ended; /* end of stream, or a reset */
	bool is_reset;
	bool is_refused; /* the host did not take all that was sent */
};

int rig_setup(void **state);
/* The worker listens there. NULL fills `why`. */
struct listener *rig_listen(struct rig *rig, const char *host, const char *port, struct err *why);
int rig_teardown(void **state);

/* One turn, without waiting. */
void rig_turn(struct rig *rig);
/* Turns until done(context). */
void rig_until(
	struct rig *rig, bool (*done)(struct rig *, void *), void *context, const char *what);
void rig_expect_log(struct rig *rig, const char *expected);
void rig_expect_connections(struct rig *rig, size_t expected);

void client_open(struct rig *rig, struct client *client);
/* With a small receive buffer, so that a server's socket fills soon. */
void client_open_small(struct rig *rig, struct client *client);
void client_close(struct client *client);
void client_send(struct rig *rig, struct client *client, const void *data, size_t len);
void client_say(struct rig *rig, struct client *client, const char *text);
/* Exactly these bytes come next. */
void client_expect(struct rig *rig, struct client *client, const void *data, size_t len);
/* The next `len` bytes, whatever they are. */
void client_take(struct rig *rig, struct client *client, void *out, size_t len);
/* Takes all up to and including `end`, which comes; returns it as a text that the caller frees. */
char *client_read_to(struct rig *rig, struct client *client, const char *end);
/* The next `bytes` bytes, whatever they are. */
void client_take(struct rig *rig, struct client *client, void *out, size_t bytes);
/* `bytes` bytes of anything come. */
void client_skip(struct rig *rig, struct client *client, size_t bytes);
/* Anything may come, but then the end. Returns how many bytes it was. */
size_t client_skip_to_end(struct rig *rig, struct client *client);
/* Nothing more comes but the end, which is no reset. */
void client_expect_end(struct rig *rig, struct client *client);

/* A whole GET with a Host. */
void client_get(struct rig *rig, struct client *client, const char *path);
/* The status of the answer that comes next; its body is checked, too. */
void client_expect_answer(
	struct rig *rig, struct client *client, unsigned status, const char *body);

/* The WebSocket side: masked frames out, whole frames in. */
extern const char ws_request[];
void client_upgrade(struct rig *rig, struct client *client);
/* Appends a masked frame. */
void frame_put(struct buf *out, unsigned opcode, const void *payload, size_t len);
void client_frame(
	struct rig *rig, struct client *client, unsigned opcode, const char *payload, size_t len);
void client_text(struct rig *rig, struct client *client, const char *text);
void client_expect_frame(
	struct rig *rig, struct client *client, unsigned opcode, const void *payload, size_t len);

#endif
