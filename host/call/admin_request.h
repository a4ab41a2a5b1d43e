/*
 * One request of another program while it is served. Private to call/.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_ADMIN_REQUEST_H
#define SOCKLET_CALL_ADMIN_REQUEST_H

#include <jansson.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "call/admin.h"
#include "wire/http_head.h"
#include "wire/ws_frame.h"

struct admin_request;
struct loop_timer;

enum {
	ADMIN_TOPICS_MAX = 100,    /* in one request */
	ADMIN_REQUESTS_MAX = 1000, /* that wait, in one worker */
	ADMIN_MEMBERS_MAX = 10000, /* that one worker tells of */
};

TAILQ_HEAD(admin_queue, admin_request);

/* Part of the host. */
struct admin {
	struct admin_queue waiting;
	size_t waiting_count;
	uint64_t last_id; /* begins by chance: who had this worker's place before may be answered */
	struct admin_link *link;
};

/* What a request says, checked; absent: NULL, 0. */
struct admin_params {
	const char *topics[ADMIN_TOPICS_MAX];
	size_t topic_count;
	bool has_type;
	enum ws_opcode type;
	uint64_t id; /* of a connection */
	unsigned code;
	const char *reason;
	bool has_key;
	uint8_t key[ADMIN_KEY_BYTES];
};

/* A row of the table in admin_actions.c. */
struct admin_action {
	const char *method, *path;
	const char *params; /* names that the query may have, a blank behind each */
	bool is_open;       /* needs no token */
	bool takes_body;
	/* The request is whole. Replies, or asks. */
	void (*begin)(struct admin_request *request);
	/* One answer to what was asked. */
	void (*take)(struct admin_request *request, struct span answer);
	/* All have answered who will. Replies. */
	void (*finish)(struct admin_request *request);
};

struct admin_request {
	struct host *host;
	struct transport *transport;
	const struct admin_action *action;
	struct arena arena;
	struct admin_params params;
	struct buf body, answer;
	json_t *rows; /* gathered; NULL: none */
	uint64_t id, count;
	bool is_claiming; /* its key is to be given back when it ends without success */
	bool is_asking;
	unsigned asked, answered;
	struct loop_timer *timer;
	TAILQ_ENTRY(admin_request) link;
};

void admin_init(struct host *host);

/* The row of that path and method; NULL: *allowed is what the path takes, NULL if nothing does. */
const struct admin_action *admin_action_find(
	struct span method, struct span path, const char **allowed);
/* False: *status and the text say why. */
bool admin_params_read(struct admin_request *request, const struct http_head *head,
	unsigned *status, struct err *why);

/* ---- for admin_actions.c; each of the replies frees the request ---- */

/* Takes the JSON. */
void admin_reply_json(struct admin_request *request, unsigned status, json_t *body);
void admin_reply_text(struct admin_request *request, const char *content_type, struct span text);
void admin_refuse(struct admin_request *request, unsigned status, const char *text);
/* Asks all other workers, and answers for this one first; replies with 503 when nobody can be. */
void admin_ask_all(struct admin_request *request, json_t *question);
void admin_ask_master(struct admin_request *request, enum admin_to_master what, struct span body);
/* Says so, without an answer. */
void admin_tell_master(struct admin_request *request, enum admin_to_master what, struct span body);

#endif
