/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The HAVEGE walk, the noise source of this module
 *
 * A walk is a program whose timing depends on unpredictable CPU state. It walks
 * through a table twice as large as the L1 data cache, along branches that its
 * own data decide, in a loop as large as the L1 instruction cache, and reads
 * the cycle counter at each half-step. A raw sample is the difference of two
 * readings. The walk words in its ring are the expansion; their entropy:
 * Documentation/entropy.rst, "Quality".
 *
 * Freestanding: types, rotations and memset only; no locks, no allocation, no
 * sleep. The caller owns all memory, gives each walk to one thread at a time,
 * and wipes it with havege_walk_wipe().
 */
#ifndef HAVEGE_CORE_H
#define HAVEGE_CORE_H

#include "havege_types.h"

/*
 * Words (64 bits) in a line. A half-step touches one line at each of its
 * positions: 64 bytes, the cache line size of most CPUs.
 */
#define HAVEGE_LINE_WORDS	8
#define HAVEGE_LINE_BYTES	(8 * HAVEGE_LINE_WORDS)
/* Samples and output words of an iteration, which is two half-steps. */
#define HAVEGE_ITER_TICKS	2
#define HAVEGE_ITER_WORDS	(2 * HAVEGE_LINE_WORDS)
/*
 * A fill is one call of a walk function: it writes the ring once. It takes some
 * microseconds natively and some hundred under emulation. Below 1 ms the worker
 * stays preemptible without a look at a clock.
 */
#define HAVEGE_FILL_ITERS	64
#define HAVEGE_FILL_WORDS	(HAVEGE_FILL_ITERS * HAVEGE_ITER_WORDS)
#define HAVEGE_FILL_TICKS	(HAVEGE_FILL_ITERS * HAVEGE_ITER_TICKS)

/* Rungs of each of the two branch ladders. A descent ends at depth 0 to 8. */
#define HAVEGE_RUNGS		8

/* Cache sizes that the walk fits (KiB). */
#define HAVEGE_DCACHE_MIN_KB	8
#define HAVEGE_DCACHE_MAX_KB	512
#define HAVEGE_ICACHE_MIN_KB	8
#define HAVEGE_ICACHE_MAX_KB	64

/**
 * struct havege_geometry - the caches that a walk is fitted to
 * @dcache_kb:	L1 data cache, KiB
 * @icache_kb:	L1 instruction cache, KiB
 */
struct havege_geometry {
	u32 dcache_kb;
	u32 icache_kb;
};

/**
 * struct havege_walk - a walk: its state and the result of its last fill
 * @table:	the table W, @lines lines of HAVEGE_LINE_WORDS words; secret
 * @lines:	lines of the table, always even
 * @copies:	copies of the unrolled body that one turn of the loop runs
 * @p:		first position, all 32 bits; secret
 * @q:		second position; secret
 * @path:	result of the branch ladders; secret
 * @pseudo:	state of the pseudo-ticks that the replay clock mixes in;
 *		advances at each half-step with any clock
 * @last:	last reading of the counter, ticks
 * @ring:	R, the walk words of the last fill
 * @delta:	the raw samples of the last fill, ticks
 */
struct havege_walk {
	u64 *table;
	u32 lines;
	u32 copies;
	u32 p;
	u32 q;
	u64 path;
	u32 pseudo;
	u64 last;
	u64 ring[HAVEGE_FILL_WORDS];
	u64 delta[HAVEGE_FILL_TICKS];
};

/**
 * struct havege_test_clock - a test's clock
 * @replay:	mix in pseudo-ticks, as the replay clock does, not the ticks
 *		that @read stores
 * @read:	called once a half-step, after its ladder, with the two
 *		positions and the depth of the ladder (0 to HAVEGE_RUNGS).
 *		Returns the reading of the counter, ticks; stores the ticks to
 *		mix in at *@mix
 * @bits:	width of the readings, 32; any other value: 64
 * @depths:	how often each ladder (0: P, 1: Q) ended at each depth; the walk
 *		counts, the test clears
 */
struct havege_test_clock {
	bool replay;
	u32 bits;
	u64 (*read)(struct havege_test_clock *clock, u32 p, u32 q,
		    unsigned int depth, u32 *mix);
	u64 depths[2][HAVEGE_RUNGS + 1];
};

/**
 * havege_delta() - the advance of a counter between two readings
 * @now:	the later reading
 * @last:	the earlier one
 * @bits:	width of the counter: 32; any other value: 64
 *
 * Readings wrap. With 32 bits an advance by 15/16 of the counter's range or more
 * counts as a step back: such a long pause is rarer than a counter that is set
 * back a little.
 *
 * Return: ticks; negative as an s64 if the counter went backwards.
 */
static inline u64 havege_delta(u64 now, u64 last, u32 bits)
{
	const u32 narrow = (u32)now - (u32)last;

	if (bits != 32)
		return now - last;
	return narrow < 0xf0000000 ? narrow : ~0ull << 32 | narrow;
}

/**
 * havege_steps() - a delta in steps of the counter
 * @delta:	ticks between two readings
 * @gcd:	greatest common divisor of all deltas, ticks, not 0
 *
 * Return: @delta / @gcd. Above 2^32 ticks, seconds without running, the delta
 * counts as 2^32 - 1.
 */
static inline u32 havege_steps(u64 delta, u32 gcd)
{
	return (u32)min_t(u64, delta, ~0u) / gcd;
}

/**
 * havege_table_bytes() - size of the table for a geometry
 * @geo:	the caches; clamped to sizes that the walk fits
 *
 * Twice the L1 data cache: about every second touch misses it (HAVEGE, ACM
 * TOMACS 13(4), section 3).
 *
 * Context: any.
 * Return: bytes, 16384 to 1048576, a multiple of 2 KiB.
 */
size_t havege_table_bytes(const struct havege_geometry *geo);

/**
 * havege_walk_bytes() - size of a walk's table
 * @walk:	an initialised walk
 *
 * Return: bytes, as havege_table_bytes() for its geometry.
 */
static inline size_t havege_walk_bytes(const struct havege_walk *walk)
{
	return (size_t)walk->lines * HAVEGE_LINE_BYTES;
}

/**
 * havege_loop_copies() - copies of the loop body that fit a geometry
 * @geo:	the caches; clamped to sizes that the walk fits
 *
 * Context: any.
 * Return: 1 to HAVEGE_FILL_ITERS.
 */
unsigned int havege_loop_copies(const struct havege_geometry *geo);

/**
 * havege_copy_bytes() - size of one copy of the live loop body
 *
 * The assembler measures the compiled code.
 *
 * Context: any.
 * Return: bytes.
 */
size_t havege_copy_bytes(void);

/**
 * havege_loop_bytes() - size of the whole unrolled live loop
 *
 * Context: any.
 * Return: bytes, at least 48 KiB; on 32 bits at least 32 KiB.
 */
size_t havege_loop_bytes(void);

/**
 * havege_walk_init() - put a walk into its initial state
 * @walk:	the walk
 * @table:	havege_table_bytes(@geo) bytes, aligned to a cache line; the
 *		caller keeps them until havege_walk_wipe()
 * @geo:	the caches to fit; clamped to sizes that the walk fits
 *
 * The state depends on @geo alone. Entropy comes from the warm-up, never from
 * here.
 *
 * Context: any; takes time in proportion to the table.
 */
void havege_walk_init(struct havege_walk *walk, u64 *table,
		      const struct havege_geometry *geo);

/**
 * havege_warmup_fills() - fills to run and discard before a walk may be used
 * @walk:	an initialised walk
 *
 * The warm-up rewrites each line of the table 32 times on average. A line stays
 * untouched with a probability of e^-32.
 *
 * Context: any.
 * Return: fills.
 */
unsigned int havege_warmup_fills(const struct havege_walk *walk);

/**
 * havege_walk_live() - one fill on the live clock
 * @walk:	an initialised walk
 *
 * Reads the CPU's cycle counter and mixes the readings in. The first delta of a
 * walk's first fill is the distance to tick 0: no sample.
 *
 * A pause before the fill may be longer than a counter of 32 bits takes to wrap.
 * With such a counter each fill begins with a reading of its own, and no delta
 * contains that pause.
 *
 * Context: any; the collector keeps preemption on. Does not sleep.
 */
void havege_walk_live(struct havege_walk *walk);

/**
 * havege_walk_replay() - one fill on the replay clock
 * @walk:	an initialised walk
 *
 * Reads the CPU's cycle counter and records the samples, but mixes in a fixed
 * sequence of pseudo-ticks. From equal states two fills take the same path and
 * give the same words. Their samples differ only by the machine's timing.
 *
 * Context: as havege_walk_live().
 */
void havege_walk_replay(struct havege_walk *walk);

/**
 * havege_walk_test() - one fill on a test's clock
 * @walk:	an initialised walk
 * @clock:	source of the readings and of the ticks to mix in
 *
 * Context: that of @clock's read.
 */
void havege_walk_test(struct havege_walk *walk,
		      struct havege_test_clock *clock);

/**
 * havege_walk_wipe() - wipe a walk and its table
 * @walk:	a walk; may be all zero
 *
 * The caller may then free the table.
 *
 * Context: any.
 */
void havege_walk_wipe(struct havege_walk *walk);

#endif /* HAVEGE_CORE_H */
