/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CPU's cycle counter
 *
 * Inline, so that the live loop has no call. Not serialised: the pipeline's
 * effect on the reading is part of the noise.
 *
 * x86 reads the TSC directly. get_cycles() returns 0 on User Mode Linux, where
 * the KUnit suites run at native speed.
 *
 * Other kernels read random_get_entropy(). On arm64 this is the generic timer
 * (CNTVCT or CNTPCT), through a pointer, because some CPUs need a workaround
 * that only the kernel knows. It ticks at 25 MHz to 1 GHz. Start-up finds out
 * whether it ticks often enough and has noise (havege_source.c).
 *
 * The counter needs 64 bits. A 32-bit counter wraps within seconds or minutes,
 * which looks as if it went backwards.
 *
 * To add an architecture, change these places:
 * - this file: how to read the counter, where random_get_entropy() does not fit
 * - Kconfig: depends on the architecture
 * - Kbuild, tune.h, tune_generic.c: a tune_ARCH.c, if the CPU tells its cache
 *   sizes; without one the walk assumes HAVEGE_GENERIC_KB
 * - host/Makefile: the compiler options of the walk in user space
 * - tests/arch/ARCH, tests/kernels.table: a machine that boots it
 */
#ifndef HAVEGE_COUNTER_H
#define HAVEGE_COUNTER_H

#include "havege_types.h"

#if defined(__x86_64__) || defined(__i386__)

/**
 * havege_counter() - read the CPU's cycle counter
 *
 * Context: any.
 * Return: ticks.
 */
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
