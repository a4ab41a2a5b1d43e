/*
 * What is said of fields and providers, by routes.yaml and plugins: what a plan is built from.
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCKLET_INJECT_INJECT_RULE_H
#define SOCKLET_INJECT_INJECT_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <socklet.h>

#include "base/err.h"
#include "wire/choices.h"
#include "wire/rules.h"

enum inject_source {
	INJECT_DEFAULT, /* rules only: path if the path has the name, else query */
	INJECT_PATH,
	INJECT_QUERY,
	INJECT_HEADER,
	INJECT_COOKIE,
	INJECT_CERTIFICATE, /* the peer's, of TLS */
	INJECT_PROVIDER,
	INJECT_CLAIM, /* fetches only: a text of what a built-in provider gives */
};

/* "path", "query", … */
const char *inject_source_name(enum inject_source source);

/* What only documents a field. */
enum inject_doc {
	INJECT_TITLE,
	INJECT_DESCRIPTION,
	INJECT_EXAMPLE,
	INJECT_DEPRECATED,
	INJECT_INCLUDE_IN_DOCS,
	INJECT_DOC_COUNT
};

/* One entry of `inject:`. */
struct inject_rule {
	const char *field;
	struct place place;
	enum inject_source source;
	const char *alias;               /* name at the source, NULL: the field's */
	const char *type;                /* what the author expects, NULL: anything */
	const char *default_text;        /* NULL: none, or a list */
	struct texts default_items;      /* of a list */
	const char *convert_underscores; /* a spelling of bool, of headers; NULL: true */
	struct rules_said said;          /* author: "the route" */
	struct texts enum_values;
	struct place enum_place;
	const char *docs[INJECT_DOC_COUNT];
	/* Of a provider only. */
	const char *claim;         /* which text of a built-in one's result, NULL: its default */
	const char *const *scopes; /* security scopes to ask for, NULL-ended; NULL: none */
	bool is_fresh;             /* `cache: false`: a call of its own */
};

/* What a built-in provider may look at: for strict sources a name that is known. */
struct inject_looked {
	enum inject_source source;
	const char *name;
};

/* A provider as a plan needs it: a plugin's, a built-in one, or one that could not be loaded. */
struct inject_provider {
	const char *name;
	const struct sl_provider *function; /* the plugin's, checked; else NULL */
	const void *security;               /* not NULL: built in; its result: struct claims * */
	const char *security_kind;          /* "jwt", of a built-in one */
	const char *default_claim;          /* of a built-in one; NULL: fields have to name one */
	const struct inject_looked *looked; /* of a built-in one */
	size_t looked_count;
	const void *owner;  /* handed back when it is called: its plugin */
	const void *own;    /* what the plugin calls it when it provides later */
	struct place place; /* in routes.yaml */
	const struct inject_rule *rules;
	size_t rule_count;
	uint32_t scope;      /* SL_SCOPE_… */
	uint64_t timeout_ms; /* for an answer that comes later */
	bool is_override;
};

/* A provider called for what it does: its result is dropped. */
struct inject_attached {
	const char *name;
	struct place place;
	const char *const *scopes; /* as of a rule */
};

#endif
