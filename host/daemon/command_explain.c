/*
 * `socklet explain`: what one request would become, told without a socket. Providers run without
 * their plugin's start, so all of it happens in a child process: one that crashes is a message.
 * SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <sys/mman.h>

#include "base/log.h"
#include "call/child.h"
#include "call/explain.h"
#include "call/explain_head.h"
#include "call/explain_report.h"
#include "daemon/command.h"
#include "daemon/idle_loop.h"
#include "daemon/load.h"

enum { REACHES = 0, REFUSED = 1, WRONG_USE = 2 };

struct explain_job {
	const struct options *options;
	struct host *host;
	struct generation *generation;
	struct span raw;
	const struct inject_provider **calling; /* shared with the child */
};

/* In the child. */
static unsigned char explain(void *context)
{
	static const unsigned char status[] = {REACHES, REFUSED, REFUSED, WRONG_USE};
	const struct explain_job *job = context;
	struct explanation explanation;
	struct buf out = {0};

	/* The report says it all; the host's own line about a refusal would say it twice. */
	log_set_level(LOG_WARN);
	explain_run(&explanation, job->host, job->generation, job->raw, job->calling);
	if (job->options->as_json)
		explain_report_json(&out, &explanation);
	else
		explain_report_text(&out, &explanation);
	fwrite(out.data, 1, out.len, stdout);
	fflush(stdout);
	return status[explanation.outcome];
}

static int print_crash(const struct child_end *end, const struct inject_provider *provider)
{
	struct arena arena = {0};

	if (provider != NULL)
		fprintf(stderr, "socklet: provider %s %s%s\n", provider->name,
			child_end_text(end, &arena),
			explain_misses_start(provider->owner)
				? "; it ran without start of its plugin, whose state was all zero"
				: "");
	else
		fprintf(stderr, "socklet: explaining %s\n", child_end_text(end, &arena));
	arena_fini(&arena);
	return REFUSED;
}

static int run_child(struct explain_job *job)
{
	struct child_end end;
	int status;

	job->calling = mmap(NULL, sizeof(*job->calling), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job->calling == MAP_FAILED) {
		perror("socklet: cannot share memory with a process to run in");
		return REFUSED;
	}
	end = child_run(explain, job);
	/* Both processes have the generation at the same place. */
	status = end.how == CHILD_DONE ? end.number : print_crash(&end, *job->calling);
	munmap(job->calling, sizeof(*job->calling));
	return status;
}

static int load_and_explain(const struct options *options, struct span raw)
{
	const struct load load = {.file = options->file, .how = LOAD_TO_CHECK};
	struct err_list why = {0};
	struct loop loop = idle_loop();
	struct explain_job job = {.options = options, .raw = raw};
	int status = REFUSED;

	job.host = host_new(&loop, &why);
	if (job.host != NULL)
		job.generation = load_generation(job.host, &load, &why);
	if (job.generation == NULL)
		command_print_complaints(&why);
	else
		status = run_child(&job);
	err_list_fini(&why);
	generation_unref(job.generation);
	host_free(job.host);
	return status;
}

int command_explain(const struct options *options)
{
	struct buf raw = {0};
	struct err why;
	int status = WRONG_USE;

	if (explain_head(&raw, options->url, options->method, options->headers,
		    options->header_count, &why))
		status = load_and_explain(options, buf_span(&raw));
	else
		fprintf(stderr, "socklet: %s; see socklet --help\n", why.text);
	buf_fini(&raw);
	return status;
}
