/*
 * Runs a plan for one request: fetch, convert, store, call providers, collect every error.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_INJECT_H
#define SOCKLET_INJECT_INJECT_H

#include "inject/plan.h"
#include "wire/http_head.h"
#include "wire/url.h"

/* The decoded sources. All borrowed. */
struct inject_request {
	const struct http_head *head;
	const struct span *path_params; /* decoded, in the pattern's order */
	const struct pair *query, *cookies;
	size_t query_count, cookie_count;
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
};

/* Calls one provider: context is the caller's, the rest the plan's. Returns what it returned. */
typedef int inject_call(
	void *context, const struct inject_provider *provider, const void *args, void *result);
/* Whether the connection was answered (refused, closed) by the provider just called. */
typedef bool inject_stopped(void *context);

struct inject_run {
	const struct plan *plan;
	const struct inject_request *request;
	struct arena *arena; /* one block of plan->block_size, and converted texts */
	inject_call *call;
	inject_stopped *stopped;
	void *context;
	/* results */
	const void *args; /* the plugin's own struct */
	struct inject_errors errors;
	int provider_result;
};

/*
 * FastAPI's rules: duplicates (query and cookie: last wins, header: first, a list takes all), empty
 * is a value,
 * a provider with errors in its arguments is not called (those whose arguments are right are, and
 * may stop it all), errors come sub-providers first, then path, query, header, cookie, each in
 * declared order. Header bytes above 0x7f are Latin-1 and come out as UTF-8.
 */
enum inject_result inject_run(struct inject_run *run);

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
