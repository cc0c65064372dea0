// SPDX-License-Identifier: GPL-2.0
/*
 * Replays, on clocks of known entropy
 *
 * Each row takes the same path through the same walk, whatever the live walk
 * does in between. The estimate of the rows does not exceed the entropy of the
 * clock. A program without noise is worth nothing, however random it looks.
 *
 * Noise is pseudo-random: the outcome is the same on every machine. Runs under
 * KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_replay.h"

/* A 99 % bound may be wrong for one seed in a hundred, but not for this one. */
#define SEED	0x9e3779b97f4a7c15ull

/* Marsaglia's xorshift, multiplied: reproducible noise. */
static u32 replay_noise(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull >> 32;
}

static u32 replay_noise_of(u64 *state, u32 values)
{
	return (u64)replay_noise(state) * values >> 32;
}

/*
 * A clock of program and noise. The program's ticks are a function of its path;
 * the case gives the noise.
 */
struct noisy_clock {
	struct havege_test_clock base;
	u64 (*tick)(struct noisy_clock *clock);
	u64 now;
	u64 state;
	u32 replayed;
	u32 live;
	u32 times;
	u32 x;
	bool no_program;
	u32 path;
};

static u64 noisy_read(struct havege_test_clock *base, u32 p, u32 q,
		      unsigned int depth, u32 *mix)
{
	struct noisy_clock *clock = (struct noisy_clock *)base;
	u64 tick = clock->tick(clock);

	if (!clock->no_program)
		tick += 30 + 7 * depth + (p >> 27) + (q >> 29 & p >> 9 & 7);
	clock->now += tick * clock->times;
	if (base->replay)
		clock->replayed++;
	else
		clock->live++;
	if (base->replay)
		clock->path = (clock->path ^ p ^ depth) * 16777619u;
	/*
	 * A live walk would mix this in, and each row would take another path.
	 */
	*mix = replay_noise(&clock->state);
	return clock->now;
}

static const struct havege_shape shape = { 1, 256, 256 };

static u32 row_of(const struct noisy_clock *clock)
{
	return clock->replayed / shape.samples;
}

static u32 column_of(const struct noisy_clock *clock)
{
	return clock->replayed % shape.samples;
}

static u64 tick_still(struct noisy_clock *clock)
{
	return 0;
}

static u64 replay_tick_hundred(struct noisy_clock *clock)
{
	return 100;
}

static u64 tick_uniform_2(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 2);
}

static u64 tick_uniform_4(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 4);
}

static u64 tick_uniform_16(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 16);
}

/* n with a probability of 2^-(n + 1). */
static u64 tick_geometric_half(struct noisy_clock *clock)
{
	u32 n = 0;

	while (n < 1000 && replay_noise_of(&clock->state, 2))
		n++;
	return n;
}

/* 0 with a probability of 0.3, else one of 100 values above it. */
static u64 tick_edge(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 10) < 3 ?
		0 : 1 + replay_noise_of(&clock->state, 100);
}

/* One value half the time, else one of 40,000 around it. */
static u64 tick_wide(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 2) ?
		20000 : replay_noise_of(&clock->state, 40000);
}

/* One in forty differs: hardly any noise. */
static u64 tick_fortieth(struct noisy_clock *clock)
{
	return !replay_noise_of(&clock->state, 40);
}

/* An interrupt of any length now and then. */
static u64 tick_interrupts(struct noisy_clock *clock)
{
	return replay_noise_of(&clock->state, 100) ?
		0 : 1000 + replay_noise_of(&clock->state, 30000);
}

/* Noise only in a row's first column, which is not used. */
static u64 tick_pause(struct noisy_clock *clock)
{
	return column_of(clock) ? 0 : replay_noise_of(&clock->state, 10000);
}

/* Rows that differ only by an offset. */
static u64 tick_row_offset(struct noisy_clock *clock)
{
	return 37 * row_of(clock) % 101;
}

/* A cycle of five values; each row starts at another one. */
static u64 tick_cycle(struct noisy_clock *clock)
{
	static const u8 cycle[5] = { 0, 4, 1, 3, 2 };

	return cycle[(row_of(clock) + column_of(clock)) % 5];
}

/* Noise in every sixteenth row. */
static u64 tick_some_rows(struct noisy_clock *clock)
{
	return row_of(clock) % 16 ? 0 : replay_noise_of(&clock->state, 16);
}

/* Deltas too long to tell apart, whatever noise they have. */
static u64 tick_too_long(struct noisy_clock *clock)
{
	return 65535 + replay_noise_of(&clock->state, 1000);
}

struct fixture {
	struct havege_walk walk;
	struct havege_walk before;
	struct havege_estimate estimate;
	struct noisy_clock clock;
	u64 *table;
	u64 *table_before;
	void *memory;
	size_t bytes;
	struct havege_replay *replay;
};

static const struct havege_geometry geo = { 8, 8 };

static void *replay_zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void set_clock(struct fixture *f, u64 (*tick)(struct noisy_clock *clock))
{
	memset(&f->clock, 0, sizeof(f->clock));
	f->clock.base.read = noisy_read;
	f->clock.tick = tick;
	f->clock.state = SEED;
	f->clock.times = 1;
	/* Go on from the last reading of the walk. */
	f->clock.now = f->walk.last;
}

static int replay_init(struct kunit *test)
{
	const size_t table = havege_table_bytes(&geo);
	struct fixture *f = replay_zeroed(test, sizeof(*f));
	int i;

	f->table = replay_zeroed(test, table);
	f->table_before = replay_zeroed(test, table);
	havege_walk_init(&f->walk, f->table, &geo);
	set_clock(f, tick_uniform_16);
	for (i = 0; i < 10; i++)
		havege_walk_test(&f->walk, &f->clock.base);
	f->before = f->walk;
	memcpy(f->table_before, f->table, table);
	f->bytes = havege_replay_bytes(&shape, &f->walk);
	f->memory = replay_zeroed(test, f->bytes + 64);
	f->memory = (void *)(((uintptr_t)f->memory + 63) & ~63ul);
	test->priv = f;
	return 0;
}

/* Make a set, with a fill of the live walk between two rows. */
static void replay_make_set(struct kunit *test, u32 gcd)
{
	struct fixture *f = test->priv;
	u32 steps = 0;

	f->replay = havege_replay_begin(f->memory, &shape, &f->walk, gcd);
	while (!havege_rows_full(f->replay->rows)) {
		KUNIT_ASSERT_TRUE(test, ++steps < 10000);
		if (havege_replay_step(f->replay, &f->clock.base))
			havege_walk_test(&f->walk, &f->clock.base);
	}
	KUNIT_EXPECT_EQ(test, f->clock.replayed, shape.rows * shape.samples);
}

static u32 replay_run(struct kunit *test, u32 gcd)
{
	struct fixture *f = test->priv;
	u32 steps = 0;

	replay_make_set(test, gcd);
	while (!havege_rows_judge(f->replay->rows, &f->estimate))
		KUNIT_ASSERT_TRUE(test, ++steps < 10000);
	return f->estimate.residual;
}

static u32 replay_estimate(struct kunit *test,
			   u64 (*tick)(struct noisy_clock *clock))
{
	set_clock(test->priv, tick);
	return replay_run(test, 1);
}

/* Samples are sums of deltas, across fills. A step back marks the sample. */
static void replay_samples(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 *delta = replay_zeroed(test, 4 * HAVEGE_FILL_TICKS * sizeof(*delta));
	u64 *sample = replay_zeroed(test, HAVEGE_FILL_TICKS * sizeof(*sample));
	u32 span, fill, i, k, count, at, wrong;
	u64 sum;

	for (i = 0; i < 4 * HAVEGE_FILL_TICKS; i++)
		delta[i] = replay_noise(&f->clock.state);
	for (span = 1; span <= HAVEGE_SPAN_MAX; span *= 2) {
		struct havege_sampler sampler = { .span = span };

		for (fill = 0, at = 0, wrong = 0; fill < 4; fill++) {
			count = havege_take_samples(&sampler, delta +
						    fill * HAVEGE_FILL_TICKS,
						    sample);
			for (i = 0; i < count; i++) {
				for (k = 0, sum = 0; k < span; k++)
					sum += delta[at++];
				wrong += sample[i] != sum;
			}
		}
		KUNIT_EXPECT_EQ(test, wrong, 0);
		KUNIT_EXPECT_EQ(test, at, 4 * HAVEGE_FILL_TICKS / span * span);
	}
	/* The sum is positive, but one of its readings went backwards. */
	for (span = 1; span <= 4; span *= 2) {
		struct havege_sampler sampler = { .span = span };

		delta[5] = -3ull;
		havege_take_samples(&sampler, delta, sample);
		for (i = 0, wrong = 0; i < HAVEGE_FILL_TICKS / span; i++)
			wrong += (sample[i] >> 63) != (i == 5 / span);
		KUNIT_EXPECT_EQ(test, wrong, 0);
	}
}

/* Gaps are hashed around their mean, and the same for the same row. */
static void replay_gaps(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 mean, row, sum, same, last, gap, most;

	f->replay = havege_replay_begin(f->memory, &shape, &f->walk, 1);
	for (mean = 1; mean <= 1024; mean *= 4) {
		sum = 0, same = 0, last = ~0u, most = 0;
		for (row = 0; row < shape.rows; row++) {
			f->replay->rows->row = row;
			gap = havege_replay_gap(f->replay, mean);
			KUNIT_EXPECT_EQ(test, gap,
					havege_replay_gap(f->replay, mean));
			sum += gap;
			same += gap == last;
			last = gap;
			most = max(most, gap);
		}
		KUNIT_EXPECT_GT(test, sum, shape.rows * mean * 9 / 10);
		KUNIT_EXPECT_LT(test, sum, shape.rows * mean * 11 / 10);
		KUNIT_EXPECT_LT(test, same, shape.rows / 2);
		KUNIT_EXPECT_LE(test, most, 2 * mean);
		KUNIT_EXPECT_GT(test, most, mean);
	}
	KUNIT_EXPECT_EQ(test, havege_replay_gap(f->replay, 0), 0);
}

/* Never above the truth, and enough to be credited if there is enough. */
static void replay_known_entropy(struct kunit *test)
{
	static const struct {
		const char *name;
		u64 (*tick)(struct noisy_clock *clock);
		u32 truth;	/* -2^16 * log2 of the likeliest value */
		bool good;
	} clocks[] = {
		{ "uniform over 2", tick_uniform_2, HAVEGE_BIT, true },
		{ "uniform over 4", tick_uniform_4, 2 * HAVEGE_BIT, true },
		{ "uniform over 16", tick_uniform_16, 4 * HAVEGE_BIT, true },
		{ "geometric, 1/2", tick_geometric_half, HAVEGE_BIT, true },
		{ "mode at the edge", tick_edge, 113833, true },
		{ "wide", tick_wide, 65534, true },
		{ "one in 40", tick_fortieth, 2393, false },
		{ "one in 100", tick_interrupts, 950, false },
	};
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		const u32 got = replay_estimate(test, clocks[i].tick);

		KUNIT_EXPECT_LE_MSG(test, got, clocks[i].truth, "%s\n",
				    clocks[i].name);
		KUNIT_EXPECT_EQ_MSG(test, havege_is_good(&f->estimate, 1),
				    clocks[i].good, "%s\n", clocks[i].name);
	}
}

/* A known program is worth nothing, however varied its samples are. */
static void replay_nothing(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 seen = 0, i;

	KUNIT_EXPECT_EQ(test, replay_estimate(test, tick_still), 0);
	for (i = 1; i < shape.samples; i++)
		seen |= 1u << (f->replay->sample[i] & 31);
	KUNIT_EXPECT_EQ(test, seen, ~0u);

	set_clock(f, tick_still);
	f->clock.no_program = true;
	KUNIT_EXPECT_EQ(test, replay_run(test, 1), 0);
	set_clock(f, replay_tick_hundred);
	f->clock.no_program = true;
	KUNIT_EXPECT_EQ(test, replay_run(test, 1), 0);
	set_clock(f, replay_tick_hundred);
	f->clock.no_program = true;
	KUNIT_EXPECT_EQ(test, replay_run(test, 100), 0);
}

/* Noise that must not be credited, or not at its apparent value. */
static void replay_sham_noise(struct kunit *test)
{
	struct fixture *f = test->priv;

	KUNIT_EXPECT_EQ(test, replay_estimate(test, tick_pause), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.position, 0);
	KUNIT_EXPECT_EQ(test, f->estimate.value, 0);

	KUNIT_EXPECT_EQ(test, replay_estimate(test, tick_row_offset), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.difference, 0);
	KUNIT_EXPECT_GT(test, f->estimate.value, HAVEGE_BIT);

	KUNIT_EXPECT_EQ(test, replay_estimate(test, tick_cycle), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.predecessor, 0);
	KUNIT_EXPECT_GT(test, f->estimate.value, HAVEGE_BIT);

	replay_estimate(test, tick_some_rows);
	KUNIT_EXPECT_FALSE(test, havege_is_good(&f->estimate, 1));
	KUNIT_EXPECT_EQ(test, replay_estimate(test, tick_too_long), 0);
}

/* A common factor of all ticks changes nothing. */
static void replay_gcd(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct havege_estimate plain;
	u32 times;

	for (times = 1; times <= 26; times += 25) {
		f->walk = f->before;
		memcpy(f->table, f->table_before, havege_table_bytes(&geo));
		set_clock(f, tick_geometric_half);
		f->clock.times = times;
		/* The first reading is not a tick of the clock. */
		replay_run(test, times);
		if (times == 1)
			plain = f->estimate;
	}
	KUNIT_EXPECT_EQ(test, memcmp(&f->estimate, &plain, sizeof(plain)), 0);
	/* 26 * 20000 is too long for a sample, 20000 is not. */
	set_clock(f, tick_wide);
	f->clock.times = 26;
	KUNIT_EXPECT_GT(test, replay_run(test, 26), HAVEGE_BIT / 2);
	set_clock(f, tick_wide);
	f->clock.times = 26;
	KUNIT_EXPECT_LT(test, replay_run(test, 1), HAVEGE_BIT / 8);
}

/*
 * Every row takes the saved path, on the replay clock only. The walk itself
 * does not change.
 */
static void replay_same_path(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct fixture *f = test->priv;
	u32 path = 0, steps = 0, rows;

	set_clock(f, tick_uniform_16);
	f->replay = havege_replay_begin(f->memory, &shape, &f->walk, 1);
	for (rows = 0; rows < 20; rows++) {
		f->clock.path = 0;
		while (!havege_replay_step(f->replay, &f->clock.base))
			KUNIT_ASSERT_TRUE(test, ++steps < 10000);
		KUNIT_EXPECT_EQ(test, f->clock.path, rows ? path : f->clock.path);
		path = f->clock.path;
		KUNIT_EXPECT_FALSE(test, f->clock.base.replay);
		KUNIT_EXPECT_EQ(test, f->clock.live, 0);
		KUNIT_EXPECT_EQ(test, f->clock.replayed,
				(rows + 1) * shape.samples);
		KUNIT_EXPECT_EQ(test, memcmp(&f->walk, &f->before,
					     sizeof(f->walk)), 0);
		KUNIT_EXPECT_EQ(test, memcmp(f->table, f->table_before, bytes),
				0);
	}
	/* The live walk goes on, and the rows stay the same. */
	set_clock(f, tick_uniform_16);
	f->replay = havege_replay_begin(f->memory, &shape, &f->walk, 1);
	for (rows = 0; rows < 20; rows++) {
		havege_walk_test(&f->walk, &f->clock.base);
		f->clock.path = 0;
		while (!havege_replay_step(f->replay, &f->clock.base))
			;
		KUNIT_EXPECT_EQ(test, f->clock.path, path);
	}
}

/* A row with k half-steps in a sample takes k times the fills. */
static void replay_spans(struct kunit *test)
{
	static const struct havege_shape coarse = { 64, 256, 256 };
	struct fixture *f = test->priv;
	u32 steps = 1, i;
	u64 sum = 0;

	f->memory = replay_zeroed(test, havege_replay_bytes(&coarse, &f->walk) + 64);
	f->memory = (void *)(((uintptr_t)f->memory + 63) & ~63ul);
	set_clock(f, tick_uniform_16);
	f->replay = havege_replay_begin(f->memory, &coarse, &f->walk, 1);
	while (!havege_replay_step(f->replay, &f->clock.base))
		steps++;
	KUNIT_EXPECT_EQ(test, f->clock.replayed, 64 * 256);
	KUNIT_EXPECT_EQ(test, steps, 64 * 256 / HAVEGE_FILL_TICKS /
			HAVEGE_REPLAY_FILLS);
	for (i = 0; i < coarse.samples; i++)
		sum += f->replay->sample[i];
	KUNIT_EXPECT_EQ(test, sum, f->clock.now - f->before.last);
}

/* Used memory gives the same result. */
static void replay_begins_anew(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct havege_estimate first;
	int i;

	for (i = 0; i < 2; i++) {
		f->walk = f->before;
		memcpy(f->table, f->table_before, havege_table_bytes(&geo));
		replay_estimate(test, tick_uniform_4);
		if (!i)
			first = f->estimate;
		memset(f->memory, 0xa5, f->bytes);
	}
	KUNIT_EXPECT_EQ(test, memcmp(&f->estimate, &first, sizeof(first)), 0);
}

/* The CPU's own counter, with any result: it ends. */
static void replay_live(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 steps = 0;

	f->replay = havege_replay_begin(f->memory, &shape, &f->walk, 1);
	while (!havege_rows_full(f->replay->rows)) {
		KUNIT_ASSERT_TRUE(test, ++steps < 10000);
		havege_replay_step(f->replay, NULL);
	}
	while (!havege_rows_judge(f->replay->rows, &f->estimate))
		;
	KUNIT_EXPECT_LE(test, f->estimate.residual, 16 * HAVEGE_BIT);
	KUNIT_EXPECT_EQ(test, memcmp(&f->walk, &f->before, sizeof(f->walk)),
			0);
}

static struct kunit_case replay_cases[] = {
	KUNIT_CASE(replay_samples),
	KUNIT_CASE_SLOW(replay_gaps),
	KUNIT_CASE_SLOW(replay_known_entropy),
	KUNIT_CASE(replay_nothing),
	KUNIT_CASE_SLOW(replay_sham_noise),
	KUNIT_CASE(replay_gcd),
	KUNIT_CASE(replay_same_path),
	KUNIT_CASE(replay_spans),
	KUNIT_CASE(replay_begins_anew),
	KUNIT_CASE(replay_live),
	{}
};

static struct kunit_suite replay_suite = {
	.name = "havege_replay",
	.init = replay_init,
	.test_cases = replay_cases,
};

kunit_test_suites(&replay_suite);
