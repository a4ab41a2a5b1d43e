/*
 * The load generator: one thread, ready frames, closed loops. Each mode loads a server that is
 * running already and prints one line of JSON: how much got through in how long, what it cost the
 * server's processes, how long the answers took. Started by tests/bench/side_by_side, which pins it
 * to a core.
 *
 *   load echo|broadcast|handshake|idle port=N pid=N [OPTION=N...]
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "load_conn.h"
#include "load_gauge.h"

enum { EVENTS = 256, TOGETHER = 64, WARM_MS = 60 };

struct load_options {
	unsigned port, pid, bytes, depth, connections, ms, deflate;
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
};

/* ---- connections ----------------------------------------------------------------------------- */

static void watch(struct load *load, struct load_conn *conn, uint32_t events, int operation)
{
	struct epoll_event event = {.events = events, .data.ptr = conn};

	if (epoll_ctl(load->epoll, operation, conn->fd, &event) != 0)
		load_die("epoll_ctl", strerror(errno));
}

/* A few at a time, so that no listener's backlog overflows. */
static void open_up_to(struct load *load, unsigned from, unsigned to)
{
	for (unsigned begin = from; begin < to; begin += TOGETHER) {
		unsigned end = to - begin < TOGETHER ? to : begin + TOGETHER;

		for (unsigned i = begin; i < end; i++)
			load_conn_open(&load->conns[i], load->options.port, load->options.deflate);
		for (unsigned i = begin; i < end; i++)
			load_conn_wait_upgraded(&load->conns[i]);
	}
}

/* ---- the time that counts -------------------------------------------------------------------- */

struct window {
	uint64_t ends_ns, began_ns, cpu_ns;
};

static struct window window_of(uint64_t ms)
{
	return (struct window){.ends_ns = gauge_now_ns() + ms * 1000000};
}

static void begin(struct load *load, struct window *window)
{
	*window = window_of(load->options.ms);
	window->cpu_ns = gauge_cpu_ns((pid_t)load->options.pid);
	window->began_ns = gauge_now_ns();
	load->is_measuring = true;
}

static void report(const struct load *load, const struct window *window)
{
	uint64_t cpu_ns = gauge_cpu_ns((pid_t)load->options.pid) - window->cpu_ns;
	uint64_t took_ns = gauge_now_ns() - window->began_ns;
	const struct gauge *times = &load->times;

	if (times->total == 0)
		load_die("nothing was answered", "the round is too short for this server");
	printf("{\"count\": %" PRIu64 ", \"took_ns\": %" PRIu64 ", \"cpu_ns\": %" PRIu64
	       ", \"p50_ns\": %" PRIu64 ", \"p99_ns\": %" PRIu64 ", \"p999_ns\": %" PRIu64 "}\n",
		times->total, took_ns, cpu_ns, gauge_quantile(times, 0.5),
		gauge_quantile(times, 0.99), gauge_quantile(times, 0.999));
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
	if (frames > 0 && group->due == 0)
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

static void run_groups(struct load *load, unsigned members)
{
	unsigned count = load->options.connections;
	struct window window = window_of(WARM_MS);

	open_up_to(load, 0, count);
	for (unsigned i = 0; i < count; i++) {
		load->conns[i].group = &load->groups[i / members];
		watch(load, &load->conns[i], EPOLLIN, EPOLL_CTL_ADD);
	}
	for (unsigned i = 0; i < count; i += members) {
		load->groups[i / members] = (struct load_group){
			.writer = &load->conns[i], .members = members};
		group_start(load, &load->groups[i / members]);
	}
	for (window = window_of(WARM_MS); gauge_now_ns() < window.ends_ns;)
		turn(load);
	for (begin(load, &window); gauge_now_ns() < window.ends_ns;)
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

static void shake_hands(struct load *load, uint64_t ends_ns)
{
	while (gauge_now_ns() < ends_ns) {
		uint64_t began_ns = gauge_now_ns();

		for (unsigned i = 0; i < load->options.connections; i++)
			load_conn_open(&load->conns[i], load->options.port, load->options.deflate);
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

	shake_hands(load, window.ends_ns);
	begin(load, &window);
	shake_hands(load, window.ends_ns);
	report(load, &window);
}

/* The slope between a fifth and all of them: what the server has without any does not count. */
static void run_idle(struct load *load)
{
	unsigned count = load->options.connections, few = count / 5;
	uint64_t bytes;

	open_up_to(load, 0, few);
	bytes = gauge_anonymous_bytes((pid_t)load->options.pid);
	open_up_to(load, few, count);
	bytes = gauge_anonymous_bytes((pid_t)load->options.pid) - bytes;
	printf("{\"connections\": %u, \"idle_bytes\": %" PRIu64 "}\n", count,
		bytes / (count - few));
}

/* ---- the command line ------------------------------------------------------------------------ */

static const struct {
	const char *name;
	void (*run)(struct load *load);
} modes[] = {{"echo", run_echo}, {"broadcast", run_broadcast}, {"handshake", run_handshake},
	{"idle", run_idle}};

static void read_option(struct load_options *options, const char *text)
{
	const struct {
		const char *name;
		unsigned *value;
	} rows[] = {{"port", &options->port}, {"pid", &options->pid}, {"bytes", &options->bytes},
		{"depth", &options->depth}, {"connections", &options->connections},
		{"ms", &options->ms}, {"deflate", &options->deflate}};
	size_t len = strcspn(text, "=");

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strlen(rows[i].name) == len && memcmp(rows[i].name, text, len) == 0 &&
			text[len]) {
			*rows[i].value = (unsigned)strtoul(text + len + 1, NULL, 10);
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
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && strcmp(modes[i].name, argv[1]) == 0) {
			load_init(&load, &options);
			modes[i].run(&load);
			load_fini(&load);
			return 0;
		}
	load_die("wanted a mode first", "echo, broadcast, handshake or idle");
}
