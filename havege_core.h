/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The HAVEGE walk, the noise source of this module
 *
 * A walk is a program that is made to depend on everything in a CPU that
 * nobody can predict: it wanders through a table twice as large as the L1 data
 * cache, along branches its own data decide, in a loop as large as the L1
 * instruction cache, and reads the cycle counter as it goes. What the counter
 * shows between two reads is the raw sample; what the walk leaves in its ring
 * are the walk words (the expansion, see README on what they are worth).
 *
 * Freestanding: types, rotations and memset, nothing else; no locks, no
 * allocation, no sleeping. The caller owns all memory, gives each walk to one
 * thread at a time, and wipes it with havege_walk_wipe().
 */
#ifndef HAVEGE_CORE_H
#define HAVEGE_CORE_H

#include "havege_types.h"

/*
 * A half-step touches a line at each of its positions: 64 bytes, which is what
 * most caches move, as eight words of 64 bits.
 */
#define HAVEGE_LINE_WORDS	8
#define HAVEGE_LINE_BYTES	(8 * HAVEGE_LINE_WORDS)
/* One iteration is two half-steps: two samples and two lines of output. */
#define HAVEGE_ITER_TICKS	2
#define HAVEGE_ITER_WORDS	(2 * HAVEGE_LINE_WORDS)
/*
 * One call of a walk function, a fill: the ring is written once. Natively some
 * microseconds, under emulation some hundred: always well below 1 ms, which is
 * what lets the collector stay preemptible without looking at a clock.
 */
#define HAVEGE_FILL_ITERS	64
#define HAVEGE_FILL_WORDS	(HAVEGE_FILL_ITERS * HAVEGE_ITER_WORDS)
#define HAVEGE_FILL_TICKS	(HAVEGE_FILL_ITERS * HAVEGE_ITER_TICKS)

/* Rungs of each of the two branch ladders; depths 0 to this are taken. */
#define HAVEGE_RUNGS		8

/* Cache sizes the walk can be fitted to, in KiB. */
#define HAVEGE_DCACHE_MIN_KB	8
#define HAVEGE_DCACHE_MAX_KB	512
#define HAVEGE_ICACHE_MIN_KB	8
#define HAVEGE_ICACHE_MAX_KB	64

/**
 * struct havege_geometry - the caches a walk is fitted to
 * @dcache_kb:	L1 data cache, KiB
 * @icache_kb:	L1 instruction cache, KiB
 */
struct havege_geometry {
	u32 dcache_kb;
	u32 icache_kb;
};

/**
 * struct havege_walk - one walk: its state and what its last fill produced
 * @table:	the table W, @lines lines of HAVEGE_LINE_WORDS words; secret
 * @lines:	size of the table in lines, always even
 * @copies:	copies of the unrolled body that one turn of the loop runs
 * @p:		first position, all 32 bits of it; secret
 * @q:		second position; secret
 * @path:	what the branch ladders have left behind; secret
 * @pseudo:	state of the pseudo-ticks that the replay clock mixes in; goes on at
 *		each half-step, whatever the clock
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
 * struct havege_test_clock - a clock that a test injects
 * @replay:	mix in the replay clock's pseudo-ticks and not what @read stores
 * @read:	called once a half-step, after its ladder, with the two positions
 *		and the depth that the ladder reached (0..HAVEGE_RUNGS). Returns
 *		the reading of the counter, ticks; stores what the walk mixes in
 *		at *@mix.
 * @depths:	how often each ladder (0: P, 1: Q) ended at each depth; the walk
 *		counts, the test clears
 */
struct havege_test_clock {
	bool replay;
	u64 (*read)(struct havege_test_clock *clock, u32 p, u32 q,
		    unsigned int depth, u32 *mix);
	u64 depths[2][HAVEGE_RUNGS + 1];
};

/**
 * havege_steps() - a delta in steps of the counter
 * @delta:	ticks between two readings
 * @gcd:	greatest common divisor of all deltas, ticks, not 0
 *
 * Return: @delta / @gcd. More than 2^32 ticks, seconds of not running, count as
 * 2^32 - 1.
 */
static inline u32 havege_steps(u64 delta, u32 gcd)
{
	return (u32)min_t(u64, delta, ~0u) / gcd;
}

/**
 * havege_table_bytes() - how large a table a geometry asks for
 * @geo:	the caches; clamped to what the walk can be fitted to
 *
 * Twice the L1 data cache, so that about every second touch misses it (HAVEGE,
 * ACM TOMACS 13(4), section 3).
 *
 * Context: any.
 * Return: bytes, 16384 to 1048576, a multiple of 2 KiB.
 */
size_t havege_table_bytes(const struct havege_geometry *geo);

/**
 * havege_walk_bytes() - how large a table a walk has
 * @walk:	an initialised walk
 *
 * Return: bytes, as havege_table_bytes() said of its geometry.
 */
static inline size_t havege_walk_bytes(const struct havege_walk *walk)
{
	return (size_t)walk->lines * HAVEGE_LINE_BYTES;
}

/**
 * havege_loop_copies() - how many copies of the loop body fit a geometry
 * @geo:	the caches; clamped to what the walk can be fitted to
 *
 * Context: any.
 * Return: 1 to HAVEGE_FILL_ITERS.
 */
unsigned int havege_loop_copies(const struct havege_geometry *geo);

/**
 * havege_copy_bytes() - the size of one copy of the live loop body
 *
 * Measured on the code that the compiler made, not guessed.
 *
 * Context: any.
 * Return: bytes.
 */
size_t havege_copy_bytes(void);

/**
 * havege_loop_bytes() - the size of the whole unrolled live loop
 *
 * Context: any.
 * Return: bytes, at least 48 KiB.
 */
size_t havege_loop_bytes(void);

/**
 * havege_walk_init() - put a walk into its one initial state
 * @walk:	the walk
 * @table:	havege_table_bytes(@geo) bytes, aligned to a cache line, the
 *		caller's; it must stay until havege_walk_wipe()
 * @geo:	the caches to fit it to; clamped to what the walk can be fitted to
 *
 * The state is a constant: it depends on @geo alone. Entropy comes from the
 * warm-up, never from here.
 *
 * Context: any; takes time in proportion to the table.
 */
void havege_walk_init(struct havege_walk *walk, u64 *table,
		      const struct havege_geometry *geo);

/**
 * havege_warmup_fills() - fills to run and discard before a walk may be used
 * @walk:	an initialised walk
 *
 * As many as rewrite each line of the table 32 times on average: one that is
 * never reached would be e^-32 of good luck.
 *
 * Context: any.
 * Return: fills.
 */
unsigned int havege_warmup_fills(const struct havege_walk *walk);

/**
 * havege_walk_live() - one fill on the live clock
 * @walk:	an initialised walk
 *
 * Reads the CPU's cycle counter and mixes the readings in. The first sample of
 * a walk's first fill is the distance to tick 0 and no sample.
 *
 * Context: any, but with preemption on in the collector; no sleeping.
 */
void havege_walk_live(struct havege_walk *walk);

/**
 * havege_walk_replay() - one fill on the replay clock
 * @walk:	an initialised walk
 *
 * Reads the CPU's cycle counter and records the samples, but mixes in a fixed
 * pseudo-tick sequence: from equal states two fills take the same path and
 * give the same words. What differs in their samples is the machine's doing.
 *
 * Context: as havege_walk_live().
 */
void havege_walk_replay(struct havege_walk *walk);

/**
 * havege_walk_test() - one fill on a test's clock
 * @walk:	an initialised walk
 * @clock:	where readings and what is mixed in come from
 *
 * Context: that of @clock's read.
 */
void havege_walk_test(struct havege_walk *walk,
		      struct havege_test_clock *clock);

/**
 * havege_walk_wipe() - forget all of a walk
 * @walk:	a walk; an all-zero one will do
 *
 * Overwrites the state and the table; the table's memory is the caller's again.
 *
 * Context: any.
 */
void havege_walk_wipe(struct havege_walk *walk);

#endif /* HAVEGE_CORE_H */
