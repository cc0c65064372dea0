/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one place where the CPU's cycle counter is read
 *
 * Inline, so that the live loop has no call in it. Not serialised: what the
 * pipeline does around the reading is part of what is being measured.
 *
 * x86 reads the TSC itself and not get_cycles(): User Mode Linux, where the
 * KUnit suites run at native speed, has the instruction but answers 0 there.
 *
 * Elsewhere in the kernel it is what random_get_entropy() gives, in whichever
 * way that kernel does. On arm64 that is the generic timer (CNTVCT or CNTPCT),
 * through a pointer: there are CPUs on which reading it takes a workaround, and
 * only the kernel knows them. It ticks at 25 MHz to 1 GHz. Whether it ticks often
 * enough, and whether there is any noise in it, is not assumed here: start-up
 * finds out (havege_source.c).
 *
 * It has to have 64 bits. One of 32 is back at 0 every few seconds or minutes,
 * which looks as if it went backwards.
 */
#ifndef HAVEGE_COUNTER_H
#define HAVEGE_COUNTER_H

#include "havege_types.h"

#if defined(__x86_64__) || defined(__i386__)

static __always_inline u64 havege_counter(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return (u64)high << 32 | low;
}

#elif defined(__KERNEL__)

#include <linux/timex.h>

#if !defined(CONFIG_64BIT) || defined(CONFIG_ALPHA) || defined(CONFIG_MIPS)
#error "havege_rng: this architecture has no cycle counter of 64 bits"
#endif

static __always_inline u64 havege_counter(void)
{
	return random_get_entropy();
}

#elif defined(__aarch64__)

static __always_inline u64 havege_counter(void)
{
	u64 ticks;

	asm volatile("mrs %0, cntvct_el0" : "=r" (ticks));
	return ticks;
}

#else
#error "havege_rng: no cycle counter is known for this CPU"
#endif

#endif /* HAVEGE_COUNTER_H */
