// SPDX-License-Identifier: GPL-2.0
/*
 * The replay estimate, on clocks whose entropy is known: what it must not
 * exceed, what it must not fall short of by much, and that a program without
 * noise is worth nothing however random it looks. Noise is pseudo-random, so
 * that the outcome is the same on every machine. Runs under KUnit and in user
 * space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_replay.h"

#define USED	HAVEGE_REPLAY_USED
#define STEPS	HAVEGE_REPLAY_STEPS

/*
 * A bound at 99 % may be wrong for one noise in a hundred: this is none of
 * those. Any digits will do, here those of the golden ratio.
 */
#define SEED	0x9e3779b97f4a7c15ull

/* Marsaglia's xorshift, multiplied: noise that any machine repeats. */
static u32 noise(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ull >> 32;
}

static u32 noise_of(u64 *state, u32 values)
{
	return (u64)noise(state) * values >> 32;
}

/*
 * A clock whose ticks are of the program and of the noise. What the program
 * does to them is a function of its path; the noise is the case's.
 */
struct noisy_clock {
	struct havege_test_clock base;
	u64 (*tick)(struct noisy_clock *clock);
	u64 now;
	u64 state;
	u32 reads;
	u32 times;
	u32 coarse;
	u32 x;
	bool no_program;
	u32 live;
	u32 path;
	u64 *record;
};

static u64 noisy_read(struct havege_test_clock *base, u32 p, u32 q,
		      unsigned int depth, u32 *mix)
{
	struct noisy_clock *clock = (struct noisy_clock *)base;
	u64 tick = clock->tick(clock);

	if (!clock->no_program)
		tick += 30 + 7 * depth + (p >> 27) + (q >> 29 & p >> 9 & 7);
	tick *= clock->times;
	/* What moves in large steps shows the last of them. */
	if (clock->coarse) {
		clock->x += tick;
		tick = clock->x / clock->coarse * clock->coarse - clock->now;
	}
	if (clock->record)
		clock->record[clock->reads] = tick;
	clock->now += tick;
	clock->reads++;
	clock->live += !base->replay;
	clock->path = (clock->path ^ p ^ depth) * 16777619u;
	/* What a live walk mixes in would lead each row another way. */
	*mix = noise(&clock->state);
	return clock->now;
}

static u32 row_of(const struct noisy_clock *clock)
{
	return clock->reads / STEPS;
}

static u32 column_of(const struct noisy_clock *clock)
{
	return clock->reads % STEPS;
}

static u64 tick_still(struct noisy_clock *clock)
{
	return 0;
}

static u64 tick_uniform_2(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 2);
}

static u64 tick_uniform_4(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 4);
}

static u64 tick_uniform_16(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 16);
}

/* n with the probability 2^-(n + 1) */
static u64 tick_geometric_half(struct noisy_clock *clock)
{
	u32 n = 0;

	while (n < 1000 && noise_of(&clock->state, 2))
		n++;
	return n;
}

/* n with the probability 1/4 * (3/4)^n */
static u64 tick_geometric_quarter(struct noisy_clock *clock)
{
	u32 n = 0;

	while (n < 1000 && noise_of(&clock->state, 4))
		n++;
	return n;
}

/* 0 with the probability 0.3, else one of 100 values that are all above it */
static u64 tick_edge(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 10) < 3 ?
		0 : 1 + noise_of(&clock->state, 100);
}

/* As above, below it */
static u64 tick_upper_edge(struct noisy_clock *clock)
{
	return 100 - tick_edge(clock);
}

/* One value half the time, else one of 40,000 on both sides of it */
static u64 tick_wide(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 2) ?
		20000 : noise_of(&clock->state, 40000);
}

/* One in ten is another, one in forty: hardly any noise at all. */
static u64 tick_tenth(struct noisy_clock *clock)
{
	return !noise_of(&clock->state, 10);
}

static u64 tick_fortieth(struct noisy_clock *clock)
{
	return !noise_of(&clock->state, 40);
}

/* Now and then an interrupt, of any length. */
static u64 tick_interrupts(struct noisy_clock *clock)
{
	return noise_of(&clock->state, 100) ?
		0 : 1000 + noise_of(&clock->state, 30000);
}

/* Up one or down one, from wherever it was. */
static u64 tick_random_walk(struct noisy_clock *clock)
{
	clock->x += noise_of(&clock->state, 2) ? 1 : -1;
	return 1000 + (clock->x & 127);
}

/* Noise where none is used: the 8 rows that settle, a row's first column. */
static u64 tick_settling(struct noisy_clock *clock)
{
	if (row_of(clock) < 8 || !column_of(clock))
		return noise_of(&clock->state, 1000);
	return 0;
}

/* As after a pause of any length before a row; then nothing. */
static u64 tick_phase(struct noisy_clock *clock)
{
	return column_of(clock) ? 0 : noise_of(&clock->state, 10000);
}

/* Rows that differ, but only as wholes. */
static u64 tick_row_offset(struct noisy_clock *clock)
{
	return 37 * row_of(clock) % 101;
}

/*
 * Five values in turn, all their differences different: nothing but what came
 * before gives away the next one. Each row begins with another.
 */
static u64 tick_cycle(struct noisy_clock *clock)
{
	static const u8 cycle[5] = { 0, 4, 1, 3, 2 };

	return cycle[(row_of(clock) + column_of(clock)) % 5];
}

/* +100 a read; the program does not show in it. */
static u64 tick_hundred(struct noisy_clock *clock)
{
	return 100;
}

/* Deltas too long to be told apart, whatever is noise in them. */
static u64 tick_too_long(struct noisy_clock *clock)
{
	return 65535 + noise_of(&clock->state, 1000);
}

static u64 tick_far_too_long(struct noisy_clock *clock)
{
	return (1ull << 32) + noise_of(&clock->state, 1000);
}

struct fixture {
	struct havege_walk walk;
	struct havege_walk before;
	struct havege_replay *replay;
	struct havege_estimate estimate;
	struct noisy_clock clock;
	u64 *table;
	u64 *table_before;
	u64 *spare;
};

static const struct havege_geometry geo = { 8, 8 };

static void *zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static int replay_init(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct fixture *f = zeroed(test, sizeof(*f));
	int i;

	f->replay = zeroed(test, sizeof(*f->replay));
	f->table = zeroed(test, bytes);
	f->table_before = zeroed(test, bytes);
	f->spare = zeroed(test, bytes);
	havege_walk_init(&f->walk, f->table, &geo);
	f->clock.base.read = noisy_read;
	f->clock.tick = tick_still;
	f->clock.state = 1;
	for (i = 0; i < 10; i++)
		havege_walk_test(&f->walk, &f->clock.base);
	f->before = f->walk;
	memcpy(f->table_before, f->table, bytes);
	test->priv = f;
	return 0;
}

static void set_clock(struct fixture *f, u64 (*tick)(struct noisy_clock *clock))
{
	u64 *record = f->clock.record;

	memset(&f->clock, 0, sizeof(f->clock));
	f->clock.base.read = noisy_read;
	f->clock.tick = tick;
	f->clock.state = SEED;
	f->clock.times = 1;
	f->clock.record = record;
}

static u32 run(struct kunit *test, u32 gcd)
{
	struct fixture *f = test->priv;
	u32 steps = 1;

	memset(&f->estimate, 0xff, sizeof(f->estimate));
	havege_replay_begin(f->replay, f->spare);
	while (!havege_replay_step(f->replay, &f->walk, &f->clock.base, gcd,
				   &f->estimate)) {
		steps++;
		KUNIT_ASSERT_TRUE(test, steps < 1000);
	}
	KUNIT_EXPECT_EQ(test, f->clock.reads, HAVEGE_REPLAY_ROWS * STEPS);
	return steps;
}

static u32 estimate(struct kunit *test,
		    u64 (*tick)(struct noisy_clock *clock))
{
	struct fixture *f = test->priv;

	set_clock(f, tick);
	run(test, 1);
	return f->estimate.residual;
}

/*
 * In mpmath, rounded down, of p = hits / total:
 * -2^16 * log(p + 2.576 * sqrt(p * (1 - p) / (total - 1)), 2)
 */
static void replay_min_entropy(struct kunit *test)
{
	static const struct {
		u32 hits, total, known;
	} cases[] = {
		{ 1, 2, 0 },
		{ 1, 3, 0 },
		{ 1, 10, 97227 },
		{ 5, 10, 6929 },
		{ 50, 100, 43767 },
		{ 90, 100, 2135 },
		{ 99, 100, 0 },
		{ 1, 28616, 849752 },
		{ 2, 28616, 806622 },
		{ 112, 28616, 503541 },
		{ 3000, 28616, 209123 },
		{ 14308, 28616, 64107 },
		{ 27000, 28616, 5144 },
		{ 28000, 28616, 1844 },
		{ 28500, 28616, 292 },
		{ 28590, 28616, 42 },
		{ 28600, 28616, 18 },
		{ 28610, 28616, 0 },
		{ 28615, 28616, 0 },
		{ 7, 65536, 800313 },
		{ 65536, 1 << 20, 261227 },
		{ 1u << 30, 1u << 31, 65530 },
		{ (1u << 31) - 1, 1u << 31, 0 },
		{ (1u << 31) - 100, 1u << 31, 0 },
		{ 715827882, 1u << 31, 103864 },
		{ 1 << 20, 1u << 31, 720658 },
		{ 1 << 16, 1u << 31, 982093 },
		{ 1000, 1u << 31, 1371094 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 got = havege_min_entropy(cases[i].hits,
						   cases[i].total);

		KUNIT_EXPECT_LE_MSG(test, got, cases[i].known, "%u of %u\n",
				    cases[i].hits, cases[i].total);
		KUNIT_EXPECT_GE_MSG(test, got + 4 + (cases[i].known >> 12),
				    cases[i].known, "%u of %u\n",
				    cases[i].hits, cases[i].total);
	}
}

static void replay_min_entropy_edges(struct kunit *test)
{
	static const u32 totals[] = { 2, 3, 1000, 28616, 1u << 31 };
	u32 i, hits, last = ~0u;

	KUNIT_EXPECT_EQ(test, havege_min_entropy(0, 0), 0);
	KUNIT_EXPECT_EQ(test, havege_min_entropy(0, 1), 0);
	KUNIT_EXPECT_EQ(test, havege_min_entropy(1, 1), 0);
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		KUNIT_EXPECT_EQ(test, havege_min_entropy(totals[i], totals[i]),
				0);
		/* Never right: as much as there are places for. */
		KUNIT_EXPECT_GT(test, havege_min_entropy(0, totals[i]),
				24 * HAVEGE_BIT);
		KUNIT_EXPECT_LE(test, havege_min_entropy(0, totals[i]),
				32 * HAVEGE_BIT);
	}
	/* The better the guess, the less it is worth. */
	for (hits = 0; hits <= 2000; hits++) {
		const u32 now = havege_min_entropy(hits, 2000);

		KUNIT_EXPECT_LE(test, now, last);
		last = now;
	}
	KUNIT_EXPECT_EQ(test, last, 0);
}

/* As messages and state files show it: decimal, rounded down. */
static void replay_decimal(struct kunit *test)
{
	static const struct {
		u32 entropy, bits, parts;
	} cases[] = {
		{ 0, 0, 0 },
		{ 1, 0, 0 },
		{ 7, 0, 1 },
		{ HAVEGE_BIT / 256, 0, 39 },
		{ HAVEGE_BIT / 32, 0, 312 },
		{ HAVEGE_BIT / 16, 0, 625 },
		{ HAVEGE_BIT - 1, 0, 9999 },
		{ HAVEGE_BIT, 1, 0 },
		{ 5 * HAVEGE_BIT / 2, 2, 5000 },
		{ ~0u, 65535, 9999 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, havege_bits(cases[i].entropy),
				cases[i].bits);
		KUNIT_EXPECT_EQ(test, havege_bit_parts(cases[i].entropy),
				cases[i].parts);
	}
}

static u32 least(const struct havege_estimate *e)
{
	return min(min(min(e->value, e->difference),
		       min(e->predecessor, e->position)), e->neighbour);
}

/* Never above the truth, and not below a quarter of it. */
static void replay_known_entropy(struct kunit *test)
{
	static const struct {
		const char *name;
		u64 (*tick)(struct noisy_clock *clock);
		u32 truth;	/* -2^16 * log2 of the likeliest value */
	} clocks[] = {
		{ "uniform over 2", tick_uniform_2, HAVEGE_BIT },
		{ "uniform over 4", tick_uniform_4, 2 * HAVEGE_BIT },
		{ "uniform over 16", tick_uniform_16, 4 * HAVEGE_BIT },
		{ "geometric, 1/2", tick_geometric_half, HAVEGE_BIT },
		{ "geometric, 1/4", tick_geometric_quarter, 2 * HAVEGE_BIT },
		{ "mode at the edge", tick_edge, 113833 },
		{ "mode at the upper edge", tick_upper_edge, 113833 },
		{ "wide", tick_wide, 65534 },
		{ "one in 10", tick_tenth, 9961 },
		{ "one in 40", tick_fortieth, 2393 },
	};
	struct fixture *f = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(clocks); i++) {
		const u32 got = estimate(test, clocks[i].tick);
		const struct havege_estimate *e = &f->estimate;

		KUNIT_EXPECT_LE_MSG(test, got, clocks[i].truth, "%s\n",
				    clocks[i].name);
		KUNIT_EXPECT_GE_MSG(test, got, clocks[i].truth / 4, "%s\n",
				    clocks[i].name);
		/* It is the least of the five, and no sixth figure. */
		KUNIT_EXPECT_EQ(test, got, least(e));
	}
	/* A mode at an edge is what the median misses: hence the position. */
	estimate(test, tick_edge);
	KUNIT_EXPECT_LT(test, f->estimate.position, f->estimate.value);
}

/* However varied the samples look: the program makes them, and it is known. */
static void replay_nothing(struct kunit *test)
{
	struct fixture *f = test->priv;
	u32 seen = 0, i;
	u64 *record;

	record = zeroed(test, HAVEGE_REPLAY_ROWS * STEPS * sizeof(*record));
	f->clock.record = record;
	KUNIT_EXPECT_EQ(test, estimate(test, tick_still), 0);
	for (i = 0; i < STEPS; i++)
		seen |= 1u << (record[i] & 31);
	KUNIT_EXPECT_EQ(test, seen, ~0u);
	f->clock.record = NULL;

	set_clock(f, tick_still);
	f->clock.no_program = true;
	run(test, 1);
	KUNIT_EXPECT_EQ(test, f->estimate.residual, 0);

	set_clock(f, tick_hundred);
	f->clock.no_program = true;
	run(test, 1);
	KUNIT_EXPECT_EQ(test, f->estimate.residual, 0);
	/* One that is divided by. */
	set_clock(f, tick_hundred);
	f->clock.no_program = true;
	run(test, 100);
	KUNIT_EXPECT_EQ(test, f->estimate.residual, 0);
}

/* Noise of a kind that must not be credited, or not for what it seems. */
static void replay_sham_noise(struct kunit *test)
{
	struct fixture *f = test->priv;

	/* While caches settle, and in the pause before a row. */
	KUNIT_EXPECT_EQ(test, estimate(test, tick_settling), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.position, 0);
	KUNIT_EXPECT_EQ(test, f->estimate.value, 0);

	KUNIT_EXPECT_EQ(test, estimate(test, tick_row_offset), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.difference, 0);
	KUNIT_EXPECT_GT(test, f->estimate.value, HAVEGE_BIT);

	KUNIT_EXPECT_EQ(test, estimate(test, tick_cycle), 0);
	KUNIT_EXPECT_EQ(test, f->estimate.predecessor, 0);
	KUNIT_EXPECT_GT(test, f->estimate.value, HAVEGE_BIT);
	KUNIT_EXPECT_GT(test, f->estimate.difference, HAVEGE_BIT);

	/*
	 * The program alone, on a counter that moves 26 ticks at a time: rows
	 * differ by the phase at which they began. Only those alike give that
	 * away; half of what the machine would have to have (havege_source.h).
	 */
	set_clock(f, tick_phase);
	f->clock.coarse = 26;
	run(test, 26);
	KUNIT_EXPECT_GT(test, f->estimate.position, HAVEGE_BIT / 8);
	KUNIT_EXPECT_LE(test, f->estimate.residual, HAVEGE_BIT / 32);

	/* One in a hundred: 0.0145 bit, too little to be credited. */
	KUNIT_EXPECT_LE(test, estimate(test, tick_interrupts), 950);

	/*
	 * A bit a step is all there is in it, wherever it has got to. Medians
	 * are whole ticks and blur that: a bound of a bit would be too much to
	 * ask of the residual, of which an eighth is credited at most.
	 */
	KUNIT_EXPECT_LE(test, estimate(test, tick_random_walk), 2 * HAVEGE_BIT);
	KUNIT_EXPECT_GT(test, f->estimate.value, 2 * HAVEGE_BIT);

	KUNIT_EXPECT_EQ(test, estimate(test, tick_too_long), 0);
	KUNIT_EXPECT_EQ(test, estimate(test, tick_far_too_long), 0);
}

/* Ticks that all have a factor in common are as good as those without. */
static void replay_gcd(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct havege_estimate plain;
	u32 times;

	estimate(test, tick_geometric_quarter);
	plain = f->estimate;
	for (times = 2; times <= 26; times += 24) {
		set_clock(f, tick_geometric_quarter);
		f->clock.times = times;
		run(test, times);
		KUNIT_EXPECT_EQ(test, memcmp(&f->estimate, &plain,
					     sizeof(plain)), 0);
	}
	/* 26 * 20000 is too long to be a sample, 20000 is not. */
	set_clock(f, tick_wide);
	f->clock.times = 26;
	run(test, 26);
	KUNIT_EXPECT_GT(test, f->estimate.residual, HAVEGE_BIT / 2);
	set_clock(f, tick_wide);
	f->clock.times = 26;
	run(test, 1);
	KUNIT_EXPECT_LT(test, f->estimate.residual, HAVEGE_BIT / 8);
}

/* The estimate once more, the long way: what it looks at, and how it counts. */
struct recount {
	u64 record[HAVEGE_REPLAY_ROWS][STEPS];
	u8 residual[USED][STEPS];
	u32 after[256][256];
	u32 count[256];
	u32 apart[USED][USED];
};

/* How many of a column are below @value, and how many equal to it. */
static u32 below(const struct recount *r, u32 column, u64 value, u32 *equal)
{
	u32 row, less = 0;

	*equal = 0;
	for (row = HAVEGE_REPLAY_SETTLE; row < HAVEGE_REPLAY_ROWS; row++) {
		const u64 x = min(r->record[row][column], 65535ull);

		less += x < value;
		*equal += x == value;
	}
	return less;
}

static u32 recount_column(struct recount *r, u32 column)
{
	u32 row, equal, most = 0;
	u64 median = 0;

	for (row = 0; row < USED; row++) {
		const u64 x = min(r->record[HAVEGE_REPLAY_SETTLE + row][column],
				  65535ull);
		const u32 less = below(r, column, x, &equal);

		most = max(most, equal);
		/* The lower one of the two in the middle. */
		if (less < USED / 2 && less + equal >= USED / 2)
			median = x;
	}
	for (row = 0; row < USED; row++)
		r->residual[row][column] =
			min(r->record[HAVEGE_REPLAY_SETTLE + row][column],
			    65535ull) - median;
	return most;
}

static u32 most_of(const u32 *count)
{
	u32 i, most = 0;

	for (i = 0; i < 256; i++)
		most = max(most, count[i]);
	return most;
}

static u64 used_sample(const struct recount *r, u32 row, u32 column)
{
	return min(r->record[HAVEGE_REPLAY_SETTLE + row][column], 65535ull);
}

/*
 * Whether a row goes on as the first of those does that were least apart from
 * it: 1 for each column that differs, three quarters of that for the one
 * before it, and so on, in units of 2^-20.
 */
static u32 goes_on_alike(const struct recount *r, u32 row, u32 column)
{
	u32 other, alike = USED;

	for (other = 0; other < USED; other++)
		if (other != row &&
		    (alike == USED ||
		     r->apart[row][other] < r->apart[row][alike]))
			alike = other;
	return used_sample(r, row, column) == used_sample(r, alike, column);
}

static u32 recount_neighbours(struct recount *r)
{
	u32 row, other, column, hits = 0;

	memset(r->apart, 0, sizeof(r->apart));
	for (column = 1; column < STEPS; column++) {
		/* It takes 16 columns to know who is alike. */
		for (row = 0; row < USED && column > 16; row++)
			hits += goes_on_alike(r, row, column);
		for (row = 0; row < USED; row++)
			for (other = 0; other < USED; other++) {
				u32 *apart = &r->apart[row][other];

				*apart -= *apart / 4;
				if (used_sample(r, row, column) !=
				    used_sample(r, other, column))
					*apart += 1 << 20;
			}
	}
	return hits;
}

static void recount(struct recount *r, struct havege_estimate *e)
{
	u32 row, i, hits = 0;

	for (i = 1; i < STEPS; i++)
		hits += recount_column(r, i);
	e->position = havege_min_entropy(hits, USED * (STEPS - 1));

	memset(r->count, 0, sizeof(r->count));
	for (row = 0; row < USED; row++)
		for (i = 1; i < STEPS; i++)
			r->count[r->residual[row][i]]++;
	e->value = havege_min_entropy(most_of(r->count), USED * (STEPS - 1));

	memset(r->count, 0, sizeof(r->count));
	memset(r->after, 0, sizeof(r->after));
	for (row = 0; row < USED; row++)
		for (i = 2; i < STEPS; i++) {
			const u8 x = r->residual[row][i];
			const u8 last = r->residual[row][i - 1];

			r->count[(u8)(x - last)]++;
			r->after[last][x]++;
		}
	e->difference = havege_min_entropy(most_of(r->count),
					   USED * (STEPS - 2));
	for (i = 0, hits = 0; i < 256; i++)
		hits += most_of(r->after[i]);
	e->predecessor = havege_min_entropy(hits, USED * (STEPS - 2));
	e->neighbour = havege_min_entropy(recount_neighbours(r),
					  USED * (STEPS - 17));
	e->residual = least(e);
}

static void replay_recounted(struct kunit *test)
{
	u64 (*const ticks[])(struct noisy_clock *clock) = {
		tick_uniform_2, tick_uniform_16, tick_edge, tick_wide,
		tick_interrupts, tick_random_walk
	};
	struct fixture *f = test->priv;
	struct recount *r = zeroed(test, sizeof(*r));
	struct havege_estimate e;
	unsigned int i;

	f->clock.record = r->record[0];
	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		estimate(test, ticks[i]);
		recount(r, &e);
		KUNIT_EXPECT_EQ(test, e.value, f->estimate.value);
		KUNIT_EXPECT_EQ(test, e.difference, f->estimate.difference);
		KUNIT_EXPECT_EQ(test, e.predecessor, f->estimate.predecessor);
		KUNIT_EXPECT_EQ(test, e.position, f->estimate.position);
		KUNIT_EXPECT_EQ(test, e.neighbour, f->estimate.neighbour);
		KUNIT_EXPECT_EQ(test, e.residual, f->estimate.residual);
	}
}

static bool all_zero(const void *memory, size_t bytes)
{
	const u8 *p = memory;
	u8 left = 0;

	while (bytes--)
		left |= *p++;
	return !left;
}

/*
 * The walk that is replayed stays as it is, every row is the same way through
 * it, and what was copied of it is gone when the last step is over.
 */
static void replay_leaves_no_trace(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct fixture *f = test->priv;
	u32 rows = 0, steps = 0, path = 0;
	bool last;

	set_clock(f, tick_uniform_16);
	havege_replay_begin(f->replay, f->spare);
	do {
		const u32 before = f->clock.reads;

		f->clock.path = 0;
		last = havege_replay_step(f->replay, &f->walk, &f->clock.base,
					  1, &f->estimate);
		/* A row, or some columns, or what they come to. */
		if (f->clock.reads != before) {
			KUNIT_EXPECT_EQ(test, f->clock.reads - before, STEPS);
			KUNIT_EXPECT_EQ(test, f->clock.path,
					rows ? path : f->clock.path);
			path = f->clock.path;
			rows++;
		}
		KUNIT_EXPECT_FALSE(test, f->clock.base.replay);
		KUNIT_EXPECT_EQ(test, memcmp(&f->walk, &f->before,
					     sizeof(f->walk)), 0);
		KUNIT_EXPECT_EQ(test, memcmp(f->table, f->table_before, bytes),
				0);
		KUNIT_EXPECT_EQ(test, last, all_zero(f->spare, bytes));
		KUNIT_ASSERT_TRUE(test, ++steps < 1000);
	} while (!last);

	KUNIT_EXPECT_EQ(test, rows, HAVEGE_REPLAY_ROWS);
	/* On the replay clock and no other, all of them. */
	KUNIT_EXPECT_EQ(test, f->clock.live, 0);
	KUNIT_EXPECT_TRUE(test, all_zero(f->replay, sizeof(*f->replay)));
}

/* From a used struct and a used table, the same; and from half an estimate. */
static void replay_begins_anew(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct fixture *f = test->priv;
	struct havege_estimate first;
	int i, steps;

	estimate(test, tick_uniform_4);
	first = f->estimate;
	for (steps = 1; steps < 80; steps += 26) {
		set_clock(f, tick_uniform_16);
		havege_replay_begin(f->replay, f->spare);
		for (i = 0; i < steps; i++)
			KUNIT_EXPECT_FALSE(test,
					   havege_replay_step(f->replay,
							      &f->walk,
							      &f->clock.base, 1,
							      &f->estimate));
		estimate(test, tick_uniform_4);
		KUNIT_EXPECT_EQ(test, memcmp(&f->estimate, &first,
					     sizeof(first)), 0);
	}

	/* Half of one is wiped as well as none of it. */
	set_clock(f, tick_uniform_16);
	havege_replay_begin(f->replay, f->spare);
	for (i = 0; i < 70; i++)
		havege_replay_step(f->replay, &f->walk, &f->clock.base, 1,
				   &f->estimate);
	KUNIT_EXPECT_FALSE(test, all_zero(f->spare, bytes));
	havege_replay_wipe(f->replay);
	KUNIT_EXPECT_TRUE(test, all_zero(f->spare, bytes));
	KUNIT_EXPECT_TRUE(test, all_zero(f->replay, sizeof(*f->replay)));
	havege_replay_wipe(f->replay);
	havege_replay_begin(f->replay, f->spare);
	havege_replay_wipe(f->replay);
	KUNIT_EXPECT_TRUE(test, all_zero(f->replay, sizeof(*f->replay)));
}

/* The CPU's own counter, whatever it is worth: it ends, and leaves nothing. */
static void replay_live(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct fixture *f = test->priv;
	u32 steps = 0;

	havege_replay_begin(f->replay, f->spare);
	memset(&f->estimate, 0xff, sizeof(f->estimate));
	while (!havege_replay_step(f->replay, &f->walk, NULL, 1, &f->estimate))
		KUNIT_ASSERT_TRUE(test, ++steps < 1000);
	KUNIT_EXPECT_LE(test, f->estimate.residual, 16 * HAVEGE_BIT);
	KUNIT_EXPECT_EQ(test, memcmp(&f->walk, &f->before, sizeof(f->walk)),
			0);
	KUNIT_EXPECT_EQ(test, memcmp(f->table, f->table_before, bytes), 0);
	KUNIT_EXPECT_TRUE(test, all_zero(f->spare, bytes));
	KUNIT_EXPECT_TRUE(test, all_zero(f->replay, sizeof(*f->replay)));
}

static struct kunit_case replay_cases[] = {
	KUNIT_CASE(replay_min_entropy),
	KUNIT_CASE(replay_min_entropy_edges),
	KUNIT_CASE(replay_decimal),
	KUNIT_CASE(replay_known_entropy),
	KUNIT_CASE(replay_nothing),
	KUNIT_CASE(replay_sham_noise),
	KUNIT_CASE(replay_gcd),
	KUNIT_CASE(replay_recounted),
	KUNIT_CASE(replay_leaves_no_trace),
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
