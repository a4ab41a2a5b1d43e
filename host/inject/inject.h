/*
 * Runs a plan for one request: fetch, convert, store, call providers, collect every error.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_INJECT_H
#define SOCKLET_INJECT_INJECT_H

#include "inject/plan.h"
#include "wire/http_head.h"
#include "wire/peer_certificate.h"
#include "wire/url.h"

/* The decoded sources. All borrowed. */
struct inject_request {
	const struct http_head *head;
	const struct span *path_params; /* decoded, in the pattern's order */
	const struct pair *query, *cookies;
	size_t query_count, cookie_count;
	const struct peer_certificate *certificate; /* NULL: the peer has shown none */
};

/* One row of FastAPI's detail list. */
struct inject_error {
	const char *type, *message; /* "int_parsing", "Input should be …" */
	const char *source, *name;  /* loc */
	bool has_index;             /* loc's third: which item of a list */
	size_t index;
	/* Valid as long as the request; UTF-8 if the request's pairs are. */
	struct span input;
	bool has_input;            /* false: null, or: */
	const struct span *inputs; /* of a list as a whole; else NULL */
	size_t input_count;
	struct value_ctx ctx[VALUE_CTX_MAX];
};

/* A request that is wrong more often than that is not told of the rest. */
enum { INJECT_ERRORS_MAX = 1000 };

struct inject_errors {
	struct inject_error *items; /* the arena's */
	size_t count, capacity;
};

enum inject_result {
	INJECT_DONE,    /* *args is filled */
	INJECT_INVALID, /* errors has at least one row; args is NULL */
	INJECT_STOPPED, /* a provider answered itself, or failed: *provider_result is what it
			   returned */
	INJECT_WAITING, /* a provider answers later: store its result, then inject_resume */
};

/* Calls the call's provider: context is the caller's, the rest the plan's. Returns what it did. */
typedef int inject_call(
	void *context, const struct plan_call *call, const void *args, void *result);
/* Whether the connection was answered (refused, closed) by the provider just called. */
typedef bool inject_stopped(void *context);

enum inject_state {
	INJECT_UNCALLED,
	INJECT_INCOMPLETE, /* its arguments have errors, or come from one that has */
	INJECT_PROVIDED,
};

/* Zero it, then fill the first half. Lasts as long as the plugin's struct is used. */
struct inject_run {
	const struct plan *plan;
	const struct inject_request *request; /* needed by inject_run and its inject_resume only */
	struct arena *arena; /* one block of plan->block_size, and converted texts */
	inject_call *call;
	inject_stopped *stopped;
	void *context;
	/* results */
	const void *args; /* the plugin's own struct */
	struct inject_errors errors;
	int provider_result;
	enum inject_state *states; /* one a call; whoever releases a result sets UNCALLED */
	/* inject.c's own */
	enum inject_state only_state; /* of a plan of one call */
	char *block;
	size_t at; /* the next call, or the one that waits */
	bool is_message;
};

/*
 * FastAPI's rules: duplicates (query and cookie: last wins, header: first, a list takes all), empty
 * is a value,
 * a provider with errors in its arguments is not called (those whose arguments are right are, and
 * may stop it all), errors come sub-providers first, then path, query, header, cookie, each in
 * declared order. Header bytes above 0x7f are Latin-1 and come out as UTF-8. Providers of scope
 * message are not called yet; what they will give is empty, and their own arguments are filled.
 */
enum inject_result inject_run(struct inject_run *run);
/* After a run was done: calls the providers of scope message and fills what takes their results. */
enum inject_result inject_message(struct inject_run *run);
/* Goes on behind the provider that waited, whose result is stored now. */
enum inject_result inject_resume(struct inject_run *run);
/* Where the result of a call stands: of the one that waits, plan->calls[run->at]. */
void *inject_result_of(const struct inject_run *run, const struct plan_call *call);
/* Empties the members of the plugin's struct that providers of this scope gave. */
void inject_clear(const struct inject_run *run, uint32_t scope);
/*
 * Defaults stand in the plan: from here on what `args` (the plugin's own struct) and those of the
 * providers hold is the arena's, so that they may outlive it.
 */
void inject_detach(const struct plan *plan, const void *args, struct arena *arena);

/*
 * Fills a struct from name and value pairs (options: of a route). False adds to `why` every
 * mistake: unknown name ("did you mean"), missing required one, wrong value. *out is the arena's,
 * zeroed where nothing was given.
 */
struct inject_option {
	const char *name, *value; /* value is NULL: the items of a list */
	struct place place;
	struct texts items;
};
bool inject_options(const struct sl_table *table, const struct inject_option *options, size_t count,
	const char *label, struct place place, struct arena *arena, const void **out,
	struct err_list *why);

#endif
