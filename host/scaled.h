/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A coarser cycle counter, for havege-host-scaled
 *
 * Included before everything else, it replaces havege_counter.h: it divides the
 * CPU's counter by the value of `-s'. So the walk can be measured as on a CPU
 * whose counter moves at 1 to 100 MHz. x86-64 only.
 */
#ifndef HAVEGE_COUNTER_H
#define HAVEGE_COUNTER_H

#define HAVEGE_SCALED
/* havege_host.c defines the same, later. */
#define _GNU_SOURCE

#include "havege_types.h"

/* 2^64 / divisor. */
extern u64 havege_inverse;

static __always_inline u64 havege_counter(void)
{
	u32 low, high;
	u64 ticks;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	ticks = (u64)high << 32 | low;
	return (u64)((__uint128_t)ticks * havege_inverse >> 64);
}

#define HAVEGE_COUNTER_BITS	64

#endif /* HAVEGE_COUNTER_H */
