/*
 * Two queues under one mutex: waiting (in order) and done. A thread that finishes a job writes to
 * an eventfd that the loop reads, so that the loop itself never locks while idle. Knows neither
 * plugins nor sessions. SPDX-License-Identifier: MIT
 */
#include "call/offload.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/xalloc.h"

struct queue {
	struct offload_job *head, **tail;
	size_t count;
};

struct offload {
	pthread_mutex_t lock;
	pthread_cond_t work_waits;
	struct queue waiting, done;
	pthread_t threads[OFFLOAD_THREADS];
	unsigned thread_count;
	pid_t ids[OFFLOAD_THREADS]; /* the kernel's, as each thread told it */
	unsigned id_count;
	bool is_closing;
	int fd;
};

static void queue_init(struct queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
	queue->count = 0;
}

static void queue_push(struct queue *queue, struct offload_job *job)
{
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
	queue->count++;
}

static struct offload_job *queue_pop(struct queue *queue)
{
	struct offload_job *job = queue->head;

	if (job == NULL)
		return NULL;
	queue->head = job->next;
	if (queue->head == NULL)
		queue->tail = &queue->head;
	queue->count--;
	return job;
}

static void *thread_main(void *arg)
{
	struct offload *offload = arg;
	struct offload_job *job;
	uint64_t one = 1;

	pthread_mutex_lock(&offload->lock);
	offload->ids[offload->id_count++] = gettid();
	for (;;) {
		while (offload->waiting.head == NULL && !offload->is_closing)
			pthread_cond_wait(&offload->work_waits, &offload->lock);
		if (offload->is_closing)
			break;
		job = queue_pop(&offload->waiting);
		pthread_mutex_unlock(&offload->lock);
		job->work(job->data);
		pthread_mutex_lock(&offload->lock);
		queue_push(&offload->done, job);
		/* Cannot fail short of 2^64 jobs nobody collected. */
		(void)!write(offload->fd, &one, sizeof(one));
	}
	pthread_mutex_unlock(&offload->lock);
	return NULL;
}

struct offload *offload_new(void)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct offload *offload;

	if (fd < 0)
		return NULL;
	offload = xcalloc(1, sizeof(*offload));
	offload->fd = fd;
	pthread_mutex_init(&offload->lock, NULL);
	pthread_cond_init(&offload->work_waits, NULL);
	queue_init(&offload->waiting);
	queue_init(&offload->done);
	return offload;
}

/* Signals belong to the loop's thread; but where those of a crash are blocked, none reports it. */
static void start_threads(struct offload *offload)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
	sigset_t all, before;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigdelset(&all, crashes[i]);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (offload->thread_count < OFFLOAD_THREADS &&
		pthread_create(
			&offload->threads[offload->thread_count], NULL, thread_main, offload) == 0)
		offload->thread_count++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool offload_submit(struct offload *offload, struct offload_job *job)
{
	bool accepted = false;

	if (offload->thread_count == 0)
		start_threads(offload);
	pthread_mutex_lock(&offload->lock);
	if (offload->thread_count > 0 && offload->waiting.count < OFFLOAD_WAITING_MAX) {
		queue_push(&offload->waiting, job);
		pthread_cond_signal(&offload->work_waits);
		accepted = true;
	}
	pthread_mutex_unlock(&offload->lock);
	return accepted;
}

bool offload_has_thread(struct offload *offload, pid_t id)
{
	bool is_ours = false;

	pthread_mutex_lock(&offload->lock);
	for (unsigned i = 0; i < offload->id_count; i++)
		is_ours |= offload->ids[i] == id;
	pthread_mutex_unlock(&offload->lock);
	return is_ours;
}

int offload_fd(const struct offload *offload)
{
	return offload->fd;
}

void offload_collect(struct offload *offload)
{
	struct offload_job *job, *next;
	uint64_t count;

	(void)!read(offload->fd, &count, sizeof(count));
	pthread_mutex_lock(&offload->lock);
	job = offload->done.head;
	queue_init(&offload->done);
	pthread_mutex_unlock(&offload->lock);
	/* Without the lock: finish runs plugin code, which may submit again. */
	for (; job != NULL; job = next) {
		next = job->next;
		job->finish(job);
	}
}

void offload_free(struct offload *offload)
{
	struct offload_job *job;

	pthread_mutex_lock(&offload->lock);
	offload->is_closing = true;
	pthread_cond_broadcast(&offload->work_waits);
	pthread_mutex_unlock(&offload->lock);
	for (unsigned i = 0; i < offload->thread_count; i++)
		pthread_join(offload->threads[i], NULL);
	offload_collect(offload);
	while ((job = queue_pop(&offload->waiting)) != NULL) {
		job->was_dropped = true;
		job->finish(job);
	}
	close(offload->fd);
	pthread_mutex_destroy(&offload->lock);
	pthread_cond_destroy(&offload->work_waits);
	free(offload);
}
