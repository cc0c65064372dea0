/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the walk is fitted to, and whether there is a counter at all
 *
 * havege_tune() is in tune_x86.c where CONFIG_X86 is on and in tune_generic.c
 * where it is not, with tune_arm64.c beside it where CONFIG_ARM64 is. It asks
 * the CPU it runs on: on hybrid machines cores differ, so the collector calls it
 * in its own, bound thread.
 */
#ifndef HAVEGE_TUNE_H
#define HAVEGE_TUNE_H

#include "havege_core.h"

/* What stands in for a cache that nobody could tell the size of, KiB. */
#define HAVEGE_GENERIC_KB	16

/**
 * struct havege_tuning - what was found
 * @geo:	the caches, inside the bounds of havege_core.h
 * @source:	who said so: "cpuid-4", "cpuid-8000001d", "cpuid-80000005",
 *		"device-tree", "ccsidr" (arm64's cache ID registers), "generic"
 *		(nobody did, for one cache or both) or "parameter" (the user
 *		did, for both)
 */
struct havege_tuning {
	struct havege_geometry geo;
	const char *source;
};

/**
 * havege_tune() - find the geometry of the CPU that this runs on
 * @dcache_kb:	the user's L1d in KiB, which wins over what is found; 0: none
 * @icache_kb:	the user's L1i in KiB, likewise
 * @tuning:	the result
 *
 * Logs one "generic tuning" notice the first time a size has to be guessed.
 *
 * Context: process context, bound to the CPU in question. Does not sleep.
 * Return: 0, or -ENODEV where the CPU has no cycle counter.
 */
int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning);

/**
 * struct havege_cpuid - a CPU to ask; a test brings one of its own
 * @read:	executes CPUID for a leaf and subleaf: eax, ebx, ecx, edx
 * @basic:	highest basic leaf, negative if CPUID does not exist
 * @extended:	highest extended leaf, 0 if there are none
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
 * @cpu:	the CPU to ask
 * @tuning:	the result; sizes that no leaf told are 0, and @source is then
 *		NULL if none was told at all
 *
 * Asks leaf 4 (Intel and others), then 0x8000001D (AMD with TOPOEXT), then
 * 0x80000005 (older AMD and VIA); the first that knows an L1 data cache is
 * believed for both caches.
 *
 * Context: that of @cpu's read.
 */
void havege_tune_cpuid(const struct havege_cpuid *cpu,
		       struct havege_tuning *tuning);

/**
 * struct havege_cache_regs - an arm64 CPU to ask; a test brings one of its own
 * @read:	CCSIDR_EL1 of the cache that this value of CSSELR_EL1 selects
 * @clidr:	CLIDR_EL1, which caches there are
 * @ccidx:	whether CCSIDR_EL1 has the wider layout (FEAT_CCIDX)
 */
struct havege_cache_regs {
	u64 (*read)(u32 csselr);
	u64 clidr;
	bool ccidx;
};

/**
 * havege_tune_cache_regs() - find L1 sizes by arm64's cache ID registers
 * @cpu:	the CPU to ask
 * @tuning:	the result; sizes of less than 1 KiB are 0, not told, and @source
 *		is then NULL if that is the data cache's
 *
 * Context: that of @cpu's read.
 */
void havege_tune_cache_regs(const struct havege_cache_regs *cpu,
			    struct havege_tuning *tuning);

/**
 * havege_tune_this_cpu() - the same, asking the arm64 CPU that this runs on
 * @tuning:	the result
 *
 * Only where CONFIG_ARM64 is on.
 *
 * Context: bound to the CPU in question. Does not sleep.
 */
void havege_tune_this_cpu(struct havege_tuning *tuning);

/**
 * havege_tune_settle() - user over CPU over guess, and inside the bounds
 * @dcache_kb:	the user's L1d in KiB; 0: none
 * @icache_kb:	the user's L1i in KiB; 0: none
 * @tuning:	what the CPU said, 0 for a size it did not; completed here
 *
 * Return: whether a size had to be guessed.
 */
bool havege_tune_settle(u32 dcache_kb, u32 icache_kb,
			struct havege_tuning *tuning);

/**
 * struct havege_readings - what is known of the readings of a counter
 * @seen:	deltas that have been looked at
 * @still:	those in which it did not move
 * @gcd:	greatest common divisor of all of them that are below 2^32, ticks
 * @back:	it was once lower than before
 */
struct havege_readings {
	u32 seen;
	u32 still;
	u32 gcd;
	bool back;
};

/**
 * enum havege_fitness - whether a counter can be used
 * @HAVEGE_FIT:		it can
 * @HAVEGE_STOPPED:	it does not move
 * @HAVEGE_BACKWARDS:	it goes backwards, on one CPU
 * @HAVEGE_COARSE:	it moves at less than one reading in ten
 */
enum havege_fitness {
	HAVEGE_FIT,
	HAVEGE_STOPPED,
	HAVEGE_BACKWARDS,
	HAVEGE_COARSE,
};

/* A counter that takes more ticks than this to read is trapped, or slow. */
#define HAVEGE_SLOW_TICKS	1000

/**
 * havege_tune_look() - look at some deltas of the counter
 * @readings:	what is known of them; all zero at first
 * @delta:	the deltas, ticks, of readings on one CPU
 * @count:	how many
 */
void havege_tune_look(struct havege_readings *readings, const u64 *delta,
		      unsigned int count);

/**
 * havege_tune_judge() - judge the counter by what has been looked at
 * @readings:	what is known of them
 *
 * Return: whether it is fit.
 */
enum havege_fitness havege_tune_judge(const struct havege_readings *readings);

/**
 * havege_tune_cost() - what it takes to read a counter
 * @read:	reads it
 * @arg:	for @read
 *
 * Context: that of @read, which is called some hundred times.
 * Return: ticks between two readings, back to back: the least of many.
 */
u64 havege_tune_cost(u64 (*read)(void *arg), void *arg);

#endif /* HAVEGE_TUNE_H */
