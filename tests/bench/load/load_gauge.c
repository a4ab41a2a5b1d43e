/*
 * See load_gauge.h. CPU time is read from the processes' own clocks, as the ticks of /proc/PID/stat
 * are too coarse for rounds of a few hundred milliseconds.
 * SPDX-License-Identifier: MIT
 */
#include "load_gauge.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static size_t slot_of(uint64_t value)
{
	int power;

	if (value < GAUGE_STEPS)
		return (size_t)value;
	power = 63 - __builtin_clzll(value) - 5;
	return (size_t)(power + 1) * GAUGE_STEPS + (size_t)((value >> power) - GAUGE_STEPS);
}

static uint64_t value_of(size_t slot)
{
	size_t power = slot / GAUGE_STEPS;

	if (power == 0)
		return slot;
	return (GAUGE_STEPS + slot % GAUGE_STEPS) << (power - 1);
}

void gauge_add(struct gauge *gauge, uint64_t value, uint64_t times)
{
	gauge->counts[slot_of(value)] += times;
	gauge->total += times;
}

uint64_t gauge_quantile(const struct gauge *gauge, double share)
{
	uint64_t wanted = (uint64_t)((double)gauge->total * share), seen = 0;

	for (size_t slot = 0; slot < GAUGE_SLOTS; slot++) {
		seen += gauge->counts[slot];
		if (seen > wanted)
			return value_of(slot);
	}
	return 0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0)
		return 0; /* the process has ended */
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t gauge_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t process_cpu_ns(pid_t pid)
{
	clockid_t clock;

	return clock_getcpuclockid(pid, &clock) == 0 ? clock_ns(clock) : 0;
}

static uint64_t process_anonymous_bytes(pid_t pid)
{
	char name[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(name, "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Anonymous: %lu kB", &kib) == 1)
			break;
	if (file)
		fclose(file);
	return kib * 1024;
}

/* Children of threads other than the first are not looked for: no server here has any. */
static uint64_t sum(pid_t pid, uint64_t (*of_process)(pid_t pid))
{
	uint64_t total = of_process(pid);
	char name[64];
	FILE *file;
	int child;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	file = fopen(name, "r");
	while (file && fscanf(file, "%d", &child) == 1)
		total += sum(child, of_process);
	if (file)
		fclose(file);
	return total;
}

uint64_t gauge_cpu_ns(pid_t pid)
{
	return sum(pid, process_cpu_ns);
}

uint64_t gauge_anonymous_bytes(pid_t pid)
{
	return sum(pid, process_anonymous_bytes);
}
