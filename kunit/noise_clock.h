/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A clock with noise, until the test turns it off
 *
 * The collector's suites use it: no test needs noise of this machine's timing.
 */
#ifndef HAVEGE_NOISE_CLOCK_H
#define HAVEGE_NOISE_CLOCK_H

#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "../havege_core.h"

enum noise {
	NOISY,
	CONSTANT,
	OF_THE_PATH,
};

#define CLOCK_CPUS	4

struct noise_clock {
	struct havege_test_clock base;
	enum noise noise;
	u32 constant;	/* number of constant readings, whatever @noise says */
	int quiet;	/* CPU without noise; negative: all */
	int stuck;	/* CPU on which a reading does not end; negative: none */
	int freed_by;	/* CPU of which a reading ends @stuck; negative: none */
	int moved;	/* CPU that a reading leaves for @moved_to; negative: none */
	int moved_to;
	int stopped;	/* CPU whose counter does not move; negative: none */
	bool waits;	/* such a reading has begun */
	u32 naps;	/* number of readings that take a tenth of a second */
	bool apart;	/* each CPU has its own time */
	u32 yielded;	/* number of readings at a low priority */
	struct {
		u64 state;
		u64 now;
	} on[CLOCK_CPUS];
};

static u64 noise_read(struct havege_test_clock *base, u32 p, u32 q,
		      unsigned int depth, u32 *mix)
{
	struct noise_clock *clock = (struct noise_clock *)base;
	const int cpu = clock->apart ? raw_smp_processor_id() % CLOCK_CPUS : 0;
	u64 *state = &clock->on[cpu].state, *now = &clock->on[cpu].now;
	u32 delta = 40 + depth;

	if (READ_ONCE(clock->freed_by) == raw_smp_processor_id())
		WRITE_ONCE(clock->stuck, -1);
	if (READ_ONCE(clock->moved) == raw_smp_processor_id())
		set_cpus_allowed_ptr(current, cpumask_of(clock->moved_to));
	/* A reading ends on another CPU, and when the thread is stopped. */
	while (READ_ONCE(clock->stuck) == raw_smp_processor_id() &&
	       !kthread_should_stop()) {
		WRITE_ONCE(clock->waits, true);
		schedule_timeout_idle(1);
	}
	if (clock->naps && !(*state & 0xff)) {
		clock->naps--;
		schedule_timeout_idle(HZ / 10);
	}
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	if (READ_ONCE(clock->noise) == NOISY)
		delta += *state >> 60;
	if (READ_ONCE(clock->noise) == OF_THE_PATH)
		delta += p >> 28;
	if (READ_ONCE(clock->noise) == CONSTANT)
		delta = 40;
	if (!base->replay && READ_ONCE(clock->constant) &&
	    (clock->quiet < 0 || clock->quiet == raw_smp_processor_id())) {
		WRITE_ONCE(clock->constant, clock->constant - 1);
		delta = 40;
	}
	if (task_nice(current) > 0)
		WRITE_ONCE(clock->yielded, clock->yielded + 1);
	if (READ_ONCE(clock->stopped) == raw_smp_processor_id())
		delta = 0;
	*now += delta;
	*mix = (u32)*now;
	return *now;
}

static const struct noise_clock new_clock = {
	.base.read = noise_read,
	.quiet = -1,
	.stuck = -1,
	.freed_by = -1,
	.moved = -1,
	.stopped = -1,
	.on = { [0 ... CLOCK_CPUS - 1] = { 88172645463325252ULL, 1000 } },
};

#endif /* HAVEGE_NOISE_CLOCK_H */
