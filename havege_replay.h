/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Replays: the same walk from the same state, again and again
 *
 * The path of a walk depends on its data: its samples look random even on a
 * machine without noise. A replay runs on the replay clock from a saved state
 * and takes the same path each time. Its samples are one row of the estimate
 * (havege_estimate.h). Rows differ only by the machine's timing.
 *
 * Rows back to back would teach the branch predictor and the caches the
 * measured path. Therefore the caller runs some fills of the live walk between
 * two rows: havege_replay_gap() says how many.
 *
 * A sample spans k half-steps: k is 1 with a fine counter, and more if a
 * half-step takes less than eight of its units.
 *
 * Freestanding; no locks, no allocation. The caller lends the memory.
 */
#ifndef HAVEGE_REPLAY_H
#define HAVEGE_REPLAY_H

#include "havege_core.h"
#include "havege_estimate.h"
#include "havege_types.h"

/* Fills of a row in one step. */
#define HAVEGE_REPLAY_FILLS	4

/**
 * struct havege_sampler - makes samples of deltas
 * @span:	half-steps in a sample: k
 * @have:	half-steps of the sample in the making
 * @sum:	their ticks
 * @back:	the counter went backwards in one of them
 */
struct havege_sampler {
	u32 span;
	u32 have;
	u64 sum;
	bool back;
};

/**
 * havege_take_samples() - make samples of a fill
 * @sampler:	the sampler; a sample may span two fills
 * @delta:	HAVEGE_FILL_TICKS deltas, ticks
 * @sample:	up to HAVEGE_FILL_TICKS samples, ticks. If the counter went
 *		backwards in a sample, all its bits are set
 *
 * Return: number of samples: HAVEGE_FILL_TICKS at k = 1, 0 or 1 at k = 256.
 */
u32 havege_take_samples(struct havege_sampler *sampler, const u64 *delta,
			u64 *sample);

/**
 * struct havege_replay - a set of replays in the making
 * @gcd:	greatest common divisor of the deltas, ticks
 * @fills:	fills of the present row so far
 * @have:	samples of the present row so far
 * @start:	the walk to replay, as it was when the set began
 * @walk:	the replay
 * @sampler:	makes the samples of the present row
 * @sample:	the present row, ticks
 * @rows:	the rows, and the estimate
 */
struct havege_replay {
	u32 gcd;
	u32 fills;
	u32 have;
	struct havege_walk start;
	struct havege_walk walk;
	struct havege_sampler sampler;
	u64 sample[HAVEGE_SAMPLES_MAX];
	struct havege_rows *rows;
};

/**
 * havege_replay_bytes() - memory that a set of replays takes
 * @shape:	size of the set
 * @walk:	the walk to replay
 *
 * Return: bytes, a multiple of 64.
 */
size_t havege_replay_bytes(const struct havege_shape *shape,
			   const struct havege_walk *walk);

/**
 * havege_replay_begin() - begin a set
 * @memory:	havege_replay_bytes(@shape, @walk) bytes, aligned to a cache
 *		line
 * @shape:	size of the set
 * @walk:	the walk to replay, warmed up. It is copied and may go on
 * @gcd:	greatest common divisor of the deltas, ticks, not 0
 *
 * Return: the set, in @memory.
 */
struct havege_replay *havege_replay_begin(void *memory,
					  const struct havege_shape *shape,
					  const struct havege_walk *walk,
					  u32 gcd);

/**
 * havege_replay_step() - run a part of the next row
 * @replay:	a set that is not full
 * @clock:	NULL for the CPU's own counter, or a test's clock
 *
 * Context: as havege_walk_replay(); at most HAVEGE_REPLAY_FILLS fills.
 * Return: true if the row is complete; @replay->sample then holds it.
 */
bool havege_replay_step(struct havege_replay *replay,
			struct havege_test_clock *clock);

/**
 * havege_replay_gap() - live fills to run before the next row
 * @replay:	a set that is not full
 * @mean:	fills on average
 *
 * A hash of the row's number varies the gap: a fixed one would beat with
 * periodic events of the machine.
 *
 * Return: 0 to 2 * @mean.
 */
u32 havege_replay_gap(const struct havege_replay *replay, u32 mean);

#endif /* HAVEGE_REPLAY_H */
