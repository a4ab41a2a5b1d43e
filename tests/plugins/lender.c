/*
 * Providers of every kind, each of which writes to the log when it is called and when it gives
 * back: "call NAME", "release NAME VALUE CODE/STATUS" ("release NAME VALUE goes on" while the
 * connection lives). SPDX-License-Identifier: MIT
 */
#include <socklet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "purse.h"

static void note_release(
	struct sl_conn *conn, const char *name, long value, const struct sl_end *end)
{
	if (end)
		sl_log(conn, SL_LOG_INFO, "release %s %ld %u/%u by %u", name, value, end->code,
			end->status, end->by);
	else
		sl_log(conn, SL_LOG_INFO, "release %s %ld goes on", name, value);
}

/* How many calls there were in this process: tells two results apart. */
static int64_t next_number;

struct lend_args {
	struct sl_opt_text end; /* "refuse", "reject", "close", "fail" */
};
SL_ARGS(lend_args, SL_FIELD(end));

static int answer(struct sl_conn *conn, const char *how)
{
	if (strcmp(how, "refuse") == 0) {
		sl_response_header(conn, "X-Why", "lender");
		return sl_refuse(conn, 402, "pay first");
	}
	if (strcmp(how, "reject") == 0)
		return sl_reject(conn, 401, 4401, "who are you?");
	if (strcmp(how, "close") == 0)
		return sl_close(conn, 4001, "not today");
	return SL_FAILED;
}

/* ---- plain ones of each scope ---- */

#define LENDER(name, scope_)                                                                   \
	static int name(struct sl_conn *conn, const struct lend_args *args, int64_t *result)   \
	{                                                                                      \
		*result = ++next_number;                                                       \
		sl_log(conn, SL_LOG_INFO, "call " #name " %d", (int)*result);                  \
		return args->end.set ? answer(conn, args->end.value) : SL_OK;                  \
	}                                                                                      \
	static void name##_back(struct sl_conn *conn, int64_t value, const struct sl_end *end) \
	{                                                                                      \
		note_release(conn, #name, (long)value, end);                                   \
	}                                                                                      \
	SL_PROVIDER(name, lend_args, int64_t, .scope = scope_, .release = name##_back)

LENDER(lasting, SL_SCOPE_CONNECTION);
LENDER(greeting, SL_SCOPE_HANDSHAKE);
LENDER(passing, SL_SCOPE_MESSAGE);

/* ---- a chain: takes lasting's result ---- */

struct chain_args {
	int64_t lasting;
};
SL_ARGS(chain_args, SL_FIELD(lasting));

static int chained(struct sl_conn *conn, const struct chain_args *args, int64_t *result)
{
	*result = args->lasting * 100;
	sl_log(conn, SL_LOG_INFO, "call chained %d", (int)*result);
	return SL_OK;
}
static void chained_back(struct sl_conn *conn, int64_t value, const struct sl_end *end)
{
	note_release(conn, "chained", (long)value, end);
}
SL_PROVIDER(chained, chain_args, int64_t, .release = chained_back);

/* ---- a struct ---- */

static int purse(struct sl_conn *conn, const struct sl_no_args *args, struct purse **result)
{
	(void)args;
	*result = sl_alloc(conn, sizeof(**result));
	(*result)->coins = 7;
	return SL_OK;
}
static void purse_back(struct sl_conn *conn, struct purse *value, const struct sl_end *end)
{
	note_release(conn, "purse", value->takers, end);
}
SL_PROVIDER_STRUCT(purse, sl_no_args, purse, .release = purse_back);

/* ---- what counts ---- */

struct few_args {
	struct sl_list_text few;
};
SL_ARGS(few_args, SL_FIELD(few, .max_items = "2"));

static int counted(struct sl_conn *conn, const struct few_args *args, int64_t *result)
{
	(void)conn;
	*result = (int64_t)args->few.count;
	return SL_OK;
}
SL_PROVIDER(counted, few_args, int64_t);

/* ---- what asks for scopes ---- */

static int asked(struct sl_conn *conn, const struct sl_no_args *args, const char **result)
{
	char *text = sl_alloc(conn, 200);
	struct sl_str scope;

	(void)args;
	for (size_t n = 0; (scope = sl_security_scope(conn, n)).ptr; n++)
		snprintf(text + strlen(text), 200 - strlen(text), "%s%.*s", n ? " " : "",
			SL_STR(scope));
	sl_log(conn, SL_LOG_INFO, "call asked %s", text);
	*result = text;
	return SL_OK;
}
SL_PROVIDER(asked, sl_no_args, const char *);

struct asking_args {
	const char *asked;
};
SL_ARGS(asking_args, SL_FIELD(asked));

static int asking(struct sl_conn *conn, const struct asking_args *args, const char **result)
{
	(void)conn;
	*result = args->asked;
	return SL_OK;
}
SL_PROVIDER(asking, asking_args, const char *);

/* ---- later ---- */

struct slow_args {
	struct sl_opt_int ms;   /* -1: provides before it returns; -2: never */
	struct sl_opt_text how; /* as `end` of the others, when the time has come */
};
SL_ARGS(slow_args, SL_FIELD(ms), SL_FIELD(how));

static void slow_now(struct sl_conn *conn, void *data);
static void slow_message_now(struct sl_conn *conn, void *data);

static int begin(struct sl_conn *conn, const struct slow_args *args,
	void (*now)(struct sl_conn *, void *), const char *name)
{
	sl_log(conn, SL_LOG_INFO, "call %s", name);
	if (args->ms.value == -1)
		now(conn, (void *)(uintptr_t)(args->how.set ? args->how.value : NULL));
	else if (args->ms.value >= 0)
		sl_conn_timer(conn, (uint64_t)args->ms.value, 0, now,
			(void *)(uintptr_t)(args->how.set ? args->how.value : NULL));
	return SL_LATER;
}

static int slow(struct sl_conn *conn, const struct slow_args *args, int64_t *result)
{
	(void)result;
	return begin(conn, args, slow_now, "slow");
}
static void slow_back(struct sl_conn *conn, int64_t value, const struct sl_end *end)
{
	note_release(conn, "slow", (long)value, end);
}
SL_PROVIDER(slow, slow_args, int64_t, .release = slow_back);

static void slow_now(struct sl_conn *conn, void *data)
{
	int64_t value = ++next_number;
	int first, second;

	if (data) {
		answer(conn, data);
		return;
	}
	first = slow_provide(conn, value);
	second = slow_provide(conn, -1);
	sl_log(conn, SL_LOG_INFO, "provided %d, again %d", first, second);
}

static int slow_message(struct sl_conn *conn, const struct slow_args *args, int64_t *result)
{
	(void)result;
	return begin(conn, args, slow_message_now, "slow_message");
}
static void slow_message_back(struct sl_conn *conn, int64_t value, const struct sl_end *end)
{
	note_release(conn, "slow_message", (long)value, end);
}
SL_PROVIDER(
	slow_message, slow_args, int64_t, .scope = SL_SCOPE_MESSAGE, .release = slow_message_back);

static void slow_message_now(struct sl_conn *conn, void *data)
{
	if (data)
		sl_close(conn, 4009, data);
	else
		slow_message_provide(conn, ++next_number);
}

static int lender_message(
	struct sl_conn *conn, const struct sl_no_args *args, const struct sl_message *msg)
{
	(void)args;
	(void)msg;
	return sl_sendf(conn, "lent");
}

SL_PLUGIN(lender, sl_no_args,
	.providers = {&lasting_provider, &greeting_provider, &passing_provider, &chained_provider,
		&purse_provider, &asked_provider, &asking_provider, &slow_provider,
		&slow_message_provider, &counted_provider},
	.message = lender_message);
