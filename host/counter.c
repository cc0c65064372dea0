// SPDX-License-Identifier: GPL-2.0
/*
 * The counter in user space. The contract is in counter.h.
 */
#define _GNU_SOURCE

#include "havege_counter.h"
#include "counter.h"

#ifndef HAVEGE_COUNTER_NAME

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int perf = -1;
static bool user_only;

static int open_cycles(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = user_only,
		.exclude_hv = user_only,
	};

	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

/* /proc/sys/kernel/perf_event_paranoid may allow user space only. */
void host_counter_open(void)
{
	u64 count;

	perf = open_cycles();
	if (perf < 0) {
		user_only = true;
		perf = open_cycles();
	}
	/* A file that cannot be read counts nothing. */
	if (perf >= 0 && read(perf, &count, sizeof(count)) != sizeof(count)) {
		close(perf);
		perf = -1;
	}
}

u64 havege_counter(void)
{
	struct timespec now;
	u64 count;

	if (perf >= 0) {
		if (read(perf, &count, sizeof(count)) == sizeof(count))
			return count;
		return 0;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

const char *host_counter_name(void)
{
	if (perf < 0)
		return "clock";
	return user_only ? "perf-user" : "perf";
}

#else

void host_counter_open(void)
{
}

const char *host_counter_name(void)
{
	return HAVEGE_COUNTER_NAME;
}

#endif
