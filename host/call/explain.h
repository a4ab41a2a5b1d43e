/*
 * What one made-up request would become: its route, every field and where it came from, which
 * providers were called, and the answer. Runs the code that serves, over a transport that writes
 * down; calls neither start nor connect. SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_CALL_EXPLAIN_H
#define SOCKLET_CALL_EXPLAIN_H

#include "call/generation.h"
#include "call/host.h"
#include "call/request.h"
#include "inject/inject.h"

enum explain_state {
	EXPLAIN_NOT_REACHED, /* a provider before it answered */
	EXPLAIN_SKIPPED,     /* its arguments are not complete */
	EXPLAIN_CALLED,      /* the plugin's own: it would be */
	EXPLAIN_ANSWERED,    /* called, and it answered or failed */
	EXPLAIN_WAITING,     /* called, and it answers later */
	EXPLAIN_PER_MESSAGE, /* of scope message: called for each one */
};

/* One call of the route's plan. */
struct explain_call {
	enum explain_state state;
	const void *args, *result; /* NULL unless called */
	int returned;
};

/* The answer, if there is one by now. */
struct explain_answer {
	unsigned status;          /* 0: none, 101: accepted */
	const char *content_type; /* NULL: none */
	struct buf headers, body; /* header lines, each ending in CRLF */
	bool is_closed;           /* by a close frame behind the 101 */
	unsigned close_code;
	struct buf close_reason;
};

enum explain_outcome {
	EXPLAIN_REACHES,      /* all arguments are there: connect, or request, would be called */
	EXPLAIN_REFUSED,      /* there is an answer */
	EXPLAIN_UNDECIDED,    /* a provider answers later, and was not waited for */
	EXPLAIN_NO_WEBSOCKET, /* a plain request, which no plugin answers: nothing was done */
};

struct explanation {
	struct transport transport; /* first: the session's */
	struct transport_extra transport_extra;
	const char *peer;
	struct explain_answer answer;
	enum explain_outcome outcome;
	struct host *host;
	bool has_head; /* the request could be read */
	struct http_head head;
	struct request request;
	const struct route *route;      /* NULL: no plugin has the path, or it was not looked for */
	const struct route *http_route; /* the path's file or dir; NULL: none, or a plugin's path */
	struct sl_conn *session;        /* NULL without a route */
	struct explain_call *calls;     /* one each of the route's plan */
	/*
	 * The provider whose code runs now, else NULL. Elsewhere, so that it may be in memory that
	 * survives a crash.
	 */
	const struct inject_provider **calling;
	struct arena arena;
};

/*
 * Fills `out`, which is then read by the functions below and explain_report.h. `raw` is a whole
 * head, as of explain_head, and must outlive the explanation; as must `calling`, which is set
 * around each call of a provider. The plugins of the generation have not been started.
 */
void explain_run(struct explanation *out, struct host *host, struct generation *generation,
	struct span raw, const struct inject_provider **calling);
/* Ends the session; what provider results point to is gone afterwards. */
void explain_fini(struct explanation *explanation);

enum explain_kind {
	EXPLAIN_VALUE,
	EXPLAIN_DEFAULT,    /* a value, but not of the request */
	EXPLAIN_NOT_SET,    /* an optional member without value */
	EXPLAIN_WRONG,      /* errors say why */
	EXPLAIN_NO_RESULT,  /* its provider gave none */
	EXPLAIN_BY_MESSAGE, /* its provider is called for each message */
};

struct explain_field {
	enum explain_kind kind;
	uint32_t type;                 /* SL_TYPE_… of what stands at `where` */
	const void *where;             /* VALUE, DEFAULT */
	const struct choices *choices; /* the names of an enum, if there are any */
	struct inject_errors errors;   /* WRONG: at least one */
};

/* Of a call that was reached; `fetch` is one of the call's. */
struct explain_field explain_field_of(
	struct explanation *explanation, const struct plan_fetch *fetch);
/* Whether it has a start callback, which was not called; NULL has none. */
bool explain_misses_start(const struct sl_plugin *owner);

#endif
