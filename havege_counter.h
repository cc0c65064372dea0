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
 * HAVEGE_COUNTER_BITS is the width of a reading: 64 or 32. A counter of 32 bits
 * wraps within seconds or minutes. havege_delta() takes that into account.
 *
 * Kernels without a cycle counter offer their clock, by random_get_entropy() in
 * newer versions. Where that is always 0, the last resort is ktime_get_ns().
 *
 * To add an architecture, change these places:
 * - this file: how to read the counter, where random_get_entropy() does not fit
 * - Kconfig: depends on the architecture
 * - Kbuild, tune.h, tune_generic.c: a tune_ARCH.c, if the CPU tells its cache
 *   sizes; without one the walk assumes HAVEGE_GENERIC_KB
 * - host/Makefile: the compiler options of the walk in user space
 * - tests/arches.table, tests/kernels.table: a machine that boots it;
 *   tests/cross.table: the known answers on it
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

#define HAVEGE_COUNTER_BITS	64
#define HAVEGE_COUNTER_NAME	"tsc"

#elif defined(__KERNEL__)

#include <linux/timex.h>

/* MIPS and Alpha have 64-bit kernels, but counters of 32 bits. */
#if defined(CONFIG_64BIT) && !defined(CONFIG_ALPHA) && !defined(CONFIG_MIPS)

#define HAVEGE_COUNTER_BITS	64
#if defined(CONFIG_ARM64)
#define HAVEGE_COUNTER_NAME	"generic-timer"
#elif defined(CONFIG_PPC)
#define HAVEGE_COUNTER_NAME	"timebase"
#elif defined(CONFIG_S390)
#define HAVEGE_COUNTER_NAME	"tod"
#elif defined(CONFIG_RISCV)
#define HAVEGE_COUNTER_NAME	"time"
#elif defined(CONFIG_LOONGARCH)
#define HAVEGE_COUNTER_NAME	"stable-counter"
#else
#define HAVEGE_COUNTER_NAME	"random_get_entropy"
#endif

static __always_inline u64 havege_counter(void)
{
	return random_get_entropy();
}

#else

#include <linux/ktime.h>
#include <linux/timekeeping.h>

#define HAVEGE_COUNTER_BITS	32
/* Some of these CPUs have no counter: havege_tune() finds out. */
#define HAVEGE_COUNTER_CHOICE

/* Read the kernel's clock. Only havege_tune() writes it. */
extern bool havege_counter_clock;

static __always_inline u64 havege_counter(void)
{
	if (unlikely(READ_ONCE(havege_counter_clock)))
		return ktime_get_ns();
	return random_get_entropy();
}

#endif

#else /* user space */

#define HAVEGE_COUNTER_BITS	64

#if defined(__aarch64__)

#define HAVEGE_COUNTER_NAME	"cntvct"

static __always_inline u64 havege_counter(void)
{
	u64 ticks;

	asm volatile("mrs %0, cntvct_el0" : "=r" (ticks));
	return ticks;
}

#elif defined(__powerpc__)

#define HAVEGE_COUNTER_NAME	"timebase"

static __always_inline u64 havege_counter(void)
{
	return __builtin_ppc_get_timebase();
}

#elif defined(__s390x__)

#define HAVEGE_COUNTER_NAME	"tod"

static __always_inline u64 havege_counter(void)
{
	u64 ticks;

	asm volatile("stckf %0" : "=Q" (ticks) : : "cc");
	return ticks;
}

#elif defined(__riscv) && __riscv_xlen == 64

#define HAVEGE_COUNTER_NAME	"time"

static __always_inline u64 havege_counter(void)
{
	u64 ticks;

	asm volatile("rdtime %0" : "=r" (ticks));
	return ticks;
}

#else /* host/counter.c: perf's cycle counter or the kernel's clock */

u64 havege_counter(void);

#endif

#endif /* user space */

#ifdef __KERNEL__

/**
 * havege_counter_name() - name the counter
 *
 * Call it after havege_tune(), which chooses the counter.
 *
 * Context: any.
 * Return: "tsc" (x86), "generic-timer" (arm64), "timebase" (PowerPC), "tod"
 * (s390), "time" (RISC-V), "stable-counter" (64-bit LoongArch), "cp0-count"
 * (MIPS), "get_cycles" (the cycle counter that the kernel has chosen),
 * "random_get_entropy" (what the kernel takes instead of one) or "clock"
 * (ktime_get_ns()).
 */
static inline const char *havege_counter_name(void)
{
#ifdef HAVEGE_COUNTER_NAME
	return HAVEGE_COUNTER_NAME;
#else
	if (READ_ONCE(havege_counter_clock))
		return "clock";
	/* A counter is 0 once in 2^32 readings, but not twice in a row. */
	if (!get_cycles() && !get_cycles())
		return "random_get_entropy";
	return IS_ENABLED(CONFIG_MIPS) ? "cp0-count" : "get_cycles";
#endif
}

#endif /* __KERNEL__ */

#endif /* HAVEGE_COUNTER_H */
