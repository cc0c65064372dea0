/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The replay estimate: how much of the timing is not the program's own doing
 *
 * The walk's path depends on its data, so its samples look random even on a
 * machine that has no noise at all. Therefore the same walk is run from the same
 * state time and again, on the replay clock, so that it takes the same path each
 * time: HAVEGE_REPLAY_ROWS rows of HAVEGE_REPLAY_STEPS samples. What differs
 * between the rows is the machine's doing, and only that is credited.
 *
 * From each column (one step of the walk) its median is subtracted, which
 * leaves the residuals. The estimate is the least of five, each a bound at 99 %
 * as in SP 800-90B, 6.3.1 (most common value):
 *
 * - value: the most common residual;
 * - difference: the most common difference of two residuals in a row;
 * - predecessor: the most common residual after each residual;
 * - position: each column's own most common value. For noise that is not
 *   symmetric a median can miss what a guess would not;
 * - neighbour: each sample guessed to be that of the row that was most like this
 *   one until then. On a counter that moves in large steps (26 ticks on some
 *   CPUs) rows differ by the phase at which they began, which shows at every
 *   step and is noise once.
 *
 * Freestanding; no locks, no allocation. The work is cut into steps of some
 * ten microseconds, so that the caller can be preempted between them.
 */
#ifndef HAVEGE_REPLAY_H
#define HAVEGE_REPLAY_H

#include "havege_core.h"
#include "havege_types.h"

/* Rows: runs of the same walk. The first ones, while caches settle, are not used. */
#define HAVEGE_REPLAY_ROWS	64
#define HAVEGE_REPLAY_SETTLE	8
#define HAVEGE_REPLAY_USED	(HAVEGE_REPLAY_ROWS - HAVEGE_REPLAY_SETTLE)
/* Columns: samples of a row. The first one spans the pause before the row. */
#define HAVEGE_REPLAY_STEPS	512
#define HAVEGE_REPLAY_FILLS	(HAVEGE_REPLAY_STEPS / HAVEGE_FILL_TICKS)

/* Residuals whose successors are counted at a time, of 256. */
#define HAVEGE_REPLAY_AFTER	16

/* Entropy is counted in units of 2^-16 bit. */
#define HAVEGE_BIT		65536u

/* For "%u.%04u": the whole bits, and the rest in 1/10000 bit, rounded down. */
static inline u32 havege_bits(u32 entropy)
{
	return entropy / HAVEGE_BIT;
}

static inline u32 havege_bit_parts(u32 entropy)
{
	return entropy % HAVEGE_BIT * 10000 / HAVEGE_BIT;
}

/**
 * struct havege_estimate - what the replays said, each in 2^-16 bit a tick
 * @residual:	the least of those that follow
 * @value:	from the most common residual
 * @difference:	from the most common difference of two residuals in a row
 * @predecessor: from the most common residual after each residual
 * @position:	from the most common value in each column
 * @neighbour:	from what the row most alike had in each column
 */
struct havege_estimate {
	u32 residual;
	u32 value;
	u32 difference;
	u32 predecessor;
	u32 position;
	u32 neighbour;
};

/**
 * struct havege_replay - a replay estimate at work
 * @walk:	the walk that is replayed; a copy, with a table of its own
 * @table:	that table
 * @row:	rows that have been run
 * @column:	columns that have been reduced to residuals
 * @guessed:	samples that were their column's most common value
 * @followed:	samples that were as in the row most like theirs
 * @apart:	how unlike two rows have been, the last columns above all
 * @sample:	deltas over GCD, at most 65535; then residuals
 * @after:	how often each residual (second index) came after each of some
 * @count:	how often each value came
 */
struct havege_replay {
	struct havege_walk walk;
	u64 *table;
	u32 row;
	u32 column;
	u32 guessed;
	u32 followed;
	u32 apart[HAVEGE_REPLAY_USED][HAVEGE_REPLAY_USED];
	u16 sample[HAVEGE_REPLAY_USED][HAVEGE_REPLAY_STEPS];
	u16 after[HAVEGE_REPLAY_AFTER][256];
	u16 count[256];
};

/**
 * havege_min_entropy() - the min-entropy of a guess that has been counted
 * @hits:	how often the guess was right
 * @total:	how often it was made, 2 to 2^31
 *
 * -log2 of the upper end of the 99 % confidence interval of @hits / @total (SP
 * 800-90B, 6.3.1). Rounded down.
 *
 * Context: any.
 * Return: 2^-16 bit; 0 where the bound is 1 or more, or @total below 2.
 */
u32 havege_min_entropy(u32 hits, u32 total);

/**
 * havege_replay_begin() - begin an estimate
 * @replay:	the estimate
 * @table:	the caller's, as large as the table of the walk to replay
 */
void havege_replay_begin(struct havege_replay *replay, u64 *table);

/**
 * havege_replay_step() - the next step of it
 * @replay:	an estimate that has begun
 * @walk:	the walk to replay, warmed up; it is not changed and may not
 *		change until the estimate is over
 * @clock:	NULL for the CPU's own counter, or a test's clock
 * @gcd:	greatest common divisor of the deltas, ticks, not 0
 * @estimate:	the result, with the last step
 *
 * After the last step all that was copied of @walk is wiped.
 *
 * Context: as havege_walk_replay(); each step is a row or some columns.
 * Return: whether this was the last step.
 */
bool havege_replay_step(struct havege_replay *replay,
			const struct havege_walk *walk,
			struct havege_test_clock *clock, u32 gcd,
			struct havege_estimate *estimate);

/**
 * havege_replay_wipe() - forget all of an estimate, done or not
 * @replay:	the estimate; an all-zero one will do
 */
void havege_replay_wipe(struct havege_replay *replay);

#endif /* HAVEGE_REPLAY_H */
