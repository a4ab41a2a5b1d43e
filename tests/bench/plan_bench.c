/*
 * What the injection of one connection costs: a plan of five parameters against the same work
 * written by hand, then each type alone, from a request with ten headers. Rounds of all rows are
 * interleaved and the median is told, so that a busy machine bends all rows alike. Also counts
 * what is allocated. Built by the preset bench, run by tests/bench/run.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inject/inject.h"

enum { ROUNDS = 15, CALLS = 20000, ROWS_MAX = 32 };

/* ---- what is allocated ----------------------------------------------------------------------- */

static unsigned long allocations;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}
void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

/* ---- the request ----------------------------------------------------------------------------- */

/* SPAN is no constant. */
#define HEADER(name, value)                      \
	{                                        \
		{name, sizeof(name) - 1},        \
		{                                \
			value, sizeof(value) - 1 \
		}                                \
	}
static const struct http_head head = {.header_count = 10,
	.headers = {HEADER("Host", "127.0.0.1:8000"), HEADER("Connection", "Upgrade"),
		HEADER("Pragma", "no-cache"), HEADER("Cache-Control", "no-cache"),
		HEADER("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
		HEADER("Upgrade", "websocket"), HEADER("Origin", "http://127.0.0.1:8000"),
		HEADER("Sec-WebSocket-Version", "13"),
		HEADER("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
		HEADER("X-Token", "fake-super-secret-token")}};
static const struct pair query[] = {HEADER("text", "plain"), HEADER("integer", "-12345678"),
	HEADER("uinteger", "18446744073709551615"), HEADER("number", "1234.5678"),
	HEADER("truth", "yes"), HEADER("uuid", "12345678-1234-5678-1234-567812345678"),
	HEADER("moment", "2026-11-22T19:12:10.5+01:00"), HEADER("day", "2026-11-22"),
	HEADER("hour", "19:12:10"), HEADER("span", "P1DT2H3M4.5S"), HEADER("q", "42"),
	HEADER("limit", "10"), HEADER("str", "plain"), HEADER("color", "blue"),
	HEADER("sizes", "1"), HEADER("sizes", "2"), HEADER("sizes", "3")};
static const struct pair cookies[] = {
	HEADER("theme", "dark"), HEADER("lang", "en"), HEADER("session", "0123456789abcdef")};
static const struct span path_params[] = {{"portal-gun", 10}};

static const struct inject_request request = {.head = &head,
	.path_params = path_params,
	.query = query,
	.query_count = sizeof(query) / sizeof(query[0]),
	.cookies = cookies,
	.cookie_count = sizeof(cookies) / sizeof(cookies[0])};

/* ---- the plans ------------------------------------------------------------------------------- */

struct five_args {
	const char *item_id, *x_token, *session;
	struct sl_opt_int q;
	int64_t limit;
};
SL_ARGS(five_args, SL_FIELD(item_id), SL_FIELD(x_token), SL_FIELD(session), SL_FIELD(q),
	SL_FIELD(limit, .ge = "1", .le = "100"));

static const struct inject_rule five_rules[] = {
	{.field = "x_token", .source = INJECT_HEADER, .said.author = "the route"},
	{.field = "session", .source = INJECT_COOKIE, .said.author = "the route"}};

#define ONE(member, type)      \
	struct member##_args { \
		type member;   \
	};                     \
	SL_ARGS(member##_args, SL_FIELD(member))
ONE(text, const char *);
ONE(str, struct sl_str);
ONE(integer, int64_t);
ONE(uinteger, uint64_t);
ONE(number, double);
ONE(truth, bool);
ONE(uuid, struct sl_uuid);
ONE(moment, struct sl_datetime);
ONE(day, struct sl_date);
ONE(hour, struct sl_time);
ONE(span, struct sl_timedelta);
ONE(sizes, struct sl_list_int);

enum color { RED, GREEN, BLUE };
static const struct sl_enum_name color_names[] = {{"red", RED}, {"green", GREEN}, {"blue", BLUE}};
struct color_args {
	enum color color;
};
SL_ARGS(color_args, SL_FIELD_ENUM(color, color_names));

static const struct inject_provider *no_provider(void *context, const char *name)
{
	(void)context;
	(void)name;
	return NULL;
}

static void build(struct plan *plan, const struct sl_table *table, const struct inject_rule *rules,
	size_t rule_count)
{
	static struct arena arena; /* as long as the process */
	static const char *const names[] = {"item_id"};
	struct err_list why = {0};
	const struct plan_input input = {.table = table,
		.label = "bench",
		.path_params = names,
		.path_param_count = 1,
		.rules = rules,
		.rule_count = rule_count,
		.find_provider = no_provider};

	if (!plan_build(plan, &input, &arena, &why)) {
		fprintf(stderr, "plan_bench: %s\n", why.items[0].text);
		exit(1);
	}
}

/* ---- the same by hand ------------------------------------------------------------------------ */

static struct span find(const struct pair *pairs, size_t count, struct span name)
{
	while (count-- > 0)
		if (span_equal(pairs[count].name, name))
			return pairs[count].value;
	return (struct span){NULL, 0};
}

static int64_t number(struct arena *arena, struct span text)
{
	return strtoll(arena_text(arena, text.ptr, text.len), NULL, 10);
}

/* As somebody would write it for this one route, who trusts the peer and checks nothing. */
static void by_hand(struct arena *arena)
{
	struct five_args *args = arena_alloc(arena, sizeof(*args));
	struct span token = http_header_get(&head, SPAN("x-token"), 0);
	struct span session = find(cookies, request.cookie_count, SPAN("session"));

	args->item_id = arena_text(arena, path_params[0].ptr, path_params[0].len);
	args->x_token = arena_text(arena, token.ptr, token.len);
	args->session = arena_text(arena, session.ptr, session.len);
	args->q.value = number(arena, find(query, request.query_count, SPAN("q")));
	args->q.set = 1;
	args->limit = number(arena, find(query, request.query_count, SPAN("limit")));
	/* The compiler must not see that nobody looks at it. */
	__asm__ volatile("" : : "g"(args) : "memory");
}

/* ---- measuring ------------------------------------------------------------------------------- */

struct row {
	const char *name;
	struct plan plan; /* no calls: by hand */
	double ns[ROUNDS], allocations;
};

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void run_once(const struct row *row)
{
	struct arena arena = {0};
	struct inject_run run = {.plan = &row->plan, .request = &request, .arena = &arena};

	if (row->plan.call_count == 0) {
		by_hand(&arena);
	} else if (inject_run(&run) != INJECT_DONE) {
		fprintf(stderr, "plan_bench: %s: %s\n", row->name, run.errors.items[0].message);
		exit(1);
	}
	arena_fini(&arena);
}

static double measure(const struct row *row)
{
	double start = now_ns();

	for (int i = 0; i < CALLS; i++)
		run_once(row);
	return (now_ns() - start) / CALLS;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(struct row *row)
{
	qsort(row->ns, ROUNDS, sizeof(row->ns[0]), compare);
	return row->ns[ROUNDS / 2];
}

static struct row rows[ROWS_MAX];
static size_t row_count;

static struct row *add(const char *name)
{
	rows[row_count].name = name;
	return &rows[row_count++];
}

#define ADD(member) build(&add(#member)->plan, member##_args_table(), NULL, 0)

static void measure_all(void)
{
	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < row_count; i++)
			rows[i].ns[round] = measure(&rows[i]);
	for (size_t i = 0; i < row_count; i++) {
		allocations = 0;
		run_once(&rows[i]);
		rows[i].allocations = (double)allocations;
	}
}

int main(void)
{
	double floor_ns;

	add("five parameters by hand");
	build(&add("five parameters")->plan, five_args_table(), five_rules, 2);
	ADD(text);
	ADD(str);
	ADD(integer);
	ADD(uinteger);
	ADD(number);
	ADD(truth);
	ADD(uuid);
	ADD(moment);
	ADD(day);
	ADD(hour);
	ADD(span);
	ADD(color);
	ADD(sizes);
	measure_all();
	floor_ns = median(&rows[0]);
	printf("%-26s %10s %10s %12s\n", "plan", "ns", "ratio", "allocations");
	for (size_t i = 0; i < row_count; i++) {
		double ns = median(&rows[i]);

		printf("%-26s %10.0f %10.2f %12.0f\n", rows[i].name, ns, ns / floor_ns,
			rows[i].allocations);
		plan_fini(&rows[i].plan);
	}
	return 0;
}
