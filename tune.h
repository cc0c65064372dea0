/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tuning: the cache sizes that the walk is fitted to, and the counter's fitness
 *
 * havege_tune() is in tune_x86.c with CONFIG_X86, else in tune_generic.c, which
 * reads the device tree and then the CPU (tune_arm.c, tune_mips.c, tune_s390.c,
 * tune_loongarch.c). It reads the present CPU: cores of hybrid machines differ,
 * so each worker calls it in its own bound thread.
 */
#ifndef HAVEGE_TUNE_H
#define HAVEGE_TUNE_H

#include "havege_core.h"
#include "havege_estimate.h"

/* Assumed size of a cache of unknown size (KiB). */
#define HAVEGE_GENERIC_KB	16

/**
 * struct havege_tuning - result of the tuning
 * @geo:	the caches, within the bounds of havege_core.h
 * @source:	origin of the sizes: "cpuid-4", "cpuid-8000001d",
 *		"cpuid-80000005", "device-tree", "ccsidr" (cache ID registers of
 *		ARMv7 and arm64), "cpu-data" (of the MIPS kernel), "ecag" (an
 *		instruction of s390), "cpucfg" (an instruction of LoongArch),
 *		"generic" (at least one size is assumed) or "parameter" (the
 *		user gave both)
 */
struct havege_tuning {
	struct havege_geometry geo;
	const char *source;
};

/**
 * havege_tune() - find the geometry of the present CPU
 * @dcache_kb:	requested L1d size, KiB; overrides the found one; 0: none
 * @icache_kb:	requested L1i size, KiB, likewise
 * @tuning:	the result
 *
 * Logs one "generic tuning" notice when it first assumes a size.
 *
 * Context: process context, bound to the CPU in question. Does not sleep.
 * Return: 0, or -ENODEV if the CPU has no cycle counter.
 */
int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning);

/**
 * struct havege_cpuid - an x86 CPU to read; a test emulates one
 * @read:	executes CPUID for a leaf and subleaf: eax, ebx, ecx, edx
 * @basic:	highest basic leaf, negative without CPUID
 * @extended:	highest extended leaf, 0 without any
 * @topoext:	whether leaf 0x8000001D is valid (AMD's TOPOEXT feature bit)
 */
struct havege_cpuid {
	void (*read)(u32 leaf, u32 subleaf, u32 regs[4]);
	int basic;
	u32 extended;
	bool topoext;
};

/**
 * havege_tune_cpuid() - find L1 sizes by CPUID
 * @cpu:	the CPU to read
 * @tuning:	the result; 0 for an unknown size, and @source is NULL if both
 *		are unknown
 *
 * Tries leaf 4 (Intel and others), then 0x8000001D (AMD with TOPOEXT), then
 * 0x80000005 (older AMD and VIA). The first one with an L1 data cache gives
 * both sizes.
 *
 * Context: that of @cpu's read.
 */
void havege_tune_cpuid(const struct havege_cpuid *cpu,
		       struct havege_tuning *tuning);

/**
 * struct havege_cache_regs - an Arm CPU to read; a test emulates one
 * @read:	CCSIDR of the cache that this value of CSSELR selects
 * @clidr:	CLIDR, the types of the caches
 * @ccidx:	whether CCSIDR has the wider layout (FEAT_CCIDX)
 */
struct havege_cache_regs {
	u64 (*read)(u32 csselr);
	u64 clidr;
	bool ccidx;
};

/**
 * havege_tune_cache_regs() - find L1 sizes by Arm's cache ID registers
 * @cpu:	the CPU to read
 * @tuning:	the result; 0 for an unknown size, which includes sizes below 1
 *		KiB. @source is NULL if the data cache is unknown
 *
 * Context: that of @cpu's read.
 */
void havege_tune_cache_regs(const struct havege_cache_regs *cpu,
			    struct havege_tuning *tuning);

/**
 * havege_tune_ecag() - find L1 sizes by EXTRACT CPU ATTRIBUTE of s390
 * @read:	executes it: the cache attribute of this parameter
 * @tuning:	the result, as for havege_tune_cache_regs()
 *
 * Context: that of @read.
 */
void havege_tune_ecag(u64 (*read)(u32 what), struct havege_tuning *tuning);

/**
 * havege_tune_cpucfg() - find L1 sizes by CPUCFG of LoongArch
 * @read:	executes it: the configuration word of this number
 * @tuning:	the result, as for havege_tune_cache_regs()
 *
 * Context: that of @read.
 */
void havege_tune_cpucfg(u32 (*read)(u32 word), struct havege_tuning *tuning);

/**
 * havege_tune_this_cpu() - ask the present CPU for its L1 sizes
 * @tuning:	the result; all zero at first, and left so if the CPU does not
 *		tell
 *
 * Only with CONFIG_ARM64, CONFIG_ARM, CONFIG_MIPS, CONFIG_S390 and
 * CONFIG_LOONGARCH.
 *
 * Context: bound to the CPU in question. Does not sleep.
 */
void havege_tune_this_cpu(struct havege_tuning *tuning);

/**
 * havege_tune_settle() - choose the sizes: requested, found or assumed; clamp
 * them
 * @dcache_kb:	requested L1d size, KiB; 0: none
 * @icache_kb:	requested L1i size, KiB; 0: none
 * @tuning:	found sizes, 0 for an unknown one; completed here
 *
 * Return: true if a size is assumed.
 */
bool havege_tune_settle(u32 dcache_kb, u32 icache_kb,
			struct havege_tuning *tuning);

/*
 * Deltas of a fill that the GCD leaves out. AMD's counter moves in steps of 26
 * and more, but no two readings of a CPU are equal: the second one in a step is
 * 1 higher. The kernel's clock may be read just before a fill, in the step of
 * the fill's first reading, which ends one delta and begins the next.
 */
#define HAVEGE_SKIPPED		2

/**
 * struct havege_readings - statistics of a counter's readings
 * @seen:	number of deltas
 * @still:	number of deltas of 0
 * @gcd:	greatest common divisor of the deltas below 2^32, without the
 *		first HAVEGE_SKIPPED of each call, ticks
 * @back:	a reading was lower than the one before
 */
struct havege_readings {
	u32 seen;
	u32 still;
	u32 gcd;
	bool back;
};

/**
 * enum havege_fitness - whether a counter can be used
 * @HAVEGE_FIT: it can
 * @HAVEGE_STOPPED: it does not move
 * @HAVEGE_BACKWARDS: it goes backwards, on one CPU
 * @HAVEGE_COARSE: it moves too little in HAVEGE_SPAN_MAX half-steps
 */
enum havege_fitness {
	HAVEGE_FIT,
	HAVEGE_STOPPED,
	HAVEGE_BACKWARDS,
	HAVEGE_COARSE,
};

/* Units of the counter that three quarters of all samples need. */
#define HAVEGE_UNITS		8
/* Number of spans: 1, 2, 4 and so on up to HAVEGE_SPAN_MAX. */
#define HAVEGE_SPANS		9

/**
 * struct havege_grain - statistics of a counter's advance
 * @at:		for a span of 1, 2, 4 ... half-steps:
 * @at.have:	half-steps of the sample in the making
 * @at.sum:	their ticks
 * @at.seen:	number of samples
 * @at.enough:	number of samples with at least HAVEGE_UNITS units
 */
struct havege_grain {
	struct {
		u32 have;
		u64 sum;
		u32 seen;
		u32 enough;
	} at[HAVEGE_SPANS];
};

/* A counter that takes more ticks to read is trapped, or slow. */
#define HAVEGE_SLOW_TICKS	1000

/**
 * havege_tune_look() - add deltas to the statistics of the readings
 * @readings:	the statistics; all zero at first
 * @delta:	the deltas, ticks, of readings on one CPU
 * @count:	number of deltas
 */
void havege_tune_look(struct havege_readings *readings, const u64 *delta,
		      unsigned int count);

/**
 * havege_tune_judge() - judge a counter by its readings
 * @readings:	the statistics
 *
 * Return: its fitness.
 */
enum havege_fitness havege_tune_judge(const struct havege_readings *readings);

/**
 * havege_grain_look() - add deltas to the statistics of the advance
 * @grain:	the statistics; all zero at first
 * @gcd:	greatest common divisor of all deltas, ticks: the counter's unit
 * @delta:	the deltas, ticks
 * @count:	number of deltas
 */
void havege_grain_look(struct havege_grain *grain, u32 gcd, const u64 *delta,
		       unsigned int count);

/**
 * havege_grain_span() - half-steps that a sample needs: k
 * @grain:	the statistics
 *
 * Returns the smallest power of two, up to HAVEGE_SPAN_MAX, at which three
 * quarters of the samples have HAVEGE_UNITS units. Half of them would not do:
 * replays are faster than the live walk measured here, and with a median of
 * just 8 units a busy moment would halve k. k follows from the counter and the
 * CPU, never from the result of the estimate: a longer span than needed helps a
 * machine without noise.
 *
 * Return: k; 0 if the counter is too coarse.
 */
u32 havege_grain_span(const struct havege_grain *grain);

/**
 * havege_tune_cost() - cost of reading a counter
 * @read:	reads it
 * @arg:	argument of @read
 *
 * Context: that of @read, which is called some hundred times.
 * Return: ticks between two readings back to back, the least of many.
 */
u64 havege_tune_cost(u64 (*read)(void *arg), void *arg);

#endif /* HAVEGE_TUNE_H */
