/*
 * The handler runs on a stack of its own, as the plugin's may be full, and calls nothing that may
 * lock or allocate. It ends by giving the signal back to whoever had it before (the kernel, or a
 * sanitizer's own report), so that core and wait status are those of the fault. A real fault
 * happens again by itself when the handler returns; a signal that was sent does not: that one is
 * sent again, else an endless loop ended by a watchdog would go on. SPDX-License-Identifier: MIT
 */
#include "daemon/crash.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/safe_text.h"
#include "daemon/code_place.h"

/* A sanitizer's report runs on this stack too. */
enum { STACK_BYTES = 256 * 1024, STACK_NEAR_BYTES = 64 * 1024, WRITE_WAIT_MS = 100 };

static const struct {
	int number;
	const char *name;
} watched[] = {
	{SIGSEGV, "SIGSEGV"},
	{SIGBUS, "SIGBUS"},
	{SIGFPE, "SIGFPE"},
	{SIGILL, "SIGILL"},
	{SIGABRT, "SIGABRT"},
	{SIGTRAP, "SIGTRAP"},
};

enum { WATCHED_COUNT = sizeof(watched) / sizeof(watched[0]) };

/* A signal handler is told nothing but the signal. */
static struct {
	struct breadcrumb *page;
	pid_t thread;
	struct sigaction before[WATCHED_COUNT];
} watch;

/* ---- the text --------------------------------------------------------------------------- */

/* A plugin may have written over the page: whatever is in it, reading it must not end the parent.
 */

static void put_step(struct safe_text *text, const struct breadcrumb *page)
{
	safe_text_put(text, "plugin ");
	safe_text_array(text, page->plugin, sizeof(page->plugin));
	safe_text_put(text, " (version ");
	safe_text_number(text, page->step.version);
	safe_text_put(text, "), callback ");
	safe_text_put(text, breadcrumb_callback_name(page->step.callback));
	if (page->provider[0] != '\0') {
		safe_text_put(text, " ");
		safe_text_array(text, page->provider, sizeof(page->provider));
	}
	if (page->route[0] != '\0') {
		safe_text_put(text, ", route ");
		safe_text_array(text, page->route, sizeof(page->route));
	}
	if (page->step.connection != 0) {
		safe_text_put(text, ", connection #");
		safe_text_number(text, page->step.connection);
	}
}

static void put_other_thread(struct safe_text *text, const struct breadcrumb *page)
{
	int index = page->fault.image;
	const struct breadcrumb_image *image;

	if (index < 0 || index >= BREADCRUMB_IMAGES_MAX) {
		safe_text_put(text, ", on a thread of sl_offload or of a plugin's own");
		return;
	}
	image = &page->images[index];
	safe_text_put(text, ", in plugin ");
	safe_text_array(text, image->plugin, sizeof(image->plugin));
	safe_text_put(text, " (version ");
	safe_text_number(text, image->version);
	safe_text_put(text, "), on a thread of sl_offload or of its own");
}

static void put_where(struct safe_text *text, const struct breadcrumb *page)
{
	if (page->fault.is_other_thread) {
		put_other_thread(text, page);
	} else if (breadcrumb_is_inside(page)) {
		safe_text_put(text, ", in ");
		put_step(text, page);
	} else {
		safe_text_put(text, ", outside of plugin code");
		if (page->plugin[0] != '\0') {
			safe_text_put(text, " (what ran last: ");
			put_step(text, page);
			safe_text_put(text, ")");
		}
	}
	if (page->fault.code[0] != '\0') {
		safe_text_put(text, ", code ");
		safe_text_array(text, page->fault.code, sizeof(page->fault.code));
	}
}

static void put_signal(struct safe_text *text, int number)
{
	for (int i = 0; i < WATCHED_COUNT; i++) {
		if (watched[i].number == number) {
			safe_text_put(text, watched[i].name);
			return;
		}
	}
	safe_text_put(text, number == SIGKILL ? "SIGKILL" : "signal ");
	if (number != SIGKILL)
		safe_text_number(text, (uint64_t)number);
}

static void put_fault(struct safe_text *text, const struct breadcrumb_fault *fault)
{
	put_signal(text, fault->signal);
	if (fault->sender != 0) {
		safe_text_put(text, " sent by process ");
		safe_text_number(text, (uint64_t)fault->sender);
	}
	if (fault->has_address) {
		safe_text_put(text, " at address ");
		safe_text_hex(text, fault->address);
	}
	if (fault->is_stack_full)
		safe_text_put(text, " (the stack is full)");
}

static void put_worker(struct safe_text *text, pid_t pid)
{
	safe_text_put(text, "worker ");
	safe_text_number(text, (uint64_t)pid);
}

static void put_crash(struct safe_text *text, const struct breadcrumb *page, pid_t pid)
{
	put_worker(text, pid);
	safe_text_put(text, " crashed: ");
	put_fault(text, &page->fault);
	put_where(text, page);
}

const char *crash_step(char *out, size_t size, const struct breadcrumb *page)
{
	struct safe_text text = {out, size, 0};

	out[0] = '\0';
	put_step(&text, page);
	return out;
}

const char *crash_report(
	char *out, size_t size, const struct breadcrumb *page, pid_t child, int wait_status)
{
	struct safe_text text = {out, size, 0};

	out[0] = '\0';
	if (page->fault.signal != 0) {
		put_crash(&text, page, child);
		return out;
	}
	put_worker(&text, child);
	if (WIFSIGNALED(wait_status)) {
		safe_text_put(&text, " crashed: ");
		put_signal(&text, WTERMSIG(wait_status));
	} else {
		safe_text_put(&text, " ended with status ");
		safe_text_number(&text, (uint64_t)WEXITSTATUS(wait_status));
	}
	put_where(&text, page);
	return out;
}

/* ---- the handler ------------------------------------------------------------------------ */

struct registers {
	uintptr_t code, stack;
};

/* Zeros on machines not named here: the line then does without. */
static struct registers registers_of(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (struct registers){(uintptr_t)context->uc_mcontext.gregs[REG_RIP],
		(uintptr_t)context->uc_mcontext.gregs[REG_RSP]};
#elif defined(__aarch64__)
	return (struct registers){context->uc_mcontext.pc, context->uc_mcontext.sp};
#else
	(void)context;
	return (struct registers){0};
#endif
}

static pid_t thread_id(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static bool is_near(uintptr_t a, uintptr_t b)
{
	return (a < b ? b - a : a - b) < STACK_NEAR_BYTES;
}

static void note_fault(struct breadcrumb *page, const siginfo_t *info, const ucontext_t *context)
{
	struct breadcrumb_fault *fault = &page->fault;
	struct registers at = registers_of(context);
	struct safe_text code = {fault->code, sizeof(fault->code), 0};
	bool is_memory = info->si_signo == SIGSEGV || info->si_signo == SIGBUS;
	bool was_sent = info->si_code <= 0;

	fault->address = was_sent ? 0 : (uintptr_t)info->si_addr;
	fault->has_address = is_memory && !was_sent;
	fault->is_stack_full = fault->has_address && is_near(fault->address, at.stack);
	fault->sender = was_sent && info->si_pid != getpid() ? info->si_pid : 0;
	fault->is_other_thread = thread_id() != watch.thread;
	fault->image = -1;
	fault->signal = info->si_signo;
	if (at.stack == 0)
		return;
	fault->image = code_place_put(&code, page, at.code);
	if (fault->image < 0 || page->images[fault->image].closed > 0)
		code_place_put_caller(&code, page, at.stack);
}

/* As log.c, a reader who stopped reading must not keep a dead process alive. */
static void write_line(const struct breadcrumb *page)
{
	char line[CRASH_TEXT_MAX + 64];
	struct safe_text text = {line, sizeof(line) - 1, 0};
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	safe_text_time(&text, now.tv_sec, (unsigned)(now.tv_nsec / 1000000));
	safe_text_put(&text, " error ");
	put_crash(&text, page, getpid());
	line[text.len++] = '\n';
	if (poll(&out, 1, WRITE_WAIT_MS) != 0)
		(void)!write(STDERR_FILENO, line, text.len);
}

static void give_back(int number)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};

	for (int i = 0; i < WATCHED_COUNT; i++)
		if (watched[i].number == number && watch.before[i].sa_handler != SIG_IGN)
			usual = watch.before[i];
	sigaction(number, &usual, NULL);
}

static void crash_on_signal(int number, siginfo_t *info, void *context)
{
	note_fault(watch.page, info, context);
	write_line(watch.page);
	give_back(number);
	/* Blocked until this returns. */
	if (info->si_code <= 0)
		raise(number);
}

/* ---- watching --------------------------------------------------------------------------- */

/* The process keeps it to its end. */
static void take_stack(void)
{
	stack_t stack = {.ss_size = STACK_BYTES};

	stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack.ss_sp != MAP_FAILED)
		sigaltstack(&stack, NULL);
}

void crash_watch(struct breadcrumb *page)
{
	struct sigaction action = {.sa_sigaction = crash_on_signal};
	bool is_first = watch.page == NULL;

	action.sa_flags = SA_SIGINFO | SA_ONSTACK;
	sigemptyset(&action.sa_mask);
	watch.page = page;
	watch.thread = thread_id();
	if (!is_first)
		return;
	take_stack();
	for (int i = 0; i < WATCHED_COUNT; i++)
		sigaction(watched[i].number, &action, &watch.before[i]);
}
