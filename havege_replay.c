// SPDX-License-Identifier: GPL-2.0
/*
 * The replay estimate. The contract is in havege_replay.h.
 */
#include "havege_replay.h"

/* Columns that one step reduces: about as much work as a row. */
#define COLUMNS		8
/* The first column that is used; the one before it spans the pause. */
#define FIRST		1
/* The first column for which it is known how much alike the rows are. */
#define FIRST_ALIKE	(FIRST + 16)

/* 2.576 standard deviations: 99 % (SP 800-90B, 6.3.1). */
#define Z_NUMERATOR	2576
#define Z_DENOMINATOR	1000

/* -log2 of @p in units of 2^-32, not 0; in units of 2^-16, rounded down. */
static u32 minus_log2(u64 p)
{
	const int top = fls64(p) - 1;
	u32 integer = top, fraction = 0;
	u64 m = top > 31 ? p >> (top - 31) : p << (31 - top);
	int i;

	/* m is from 2^31 to 2^32; squaring it doubles its logarithm. */
	for (i = 0; i < 16; i++) {
		m = m * m >> 31;
		fraction <<= 1;
		if (m >> 32) {
			fraction |= 1;
			m >>= 1;
		}
	}
	/* The logarithm of p was rounded down: one more makes it an upper end. */
	return 32 * HAVEGE_BIT - integer * HAVEGE_BIT - fraction - 1;
}

u32 havege_min_entropy(u32 hits, u32 total)
{
	const u64 one = 1ull << 32;
	u64 p, bound;

	if (total < 2 || hits >= total)
		return 0;
	p = div_u64(((u64)hits << 32) + total - 1, total);
	/* p * (1 - p) is at most a quarter: no overflow. */
	bound = int_sqrt64(div_u64(p * (one - p), total - 1)) + 1;
	p += div_u64(bound * Z_NUMERATOR, Z_DENOMINATOR) + 1;
	return p < one ? minus_log2(p) : 0;
}

void havege_replay_begin(struct havege_replay *replay, u64 *table)
{
	memset(replay, 0, sizeof(*replay));
	replay->table = table;
}

/* Back to the state of @walk, to the last word of the table. */
static void rewind_walk(struct havege_replay *replay,
			const struct havege_walk *walk)
{
	replay->walk = *walk;
	replay->walk.table = replay->table;
	memcpy(replay->table, walk->table, havege_walk_bytes(walk));
}

static void run_row(struct havege_replay *replay,
		    const struct havege_walk *walk,
		    struct havege_test_clock *clock, u32 gcd)
{
	struct havege_walk *copy = &replay->walk;
	unsigned int fill, i;
	u16 *to;

	rewind_walk(replay, walk);
	for (fill = 0; fill < HAVEGE_REPLAY_FILLS; fill++) {
		if (clock) {
			clock->replay = true;
			havege_walk_test(copy, clock);
			clock->replay = false;
		} else {
			havege_walk_replay(copy);
		}
		if (replay->row < HAVEGE_REPLAY_SETTLE)
			continue;
		to = replay->sample[replay->row - HAVEGE_REPLAY_SETTLE] +
			fill * HAVEGE_FILL_TICKS;
		for (i = 0; i < HAVEGE_FILL_TICKS; i++)
			to[i] = min_t(u32, havege_steps(copy->delta[i], gcd),
				      (u16)~0u);
	}
	replay->row++;
}

/* By insertion: a column is short, and nearly sorted where there is no noise. */
static void sort(u16 *value, unsigned int count)
{
	unsigned int i, k;

	for (i = 1; i < count; i++) {
		const u16 x = value[i];

		for (k = i; k && value[k - 1] > x; k--)
			value[k] = value[k - 1];
		value[k] = x;
	}
}

/* How often the most common of sorted values is there. */
static unsigned int most_common(const u16 *value, unsigned int count)
{
	unsigned int i, run = 0, most = 0;

	for (i = 0; i < count; i++) {
		run = i && value[i] == value[i - 1] ? run + 1 : 1;
		most = max(most, run);
	}
	return most;
}

/* Before this column, the row that was most like @row. */
static unsigned int most_alike(const struct havege_replay *replay,
			       unsigned int row)
{
	const u32 *apart = replay->apart[row];
	unsigned int other, found = !row;

	for (other = 0; other < HAVEGE_REPLAY_USED; other++)
		if (other != row && apart[other] < apart[found])
			found = other;
	return found;
}

static void compare_rows(struct havege_replay *replay, u32 column)
{
	u16 now[HAVEGE_REPLAY_USED];
	unsigned int row, other;

	for (row = 0; row < HAVEGE_REPLAY_USED; row++)
		now[row] = replay->sample[row][column];
	for (row = 0; row < HAVEGE_REPLAY_USED; row++) {
		u32 *apart = replay->apart[row];

		if (column >= FIRST_ALIKE)
			replay->followed +=
				now[row] == now[most_alike(replay, row)];
		/* What was long ago counts for less and less. */
		for (other = 0; other < HAVEGE_REPLAY_USED; other++) {
			apart[other] -= apart[other] / 4;
			apart[other] += (u32)(now[row] != now[other]) << 20;
		}
	}
}

static void reduce_column(struct havege_replay *replay, u32 column)
{
	u16 sorted[HAVEGE_REPLAY_USED], median;
	unsigned int i;

	compare_rows(replay, column);
	for (i = 0; i < HAVEGE_REPLAY_USED; i++)
		sorted[i] = replay->sample[i][column];
	sort(sorted, HAVEGE_REPLAY_USED);
	median = sorted[(HAVEGE_REPLAY_USED - 1) / 2];
	replay->guessed += most_common(sorted, HAVEGE_REPLAY_USED);
	for (i = 0; i < HAVEGE_REPLAY_USED; i++)
		replay->sample[i][column] = (u8)(replay->sample[i][column] -
						 median);
}

/*
 * Of the most common residual, or of the most common difference between one and
 * the next, which is a residual of its own.
 */
static u32 common_residual(struct havege_replay *replay, const bool difference)
{
	const unsigned int first = FIRST + difference;
	unsigned int row, i, most = 0;

	memset(replay->count, 0, sizeof(replay->count));
	for (row = 0; row < HAVEGE_REPLAY_USED; row++) {
		const u16 *value = replay->sample[row];

		for (i = first; i < HAVEGE_REPLAY_STEPS; i++)
			replay->count[(u8)(value[i] -
					   (difference ? value[i - 1] : 0))]++;
	}
	for (i = 0; i < 256; i++)
		most = max_t(unsigned int, most, replay->count[i]);
	return havege_min_entropy(most, HAVEGE_REPLAY_USED *
				  (HAVEGE_REPLAY_STEPS - first));
}

/* How often the most common successor of @from to @from + AFTER - 1 came. */
static unsigned int most_after(struct havege_replay *replay, unsigned int from)
{
	unsigned int row, i, k, hits = 0;

	memset(replay->after, 0, sizeof(replay->after));
	for (row = 0; row < HAVEGE_REPLAY_USED; row++) {
		const u16 *value = replay->sample[row];

		for (i = FIRST + 1; i < HAVEGE_REPLAY_STEPS; i++)
			if (value[i - 1] - from < HAVEGE_REPLAY_AFTER)
				replay->after[value[i - 1] - from][value[i]]++;
	}
	for (i = 0; i < HAVEGE_REPLAY_AFTER; i++) {
		unsigned int most = 0;

		for (k = 0; k < 256; k++)
			most = max_t(unsigned int, most, replay->after[i][k]);
		hits += most;
	}
	return hits;
}

/* After common_residual(), whose counts say which of them there are: few, mostly. */
static u32 residual_after_residual(struct havege_replay *replay)
{
	unsigned int from, i, hits = 0;

	for (from = 0; from < 256; from += HAVEGE_REPLAY_AFTER) {
		for (i = from; i < from + HAVEGE_REPLAY_AFTER; i++)
			if (replay->count[i])
				break;
		if (i < from + HAVEGE_REPLAY_AFTER)
			hits += most_after(replay, from);
	}
	return havege_min_entropy(hits, HAVEGE_REPLAY_USED *
				  (HAVEGE_REPLAY_STEPS - FIRST - 1));
}

static void conclude(struct havege_replay *replay,
		     struct havege_estimate *estimate)
{
	estimate->difference = common_residual(replay, true);
	estimate->value = common_residual(replay, false);
	estimate->predecessor = residual_after_residual(replay);
	estimate->position =
		havege_min_entropy(replay->guessed, HAVEGE_REPLAY_USED *
				   (HAVEGE_REPLAY_STEPS - FIRST));
	estimate->neighbour =
		havege_min_entropy(replay->followed, HAVEGE_REPLAY_USED *
				   (HAVEGE_REPLAY_STEPS - FIRST_ALIKE));
	estimate->residual = min(min(min(estimate->value, estimate->difference),
				     min(estimate->predecessor,
					 estimate->position)),
				 estimate->neighbour);
}

bool havege_replay_step(struct havege_replay *replay,
			const struct havege_walk *walk,
			struct havege_test_clock *clock, u32 gcd,
			struct havege_estimate *estimate)
{
	u32 end;

	if (replay->row < HAVEGE_REPLAY_ROWS) {
		run_row(replay, walk, clock, gcd);
		return false;
	}
	if (replay->column < HAVEGE_REPLAY_STEPS) {
		end = replay->column + COLUMNS;
		replay->column = max_t(u32, replay->column, FIRST);
		while (replay->column < end)
			reduce_column(replay, replay->column++);
		return false;
	}
	conclude(replay, estimate);
	havege_replay_wipe(replay);
	return true;
}

void havege_replay_wipe(struct havege_replay *replay)
{
	if (replay->walk.table)
		memzero_explicit(replay->table,
				 havege_walk_bytes(&replay->walk));
	memzero_explicit(replay, sizeof(*replay));
}
