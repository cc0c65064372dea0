// SPDX-License-Identifier: GPL-2.0
/*
 * The walk: known answers, determinism, diffusion, coverage, ladders, geometry
 *
 * Except for the tests of the live and replay clocks, each test brings its own
 * clock: the outcome is the same on every machine. Runs under KUnit and, with
 * sanitizers, in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_core.h"
#include "../havege_counter.h"
#include "../tune.h"

/* Any sequence that is not a multiple of a size in the walk. */
struct lcg_clock {
	struct havege_test_clock base;
	u64 now;
	u64 state;
	u64 reads;
	u64 flip_at;
	u64 flip;
};

static u64 lcg_read(struct havege_test_clock *base, u32 p, u32 q,
		    unsigned int depth, u32 *mix)
{
	struct lcg_clock *clock = (struct lcg_clock *)base;
	u64 tick;

	clock->state = clock->state * 6364136223846793005ULL +
		       1442695040888963407ULL;
	clock->now += 20 + (clock->state >> 58);
	tick = clock->now;
	if (clock->flip && clock->reads == clock->flip_at)
		tick ^= clock->flip;
	clock->reads++;
	*mix = (u32)tick ^ (u32)(tick >> 32);
	return tick;
}

static const struct lcg_clock new_clock = {
	.base.read = lcg_read,
	.now = 1000,
	.state = 1,
};

static struct havege_walk *new_walk(struct kunit *test,
				    const struct havege_geometry *geo)
{
	struct havege_walk *walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
	u64 *table = kunit_kzalloc(test, havege_table_bytes(geo), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, walk);
	KUNIT_ASSERT_NOT_NULL(test, table);
	havege_walk_init(walk, table, geo);
	return walk;
}

static struct lcg_clock *a_clock(struct kunit *test)
{
	struct lcg_clock *clock = kunit_kzalloc(test, sizeof(*clock), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, clock);
	*clock = new_clock;
	return clock;
}

static size_t table_words(const struct havege_walk *walk)
{
	return (size_t)walk->lines * HAVEGE_LINE_WORDS;
}

/* FNV-1a over the words, independent of the byte order. */
static u32 digest(const u64 *words, size_t count, u32 hash)
{
	size_t i, byte;

	for (i = 0; i < count; i++)
		for (byte = 0; byte < 8; byte++)
			hash = (hash ^ (words[i] >> 8 * byte & 255)) * 16777619u;
	return hash;
}

static const struct havege_geometry geo_48_32 = { 48, 32 };

/*
 * Words of this walk. No other implementation gives them, because the order is
 * our own. They keep the walk as it was when it was reviewed, on every
 * compiler, kernel and word size.
 */
static void walk_known_answers(struct kunit *test)
{
	static const struct {
		struct havege_geometry geo;
		u64 first, last;
		u32 ring, table;
	} known[] = {
		{ { 8, 8 }, 0x2d0e869acd4cd1cf, 0x98106be5e32d83ed,
		  0xc444367b, 0xdc8745b3 },
		{ { 48, 32 }, 0xf5473cf1908a62dd, 0x95e46da6f4179b67,
		  0xacd36e6b, 0x09ae8210 },
		{ { 512, 64 }, 0xc5961bcdb74b94a1, 0x97c21b0b4458b555,
		  0x55b8b461, 0xf0362f23 },
	};
	unsigned int i, fill;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		struct havege_walk *walk = new_walk(test, &known[i].geo);
		struct lcg_clock *clock = a_clock(test);
		u32 hash = 2166136261u;

		for (fill = 0; fill < 100; fill++) {
			havege_walk_test(walk, &clock->base);
			hash = digest(walk->ring, HAVEGE_FILL_WORDS, hash);
		}
		KUNIT_EXPECT_EQ(test, walk->ring[0], known[i].first);
		KUNIT_EXPECT_EQ(test, walk->ring[HAVEGE_FILL_WORDS - 1],
				known[i].last);
		KUNIT_EXPECT_EQ(test, hash, known[i].ring);
		KUNIT_EXPECT_EQ(test, digest(walk->table, table_words(walk), 0),
				known[i].table);
	}
}

/* Equal state and clock give equal words and samples. A fill is no constant. */
static void walk_is_deterministic(struct kunit *test)
{
	struct havege_walk *a = new_walk(test, &geo_48_32);
	struct havege_walk *b = new_walk(test, &geo_48_32);
	struct lcg_clock *clock_a = a_clock(test), *clock_b = a_clock(test);
	u64 before = 0;
	int fill;

	for (fill = 0; fill < 20; fill++) {
		havege_walk_test(a, &clock_a->base);
		havege_walk_test(b, &clock_b->base);
		KUNIT_EXPECT_EQ(test, memcmp(a->ring, b->ring, sizeof(a->ring)),
				0);
		KUNIT_EXPECT_EQ(test,
				memcmp(a->delta, b->delta, sizeof(a->delta)), 0);
		KUNIT_EXPECT_NE(test, a->ring[0], before);
		before = a->ring[0];
	}
	KUNIT_EXPECT_EQ(test, memcmp(a->table, b->table,
				     table_words(a) * sizeof(u64)), 0);
}

/* The number of copies decides what is in the cache, not what comes out. */
static void walk_ignores_copies(struct kunit *test)
{
	const u32 most = havege_loop_bytes() / havege_copy_bytes();
	struct havege_walk *a = new_walk(test, &geo_48_32);
	struct havege_walk *b = new_walk(test, &geo_48_32);
	struct lcg_clock *clock_a = a_clock(test), *clock_b = a_clock(test);
	u32 copies;

	havege_walk_test(a, &clock_a->base);
	for (copies = 1; copies <= most; copies++) {
		*clock_b = new_clock;
		havege_walk_init(b, b->table, &geo_48_32);
		b->copies = copies;
		havege_walk_test(b, &clock_b->base);
		KUNIT_EXPECT_EQ(test, clock_b->reads, HAVEGE_FILL_TICKS);
		KUNIT_EXPECT_EQ(test, memcmp(a->ring, b->ring, sizeof(a->ring)),
				0);
	}
}

/* A sample is the difference of two readings, all 64 bits. */
static void walk_records_every_delta(struct kunit *test)
{
	struct havege_walk *walk = new_walk(test, &geo_48_32);
	struct lcg_clock *clock = a_clock(test);
	struct lcg_clock again = new_clock;
	u64 before = 0;
	int fill, i;
	u32 mix;

	clock->now = 0xfffffffffULL;
	again.now = clock->now;
	for (fill = 0; fill < 3; fill++) {
		havege_walk_test(walk, &clock->base);
		for (i = 0; i < HAVEGE_FILL_TICKS; i++) {
			const u64 now = lcg_read(&again.base, 0, 0, 0, &mix);

			KUNIT_EXPECT_EQ(test, walk->delta[i], now - before);
			before = now;
		}
	}
	KUNIT_EXPECT_EQ(test, walk->last, before);
}

/*
 * One tick differs in one bit. After a fill, 64 iterations, every output word
 * of the next fill differs. Tried for each of the 64 bits.
 */
static void walk_tick_bit_reaches_all(struct kunit *test)
{
	struct havege_walk *plain = new_walk(test, &geo_48_32);
	struct havege_walk *walk = new_walk(test, &geo_48_32);
	struct lcg_clock *clock = a_clock(test);
	int bit, i;

	for (i = 0; i < 4; i++)
		havege_walk_test(plain, &clock->base);

	for (bit = 0; bit < 64; bit++) {
		u32 equal = 0, near = 0;

		*clock = new_clock;
		clock->flip = 1ULL << bit;
		clock->flip_at = 2 * HAVEGE_FILL_TICKS;
		havege_walk_init(walk, walk->table, &geo_48_32);
		for (i = 0; i < 4; i++)
			havege_walk_test(walk, &clock->base);
		for (i = 0; i < HAVEGE_FILL_WORDS; i++) {
			const u64 diff = walk->ring[i] ^ plain->ring[i];

			equal += !diff;
			near += !(diff & (diff - 1));
		}
		KUNIT_EXPECT_EQ(test, equal, 0);
		/* Nor is the difference the flipped bit itself. */
		KUNIT_EXPECT_EQ(test, near, 0);
	}
}

static const u32 dcaches[] = { 8, 16, 24, 32, 48, 64, 96, 128, 192, 512 };

/* The warm-up rewrites each word of the table, for each size. */
static void walk_covers_table(struct kunit *test)
{
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(dcaches); n++) {
		const struct havege_geometry geo = { dcaches[n], 32 };
		struct havege_walk *walk = new_walk(test, &geo);
		const size_t words = table_words(walk);
		struct havege_walk *fresh = new_walk(test, &geo);
		struct lcg_clock *clock = a_clock(test);
		u32 fills = havege_warmup_fills(walk);
		size_t same = 0, i;

		KUNIT_EXPECT_EQ(test, words * sizeof(u64), 2048 * geo.dcache_kb);
		/*
		 * Four lines an iteration: each line 32 times, and no fill
		 * more.
		 */
		KUNIT_EXPECT_EQ(test, fills, 8 * walk->lines / HAVEGE_FILL_ITERS);
		while (fills--)
			havege_walk_test(walk, &clock->base);
		/*
		 * A rewritten word keeps its value once in 2^64. A missed line
		 * keeps eight.
		 */
		for (i = 0; i < words; i++)
			same += walk->table[i] == fresh->table[i];
		KUNIT_EXPECT_EQ(test, same, 0);
	}
}

/* An access outside of the table would change its surroundings. */
static void walk_stays_in_table(struct kunit *test)
{
	const u64 guard = 0xa5a5a5a5a5a5a5a5;
	unsigned int n;

	for (n = 0; n < ARRAY_SIZE(dcaches); n++) {
		const struct havege_geometry geo = { dcaches[n], 32 };
		const size_t words = havege_table_bytes(&geo) / sizeof(u64);
		struct lcg_clock *clock = a_clock(test);
		struct havege_walk *walk;
		u64 *memory;
		size_t i;

		walk = kunit_kzalloc(test, sizeof(*walk), GFP_KERNEL);
		memory = kunit_kzalloc(test, (words + 32) * sizeof(u64),
				       GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, walk);
		KUNIT_ASSERT_NOT_NULL(test, memory);
		for (i = 0; i < words + 32; i++)
			memory[i] = guard;
		havege_walk_init(walk, memory + 16, &geo);
		for (i = 0; i < 300; i++)
			havege_walk_test(walk, &clock->base);
		for (i = 0; i < 16; i++) {
			KUNIT_EXPECT_EQ(test, memory[i], guard);
			KUNIT_EXPECT_EQ(test, memory[16 + words + i], guard);
		}
	}
}

/* Checks a table of two lines before each half-step. */
struct line_clock {
	struct lcg_clock lcg;
	const u64 *table;
	u64 before[2 * HAVEGE_LINE_WORDS];
	u64 equal;
	u64 untouched;
};

static u64 line_read(struct havege_test_clock *base, u32 p, u32 q,
		     unsigned int depth, u32 *mix)
{
	struct line_clock *clock = (struct line_clock *)base;
	int i;

	for (i = 0; i < 2 * HAVEGE_LINE_WORDS; i++)
		clock->untouched += clock->table[i] == clock->before[i];
	memcpy(clock->before, clock->table, sizeof(clock->before));
	clock->equal += p >> 31 == q >> 31;
	return lcg_read(base, p, q, depth, mix);
}

/*
 * Positions on the same line are moved apart. A table of two lines needs this
 * every second time, and each half-step has to rewrite all words of both.
 */
static void walk_lines_never_coincide(struct kunit *test)
{
	const struct havege_geometry geo = { HAVEGE_DCACHE_MIN_KB, 8 };
	struct havege_walk *walk = new_walk(test, &geo);
	struct line_clock *clock = kunit_kzalloc(test, sizeof(*clock),
						 GFP_KERNEL);
	int fill;

	KUNIT_ASSERT_NOT_NULL(test, clock);
	clock->lcg = new_clock;
	clock->lcg.base.read = line_read;
	clock->table = walk->table;
	walk->lines = 2;
	for (fill = 0; fill < 100; fill++)
		havege_walk_test(walk, &clock->lcg.base);
	KUNIT_EXPECT_EQ(test, clock->lcg.reads, 100 * HAVEGE_FILL_TICKS);
	KUNIT_EXPECT_EQ(test, clock->untouched, 0);
	KUNIT_EXPECT_GT(test, clock->equal, clock->lcg.reads / 4);
	KUNIT_EXPECT_LT(test, clock->equal, clock->lcg.reads * 3 / 4);
}

/* About one descent in 2^(n+1) ends at depth n, on both ladders. */
static void walk_both_ladders_alive(struct kunit *test)
{
	struct havege_walk *walk = new_walk(test, &geo_48_32);
	struct lcg_clock *clock = a_clock(test);
	u64 total = 0;
	int fill, half, depth;

	for (fill = 0; fill < 1000; fill++)
		havege_walk_test(walk, &clock->base);
	for (half = 0; half < 2; half++) {
		u64 sum = 0;

		for (depth = 0; depth <= HAVEGE_RUNGS; depth++) {
			const u64 seen = clock->base.depths[half][depth];
			const u64 due = 1000 * HAVEGE_FILL_ITERS >>
					min(depth + 1, HAVEGE_RUNGS);

			KUNIT_EXPECT_GT(test, seen, due / 2);
			KUNIT_EXPECT_LT(test, seen, due * 2);
			sum += seen;
		}
		KUNIT_EXPECT_EQ(test, sum, 1000 * HAVEGE_FILL_ITERS);
		total += sum;
	}
	KUNIT_EXPECT_EQ(test, total, clock->reads);
}

/* From equal states two replays give equal words: the counter has no effect. */
static void walk_replay_repeats(struct kunit *test)
{
	struct havege_walk *a = new_walk(test, &geo_48_32);
	struct havege_walk *b = new_walk(test, &geo_48_32);
	int fill;

	for (fill = 0; fill < 50; fill++) {
		havege_walk_replay(a);
		havege_walk_replay(b);
		KUNIT_EXPECT_EQ(test, memcmp(a->ring, b->ring, sizeof(a->ring)),
				0);
	}
	KUNIT_EXPECT_EQ(test, memcmp(a->table, b->table,
				     table_words(a) * sizeof(u64)), 0);
	KUNIT_EXPECT_EQ(test, a->p, b->p);
	KUNIT_EXPECT_EQ(test, a->q, b->q);
	KUNIT_EXPECT_EQ(test, a->path, b->path);
	/*
	 * It did read the counter, which advances from one walk to the other.
	 */
	KUNIT_EXPECT_NE(test, a->last, 0);
	KUNIT_EXPECT_NE(test, a->last, b->last);
}

/* From equal states two live walks part, and soon share no word. */
static void walk_live_parts(struct kunit *test)
{
	struct havege_walk *a = new_walk(test, &geo_48_32);
	struct havege_walk *b = new_walk(test, &geo_48_32);
	u32 equal = 0;
	int i;

	for (i = 0; i < 20; i++) {
		havege_walk_live(a);
		havege_walk_live(b);
	}
	for (i = 0; i < HAVEGE_FILL_WORDS; i++)
		equal += a->ring[i] == b->ring[i];
	/* Probability 2^-64 for each word. */
	KUNIT_EXPECT_EQ(test, equal, 0);
}

/* Feeds a walk the recording of another one, reading by reading. */
struct echo_clock {
	struct havege_test_clock base;
	const u64 *delta;
	u64 now;
};

static u64 echo_read(struct havege_test_clock *base, u32 p, u32 q,
		     unsigned int depth, u32 *mix)
{
	struct echo_clock *clock = (struct echo_clock *)base;

	clock->now += *clock->delta++;
	*mix = (u32)clock->now ^ (u32)(clock->now >> 32);
	return clock->now;
}

/* A live walk records exactly what it mixes in: all of each reading. */
static void walk_live_records_what_it_mixes(struct kunit *test)
{
	struct havege_walk *live = new_walk(test, &geo_48_32);
	struct havege_walk *echo = new_walk(test, &geo_48_32);
	struct echo_clock clock = { .base.read = echo_read };
	int fill;

	for (fill = 0; fill < 5; fill++) {
		const u64 before = live->last;

		havege_walk_live(live);
		clock.delta = live->delta;
		havege_walk_test(echo, &clock.base);
		KUNIT_EXPECT_NE(test, live->last, before);
		/* A narrow counter is read once more, before the first step. */
		if (HAVEGE_COUNTER_BITS == 32)
			continue;
		KUNIT_EXPECT_EQ(test, live->last, clock.now);
		KUNIT_EXPECT_EQ(test, memcmp(live->ring, echo->ring,
					     sizeof(live->ring)), 0);
	}
}

struct pseudo_clock {
	struct havege_test_clock base;
	u32 state;
};

/* The sequence is part of the contract: this is a second copy. */
static u64 pseudo_read(struct havege_test_clock *base, u32 p, u32 q,
		       unsigned int depth, u32 *mix)
{
	struct pseudo_clock *clock = (struct pseudo_clock *)base;

	clock->state = clock->state * 1664525u + 1013904223u;
	*mix = clock->state ^ clock->state >> 16;
	return 0;
}

static void walk_replay_known_sequence(struct kunit *test)
{
	struct havege_walk *replay = new_walk(test, &geo_48_32);
	struct havege_walk *model = new_walk(test, &geo_48_32);
	struct pseudo_clock clock = {
		.base.read = pseudo_read,
		.state = model->pseudo,
	};
	u64 before = 0, sum;
	int fill, i;

	for (fill = 0; fill < 5; fill++) {
		havege_walk_replay(replay);
		havege_walk_test(model, &clock.base);
		KUNIT_EXPECT_EQ(test, memcmp(replay->ring, model->ring,
					     sizeof(replay->ring)), 0);
		for (i = 0, sum = 0; i < HAVEGE_FILL_TICKS; i++)
			sum += replay->delta[i];
		KUNIT_EXPECT_NE(test, replay->last, before);
		if (HAVEGE_COUNTER_BITS == 64)
			KUNIT_EXPECT_EQ(test, sum, replay->last - before);
		before = replay->last;
	}
}

/* A counter of 32 bits. */
static u64 narrow_read(struct havege_test_clock *base, u32 p, u32 q,
		       unsigned int depth, u32 *mix)
{
	return (u32)lcg_read(base, p, q, depth, mix);
}

/*
 * Wraps and pauses show in no delta. With a counter of 64 bits, a pause shows
 * in the first delta after it.
 */
static void walk_narrow_counter(struct kunit *test)
{
	static const u64 pauses[] = {
		0, 1, 0x7fffffff, 0x80000000, 0xf0000000, 0xffffffff,
		0x123456789abcull,
	};
	struct havege_readings readings = {};
	struct havege_walk *walk = new_walk(test, &geo_48_32);
	struct lcg_clock *clock = a_clock(test);
	unsigned int fill, i, wraps = 0;

	clock->base.read = narrow_read;
	clock->base.bits = 32;
	for (fill = 0; fill < 4 * ARRAY_SIZE(pauses); fill++) {
		/* Every second fill is in the middle of a wrap. */
		if (fill & 1)
			clock->now = (clock->now | 0xffffffff) - 3000;
		else
			clock->now += pauses[fill / 4];
		clock->base.replay = fill & 2;
		havege_walk_test(walk, &clock->base);
		wraps += (u32)clock->now < 10000;
		for (i = 0; i < HAVEGE_FILL_TICKS; i++)
			if (walk->delta[i] < 20 || walk->delta[i] > 83)
				break;
		KUNIT_EXPECT_EQ(test, i, HAVEGE_FILL_TICKS);
		havege_tune_look(&readings, walk->delta, HAVEGE_FILL_TICKS);
	}
	KUNIT_EXPECT_GE(test, wraps, 2 * ARRAY_SIZE(pauses));
	KUNIT_EXPECT_FALSE(test, readings.back);
	KUNIT_EXPECT_EQ(test, havege_tune_judge(&readings), HAVEGE_FIT);
}

static void walk_delta(struct kunit *test)
{
	const u64 now = 0x100000010ull;

	KUNIT_EXPECT_EQ(test, havege_delta(now, 0xfffffff0, 64), 0x20);
	KUNIT_EXPECT_EQ(test, havege_delta(now, 0xfffffff0, 0), 0x20);
	KUNIT_EXPECT_EQ(test, havege_delta((u32)now, 0xfffffff0, 32), 0x20);
	KUNIT_EXPECT_EQ(test, havege_delta(5, 5, 32), 0);
	/* A pause of more than half a wrap is no step back. */
	KUNIT_EXPECT_EQ(test, havege_delta(0xe0000000, 1, 32), 0xdfffffff);
	/* A small step back is one, in either width. */
	KUNIT_EXPECT_EQ(test, havege_delta(5, 8, 64), -3ull);
	KUNIT_EXPECT_EQ(test, havege_delta(5, 8, 32), -3ull);
	KUNIT_EXPECT_EQ(test, havege_delta(0xfffffff0, now, 32), -0x20ull);
}

static void walk_geometry(struct kunit *test)
{
	const u32 asked[] = { 0, 1, 7, 8, 16, 32, 48, 63, 64, 65, 4096 };
	unsigned int i;

	KUNIT_EXPECT_GE(test, havege_loop_bytes(),
			(BITS_PER_LONG == 64 ? 48 : 32) * 1024);
	for (i = 0; i < ARRAY_SIZE(asked); i++) {
		const struct havege_geometry geo = { asked[i], asked[i] };
		const u32 kb = clamp(asked[i], 8u, 64u);
		const unsigned int copies = havege_loop_copies(&geo);
		const size_t bytes = copies * havege_copy_bytes();

		KUNIT_EXPECT_EQ(test, havege_table_bytes(&geo),
				2048 * clamp(asked[i], 8u, 512u));
		KUNIT_EXPECT_GE(test, copies, 1);
		/*
		 * The loop nearly fills the cache: one copy more would not fit.
		 */
		if (havege_copy_bytes() < 3 * 1024) {
			KUNIT_EXPECT_LE(test, bytes, kb * 1024 / 16 * 15);
			KUNIT_EXPECT_GT(test, bytes + havege_copy_bytes(),
					kb * 1024 / 16 * 15);
		}
	}
}

static void walk_wipes(struct kunit *test)
{
	const struct havege_geometry geo = { 16, 16 };
	struct havege_walk *walk = new_walk(test, &geo);
	const size_t words = table_words(walk);
	struct lcg_clock *clock = a_clock(test);
	u64 *table = walk->table, left = 0;
	size_t i;

	havege_walk_test(walk, &clock->base);
	havege_walk_wipe(walk);
	for (i = 0; i < words; i++)
		left |= table[i];
	for (i = 0; i < sizeof(*walk); i++)
		left |= ((u8 *)walk)[i];
	KUNIT_EXPECT_EQ(test, left, 0);
	/* A second wipe is harmless. */
	havege_walk_wipe(walk);
}

static struct kunit_case core_cases[] = {
	KUNIT_CASE(walk_known_answers),
	KUNIT_CASE(walk_is_deterministic),
	KUNIT_CASE(walk_ignores_copies),
	KUNIT_CASE(walk_records_every_delta),
	KUNIT_CASE(walk_tick_bit_reaches_all),
	KUNIT_CASE(walk_covers_table),
	KUNIT_CASE(walk_stays_in_table),
	KUNIT_CASE(walk_lines_never_coincide),
	KUNIT_CASE(walk_both_ladders_alive),
	KUNIT_CASE(walk_replay_repeats),
	KUNIT_CASE(walk_live_parts),
	KUNIT_CASE(walk_live_records_what_it_mixes),
	KUNIT_CASE(walk_replay_known_sequence),
	KUNIT_CASE(walk_narrow_counter),
	KUNIT_CASE(walk_delta),
	KUNIT_CASE(walk_geometry),
	KUNIT_CASE(walk_wipes),
	{}
};

static struct kunit_suite core_suite = {
	.name = "havege_core",
	.test_cases = core_cases,
};

kunit_test_suites(&core_suite);
