/*
 * The load generator: one thread, ready frames, closed loops. Each mode loads servers that are
 * running already and prints one line of JSON: how much got through in how long, what it cost the
 * servers' processes, how long the answers took. Started by tests/bench/side_by_side, which pins it
 * to a core.
 *
 *   load echo|broadcast|handshake|idle|hold port=N... pid=N... [OPTION=N...]
 *   load zlib bytes=N level=N ms=N
 *
 * Several ports share the connections; `active` of them talk (0: all). With `routes` they ask for
 * /r0/x, /r1/x ... in turn, else for /. hold opens them all, says
 * so, waits for a line on standard input, has each say something once, and waits for the end.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load_conn.h"
#include "load_gauge.h"
#include "load_zlib.h"

enum { EVENTS = 256, TOGETHER = 64, WARM_MS = 60, LIST_MAX = 8, CLOCK_LATE_NS = 1000000000 };

struct list {
	unsigned values[LIST_MAX];
	size_t count;
};

struct load_options {
	struct list ports, pids;
	unsigned broker, bytes, depth, connections, active, routes, ms, deflate, level, tls, source;
};

/* Connections whose answers are waited for together: one in an echo, all members in a broadcast. */
struct load_group {
	struct load_conn *writer;
	unsigned members;
	uint64_t due; /* frames */
	uint64_t began_ns;
};

struct load {
	struct load_options options;
	struct load_batch batch;
	struct load_conn *conns;
	struct load_group *groups;
	int epoll;
	struct gauge times;
	bool is_measuring;
	unsigned opened;
	unsigned rest; /* groups that are to say something once, and have not been answered */
};

/* ---- connections ----------------------------------------------------------------------------- */

static void watch(struct load *load, struct load_conn *conn, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.ptr = conn};

	if (epoll_ctl(load->epoll, operation, conn->fd, &event) != 0)
		load_die("epoll_ctl", strerror(errno));
}

static void open_one(struct load *load, unsigned i)
{
	const struct load_options *options = &load->options;
	struct load_way way = {.port = options->ports.values[i % options->ports.count],
		.source = options->source,
		.route = options->routes ? load->opened++ % options->routes : LOAD_ROOT,
		.is_tls = options->tls,
		.is_deflate = options->deflate};

	load_conn_open(&load->conns[i], &way);
}

/* A few at a time, so that no listener's backlog overflows. */
static void open_up_to(struct load *load, unsigned from, unsigned to)
{
	for (unsigned begin = from; begin < to; begin += TOGETHER) {
		unsigned end = to - begin < TOGETHER ? to : begin + TOGETHER;

		for (unsigned i = begin; i < end; i++)
			open_one(load, i);
		for (unsigned i = begin; i < end; i++)
			load_conn_wait_upgraded(&load->conns[i]);
	}
}

/* ---- the time that counts -------------------------------------------------------------------- */

struct window {
	uint64_t ends_ns, began_ns, cpu_ns, broker_ns;
};

static uint64_t sum_of_servers(const struct load *load, uint64_t (*of_server)(pid_t pid))
{
	const struct list *pids = &load->options.pids;
	uint64_t sum = 0;

	for (size_t i = 0; i < pids->count; i++)
		sum += of_server((pid_t)pids->values[i]);
	return sum;
}

static uint64_t broker_ns(const struct load *load)
{
	return load->options.broker ? gauge_cpu_ns((pid_t)load->options.broker) : 0;
}

static struct window window_of(uint64_t ms)
{
	return (struct window){.ends_ns = gauge_now_ns() + ms * 1000000};
}

/* The clock of another process moves only when the kernel looks at it, at its tick or a switch: a
 * window that has been measured in ends no sooner than that. */
static bool is_open(const struct load *load, const struct window *window)
{
	uint64_t now_ns = gauge_now_ns();

	if (now_ns < window->ends_ns || !load->is_measuring)
		return now_ns < window->ends_ns;
	return now_ns < window->ends_ns + CLOCK_LATE_NS &&
	       sum_of_servers(load, gauge_cpu_ns) == window->cpu_ns;
}

static void begin(struct load *load, struct window *window)
{
	*window = window_of(load->options.ms);
	window->cpu_ns = sum_of_servers(load, gauge_cpu_ns);
	window->broker_ns = broker_ns(load);
	window->began_ns = gauge_now_ns();
	load->is_measuring = true;
}

static void report(const struct load *load, const struct window *window)
{
	uint64_t cpu_ns = sum_of_servers(load, gauge_cpu_ns) - window->cpu_ns;
	uint64_t took_ns = gauge_now_ns() - window->began_ns;
	const struct gauge *times = &load->times;

	if (times->total == 0)
		load_die("nothing was answered", "the round is too short for this server");
	if (cpu_ns == 0)
		load_die("processor time", "the server used none that could be seen");
	printf("{\"count\": %" PRIu64 ", \"took_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64
	       ", \"broker_ns\": %" PRIu64 ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64
	       ", \"p999_ns\": %" PRIu64 "}\n",
		times->total, took_ns, cpu_ns, broker_ns(load) - window->broker_ns,
		gauge_quantile(times, 0.5), gauge_quantile(times, 0.99),
		gauge_quantile(times, 0.999));
}

/* ---- echo and broadcast ---------------------------------------------------------------------- */

static void write_batch(struct load *load, struct load_conn *conn)
{
	bool was_stuck = conn->sent > 0;
	bool is_stuck = !load_conn_send(conn, &load->batch);

	if (was_stuck != is_stuck)
		watch(load, conn, is_stuck ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

static void group_start(struct load *load, struct load_group *group)
{
	group->due = (uint64_t)group->members * load->batch.frames;
	group->began_ns = gauge_now_ns();
	group->writer->sent = 0;
	write_batch(load, group->writer);
}

static void take_answers(struct load *load, struct load_conn *conn)
{
	unsigned frames = load_conn_receive(conn);
	struct load_group *group = conn->group;

	if (frames > group->due)
		load_die("answers", "more of them than were asked for");
	if (frames > 0 && load->is_measuring)
		gauge_add(&load->times, gauge_now_ns() - group->began_ns, frames);
	group->due -= frames;
	if (frames == 0 || group->due > 0)
		return;
	if (load->rest > 0)
		load->rest--;
	else
		group_start(load, group);
}

static void turn(struct load *load)
{
	struct epoll_event events[EVENTS];
	int count = epoll_wait(load->epoll, events, EVENTS, 10000);

	if (count == 0)
		load_die("epoll_wait", "no answer for ten seconds");
	for (int i = 0; i < count; i++) {
		struct load_conn *conn = events[i].data.ptr;

		if (events[i].events & EPOLLOUT)
			write_batch(load, conn);
		if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			take_answers(load, conn);
	}
}

static void open_groups(struct load *load, unsigned members)
{
	unsigned count = load->options.connections;

	open_up_to(load, 0, count);
	for (unsigned i = 0; i < count; i++) {
		load->conns[i].group = &load->groups[i / members];
		watch(load, &load->conns[i], EPOLLIN, EPOLL_CTL_ADD);
	}
	for (unsigned i = 0; i < count; i += members)
		load->groups[i / members] = (struct load_group){
			.writer = &load->conns[i], .members = members};
}

/* Those that talk are spread over all. */
static void run_groups(struct load *load, unsigned members)
{
	uint64_t count = load->options.connections / members;
	uint64_t active = load->options.active ? load->options.active : count;
	struct window window;

	open_groups(load, members);
	for (uint64_t i = 0; i < active; i++)
		group_start(load, &load->groups[i * count / active]);
	for (window = window_of(WARM_MS); is_open(load, &window);)
		turn(load);
	for (begin(load, &window); is_open(load, &window);)
		turn(load);
	report(load, &window);
}

static void run_echo(struct load *load)
{
	run_groups(load, 1);
}

static void run_broadcast(struct load *load)
{
	run_groups(load, load->options.connections);
}

/* ---- handshakes and idle connections --------------------------------------------------------- */

static void shake_hands(struct load *load, const struct window *window)
{
	while (is_open(load, window)) {
		uint64_t began_ns = gauge_now_ns();

		for (unsigned i = 0; i < load->options.connections; i++)
			open_one(load, i);
		for (unsigned i = 0; i < load->options.connections; i++) {
			load_conn_wait_upgraded(&load->conns[i]);
			if (load->is_measuring)
				gauge_add(&load->times, gauge_now_ns() - began_ns, 1);
			load_conn_reset(&load->conns[i]);
		}
	}
}

static void run_handshake(struct load *load)
{
	struct window window = window_of(WARM_MS);

	shake_hands(load, &window);
	begin(load, &window);
	shake_hands(load, &window);
	report(load, &window);
}

/* The slope between a fifth and all of them: what the server has without any does not count. */
static void run_idle(struct load *load)
{
	unsigned count = load->options.connections, few = count / 5;
	uint64_t bytes;

	open_up_to(load, 0, few);
	bytes = sum_of_servers(load, gauge_anonymous_bytes);
	open_up_to(load, few, count);
	bytes = sum_of_servers(load, gauge_anonymous_bytes) - bytes;
	printf("{\"connections\": %u, \"idle_bytes\": %" PRIu64 "}\n", count,
		bytes / (count - few));
}

/* Of this process, which is the server here. */
static void spend_on_zlib(struct load *load, const struct window *window)
{
	size_t len;
	unsigned char *message = load_message(load->options.bytes, true, &len);

	while (is_open(load, window)) {
		uint64_t began_ns = gauge_now_ns();

		for (unsigned i = 0; i < EVENTS; i++)
			load_zlib_echo(message, len, (int)load->options.level);
		if (load->is_measuring)
			gauge_add(&load->times, (gauge_now_ns() - began_ns) / EVENTS, EVENTS);
	}
	free(message);
}

static void run_zlib(struct load *load)
{
	struct window window = window_of(WARM_MS);

	load->options.pids = (struct list){.values = {(unsigned)getpid()}, .count = 1};
	spend_on_zlib(load, &window);
	begin(load, &window);
	spend_on_zlib(load, &window);
	report(load, &window);
}

static void wait_line(void)
{
	int byte;

	while ((byte = getchar()) != '\n' && byte != EOF)
		;
}

static void run_hold(struct load *load)
{
	unsigned count = load->options.connections;

	open_groups(load, 1);
	printf("{\"connections\": %u}\n", count);
	fflush(stdout);
	wait_line();
	load->rest = count;
	for (unsigned i = 0; i < count; i++)
		group_start(load, &load->groups[i]);
	while (load->rest > 0)
		turn(load);
	printf("{\"answered\": %u}\n", count);
	fflush(stdout);
	wait_line();
}

/* ---- the command line ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(struct load *load);
} modes[] = {{"echo", run_echo}, {"broadcast", run_broadcast}, {"handshake", run_handshake},
	{"idle", run_idle}, {"hold", run_hold}, {"zlib", run_zlib}};

static bool is_named(const char *name, const char *text)
{
	size_t len = strlen(name);

	return strncmp(name, text, len) == 0 && text[len] == '=';
}

static void read_option(struct load_options *options, const char *text)
{
	const struct {
		const char *name;
		unsigned *value;
		struct list *list;
	} rows[] = {{"port", NULL, &options->ports}, {"pid", NULL, &options->pids},
		{"broker", &options->broker, NULL}, {"bytes", &options->bytes, NULL},
		{"depth", &options->depth, NULL}, {"connections", &options->connections, NULL},
		{"active", &options->active, NULL}, {"routes", &options->routes, NULL},
		{"ms", &options->ms, NULL}, {"deflate", &options->deflate, NULL},
		{"level", &options->level, NULL}, {"tls", &options->tls, NULL},
		{"source", &options->source, NULL}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list *list = rows[i].list;

		if (!is_named(rows[i].name, text))
			continue;
		if (list && list->count == LIST_MAX)
			load_die("too many of them", text);
		*(list ? &list->values[list->count++] : rows[i].value) = (unsigned)strtoul(
			strchr(text, '=') + 1, NULL, 10);
		return;
	}
	load_die("no such option", text);
}

static void load_init(struct load *load, const struct load_options *options)
{
	load->options = *options;
	load->conns = calloc(options->connections, sizeof(*load->conns));
	load->groups = calloc(options->connections, sizeof(*load->groups));
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < options->connections; i++)
		load->conns[i].fd = -1;
	load_batch_init(&load->batch, options->depth, options->bytes, options->deflate);
}

static void load_fini(struct load *load)
{
	for (unsigned i = 0; i < load->options.connections; i++)
		load_conn_reset(&load->conns[i]);
	load_batch_fini(&load->batch);
	free(load->conns);
	free(load->groups);
}

int main(int argc, char **argv)
{
	struct load_options options = {.bytes = 20, .depth = 1, .connections = 64, .ms = 300};
	static struct load load; /* its histogram is large */

	for (int i = 2; i < argc; i++)
		read_option(&options, argv[i]);
	if (options.ports.count == 0)
		options.ports.count = 1;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && strcmp(modes[i].name, argv[1]) == 0) {
			load_init(&load, &options);
			modes[i].run(&load);
			load_fini(&load);
			return 0;
		}
	load_die("wanted a mode first", "echo, broadcast, handshake, idle, hold or zlib");
}
