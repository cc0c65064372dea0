// SPDX-License-Identifier: GPL-2.0
/*
 * Replays. The contract is in havege_replay.h.
 */
#include "havege_replay.h"

u32 havege_take_samples(struct havege_sampler *sampler, const u64 *delta,
			u64 *sample)
{
	u32 i, count = 0;

	for (i = 0; i < HAVEGE_FILL_TICKS; i++) {
		sampler->sum += delta[i];
		/* A difference with the top bit set is negative. */
		sampler->back |= delta[i] >> 63;
		if (++sampler->have < sampler->span)
			continue;
		sample[count++] = sampler->back ? ~0ull : sampler->sum;
		sampler->have = 0;
		sampler->sum = 0;
		sampler->back = false;
	}
	return count;
}
EXPORT_SYMBOL_IF_KUNIT(havege_take_samples);

/* Tables need cache line alignment: begin each part of the memory at a line. */
static size_t whole_lines(size_t bytes)
{
	return (bytes + HAVEGE_LINE_BYTES - 1) & ~(HAVEGE_LINE_BYTES - 1ul);
}

size_t havege_replay_bytes(const struct havege_shape *shape,
			   const struct havege_walk *walk)
{
	return whole_lines(sizeof(struct havege_replay)) +
		2 * havege_walk_bytes(walk) +
		whole_lines(havege_rows_bytes(shape));
}
EXPORT_SYMBOL_IF_KUNIT(havege_replay_bytes);

struct havege_replay *havege_replay_begin(void *memory,
					  const struct havege_shape *shape,
					  const struct havege_walk *walk,
					  u32 gcd)
{
	const size_t bytes = havege_walk_bytes(walk);
	struct havege_replay *replay = memory;
	u8 *next = (u8 *)memory + whole_lines(sizeof(*replay));

	memset(replay, 0, sizeof(*replay));
	replay->gcd = gcd;
	replay->sampler.span = shape->span;
	replay->start = *walk;
	replay->start.table = (u64 *)next;
	memcpy(replay->start.table, walk->table, bytes);
	replay->walk.table = (u64 *)(next + bytes);
	replay->rows = (struct havege_rows *)(next + 2 * bytes);
	havege_rows_begin(replay->rows, shape);
	return replay;
}
EXPORT_SYMBOL_IF_KUNIT(havege_replay_begin);

/* Restore the saved state and the whole table. */
static void rewind_walk(struct havege_replay *replay)
{
	u64 *table = replay->walk.table;

	replay->walk = replay->start;
	replay->walk.table = table;
	memcpy(table, replay->start.table, havege_walk_bytes(&replay->start));
	replay->sampler = (struct havege_sampler){
		.span = replay->sampler.span
	};
	replay->fills = 0;
	replay->have = 0;
}

static void replay_fill(struct havege_replay *replay,
			struct havege_test_clock *clock)
{
	if (clock) {
		clock->replay = true;
		havege_walk_test(&replay->walk, clock);
		clock->replay = false;
	} else {
		havege_walk_replay(&replay->walk);
	}
	replay->have += havege_take_samples(&replay->sampler,
					    replay->walk.delta,
					    replay->sample + replay->have);
	replay->fills++;
}

bool havege_replay_step(struct havege_replay *replay,
			struct havege_test_clock *clock)
{
	const u32 fills = replay->rows->samples * replay->sampler.span /
		HAVEGE_FILL_TICKS;
	u32 some;

	if (!replay->fills)
		rewind_walk(replay);
	for (some = HAVEGE_REPLAY_FILLS; some && replay->fills < fills; some--)
		replay_fill(replay, clock);
	if (replay->fills < fills)
		return false;
	replay->fills = 0;
	havege_rows_add(replay->rows, replay->sample, replay->gcd);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(havege_replay_step);

u32 havege_replay_gap(const struct havege_replay *replay, u32 mean)
{
	return (u64)havege_scatter(~replay->rows->row) * (2 * mean + 1) >> 16;
}
EXPORT_SYMBOL_IF_KUNIT(havege_replay_gap);
