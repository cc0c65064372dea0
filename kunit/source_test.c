// SPDX-License-Identifier: GPL-2.0
/*
 * The entropy source as a whole, on clocks that a test injects: good ones, bad
 * ones, and those that turn from one into the other. Beside each source runs a
 * model that is told what the clock has shown, tests it, and makes blocks of
 * what was healthy: every block must be the model's, and there must be none
 * where the model has none. Noise is pseudo-random, so that the outcome is the
 * same on every machine. Runs under KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_source.h"

#define FILL	HAVEGE_FILL_TICKS
/* Readings that one replay estimate takes, fills of a start-up test. */
#define REPLAY		(HAVEGE_REPLAY_ROWS * HAVEGE_REPLAY_STEPS)
#define TEST_FILLS	(HAVEGE_STARTUP_TICKS / FILL)
/* Credit at the cap: 320 bits at 1/16 each. */
#define CAP_TICKS	5120

/* Marsaglia's xorshift, multiplied: noise that any machine repeats. */
static u32 noise_of(u64 *state, u32 values)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 2685821657736338717ull >> 32) * values >> 32;
}

/*
 * A clock whose ticks are of the program and of the case's own function. The
 * next @hold readings of the walk itself are 77 ticks apart whatever those say,
 * and one with @back set is lower than the one before.
 */
struct a_clock {
	struct havege_test_clock base;
	u64 (*tick)(struct a_clock *clock);
	bool program;
	u32 times;
	u64 now;
	u64 state;
	u64 reads;
	u64 replays;
	u32 hold;
	bool back;
	u32 amplitude;
	u32 period;
	u16 *pattern;
	u64 shown[FILL];
};

static u64 a_read(struct havege_test_clock *base, u32 p, u32 q,
		  unsigned int depth, u32 *mix)
{
	struct a_clock *clock = (struct a_clock *)base;
	u64 tick = clock->tick(clock);

	if (clock->program)
		tick += 30 + 7 * depth + (p >> 27) + (q >> 29 & p >> 9 & 7);
	tick *= clock->times;
	if (!base->replay && clock->hold) {
		clock->hold--;
		tick = 77;
	}
	if (!base->replay && clock->back) {
		clock->back = false;
		tick = -1000000ull;
	}
	clock->now += tick;
	if (!base->replay)
		clock->shown[(clock->reads - clock->replays) % FILL] =
			clock->now;
	clock->reads++;
	clock->replays += base->replay;
	*mix = (u32)clock->now ^ (u32)(clock->now >> 32);
	return clock->now;
}

static u64 tick_none(struct a_clock *clock)
{
	return 0;
}

static u64 tick_hundred(struct a_clock *clock)
{
	return 100;
}

static u64 tick_16(struct a_clock *clock)
{
	return noise_of(&clock->state, 16);
}

/* One in ten is another: 0.15 bit, of which less than the cap is credited. */
static u64 tick_tenth(struct a_clock *clock)
{
	return !noise_of(&clock->state, 10);
}

/* The same, and it never stands still. */
static u64 tick_tenth_late(struct a_clock *clock)
{
	return 5 + tick_tenth(clock);
}

static u64 tick_fifteenth(struct a_clock *clock)
{
	return !noise_of(&clock->state, 15);
}

static u64 tick_period(struct a_clock *clock)
{
	return clock->pattern[clock->reads % clock->period];
}

/* Half the noise every 50,000 readings, until none is left. */
static u64 tick_decays(struct a_clock *clock)
{
	return 100 + noise_of(&clock->state, clock->amplitude >>
			      min(clock->reads / 50000, (u64)31));
}

/* Backwards every 5,000 readings. */
static u64 tick_jumps(struct a_clock *clock)
{
	return clock->reads % 5000 == 4999 ? -1000000ull : tick_16(clock);
}

/* A source, its clock, the model, and what has come out. */
struct rig {
	struct havege_source source;
	struct a_clock clock;
	u64 *table;
	u64 *spare;
	struct havege_health health;
	struct havege_condition condition;
	u64 last;
	u32 steps;
	u32 ticks;
	u32 needed;
	u32 blocks;
	u32 words;
	u32 bad;
	u32 fills[HAVEGE_DEAD + 1];
	u8 block[HAVEGE_BLOCK];
};

static const struct havege_geometry geo = { 8, 8 };

static void *zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void start(struct rig *rig, u64 (*tick)(struct a_clock *clock))
{
	u16 *pattern = rig->clock.pattern;

	memset(&rig->clock, 0, sizeof(rig->clock));
	rig->clock.base.read = a_read;
	rig->clock.tick = tick;
	rig->clock.program = true;
	rig->clock.times = 1;
	rig->clock.state = 0x9e3779b97f4a7c15ull;
	rig->clock.amplitude = 256;
	rig->clock.pattern = pattern;
	havege_source_init(&rig->source, rig->table, rig->spare, &geo,
			   &rig->clock.base, havege_known_answers);
	havege_condition_init(&rig->condition);
	memset(&rig->health, 0, sizeof(rig->health));
	memset(rig->fills, 0, sizeof(rig->fills));
	rig->last = 0;
	rig->steps = 0;
	rig->ticks = 0;
	rig->needed = 0;
	rig->blocks = 0;
	rig->words = 0;
	rig->bad = 0;
}

static struct rig *new_rig(struct kunit *test)
{
	struct rig *rig = zeroed(test, sizeof(*rig));

	rig->table = zeroed(test, havege_table_bytes(&geo));
	rig->spare = zeroed(test, havege_table_bytes(&geo));
	rig->clock.pattern = zeroed(test, HAVEGE_PERIOD_MAX * sizeof(u16));
	return rig;
}

static bool all_zero(const void *memory, size_t bytes)
{
	const u8 *p = memory;
	u8 left = 0;

	while (bytes--)
		left |= *p++;
	return !left;
}

/* What the walk should have recorded: what the clock has shown. */
static void expect_recorded(struct kunit *test, struct rig *rig)
{
	u32 i, wrong = 0;

	for (i = 0; i < FILL; i++) {
		wrong += rig->source.walk.delta[i] !=
			rig->clock.shown[i] - rig->last;
		rig->last = rig->clock.shown[i];
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

/* The model's part in a fill whose samples count; whether they are healthy. */
static bool model_fill(struct kunit *test, struct rig *rig,
		       enum havege_step step)
{
	const enum havege_verdict verdict =
		havege_health_test(&rig->health, rig->source.walk.delta, FILL);

	if (verdict == HAVEGE_HEALTHY)
		return true;
	/* Nothing else may follow from a no. */
	if (verdict == HAVEGE_PERMANENT)
		KUNIT_EXPECT_EQ(test, step, HAVEGE_STEP_DEAD);
	else
		KUNIT_EXPECT_TRUE(test, step == HAVEGE_STEP_BAD ||
				  step == HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	return false;
}

/* The model's part in a fill that goes into a block. */
static void model_block(struct kunit *test, struct rig *rig,
			enum havege_step step)
{
	rig->ticks += FILL;
	if (!rig->source.stream)
		havege_condition_absorb(&rig->condition,
					rig->source.walk.delta, FILL);
	if (rig->ticks < rig->source.block_ticks || rig->source.stream) {
		KUNIT_EXPECT_EQ(test, step, HAVEGE_STEP_WORDS);
		rig->needed = rig->source.block_ticks;
		return;
	}
	KUNIT_EXPECT_EQ(test, step, HAVEGE_STEP_BLOCK);
	/* Made of as many ticks as it takes, and not of a fill more. */
	KUNIT_EXPECT_LT(test, rig->ticks, rig->needed + FILL);
	rig->ticks = 0;
	rig->blocks++;
	havege_condition_emit(&rig->condition, rig->block);
	KUNIT_EXPECT_EQ(test, memcmp(rig->block, rig->source.block,
				     HAVEGE_BLOCK), 0);
	KUNIT_EXPECT_EQ(test, rig->source.tries, 0);
}

/* One step of the source and one of the model. */
static enum havege_step step(struct kunit *test, struct rig *rig)
{
	struct havege_source *source = &rig->source;
	const enum havege_phase phase = source->phase;
	const u64 live = rig->clock.reads - rig->clock.replays;
	const u32 estimates = source->estimates;
	const enum havege_step step = havege_source_step(source);
	const u64 shown = rig->clock.reads - rig->clock.replays - live;
	bool healthy = true;

	/* No case takes half of these; one that waits in vain has an end. */
	KUNIT_ASSERT_TRUE(test, ++rig->steps < 30000);
	KUNIT_EXPECT_EQ(test, shown, phase == HAVEGE_ESTIMATE ||
			phase == HAVEGE_DEAD ? 0 : FILL);
	if (shown) {
		rig->fills[phase]++;
		expect_recorded(test, rig);
	}
	if (phase == HAVEGE_TESTING || phase == HAVEGE_RUNNING)
		healthy = model_fill(test, rig, step);
	if (phase == HAVEGE_RUNNING && healthy)
		model_block(test, rig, step);
	else
		KUNIT_EXPECT_TRUE(test, step == HAVEGE_STEP_BUSY ||
				  step == HAVEGE_STEP_BAD ||
				  step == HAVEGE_STEP_DEAD);
	rig->words += step == HAVEGE_STEP_WORDS || step == HAVEGE_STEP_BLOCK;

	/* No test assumes more from then on than what an estimate has said. */
	if (source->estimates != estimates && source->credit)
		KUNIT_EXPECT_GE(test, source->health.shift,
				havege_source_shift(source->estimate.residual));
	if (source->estimates != estimates && source->phase == HAVEGE_TESTING)
		havege_health_init(&rig->health, source->readings.gcd,
				   source->health.shift);
	else if (source->estimates != estimates)
		havege_health_assume(&rig->health, source->health.shift);

	if (step == HAVEGE_STEP_BAD) {
		rig->bad++;
		rig->ticks = 0;
		havege_condition_drop(&rig->condition);
		KUNIT_EXPECT_EQ(test, source->ticks, 0);
		KUNIT_EXPECT_EQ(test, memcmp(&rig->condition.chain,
					     &source->condition.chain,
					     HAVEGE_BLOCK), 0);
	}
	if (step == HAVEGE_STEP_DEAD) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_DEAD);
		KUNIT_EXPECT_TRUE(test, all_zero(&source->condition,
						 sizeof(source->condition)));
	}
	return step;
}

/* Steps until one comes to @wanted, or the source has died. */
static enum havege_step steps_to(struct kunit *test, struct rig *rig,
				 enum havege_step wanted)
{
	enum havege_step now;

	do {
		now = step(test, rig);
	} while (now != wanted && now != HAVEGE_STEP_DEAD);
	return now;
}

static void expect_blocks(struct kunit *test, struct rig *rig, u32 count)
{
	while (count--)
		KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BLOCK),
				HAVEGE_STEP_BLOCK);
}

/* It never came to run: not a word, not a block; and it stays dead. */
static void expect_refused(struct kunit *test, struct rig *rig)
{
	const u64 reads = rig->clock.reads;

	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_DEAD);
	KUNIT_EXPECT_EQ(test, rig->words, 0);
	KUNIT_EXPECT_EQ(test, rig->blocks, 0);
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
	KUNIT_EXPECT_FALSE(test, rig->source.started);
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	havege_source_estimate(&rig->source);
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->clock.reads, reads);
}

static void source_credit(struct kunit *test)
{
	static const struct {
		u32 residual, credit;
	} cases[] = {
		{ 0, 0 },
		{ 4095, 0 },		/* just under 8/128 bit */
		{ 4096, 512 },
		{ 4103, 512 },
		{ 4104, 513 },
		{ 8192, 1024 },
		{ 32767, 4095 },	/* just under half a bit */
		{ 32768, 4096 },
		{ 65536, 4096 },
		{ 10 * 65536, 4096 },
		{ ~0u, 4096 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    havege_source_credit(cases[i].residual),
				    cases[i].credit, "residual %u\n",
				    cases[i].residual);
}

static void source_shift(struct kunit *test)
{
	static const struct {
		u32 residual, shift;
	} cases[] = {
		{ 0, 3 },
		{ 2048, 3 },
		{ 32767, 3 },
		{ 32768, 2 },		/* half a bit: H is a quarter */
		{ 65535, 2 },
		{ 65536, 1 },
		{ 131071, 1 },
		{ 131072, 0 },
		{ ~0u, 0 },
	};
	unsigned int i;
	u32 residual;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    havege_source_shift(cases[i].residual),
				    cases[i].shift, "residual %u\n",
				    cases[i].residual);
	/* H is twice what is credited at least. */
	for (residual = 0; residual < 4 * HAVEGE_BIT; residual += 17)
		KUNIT_EXPECT_LE(test, 2 * havege_source_credit(residual),
				HAVEGE_BIT >> havege_source_shift(residual));
}

/*
 * By a model of the walk and the conditioner that has nothing in common with
 * them but the specification, in Python, where sha is hashlib's sha256:
 *
 *	rol = lambda x, n: (x << n % 32 | x >> -n % 32) & M
 *	lcg = lambda x: (x * 1664525 + 1013904223) & M
 *	turns = (3, 7, 13, 19, 29, 31, 9, 1), (5, 11, 17, 23, 27, 21, 15, 25)
 *	M, x, W, R, words = 2**32 - 1, 0x48415645, [], [0] * 1024, []
 *	for i in range(4096):
 *		x = lcg(x)
 *		W.append(x ^ x >> 16)
 *	pos, path, now = [lcg(x), lcg(lcg(x))], lcg(lcg(lcg(x))), 1
 *	for step in range(4 * 128):
 *		half, o = step & 1, 8 * (step % 128)
 *		own, other = pos[half], pos[1 - half]
 *		for rung in range(8):
 *			if not own >> rung & 1:
 *				break
 *			path = (rol(path, turns[half][rung]) + own) & M
 *		now += 20 + ((now * 0x9e3779b1 & 2**64 - 1) >> 8 & 63)
 *		a, b = own * 512 >> 32, other * 512 >> 32
 *		b ^= a == b
 *		swap, rot = (5, 0) if other & 0x200 else (2, 4)
 *		A, B, t = W[8 * a:8 * a + 8], W[8 * b:8 * b + 8], now & M
 *		for k in range(8):
 *			R[o + k] ^= A[k] ^ rol(B[k ^ swap], 16)
 *			turn, old = 3 * k + rot, B[k ^ swap]
 *			W[8 * a + k] = rol(old ^ t, 1 + turn) + path & M
 *			W[8 * b + k] = rol(A[k] + t & M, 30 - turn) ^ path
 *		for n, r, w in (half, 2, 5), (1 - half, 6, 0):
 *			pos[n] = (R[o + r] ^ W[8 * a + w]) * 0x9e3779b1 & M
 *		if step % 128 == 127:
 *			words += R
 *
 *	code = lambda deltas: b"".join(map(leb128, deltas))  # condition_test.c
 *	key = sha(bytes(32) + code(i * 0x0101010101010101 for i in range(256)))
 *	first = sha(key + b"\0")
 *	pairs = (words[i] | words[i + 1] << 32 for i in range(0, 4096, 2))
 *	key = sha(sha(key + b"\1") + code(pairs))
 *	second = sha(key + b"\0")
 */
static void source_known_answers(struct kunit *test)
{
	static const u8 known[2][HAVEGE_BLOCK] = {
		{
			0x3f, 0xff, 0xb1, 0x74, 0xd9, 0x94, 0xf8, 0x6a,
			0xc4, 0x0d, 0x6d, 0x22, 0x2e, 0x09, 0x4f, 0x35,
			0xb4, 0x85, 0x6d, 0x46, 0x9f, 0x33, 0x47, 0x1f,
			0x72, 0xf1, 0xca, 0x76, 0x37, 0xe6, 0x90, 0xd1
		},
		{
			0x5e, 0x82, 0xeb, 0x44, 0x70, 0x65, 0x14, 0x99,
			0x01, 0x7d, 0x94, 0x01, 0x46, 0x10, 0xd8, 0x54,
			0xff, 0x06, 0x49, 0xc4, 0x9d, 0xc7, 0xb3, 0x51,
			0xee, 0x84, 0xc4, 0x39, 0xfe, 0x8e, 0x82, 0x3b
		}
	};
	struct rig *rig = new_rig(test);

	KUNIT_EXPECT_EQ(test, memcmp(known, havege_known_answers,
				     sizeof(known)), 0);
	start(rig, tick_16);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_WARMUP);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_NONE);
}

/* One wrong bit in any of their bytes, and there is no source. */
static void source_wrong_answers(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	u8 answers[2][HAVEGE_BLOCK];
	char text[HAVEGE_EXPLAIN];
	int i;

	start(rig, tick_16);
	for (i = 0; i < 2 * HAVEGE_BLOCK; i++) {
		memcpy(answers, havege_known_answers, sizeof(answers));
		answers[i / HAVEGE_BLOCK][i % HAVEGE_BLOCK] ^= 1 << i % 8;
		havege_source_init(&rig->source, rig->table, rig->spare, &geo,
				   &rig->clock.base, answers);
		KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_ANSWER);
		KUNIT_EXPECT_EQ(test, havege_source_step(&rig->source),
				HAVEGE_STEP_DEAD);
		KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_DEAD);
	}
	KUNIT_EXPECT_EQ(test, rig->clock.reads, 0);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "known answer"));
	havege_source_wipe(&rig->source);
}

/*
 * From the first step to the tenth block: the order of the phases, what each
 * takes, and that blocks are of the ticks that they have to be of.
 */
static void source_good_clock(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u8 before[HAVEGE_BLOCK];
	u32 warmup, n;

	start(rig, tick_16);
	rig->clock.times = 26;
	warmup = havege_warmup_fills(&source->walk);
	for (n = 0; n < warmup; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_WARMUP);
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
	KUNIT_EXPECT_EQ(test, source->readings.seen, HAVEGE_COUNTER_TICKS);
	KUNIT_EXPECT_EQ(test, source->readings.gcd, 26);
	KUNIT_EXPECT_EQ(test, source->fitness, HAVEGE_FIT);
	while (source->phase == HAVEGE_ESTIMATE)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, REPLAY);
	KUNIT_EXPECT_EQ(test, source->estimates, 1);
	KUNIT_EXPECT_EQ(test, source->credit, HAVEGE_CREDIT_MAX);
	KUNIT_EXPECT_EQ(test, source->block_ticks, CAP_TICKS);
	KUNIT_EXPECT_EQ(test, source->health.gcd, 26);
	KUNIT_EXPECT_EQ(test, source->health.shift,
			havege_source_shift(source->estimate.residual));
	for (n = 0; n < TEST_FILLS; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
		KUNIT_EXPECT_FALSE(test, source->started);
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_RUNNING);
	KUNIT_EXPECT_TRUE(test, source->started);

	memset(before, 0, sizeof(before));
	for (n = 1; n <= 10; n++) {
		expect_blocks(test, rig, 1);
		KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_RUNNING],
				n * CAP_TICKS / FILL);
		KUNIT_EXPECT_NE(test, memcmp(source->block, before,
					     HAVEGE_BLOCK), 0);
		memcpy(before, source->block, HAVEGE_BLOCK);
	}
	KUNIT_EXPECT_EQ(test, rig->clock.replays, REPLAY);
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
	KUNIT_EXPECT_EQ(test, source->poor, 0);
	KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_NONE);
	KUNIT_EXPECT_EQ(test, memcmp(&source->health, &rig->health,
				     sizeof(rig->health)), 0);
}

/* Little noise, little credit, and as many more ticks to a block. */
static void source_little_noise(struct kunit *test)
{
	u64 (*const ticks[])(struct a_clock *clock) = {
		tick_tenth, tick_fifteenth
	};
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ticks); i++) {
		start(rig, ticks[i]);
		expect_blocks(test, rig, 2);
		KUNIT_EXPECT_EQ(test, source->credit,
				source->estimate.residual / 8);
		KUNIT_EXPECT_LT(test, source->credit, HAVEGE_CREDIT_MAX / 3);
		/* 320 bits, and less than 320 with a tick less. */
		KUNIT_EXPECT_GE(test, source->block_ticks * source->credit,
				HAVEGE_BLOCK_BITS * HAVEGE_BIT);
		KUNIT_EXPECT_LT(test,
				(source->block_ticks - 1) * source->credit,
				HAVEGE_BLOCK_BITS * HAVEGE_BIT);
		KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_RUNNING],
				2 * ((source->block_ticks + FILL - 1) / FILL));
	}
}

/* Clocks that are refused before a single word has come out. */
static void source_refuses_still(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];

	start(rig, tick_none);
	rig->clock.program = false;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_STOPPED);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 0);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "does not move"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "1024 of 1024"));
}

/* It moves at every sixteenth reading. */
static u64 tick_coarse(struct a_clock *clock)
{
	return clock->reads % 16 ? 0 : noise_of(&clock->state, 1000);
}

static void source_refuses_coarse(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];

	start(rig, tick_coarse);
	rig->clock.program = false;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_COARSE);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "coarse"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "of 1024"));
}

static void expect_nothing_found(struct kunit *test, struct rig *rig)
{
	char text[HAVEGE_EXPLAIN];

	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_REPLAY);
	KUNIT_EXPECT_EQ(test, rig->source.estimate.residual, 0);
	KUNIT_EXPECT_EQ(test, rig->source.estimates, 1);
	KUNIT_EXPECT_EQ(test, rig->source.poor, 1);
	havege_source_explain(&rig->source, text, sizeof(text));
	/* The words that README and the tests in the machine look for. */
	KUNIT_EXPECT_TRUE(test, strstr(text, "replay found 0.0000 bit a tick"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "a tick, 0.0625 are needed: "));
}

static void source_refuses_counting(struct kunit *test)
{
	struct rig *rig = new_rig(test);

	start(rig, tick_hundred);
	rig->clock.program = false;
	expect_nothing_found(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.readings.gcd, 100);
}

/* An emulator that counts instructions: varied samples, none of it noise. */
static void source_refuses_path(struct kunit *test)
{
	struct rig *rig = new_rig(test);

	start(rig, tick_none);
	expect_nothing_found(test, rig);
}

/* Some, but too little: one in 30, 0.05 bit. */
static u64 tick_thirtieth(struct a_clock *clock)
{
	return !noise_of(&clock->state, 30);
}

static void source_refuses_too_little(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];

	start(rig, tick_thirtieth);
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_REPLAY);
	KUNIT_EXPECT_GT(test, rig->source.estimate.residual, 0);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "replay found 0.0"));
	KUNIT_EXPECT_FALSE(test, strstr(text, "replay found 0.0000"));
	KUNIT_EXPECT_TRUE(test, strstr(text, ", 0.0625 are needed"));
}

static const u32 periods[] = { 2, 3, 64, 1000, 4096 };

static void repeat(struct rig *rig, u32 period, u32 values)
{
	u64 state = 1 + period;
	u32 i;

	for (i = 0; i < period; i++)
		rig->clock.pattern[i] = 10 + noise_of(&state, values);
	/* A constant is another case. */
	rig->clock.pattern[0] = 10 + (rig->clock.pattern[1] == 10);
	rig->clock.period = period;
	rig->clock.tick = tick_period;
	rig->clock.program = false;
}

static void source_refuses_periods(struct kunit *test)
{
	static const u32 values[] = { 2, 16, 256 };
	struct rig *rig = new_rig(test);
	unsigned int p, v;

	for (p = 0; p < ARRAY_SIZE(periods); p++)
		for (v = 0; v < ARRAY_SIZE(values); v++) {
			start(rig, tick_none);
			repeat(rig, periods[p], values[v]);
			steps_to(test, rig, HAVEGE_STEP_DEAD);
			expect_refused(test, rig);
		}
}

/* At any time of the start-up at which the counter is looked at. */
static void source_refuses_backwards(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];
	u32 warmup, n;

	/* In the last 1,024 readings of the warm-up: the first of them. */
	start(rig, tick_16);
	warmup = havege_warmup_fills(&rig->source.walk);
	for (n = 0; n < warmup - HAVEGE_COUNTER_TICKS / FILL; n++)
		step(test, rig);
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_WARMUP], warmup);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_BACKWARDS);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "backwards"));

	/* While the start-up tests run: nobody would gain from another try. */
	start(rig, tick_16);
	while (rig->source.phase != HAVEGE_TESTING)
		KUNIT_ASSERT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	step(test, rig);
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "backwards"));

	/* Again and again. */
	start(rig, tick_jumps);
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
}

/* One intermittent verdict in the start-up tests is one too many. */
static void source_refuses_at_first_no(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	u32 n;

	start(rig, tick_16);
	while (rig->source.phase != HAVEGE_TESTING)
		KUNIT_ASSERT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	for (n = 0; n < TEST_FILLS - 1; n++)
		step(test, rig);
	/* In the very last fill: 40 alike, where 31 are too many. */
	rig->clock.hold = 40;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
}

/*
 * It ran, and becomes a counter that repeats itself: stopped for good, soon,
 * and no block has a fill in it that failed (which the model sees to).
 */
static void source_stops_when_it_repeats(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	u32 p, fills;

	for (p = 0; p < ARRAY_SIZE(periods) + 2; p++) {
		start(rig, tick_16);
		expect_blocks(test, rig, 2);
		step(test, rig);
		if (p < ARRAY_SIZE(periods)) {
			repeat(rig, periods[p], 16);
		} else {
			rig->clock.program = false;
			rig->clock.tick = p == ARRAY_SIZE(periods) ?
				tick_none : tick_hundred;
		}
		fills = rig->fills[HAVEGE_RUNNING];
		KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_DEAD),
				HAVEGE_STEP_DEAD);
		fills = rig->fills[HAVEGE_RUNNING] - fills;
		/* As soon as it can be told: a period, and then a cutoff. */
		KUNIT_EXPECT_LE(test, fills * FILL,
				(p < ARRAY_SIZE(periods) ? periods[p] : 1) +
				3 * FILL);
		KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
		KUNIT_EXPECT_LE(test, rig->blocks, 3);
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	}
}

/* Less and less noise, down to none: blocks while there is some, and an end. */
static void source_stops_when_noise_decays(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	enum havege_step now;
	u64 last_block = 0;
	char text[HAVEGE_EXPLAIN];

	start(rig, tick_decays);
	rig->clock.program = false;
	do {
		now = step(test, rig);
		if (now == HAVEGE_STEP_BLOCK)
			last_block = rig->clock.reads;
	} while (now != HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_GT(test, rig->blocks, 20);
	/* 256 values are one at 400,000 readings. */
	KUNIT_EXPECT_LE(test, last_block, 400000);
	KUNIT_EXPECT_GT(test, last_block, 300000);
	KUNIT_EXPECT_LE(test, rig->clock.reads, 400000 + 2 * FILL);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "repetition count"));
}

/* The same, but looked after: credit goes down before the noise is gone. */
static void source_notices_decay(struct kunit *test)
{
	u64 (*const ticks[])(struct a_clock *clock) = {
		tick_16, tick_tenth, tick_fifteenth, tick_thirtieth
	};
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u32 i, credit = ~0u, fills;

	start(rig, ticks[0]);
	expect_blocks(test, rig, 2);
	for (i = 1; i < ARRAY_SIZE(ticks); i++) {
		credit = source->credit;
		/* Half a block, which goes on after the estimate. */
		while (source->ticks < source->block_ticks / 2)
			step(test, rig);
		rig->clock.tick = ticks[i];
		havege_source_estimate(source);
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
		if (i == ARRAY_SIZE(ticks) - 1)
			break;
		fills = rig->fills[HAVEGE_RUNNING] -
			source->ticks / FILL;
		expect_blocks(test, rig, 1);
		KUNIT_EXPECT_EQ(test, source->health.shift, 3);
		KUNIT_EXPECT_LT(test, source->credit, credit);
		KUNIT_EXPECT_EQ(test, source->credit,
				source->estimate.residual / 8);
		KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_RUNNING] - fills,
				(source->block_ticks + FILL - 1) / FILL);
		KUNIT_EXPECT_EQ(test, source->estimates, i + 1);
		KUNIT_EXPECT_EQ(test, rig->bad, 0);
	}
	/* Too little in the end. */
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
			HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->bad, 1);
}

/* There is noise again: up at once, to the cap, and the block takes fewer. */
static void source_credit_returns(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;

	start(rig, tick_fifteenth);
	expect_blocks(test, rig, 1);
	while (source->ticks < 2 * CAP_TICKS)
		step(test, rig);
	rig->clock.tick = tick_16;
	havege_source_estimate(source);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BLOCK),
			HAVEGE_STEP_BLOCK);
	KUNIT_EXPECT_EQ(test, source->credit, HAVEGE_CREDIT_MAX);
	KUNIT_EXPECT_EQ(test, source->block_ticks, CAP_TICKS);
}

/*
 * What was counted while little noise was assumed is no failure when more is
 * found: one value was due nine times in ten until now, and 355 of 512 are none
 * too many of that.
 */
static void source_survives_more_noise(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	const struct havege_health *health = &rig->source.health;
	u32 n;

	start(rig, tick_tenth_late);
	rig->clock.program = false;
	expect_blocks(test, rig, 1);
	while (health->same < 360 || health->window < 3 * FILL)
		KUNIT_ASSERT_TRUE(test, step(test, rig) != HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, health->shift, 3);
	rig->clock.tick = tick_16;
	havege_source_estimate(&rig->source);
	for (n = 0; n < 5; n++)
		expect_blocks(test, rig, 1);
	KUNIT_EXPECT_EQ(test, rig->source.credit, HAVEGE_CREDIT_MAX);
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
}

/* Estimates are for a source that runs: asking disturbs no other phase. */
static void source_estimate_only_when_running(struct kunit *test)
{
	struct rig *rig = new_rig(test);

	start(rig, tick_16);
	while (rig->source.phase != HAVEGE_RUNNING) {
		const enum havege_phase phase = rig->source.phase;

		havege_source_estimate(&rig->source);
		KUNIT_EXPECT_EQ(test, rig->source.phase, phase);
		KUNIT_ASSERT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, rig->source.estimates, 1);
	havege_source_estimate(&rig->source);
	step(test, rig);
	havege_source_estimate(&rig->source);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 2 * REPLAY);
	KUNIT_EXPECT_EQ(test, rig->source.estimates, 2);
}

/*
 * The noise is gone and the samples look as they did: only replays can tell.
 * Not a byte from then on, and after some tries the end.
 */
static void source_turns_deterministic(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	enum havege_step now;
	u32 words, n;

	start(rig, tick_16);
	expect_blocks(test, rig, 3);
	step(test, rig);
	rig->clock.tick = tick_none;
	havege_source_estimate(source);
	words = rig->words;
	for (n = 1; n <= HAVEGE_TRIES; n++) {
		KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
				HAVEGE_STEP_BAD);
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
		KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_REPLAY);
		KUNIT_EXPECT_EQ(test, source->tries, n);
		KUNIT_EXPECT_EQ(test, source->poor, n);
	}
	do {
		now = step(test, rig);
		KUNIT_EXPECT_NE(test, now, HAVEGE_STEP_BAD);
	} while (now == HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, now, HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_REPLAY);
	KUNIT_EXPECT_EQ(test, rig->words, words);
	KUNIT_EXPECT_EQ(test, rig->blocks, 3);
	/* Noise would be too late now. */
	rig->clock.tick = tick_16;
	for (n = 0; n < 200; n++)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
}

/* And if there is noise again in time, it goes on; with a block that is new. */
static void source_noise_comes_back(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u32 n, words, fills;

	start(rig, tick_16);
	expect_blocks(test, rig, 1);
	while (source->ticks < CAP_TICKS - FILL)
		step(test, rig);
	rig->clock.tick = tick_none;
	havege_source_estimate(source);
	words = rig->words;
	for (n = 0; n < 5; n++)
		steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->bad, 5);
	KUNIT_EXPECT_EQ(test, rig->words, words);
	rig->clock.tick = tick_16;
	fills = rig->fills[HAVEGE_RUNNING];
	expect_blocks(test, rig, 1);
	/* Of 40 fills: none of those before the failure are in it. */
	KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_RUNNING] - fills,
			CAP_TICKS / FILL);
	KUNIT_EXPECT_EQ(test, source->tries, 0);
	KUNIT_EXPECT_EQ(test, source->poor, 5);
}

/*
 * One intermittent verdict: the block is dropped, and before the next fill that
 * counts all start-up samples have passed and an estimate has been made. A no
 * among those begins them again.
 */
static void source_recovers(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u32 n, testing;
	u64 replays;

	start(rig, tick_16);
	expect_blocks(test, rig, 1);
	while (source->ticks < CAP_TICKS - FILL)
		step(test, rig);
	replays = rig->clock.replays;
	testing = rig->fills[HAVEGE_TESTING];
	rig->clock.hold = 40;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_HEALTH);
	KUNIT_EXPECT_EQ(test, source->tries, 1);
	KUNIT_EXPECT_EQ(test, source->health.failures[HAVEGE_REPETITION], 1);
	for (n = 0; n < TEST_FILLS - 1; n++)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	rig->clock.hold = 40;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->tries, 2);
	for (n = 0; n < TEST_FILLS; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
	while (source->phase == HAVEGE_ESTIMATE)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_RUNNING);
	KUNIT_EXPECT_EQ(test, rig->clock.replays - replays, REPLAY);
	for (n = 1; n < CAP_TICKS / FILL; n++)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, source->tries, 2);
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BLOCK);
	KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_TESTING] - testing,
			2 * TEST_FILLS);
	KUNIT_EXPECT_EQ(test, rig->blocks, 2);
	expect_blocks(test, rig, 3);
	/* What has been counted outlives the recovery. */
	KUNIT_EXPECT_EQ(test, source->health.failures[HAVEGE_REPETITION], 2);
	KUNIT_EXPECT_EQ(test, memcmp(&source->health, &rig->health,
				     sizeof(rig->health)), 0);
}

/* A run that goes on through the fill that failed: too long, and for good. */
static void source_permanent_after_intermittent(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u64 state = 1;
	u32 i;

	start(rig, tick_16);
	expect_blocks(test, rig, 1);
	/* The run begins 40 samples before the end of a fill. */
	havege_source_step(source);
	for (i = 0; i < FILL; i++)
		source->walk.delta[i] = i < FILL - 40 ?
			noise_of(&state, 64) : 77;
	KUNIT_EXPECT_EQ(test,
			havege_health_test(&source->health,
					   source->walk.delta, FILL),
			HAVEGE_INTERMITTENT);
	rig->clock.hold = 21;
	KUNIT_EXPECT_EQ(test, havege_source_step(source), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_DEAD);
}

/* A permanent verdict, from the first sample of it on, and for ever. */
static void source_permanent(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];
	u32 n;

	start(rig, tick_16);
	expect_blocks(test, rig, 2);
	rig->clock.hold = 60;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	expect_blocks(test, rig, 1);
	rig->clock.hold = 61;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "repetition count"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "61 samples"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "31 and 61"));
	for (n = 0; n < 1000; n++)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->blocks, 3);
}

/* Once, and it goes on; again and again, and it ends. */
static void source_backwards_while_running(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	u32 words;

	start(rig, tick_16);
	expect_blocks(test, rig, 2);
	rig->clock.back = true;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->source.health.failures[HAVEGE_COUNTER], 1);
	expect_blocks(test, rig, 2);
	KUNIT_EXPECT_EQ(test, rig->bad, 1);

	rig->clock.tick = tick_jumps;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	words = rig->words;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_DEAD),
			HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->words, words);
	KUNIT_EXPECT_EQ(test, rig->bad, 1 + HAVEGE_TRIES);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
}

/*
 * What counts is beginnings without a block: as many as one likes with a block
 * between them, and some tries without.
 */
static void source_tries(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	char text[HAVEGE_EXPLAIN];
	u32 n;

	start(rig, tick_16);
	expect_blocks(test, rig, 1);
	for (n = 0; n < HAVEGE_TRIES + 6; n++) {
		rig->clock.back = true;
		KUNIT_ASSERT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
		if (n % 13 == 0)
			expect_blocks(test, rig, 1);
	}
	expect_blocks(test, rig, 1);
	/* That it runs is not enough: here it fails with a fill to go. */
	for (n = 0; n < HAVEGE_TRIES; n++) {
		while (n % 16 == 0 && rig->source.ticks < CAP_TICKS - FILL)
			step(test, rig);
		rig->clock.back = true;
		KUNIT_ASSERT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	}
	KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	rig->clock.hold = 40;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "40 samples"));
	KUNIT_EXPECT_TRUE(test, strstr(text, " 64 of 64 tries"));
}

/* Walk words instead of blocks: no block, the same tests, the same end. */
static void source_stream(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u8 block[HAVEGE_BLOCK];
	u32 n;

	start(rig, tick_16);
	source->stream = true;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	for (n = 1; n < 200; n++)
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_TRUE(test, all_zero(source->block, HAVEGE_BLOCK));
	KUNIT_EXPECT_FALSE(test, all_zero(source->walk.ring,
					  sizeof(source->walk.ring)));
	/* The conditioner has not been given anything. */
	havege_condition_emit(&source->condition, block);
	havege_condition_emit(&rig->condition, rig->block);
	KUNIT_EXPECT_EQ(test, memcmp(block, rig->block, sizeof(block)), 0);

	rig->clock.hold = 40;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->tries, 1);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	for (n = 1; n < CAP_TICKS / FILL; n++) {
		KUNIT_EXPECT_EQ(test, source->tries, 1);
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_WORDS);
	}
	/* As many words as go with a block are as good as one. */
	KUNIT_EXPECT_EQ(test, source->tries, 0);
	rig->clock.tick = tick_none;
	havege_source_estimate(source);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
			HAVEGE_STEP_BAD);
	rig->clock.tick = tick_16;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	rig->clock.hold = 61;
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->blocks, 0);
}

/* Cut where there is no room, ended with a zero, and not a byte beyond. */
static void source_explains(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	char whole[2 * HAVEGE_EXPLAIN], text[2 * HAVEGE_EXPLAIN];
	size_t size, length, i, touched;
	int fault, which;

	start(rig, tick_16);
	/* The longest that there can be. */
	source->readings.seen = HAVEGE_COUNTER_TICKS;
	source->readings.still = HAVEGE_COUNTER_TICKS;
	source->estimate.residual = ~0u;
	source->health.count = 10240;
	havege_health_assume(&source->health, 3);
	source->tries = HAVEGE_TRIES;
	for (fault = HAVEGE_FAULT_NONE; fault <= HAVEGE_FAULT_HEALTH; fault++)
		for (which = 0; which < HAVEGE_TESTS; which++) {
			const char *name = havege_test_name(which);

			source->fault = fault;
			/* There are fewer kinds of fitness than of tests. */
			source->fitness = min_t(int, which, HAVEGE_COARSE);
			source->health.worst = which;
			havege_source_explain(source, whole, sizeof(whole));
			length = strlen(whole);
			KUNIT_EXPECT_LT(test, length, HAVEGE_EXPLAIN);
			KUNIT_EXPECT_GT(test, length, 10);
			KUNIT_EXPECT_FALSE(test, strchr(whole, '\n'));
			if (fault != HAVEGE_FAULT_HEALTH ||
			    which == HAVEGE_COUNTER)
				continue;
			KUNIT_EXPECT_TRUE(test, strstr(whole, name));
			KUNIT_EXPECT_TRUE(test, strstr(whole, "10240 samples"));
		}

	source->fault = HAVEGE_FAULT_REPLAY;
	havege_source_explain(source, whole, sizeof(whole));
	for (size = 0; size <= strlen(whole) + 1; size++) {
		memset(text, 0x5a, sizeof(text));
		havege_source_explain(source, text, size);
		for (i = size, touched = 0; i < sizeof(text); i++)
			touched += text[i] != 0x5a;
		KUNIT_EXPECT_EQ(test, touched, 0);
		if (!size)
			continue;
		KUNIT_EXPECT_EQ(test, text[size - 1], 0);
		KUNIT_EXPECT_EQ(test, memcmp(text, whole, size - 1), 0);
	}
}

/* What a step has left behind is gone, and the next one goes on as it would. */
static void source_forgets(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	u32 n;

	start(rig, tick_16);
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_FALSE(test, all_zero(source->block, HAVEGE_BLOCK));
	havege_source_forget(source);
	KUNIT_EXPECT_TRUE(test, all_zero(source->block, HAVEGE_BLOCK));
	KUNIT_EXPECT_TRUE(test, all_zero(source->walk.ring,
					 sizeof(source->walk.ring)));
	KUNIT_EXPECT_TRUE(test, all_zero(source->walk.delta,
					 sizeof(source->walk.delta)));
	/* In the middle of a block too, after each step. */
	for (n = 0; n < CAP_TICKS / FILL - 1; n++) {
		KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_WORDS);
		havege_source_forget(source);
	}
	KUNIT_EXPECT_EQ(test, step(test, rig), HAVEGE_STEP_BLOCK);
}

/* At any time; and what has never been anything is no exception. */
static void source_wipes(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct rig *rig = new_rig(test);
	struct havege_source *source = &rig->source;
	enum havege_phase n;

	havege_source_wipe(source);
	for (n = HAVEGE_WARMUP; n <= HAVEGE_DEAD; n++) {
		start(rig, tick_16);
		while (source->phase < n && source->phase < HAVEGE_RUNNING)
			step(test, rig);
		step(test, rig);
		if (n == HAVEGE_DEAD) {
			rig->clock.hold = FILL;
			while (source->phase != HAVEGE_DEAD)
				step(test, rig);
		}
		KUNIT_EXPECT_EQ(test, source->phase, n);
		havege_source_wipe(source);
		KUNIT_EXPECT_TRUE(test, all_zero(source, sizeof(*source)));
		KUNIT_EXPECT_TRUE(test, all_zero(rig->table, bytes));
		KUNIT_EXPECT_TRUE(test, all_zero(rig->spare, bytes));
	}
}

/* From equal clocks equal blocks: nothing of one source is in the next. */
static void source_starts_afresh(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	u8 first[HAVEGE_BLOCK];

	start(rig, tick_16);
	expect_blocks(test, rig, 2);
	memcpy(first, rig->source.block, sizeof(first));
	start(rig, tick_16);
	expect_blocks(test, rig, 2);
	KUNIT_EXPECT_EQ(test, memcmp(first, rig->source.block, sizeof(first)),
			0);
}

/*
 * The CPU's own counter. Whether it is any good is the machine's affair (on an
 * emulator that counts instructions it is not): there is a block, or an end.
 */
static void source_live(struct kunit *test)
{
	struct rig *rig = new_rig(test);
	enum havege_step now;
	u32 n = 0;

	havege_source_init(&rig->source, rig->table, rig->spare, &geo, NULL,
			   havege_known_answers);
	do {
		now = havege_source_step(&rig->source);
		KUNIT_ASSERT_TRUE(test, ++n < 100000);
	} while (now != HAVEGE_STEP_BLOCK && now != HAVEGE_STEP_DEAD);
	if (now == HAVEGE_STEP_BLOCK)
		KUNIT_EXPECT_FALSE(test, all_zero(rig->source.block,
						  HAVEGE_BLOCK));
	else
		KUNIT_EXPECT_NE(test, rig->source.fault, HAVEGE_FAULT_NONE);
	KUNIT_EXPECT_GE(test, rig->source.estimates, now == HAVEGE_STEP_BLOCK);
	havege_source_wipe(&rig->source);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(source_credit),
	KUNIT_CASE(source_shift),
	KUNIT_CASE(source_known_answers),
	KUNIT_CASE(source_wrong_answers),
	KUNIT_CASE(source_good_clock),
	KUNIT_CASE(source_little_noise),
	KUNIT_CASE(source_refuses_still),
	KUNIT_CASE(source_refuses_coarse),
	KUNIT_CASE(source_refuses_counting),
	KUNIT_CASE(source_refuses_path),
	KUNIT_CASE(source_refuses_too_little),
	KUNIT_CASE(source_refuses_periods),
	KUNIT_CASE(source_refuses_backwards),
	KUNIT_CASE(source_refuses_at_first_no),
	KUNIT_CASE(source_stops_when_it_repeats),
	KUNIT_CASE(source_stops_when_noise_decays),
	KUNIT_CASE(source_notices_decay),
	KUNIT_CASE(source_credit_returns),
	KUNIT_CASE(source_survives_more_noise),
	KUNIT_CASE(source_estimate_only_when_running),
	KUNIT_CASE_SLOW(source_turns_deterministic),
	KUNIT_CASE(source_noise_comes_back),
	KUNIT_CASE(source_recovers),
	KUNIT_CASE(source_permanent_after_intermittent),
	KUNIT_CASE(source_permanent),
	KUNIT_CASE(source_backwards_while_running),
	KUNIT_CASE_SLOW(source_tries),
	KUNIT_CASE(source_stream),
	KUNIT_CASE(source_explains),
	KUNIT_CASE(source_forgets),
	KUNIT_CASE(source_wipes),
	KUNIT_CASE(source_starts_afresh),
	KUNIT_CASE(source_live),
	{}
};

static struct kunit_suite source_suite = {
	.name = "havege_source",
	.test_cases = source_cases,
};

kunit_test_suites(&source_suite);
