/*
 * Offloaded work runs on other threads, finishes on this one exactly once, and is bounded.
 * SPDX-License-Identifier: MIT
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>

#include "call/offload.h"

struct errand {
	struct offload_job job;
	sem_t *gate; /* work waits for it, NULL: does not */
	pthread_t worked_on;
	unsigned worked, finished;
};

static void work(void *data)
{
	struct errand *errand = data;

	if (errand->gate != NULL)
		sem_wait(errand->gate);
	errand->worked_on = pthread_self();
	errand->worked++;
}

static void finish(struct offload_job *job)
{
	((struct errand *)job)->finished++;
}

static void errand_init(struct errand *errand, sem_t *gate)
{
	*errand = (struct errand){.job = {.work = work, .finish = finish}, .gate = gate};
	errand->job.data = errand;
}

static void wait_for(struct offload *offload, const struct errand *errand)
{
	struct pollfd readable = {offload_fd(offload), POLLIN, 0};

	while (errand->finished == 0) {
		assert_int_equal(poll(&readable, 1, 5000), 1);
		offload_collect(offload);
	}
}

static void finishes_on_the_loop_once(void **state)
{
	struct offload *offload = offload_new();
	struct errand errand;

	(void)state;
	errand_init(&errand, NULL);
	assert_true(offload_submit(offload, &errand.job));
	wait_for(offload, &errand);
	offload_free(offload);
	assert_int_equal(errand.worked, 1);
	assert_int_equal(errand.finished, 1);
	assert_false(pthread_equal(errand.worked_on, pthread_self()));
	assert_false(errand.job.was_dropped);
}

static void refuses_beyond_its_bound(void **state)
{
	static struct errand errands[OFFLOAD_THREADS + OFFLOAD_WAITING_MAX + 1];
	const size_t count = sizeof(errands) / sizeof(errands[0]);
	struct offload *offload = offload_new();
	size_t accepted = 0, finished = 0;
	sem_t gate;

	(void)state;
	sem_init(&gate, 0, 0);
	for (size_t i = 0; i < count; i++) {
		errand_init(&errands[i], &gate);
		accepted += offload_submit(offload, &errands[i].job);
	}
	/* Between none and all of the threads had taken one when the queue was full. */
	assert_in_range(accepted, OFFLOAD_WAITING_MAX, OFFLOAD_WAITING_MAX + OFFLOAD_THREADS);
	for (size_t i = 0; i < count; i++)
		sem_post(&gate);
	offload_free(offload);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(
			errands[i].worked + errands[i].job.was_dropped, errands[i].finished);
		finished += errands[i].finished;
	}
	assert_int_equal(finished, accepted);
	sem_destroy(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finishes_on_the_loop_once),
		cmocka_unit_test(refuses_beyond_its_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
