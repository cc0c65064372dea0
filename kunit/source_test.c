// SPDX-License-Identifier: GPL-2.0
/*
 * The entropy source as a whole, on injected clocks: good ones, bad ones, and
 * those that change
 *
 * A model runs beside each source. It knows the readings of the clock, tests
 * them, and makes blocks of the healthy ones. Every block must equal the
 * model's, and there must be none without the model's.
 *
 * Noise is pseudo-random: the outcome is the same on every machine. Runs under
 * KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_source.h"

#define FILL	HAVEGE_FILL_TICKS
/* Samples in a block, 320 bits: at k = 1, and above. */
#define FINE_SAMPLES	5120
#define COARSE_SAMPLES	2560
/*
 * Duration of a fill (ns) on a machine so slow that its sets are the smallest.
 */
#define SLOW_NS		1000000
/* Blocks that the model keeps until they leave. */
#define BLOCKS		2048

/* Marsaglia's xorshift, multiplied: reproducible noise. */
static u32 source_noise_of(u64 *state, u32 values)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 2685821657736338717ull >> 32) * values >> 32;
}

/*
 * A clock whose ticks come from the program and from the case's own function,
 * read in units of @coarse ticks. The next @hold readings of the live walk are
 * 77 ticks apart in any case. @back makes one reading lower than the one
 * before.
 */
struct a_clock {
	struct havege_test_clock base;
	u64 (*tick)(struct a_clock *clock);
	bool program;
	u32 times;
	u32 coarse;
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
	u64 tick = clock->tick(clock), shown;

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
	shown = clock->coarse > 1 ? div_u64(clock->now, clock->coarse) :
		clock->now;
	if (!base->replay)
		clock->shown[(clock->reads - clock->replays) % FILL] = shown;
	clock->reads++;
	clock->replays += base->replay;
	*mix = (u32)clock->now ^ (u32)(clock->now >> 32);
	return shown;
}

static u64 tick_none(struct a_clock *clock)
{
	return 0;
}

static u64 source_tick_hundred(struct a_clock *clock)
{
	return 100;
}

static u64 tick_16(struct a_clock *clock)
{
	return source_noise_of(&clock->state, 16);
}

static u64 tick_256(struct a_clock *clock)
{
	return source_noise_of(&clock->state, 256);
}

/* One in thirty differs: 0.05 bit, too little. */
static u64 tick_thirtieth(struct a_clock *clock)
{
	return !source_noise_of(&clock->state, 30);
}

/* One in twelve differs: 0.12 bit, too little but not nothing. */
static u64 tick_twelfth(struct a_clock *clock)
{
	return !source_noise_of(&clock->state, 12);
}

static u64 tick_period(struct a_clock *clock)
{
	return clock->pattern[(u32)clock->reads % clock->period];
}

/* Backwards every 5,000 readings. */
static u64 tick_jumps(struct a_clock *clock)
{
	return (u32)clock->reads % 5000 == 4999 ? -1000000ull : tick_16(clock);
}

/* A source, its clock, the model, and the results. */
struct rig {
	struct kunit *test;
	struct havege_source source;
	struct a_clock clock;
	u64 *table;
	void *memory;
	size_t memory_bytes;
	struct havege_health health;
	struct havege_condition condition;
	u64 sample[FILL];
	u64 last;
	u64 sum;
	u32 half_steps;
	bool back;
	u32 ticks;
	u32 steps;
	u32 requests;
	u32 left;
	u32 words;
	u32 bad;
	u32 blocks;
	u32 fills[HAVEGE_DEAD + 1];
	u8 (*block)[HAVEGE_BLOCK];
};

static const struct havege_geometry geo = { 8, 8 };

static void *source_zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static void source_start(struct rig *rig, u64 (*tick)(struct a_clock *clock))
{
	u16 *pattern = rig->clock.pattern;

	memset(&rig->clock, 0, sizeof(rig->clock));
	rig->clock.base.read = a_read;
	rig->clock.tick = tick;
	rig->clock.program = true;
	rig->clock.times = 1;
	rig->clock.state = 0x9e3779b97f4a7c15ull;
	rig->clock.pattern = pattern;
	havege_source_unlend(&rig->source);
	havege_source_init(&rig->source, rig->table, &geo, &rig->clock.base,
			   havege_known_answers);
	rig->source.fill_ns = SLOW_NS;
	havege_condition_init(&rig->condition);
	memset(&rig->health, 0, sizeof(rig->health));
	memset(rig->fills, 0, sizeof(rig->fills));
	rig->last = 0;
	rig->sum = 0;
	rig->half_steps = 0;
	rig->back = false;
	rig->ticks = 0;
	rig->steps = 0;
	rig->requests = 0;
	rig->left = 0;
	rig->words = 0;
	rig->bad = 0;
	rig->blocks = 0;
}

static struct rig *source_new_rig(struct kunit *test)
{
	struct rig *rig = source_zeroed(test, sizeof(*rig));

	rig->test = test;
	rig->table = source_zeroed(test, havege_table_bytes(&geo));
	rig->block = source_zeroed(test, BLOCKS * HAVEGE_BLOCK);
	rig->clock.pattern = source_zeroed(test, HAVEGE_PERIOD_MAX * sizeof(u16));
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

/* Memory is requested once, unless more is needed. */
static void lend(struct rig *rig)
{
	const size_t bytes = havege_source_memory(&rig->source);

	rig->requests++;
	havege_source_unlend(&rig->source);
	if (bytes > rig->memory_bytes) {
		rig->memory = source_zeroed(rig->test, bytes + 64);
		rig->memory = (void *)(((uintptr_t)rig->memory + 63) & ~63ul);
		rig->memory_bytes = bytes;
	}
	KUNIT_EXPECT_TRUE(rig->test, all_zero(rig->memory, rig->memory_bytes));
	havege_source_lend(&rig->source, rig->memory, rig->memory_bytes);
}

/* The walk must have recorded the clock's readings. */
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

/* The model's part of a tested fill. Return: true if it is healthy. */
static bool model_fill(struct kunit *test, struct rig *rig,
		       enum havege_phase phase, enum havege_step step)
{
	enum havege_verdict verdict = HAVEGE_HEALTHY;
	u32 i, count = 0;

	for (i = 0; i < FILL; i++) {
		const u64 delta = rig->source.walk.delta[i];

		rig->back |= delta >> 63;
		rig->sum += delta;
		if (++rig->half_steps % rig->source.sampler.span)
			continue;
		rig->sample[count++] = rig->back ? ~0ull : rig->sum;
		rig->sum = 0;
		rig->back = false;
	}
	verdict = havege_health_test(&rig->health, rig->sample, count);
	if (verdict == HAVEGE_HEALTHY)
		return true;
	/* The only other result is that of a failure that goes on. */
	KUNIT_EXPECT_TRUE(test, step == (verdict == HAVEGE_PERMANENT ||
					 !rig->source.started ?
					 HAVEGE_STEP_DEAD : HAVEGE_STEP_BAD) ||
			  (phase == HAVEGE_TESTING &&
			   step == HAVEGE_STEP_BUSY &&
			   verdict == HAVEGE_INTERMITTENT));
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	return false;
}

/* The model's part of a fill that goes into a block. */
static void model_block(struct kunit *test, struct rig *rig)
{
	const u32 span = rig->source.sampler.span;
	const u32 needed = span > 1 ? COARSE_SAMPLES * span : FINE_SAMPLES;

	havege_condition_absorb(&rig->condition, rig->source.walk.delta, FILL);
	rig->ticks += FILL;
	if (rig->ticks < needed)
		return;
	KUNIT_EXPECT_EQ(test, rig->ticks, needed);
	KUNIT_ASSERT_TRUE(test, rig->blocks < BLOCKS);
	havege_condition_emit(&rig->condition, rig->block[rig->blocks++]);
	rig->ticks = 0;
}

/* The blocks that leave are all of the model's, and only after a good set. */
static void expect_left(struct kunit *test, struct rig *rig)
{
	const struct havege_source *source = &rig->source;

	KUNIT_EXPECT_EQ(test, source->pending_bytes,
			rig->blocks * HAVEGE_BLOCK);
	KUNIT_EXPECT_EQ(test, memcmp(source->pending, rig->block,
				     source->pending_bytes), 0);
	KUNIT_EXPECT_TRUE(test, havege_is_good(&source->estimate,
					       source->sampler.span));
	rig->left += rig->blocks;
	rig->blocks = 0;
	havege_source_forget(&rig->source);
}

static void expect_dropped(struct kunit *test, struct rig *rig)
{
	struct havege_source *source = &rig->source;

	rig->blocks = 0;
	rig->ticks = 0;
	havege_condition_drop(&rig->condition);
	KUNIT_EXPECT_EQ(test, source->ticks, 0);
	KUNIT_EXPECT_EQ(test, source->pending_bytes, 0);
	KUNIT_EXPECT_TRUE(test, all_zero(source->pending, HAVEGE_PENDING));
	KUNIT_EXPECT_EQ(test, source->needed, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_NULL(test, source->replay);
}

/* One step of the source, and one of the model. */
static enum havege_step source_step(struct kunit *test, struct rig *rig)
{
	struct havege_source *source = &rig->source;
	const enum havege_phase phase = source->phase;
	const u64 live = rig->clock.reads - rig->clock.replays;
	const u32 sets = source->sets;
	const bool closed = source->closed;
	const enum havege_step step = havege_source_step(source);
	const u64 shown = rig->clock.reads - rig->clock.replays - live;
	bool healthy = true;

	/* No case takes half of these steps: end one that waits in vain. */
	KUNIT_ASSERT_TRUE(test, ++rig->steps < 300000);
	/* A step is either a fill or work on a set. */
	KUNIT_EXPECT_TRUE(test, shown == FILL || shown == 0);
	KUNIT_EXPECT_TRUE(test, shown == FILL || phase == HAVEGE_ESTIMATE ||
			  phase == HAVEGE_RUNNING || phase == HAVEGE_DEAD);
	if (shown) {
		rig->fills[phase]++;
		expect_recorded(test, rig);
	}
	if (shown && (phase == HAVEGE_TESTING || phase == HAVEGE_RUNNING))
		healthy = model_fill(test, rig, phase, step);
	if (shown && phase == HAVEGE_RUNNING && healthy && !closed &&
	    !source->stream)
		model_block(test, rig);
	rig->words += step == HAVEGE_STEP_WORDS;

	switch (step) {
	case HAVEGE_STEP_MEMORY:
		KUNIT_EXPECT_EQ(test, shown, 0);
		lend(rig);
		break;
	case HAVEGE_STEP_BLOCKS:
		KUNIT_EXPECT_EQ(test, source->sets, sets + 1);
		expect_left(test, rig);
		break;
	case HAVEGE_STEP_BAD:
		rig->bad++;
		expect_dropped(test, rig);
		break;
	case HAVEGE_STEP_DEAD:
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_DEAD);
		KUNIT_EXPECT_TRUE(test, all_zero(&source->condition,
						 sizeof(source->condition)));
		break;
	case HAVEGE_STEP_FRESH:
	case HAVEGE_STEP_WORDS:
		KUNIT_EXPECT_TRUE(test, source->stream);
		break;
	case HAVEGE_STEP_BUSY:
		break;
	}
	/* The tests count from here, after a good set. */
	if (phase == HAVEGE_ESTIMATE && source->phase == HAVEGE_TESTING)
		havege_health_tune(&rig->health, source->readings.gcd,
				   source->health.shift);
	if (phase != HAVEGE_TESTING && source->phase == HAVEGE_TESTING) {
		rig->sum = 0;
		rig->half_steps = 0;
		rig->back = false;
	}
	return step;
}

/* Run steps until one returns @wanted, or the source is dead. */
static enum havege_step steps_to(struct kunit *test, struct rig *rig,
				 enum havege_step wanted)
{
	enum havege_step now;

	do {
		now = source_step(test, rig);
	} while (now != wanted && now != HAVEGE_STEP_DEAD);
	return now;
}

static void steps_to_phase(struct kunit *test, struct rig *rig,
			   enum havege_phase phase)
{
	while (rig->source.phase != phase)
		KUNIT_ASSERT_TRUE(test, source_step(test, rig) != HAVEGE_STEP_DEAD);
}

/* Run steps until the present set has @count pending blocks. */
static void source_make_blocks(struct kunit *test, struct rig *rig, u32 count)
{
	while (rig->blocks < count)
		KUNIT_ASSERT_TRUE(test, source_step(test, rig) != HAVEGE_STEP_DEAD);
}

/* Run only fills from here on, and no row. */
static void put_rows_off(struct kunit *test, struct rig *rig)
{
	while (!rig->source.replay)
		source_step(test, rig);
	rig->source.gap = 100000;
	/* The first delta contains the row before. */
	source_step(test, rig);
}

/* Make @count blocks and close the set; the blocks leave. */
static void expect_blocks(struct kunit *test, struct rig *rig, u32 count)
{
	const u32 left = rig->left;

	source_make_blocks(test, rig, count);
	havege_source_close(&rig->source);
	KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BLOCKS),
			HAVEGE_STEP_BLOCKS);
	KUNIT_EXPECT_EQ(test, rig->left - left, count);
}

/* It never ran: no word, no block; and it stays dead. */
static void expect_refused(struct kunit *test, struct rig *rig)
{
	const u64 reads = rig->clock.reads;

	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_DEAD);
	KUNIT_EXPECT_EQ(test, rig->words, 0);
	KUNIT_EXPECT_EQ(test, rig->left, 0);
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
	KUNIT_EXPECT_FALSE(test, rig->source.started);
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_DEAD);
	havege_source_estimate(&rig->source);
	havege_source_close(&rig->source);
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->clock.reads, reads);
}

/* H of the tests: half the limit, at least 1/8 bit, at least the credit. */
static void source_shift(struct kunit *test)
{
	u32 span;

	for (span = 1; span <= HAVEGE_SPAN_MAX; span *= 2) {
		const u32 h = HAVEGE_BIT >> havege_source_shift(span);

		KUNIT_EXPECT_EQ(test, h, max(havege_limit(span) / 2,
					     HAVEGE_BIT / 8));
		KUNIT_EXPECT_GE(test, h, havege_credit(span));
	}
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
	struct rig *rig = source_new_rig(test);

	KUNIT_EXPECT_EQ(test, memcmp(known, havege_known_answers,
				     sizeof(known)), 0);
	source_start(rig, tick_16);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_WARMUP);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_NONE);
}

/* One wrong bit in any byte of them: no source. */
static void source_wrong_answers(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	u8 answers[2][HAVEGE_BLOCK];
	char text[HAVEGE_EXPLAIN];
	int i;

	source_start(rig, tick_16);
	for (i = 0; i < 2 * HAVEGE_BLOCK; i++) {
		memcpy(answers, havege_known_answers, sizeof(answers));
		answers[i / HAVEGE_BLOCK][i % HAVEGE_BLOCK] ^= 1 << i % 8;
		havege_source_init(&rig->source, rig->table, &geo,
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
 * From the first step to the tenth block: the order of the phases, their
 * length, and the samples of each block.
 */
static void source_good_clock(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u8 before[HAVEGE_BLOCK];
	u32 warmup, n;

	source_start(rig, tick_16);
	rig->clock.times = 26;
	warmup = havege_warmup_fills(&source->walk);
	for (n = 0; n < warmup; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_WARMUP);
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	}
	for (n = 0; n < HAVEGE_TUNING_FILLS; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TUNING);
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
	KUNIT_EXPECT_EQ(test, source->readings.seen, HAVEGE_COUNTER_TICKS);
	KUNIT_EXPECT_EQ(test, source->readings.gcd, 26);
	KUNIT_EXPECT_EQ(test, source->fitness, HAVEGE_FIT);
	KUNIT_EXPECT_EQ(test, source->sampler.span, 1);
	KUNIT_EXPECT_EQ(test, source->block_ticks, FINE_SAMPLES);
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_MEMORY);
	while (source->phase == HAVEGE_ESTIMATE)
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 256 * 256);
	KUNIT_EXPECT_EQ(test, source->sets, 1);
	KUNIT_EXPECT_EQ(test, source->health.gcd, 26);
	KUNIT_EXPECT_EQ(test, source->health.shift, 3);
	for (n = 0; n < HAVEGE_STARTUP_SAMPLES / FILL; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
		KUNIT_EXPECT_FALSE(test, source->started);
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_RUNNING);
	KUNIT_EXPECT_TRUE(test, source->started);
	KUNIT_EXPECT_TRUE(test, havege_source_is_idle(source));

	memset(before, 0, sizeof(before));
	for (n = 1; n <= 3; n++) {
		expect_blocks(test, rig, n);
		KUNIT_EXPECT_TRUE(test, havege_source_is_idle(source));
		KUNIT_EXPECT_NE(test, memcmp(rig->block, before, HAVEGE_BLOCK),
				0);
		memcpy(before, rig->block, HAVEGE_BLOCK);
		KUNIT_EXPECT_EQ(test, rig->clock.replays, (n + 1) * 256 * 256);
	}
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
	KUNIT_EXPECT_EQ(test, rig->requests, 1);
	KUNIT_EXPECT_EQ(test, source->replay_failures, 0);
	KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_NONE);
	KUNIT_EXPECT_EQ(test, memcmp(&source->health, &rig->health,
				     sizeof(rig->health)), 0);
}

/* A counter in steps of 26: k is 4, and all counts are in samples. */
static void source_coarse_clock(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;

	source_start(rig, tick_256);
	rig->clock.coarse = 26 * 3;
	steps_to_phase(test, rig, HAVEGE_ESTIMATE);
	KUNIT_EXPECT_EQ(test, source->sampler.span, 4);
	KUNIT_EXPECT_EQ(test, source->block_ticks, 4 * COARSE_SAMPLES);
	steps_to_phase(test, rig, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 4 * 256 * 256);
	KUNIT_EXPECT_EQ(test, source->health.shift, 2);
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_TESTING],
			4 * HAVEGE_STARTUP_SAMPLES / FILL);
	expect_blocks(test, rig, 2);
	KUNIT_EXPECT_EQ(test, rig->bad, 0);
	KUNIT_EXPECT_EQ(test, memcmp(&source->health, &rig->health,
				     sizeof(rig->health)), 0);
	source_make_blocks(test, rig, 1);
	rig->clock.back = true;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
			HAVEGE_STEP_BAD);
}

/* Whether the present set has this size, and this gap. */
static void expect_set(struct kunit *test, struct rig *rig, u32 rows,
		       u32 samples, u32 gap)
{
	const struct havege_source *source = &rig->source;

	while (!source->replay)
		source_step(test, rig);
	KUNIT_EXPECT_EQ(test, source->replay->rows->rows, rows);
	KUNIT_EXPECT_EQ(test, source->replay->rows->samples, samples);
	while (!source->replay->rows->row)
		source_step(test, rig);
	KUNIT_EXPECT_EQ(test, source->gap,
			havege_replay_gap(source->replay, gap));
}

/* The size of a set follows from the speed of the machine. */
static void source_shapes(struct kunit *test)
{
	static const struct {
		u32 coarse, fill_ns;
		bool doubted;
		u32 rows, samples, gap;
	} cases[] = {
		{ 1, 0, false, 256, 256, 4 },
		{ 1, 3000, false, 256, 256, 4 },
		{ 1, 100000, false, 256, 256, 1 },
		{ 1, ~0u, false, 256, 256, 1 },
		{ 1, 3000, true, 256, 256, 64 },
		{ 1, 10000, true, 256, 256, 37 },
		/* k is 4. */
		{ 78, 0, false, 1024, 256, 31 },
		{ 78, 3000, false, 1024, 256, 31 },
		{ 78, 10000, false, 1024, 256, 21 },
		{ 78, 36000, false, 1024, 256, 1 },
		{ 78, 37000, false, 256, 512, 15 },
		{ 78, 74000, false, 256, 256, 7 },
		{ 78, ~0u, false, 256, 256, 1 },
		{ 78, 3000, true, 1024, 256, 70 },
		{ 78, 100000, true, 1024, 256, 6 },
		{ 78, 200000, true, 256, 512, 13 },
		/* k is 32. */
		{ 700, 0, false, 256, 512, 28 },
		{ 700, 10000, false, 256, 256, 53 },
		{ 700, 0, true, 1024, 256, 180 },
		{ 700, 10000, true, 1024, 256, 82 },
	};
	struct rig *rig = source_new_rig(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		source_start(rig, tick_256);
		rig->clock.coarse = cases[i].coarse;
		rig->source.fill_ns = cases[i].fill_ns;
		if (cases[i].doubted)
			havege_source_doubt(&rig->source);
		expect_set(test, rig, cases[i].rows, cases[i].samples,
			   cases[i].gap);
	}
	/* After a set with some noise: long gaps above k = 1, in service too. */
	for (i = 0; i < 4; i++) {
		source_start(rig, tick_256);
		rig->clock.coarse = i & 1 ? 78 : 1;
		rig->source.patient = true;
		rig->source.fill_ns = i & 2 ? ~0u : 2500;
		if (i & 2) {
			steps_to_phase(test, rig, HAVEGE_RUNNING);
			expect_blocks(test, rig, 1);
			rig->source.fill_ns = 2500;
		}
		KUNIT_EXPECT_TRUE(test, rig->source.patient);
		expect_set(test, rig, i & 1 ? 1024 : 256, i ? 512 : 256,
			   i & 1 ? 667 : i ? 300 : 4);
	}
	/* A slow machine makes a smaller set then, too. */
	source_start(rig, tick_256);
	rig->clock.coarse = 78;
	rig->source.patient = true;
	rig->source.fill_ns = 150000;
	expect_set(test, rig, 1024, 256, 5);
	/* The first set with blocks, and a set of a stream, is quick below k = 8. */
	for (i = 0; i < 4; i++) {
		source_start(rig, tick_256);
		rig->source.stream = i & 1;
		rig->clock.coarse = i & 2 ? 700 : 78;
		steps_to_phase(test, rig, HAVEGE_RUNNING);
		rig->source.fill_ns = 3000;
		if (i & 1)
			havege_source_estimate(&rig->source);
		expect_set(test, rig, 1024, 256, i & 2 ? 180 : 31);
	}
	/* Later sets are whole, unless they take too long. */
	for (i = 0; i < 2; i++) {
		source_start(rig, tick_256);
		rig->source.fill_ns = i ? 98000 : 97000;
		steps_to_phase(test, rig, HAVEGE_RUNNING);
		expect_blocks(test, rig, 1);
		source_step(test, rig);
		KUNIT_EXPECT_EQ(test, rig->source.replay->rows->samples,
				i ? 256 : 512);
	}
}

/* Clocks that are refused before the first word. */
static void source_refuses_still(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	char text[HAVEGE_EXPLAIN];

	source_start(rig, tick_none);
	rig->clock.program = false;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_STOPPED);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 0);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "does not move"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "in 1024 readings"));
}

/* Eight units take more than 256 half-steps. */
static void source_refuses_coarse(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	char text[HAVEGE_EXPLAIN];

	source_start(rig, tick_16);
	rig->clock.coarse = 4000;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_COARSE);
	KUNIT_EXPECT_EQ(test, rig->clock.replays, 0);
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
	KUNIT_EXPECT_EQ(test, rig->source.sets, 1);
	KUNIT_EXPECT_EQ(test, rig->source.replay_failures, 1);
	havege_source_explain(&rig->source, text, sizeof(text));
	/* The documentation and the guest tests match these words. */
	KUNIT_EXPECT_TRUE(test, strstr(text, "replay found 0.0000 bit a sample (k = "));
	KUNIT_EXPECT_TRUE(test, strstr(text, " is needed: "));
}

static void source_refuses_counting(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);

	source_start(rig, source_tick_hundred);
	rig->clock.program = false;
	expect_nothing_found(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.readings.gcd, 100);
	/* One unit a half-step: eight half-steps a sample. */
	KUNIT_EXPECT_EQ(test, rig->source.sampler.span, 8);
}

/* An emulator that counts instructions: varied samples without noise. */
static void source_refuses_path(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);

	source_start(rig, tick_none);
	expect_nothing_found(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.sampler.span, 1);
}

static void source_refuses_too_little(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	char text[HAVEGE_EXPLAIN];

	source_start(rig, tick_thirtieth);
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_REPLAY);
	KUNIT_EXPECT_GT(test, rig->source.estimate.residual, 0);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "replay found 0.0"));
	KUNIT_EXPECT_FALSE(test, strstr(text, "replay found 0.0000"));
	KUNIT_EXPECT_TRUE(test, strstr(text, ", 0.1250 is needed"));
}

static const u32 periods[] = { 2, 3, 64, 1000, 4096 };

static void repeat(struct rig *rig, u32 period, u32 values)
{
	u64 state = 1 + period;
	u32 i;

	for (i = 0; i < period; i++)
		rig->clock.pattern[i] = 10 + source_noise_of(&state, values);
	/* Another case tests a constant. */
	rig->clock.pattern[0] = 10 + (rig->clock.pattern[1] == 10);
	rig->clock.period = period;
	rig->clock.tick = tick_period;
	rig->clock.program = false;
}

static void source_refuses_periods(struct kunit *test)
{
	static const u32 values[] = { 2, 16, 256 };
	struct rig *rig = source_new_rig(test);
	unsigned int p, v;

	for (p = 0; p < ARRAY_SIZE(periods); p++)
		for (v = 0; v < ARRAY_SIZE(values); v++) {
			source_start(rig, tick_none);
			repeat(rig, periods[p], values[v]);
			steps_to(test, rig, HAVEGE_STEP_DEAD);
			expect_refused(test, rig);
		}
}

/* At any time of the start-up when the counter is checked. */
static void source_refuses_backwards(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	char text[HAVEGE_EXPLAIN];

	/* During tuning. */
	source_start(rig, tick_16);
	steps_to_phase(test, rig, HAVEGE_TUNING);
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_COUNTER);
	KUNIT_EXPECT_EQ(test, rig->source.fitness, HAVEGE_BACKWARDS);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "backwards"));

	/* During the start-up tests: no second try. */
	source_start(rig, tick_16);
	steps_to_phase(test, rig, HAVEGE_TESTING);
	source_step(test, rig);
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "backwards"));

	/* Again and again. */
	source_start(rig, tick_jumps);
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
}

/* One intermittent failure in the start-up tests is enough. */
static void source_refuses_at_first_no(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);

	source_start(rig, tick_16);
	steps_to_phase(test, rig, HAVEGE_TESTING);
	while (rig->source.left > 2)
		source_step(test, rig);
	/* In the last two fills: 250 equal samples; the cutoff is 241. */
	rig->clock.hold = 250;
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
}

/*
 * Too little noise in the first set, but some: three longer sets follow, and
 * all have to be good. Without any noise there is no second look.
 */
static void source_looks_closer(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;

	source_start(rig, tick_twelfth);
	while (!source->replay_failures)
		KUNIT_ASSERT_TRUE(test, source_step(test, rig) != HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TUNING);
	KUNIT_EXPECT_EQ(test, source->needed, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_TRUE(test, source->doubted);
	KUNIT_EXPECT_FALSE(test, source->started);
	rig->clock.tick = tick_16;
	steps_to_phase(test, rig, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->sets, 1 + HAVEGE_GOOD_SETS);
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	/* Until blocks leave. */
	KUNIT_EXPECT_TRUE(test, source->doubted);
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_FALSE(test, source->doubted);

	/* At k = 1 longer gaps than those are of no use. */
	KUNIT_EXPECT_FALSE(test, source->patient);

	/* One of the three is refused. */
	source_start(rig, tick_twelfth);
	while (source->sets < 1)
		source_step(test, rig);
	rig->clock.tick = tick_16;
	while (source->sets < HAVEGE_GOOD_SETS)
		source_step(test, rig);
	rig->clock.tick = tick_twelfth;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, source->sets, 1 + HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_EQ(test, source->replay_failures, 2);
	/* It would have been enough for a closer look. */
	KUNIT_EXPECT_GE(test, source->estimate.residual, HAVEGE_BIT / 64);

	source_start(rig, tick_none);
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, source->sets, 1);
}

/*
 * Above k = 1 the closer look has long gaps, and so have all later sets. There
 * is one such look, also where one good set was not enough from the beginning.
 */
static void source_is_patient(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 doubted;

	for (doubted = 0; doubted < 2; doubted++) {
		source_start(rig, tick_16);
		rig->clock.coarse = 26;
		if (doubted)
			havege_source_doubt(source);
		while (!source->replay_failures)
			KUNIT_ASSERT_TRUE(test, source_step(test, rig) !=
					  HAVEGE_STEP_DEAD);
		KUNIT_EXPECT_EQ(test, source->sampler.span, 4);
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TUNING);
		KUNIT_EXPECT_EQ(test, source->needed, HAVEGE_GOOD_SETS);
		KUNIT_EXPECT_TRUE(test, source->patient);
		steps_to(test, rig, HAVEGE_STEP_DEAD);
		expect_refused(test, rig);
		KUNIT_EXPECT_EQ(test, source->sets, 2);
	}

	source_start(rig, tick_16);
	rig->clock.coarse = 26;
	while (!source->replay_failures)
		source_step(test, rig);
	rig->clock.tick = tick_256;
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_GE(test, source->sets, 1 + HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_FALSE(test, source->doubted);
	KUNIT_EXPECT_TRUE(test, source->patient);

	/* A source in service becomes patient, too. */
	source_start(rig, tick_256);
	rig->clock.coarse = 26;
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_FALSE(test, source->patient);
	rig->clock.tick = tick_16;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_TRUE(test, source->patient);
}

/* A hurried set gets its rows sooner, and goes on making blocks. */
static void source_hurries(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 fills, left;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 1);
	put_rows_off(test, rig);
	fills = rig->fills[HAVEGE_RUNNING];
	left = rig->left;
	havege_source_hurry(source);
	KUNIT_EXPECT_TRUE(test, source->hurried);
	KUNIT_EXPECT_FALSE(test, source->closed);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BLOCKS),
			HAVEGE_STEP_BLOCKS);
	/* A fill every row or two, and blocks of all fills. */
	fills = rig->fills[HAVEGE_RUNNING] - fills;
	KUNIT_EXPECT_LE(test, fills, 2 * 256);
	KUNIT_EXPECT_GE(test, fills, 128);
	KUNIT_EXPECT_GE(test, rig->left - left,
			fills * FILL / FINE_SAMPLES);
	KUNIT_EXPECT_FALSE(test, source->hurried);
}

/* Three good sets in a row after a refusal. A bad set ends the source. */
static void source_three_good_sets(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);

	KUNIT_EXPECT_EQ(test, HAVEGE_GOOD_SETS, 3);
	source_start(rig, tick_16);
	havege_source_doubt(&rig->source);
	steps_to_phase(test, rig, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->source.sets, HAVEGE_GOOD_SETS);
	expect_blocks(test, rig, 1);

	source_start(rig, tick_16);
	havege_source_doubt(&rig->source);
	while (rig->source.sets < HAVEGE_GOOD_SETS - 1)
		source_step(test, rig);
	rig->clock.tick = tick_none;
	steps_to(test, rig, HAVEGE_STEP_DEAD);
	expect_refused(test, rig);
	KUNIT_EXPECT_EQ(test, rig->source.sets, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_EQ(test, rig->source.replay_failures, 1);
}

/*
 * A running source whose counter begins to repeat stops permanently and soon.
 * No block contains a failed fill (the model checks this).
 */
static void source_stops_when_it_repeats(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	u32 p, tested;

	for (p = 0; p < ARRAY_SIZE(periods) + 2; p++) {
		source_start(rig, tick_16);
		expect_blocks(test, rig, 2);
		if (p < ARRAY_SIZE(periods)) {
			repeat(rig, periods[p], 16);
		} else {
			rig->clock.program = false;
			rig->clock.tick = p == ARRAY_SIZE(periods) ?
				tick_none : source_tick_hundred;
		}
		/* Rows read the clock too, and would disturb its period. */
		put_rows_off(test, rig);
		tested = rig->fills[HAVEGE_RUNNING] +
			rig->fills[HAVEGE_TESTING];
		KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_DEAD),
				HAVEGE_STEP_DEAD);
		tested = rig->fills[HAVEGE_RUNNING] +
			rig->fills[HAVEGE_TESTING] - tested;
		/* As soon as possible: after two periods and a cutoff. */
		KUNIT_EXPECT_LE(test, tested * FILL,
				(p < ARRAY_SIZE(periods) ? 2 * periods[p] : 1) +
				481 + 4 * FILL);
		KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
		KUNIT_EXPECT_EQ(test, rig->left, 2);
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_DEAD);
	}
}

/*
 * The noise ends in the middle of a set, and the samples look the same: the
 * blocks of this set do not leave. Then the source is silent until there is
 * noise.
 */
static void source_turns_deterministic(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 n;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 3);
	source_step(test, rig);
	source_step(test, rig);
	rig->clock.tick = tick_none;
	source_make_blocks(test, rig, 2);
	havege_source_close(source);
	for (n = 1; n <= 20; n++) {
		KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
				HAVEGE_STEP_BAD);
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TUNING);
		KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_REPLAY);
		KUNIT_EXPECT_EQ(test, source->tries, n);
		KUNIT_EXPECT_EQ(test, source->replay_failures, n);
	}
	KUNIT_EXPECT_EQ(test, rig->left, 3);
	/* It recovers at any later time. */
	rig->clock.tick = tick_16;
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_EQ(test, source->tries, 0);
}

/* Noise returns: three good sets in a row, and new blocks. */
static void source_noise_comes_back(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 sets;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 1);
	while (source->ticks < FINE_SAMPLES - FILL)
		source_step(test, rig);
	rig->clock.tick = tick_none;
	havege_source_close(source);
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->bad, 1);
	/* A good set, and a bad one: three are needed again. */
	sets = source->sets;
	rig->clock.tick = tick_16;
	while (source->sets < sets + 2)
		source_step(test, rig);
	KUNIT_EXPECT_EQ(test, source->needed, 1);
	rig->clock.tick = tick_none;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->needed, HAVEGE_GOOD_SETS);
	KUNIT_EXPECT_EQ(test, source->tries, 2);
	sets = source->sets;
	rig->clock.tick = tick_16;
	steps_to_phase(test, rig, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->sets, sets + HAVEGE_GOOD_SETS);
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_EQ(test, rig->left, 2);
	KUNIT_EXPECT_EQ(test, source->tries, 0);
	KUNIT_EXPECT_EQ(test, source->replay_failures, 2);
}

/* The next set notices lost noise without a call from outside. */
static void source_notices_by_itself(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);

	source_start(rig, tick_16);
	expect_blocks(test, rig, 1);
	rig->clock.tick = tick_none;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
			HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->left, 1);
}

/* The counter is coarser when it is checked again: another k. */
static void source_no_block_of_two_credits(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;

	source_start(rig, tick_256);
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_EQ(test, source->sampler.span, 1);
	/* All but one fill of a block, at the credit of k = 1. */
	while (source->ticks < FINE_SAMPLES - FILL)
		source_step(test, rig);
	rig->clock.now *= 78;
	rig->clock.coarse = 78;
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	KUNIT_EXPECT_EQ(test, source->sampler.span, 4);
	KUNIT_EXPECT_EQ(test, source->health.shift, 2);
	KUNIT_EXPECT_EQ(test, source->ticks, 0);
	/* The model counts from zero, and would notice older samples. */
	expect_blocks(test, rig, 1);
	/* Failures stay counted with other samples. */
	KUNIT_EXPECT_GE(test, source->health.failures[HAVEGE_COUNTER], 1);
}

/* A set closes itself at 64 KiB of blocks. */
static void source_never_more(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;

	source_start(rig, tick_16);
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	put_rows_off(test, rig);
	/* This case tests the number of blocks, not their content. */
	source->pending_bytes = HAVEGE_PENDING - HAVEGE_BLOCK;
	rig->blocks = HAVEGE_PENDING / HAVEGE_BLOCK - 1;
	source_make_blocks(test, rig, HAVEGE_PENDING / HAVEGE_BLOCK);
	KUNIT_EXPECT_TRUE(test, source->closed);
	memcpy(rig->block, source->pending, HAVEGE_PENDING);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BLOCKS),
			HAVEGE_STEP_BLOCKS);
	KUNIT_EXPECT_EQ(test, rig->left, HAVEGE_PENDING / HAVEGE_BLOCK);
}

/*
 * One intermittent failure drops the blocks of the set. Then the start-up
 * samples have to pass twice, and three sets have to be good. A failure among
 * those starts again.
 */
static void source_recovers(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	const u32 test_fills = HAVEGE_STARTUP_SAMPLES / FILL;
	u32 n, testing, sets;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 1);
	source_make_blocks(test, rig, 1);
	testing = rig->fills[HAVEGE_TESTING];
	sets = source->sets;
	rig->clock.hold = 250;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->fault, HAVEGE_FAULT_HEALTH);
	KUNIT_EXPECT_EQ(test, source->tries, 1);
	KUNIT_EXPECT_EQ(test, source->health.failures[HAVEGE_REPETITION], 1);
	for (n = 0; n < test_fills - 2; n++)
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	rig->clock.hold = 250;
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->tries, 2);
	for (n = 0; n < test_fills; n++) {
		KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TESTING);
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_BUSY);
	}
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_TUNING);
	steps_to_phase(test, rig, HAVEGE_ESTIMATE);
	steps_to_phase(test, rig, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, source->sets, sets + HAVEGE_GOOD_SETS);
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	KUNIT_EXPECT_EQ(test, rig->fills[HAVEGE_TESTING] - testing,
			3 * test_fills);
	KUNIT_EXPECT_EQ(test, source->tries, 2);
	expect_blocks(test, rig, 3);
	KUNIT_EXPECT_EQ(test, source->tries, 0);
	KUNIT_EXPECT_EQ(test, rig->left, 4);
	/* The counts survive the recovery. */
	KUNIT_EXPECT_EQ(test, source->health.failures[HAVEGE_REPETITION], 2);
	KUNIT_EXPECT_EQ(test, memcmp(&source->health, &rig->health,
				     sizeof(rig->health)), 0);
}

/* A permanent failure: exactly at its cutoff, and for ever. */
static void source_permanent(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	char text[HAVEGE_EXPLAIN];
	u32 n;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 2);
	/* The fault goes on in the start-up tests. */
	put_rows_off(test, rig);
	rig->clock.hold = 480;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_TESTING);
	expect_blocks(test, rig, 1);
	/* It takes four fills and fails two tests: two failures, not four. */
	KUNIT_EXPECT_EQ(test, rig->bad, 2);
	put_rows_off(test, rig);
	rig->clock.hold = 481;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_DEAD),
			HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->source.fault, HAVEGE_FAULT_HEALTH);
	havege_source_explain(&rig->source, text, sizeof(text));
	KUNIT_EXPECT_TRUE(test, strstr(text, "repetition count"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "481 samples"));
	KUNIT_EXPECT_TRUE(test, strstr(text, "241 and 481"));
	for (n = 0; n < 1000; n++)
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->left, 3);
}

/* After one step back it goes on; after many it is silent, but not dead. */
static void source_backwards_while_running(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	u32 n;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 2);
	rig->clock.back = true;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_TESTING);
	KUNIT_EXPECT_EQ(test, rig->source.health.failures[HAVEGE_COUNTER], 1);
	expect_blocks(test, rig, 2);
	KUNIT_EXPECT_EQ(test, rig->bad, 1);

	rig->clock.tick = tick_jumps;
	for (n = 0; n < 100; n++)
		KUNIT_ASSERT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
				HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, rig->left, 4);
	rig->clock.tick = tick_16;
	expect_blocks(test, rig, 1);
}

/* Walk words instead of blocks: no block, the same tests, the same end. */
static void source_stream(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u8 block[HAVEGE_BLOCK];
	u32 n;

	source_start(rig, tick_16);
	source->stream = true;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	for (n = 1; n < 200; n++)
		KUNIT_EXPECT_EQ(test, source_step(test, rig), HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, source->pending_bytes, 0);
	KUNIT_EXPECT_FALSE(test, all_zero(source->walk.ring,
					  sizeof(source->walk.ring)));
	/* The conditioner has absorbed nothing. */
	havege_condition_emit(&source->condition, block);
	havege_condition_emit(&rig->condition, rig->block[0]);
	KUNIT_EXPECT_EQ(test, memcmp(block, rig->block[0], sizeof(block)), 0);

	rig->clock.hold = 250;
	steps_to(test, rig, HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->tries, 1);
	KUNIT_EXPECT_TRUE(test, source->doubted);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, source->tries, 0);
	KUNIT_EXPECT_FALSE(test, source->doubted);
	/* A set on request, and then words again. */
	n = source->sets;
	havege_source_estimate(source);
	KUNIT_EXPECT_EQ(test, source->phase, HAVEGE_ESTIMATE);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, source->sets, n + 1);
	rig->clock.tick = tick_none;
	havege_source_estimate(source);
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_BAD),
			HAVEGE_STEP_BAD);
	rig->clock.tick = tick_16;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_WORDS),
			HAVEGE_STEP_WORDS);
	KUNIT_EXPECT_EQ(test, source->sets, n + 2 + HAVEGE_GOOD_SETS);
	rig->clock.hold = 482;
	KUNIT_EXPECT_EQ(test, steps_to(test, rig, HAVEGE_STEP_DEAD),
			HAVEGE_STEP_DEAD);
	KUNIT_EXPECT_EQ(test, rig->left, 0);
}

/* A request for a set has an effect only while the source is idle. */
static void source_estimate_only_when_idle(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	u32 sets;

	source_start(rig, tick_16);
	while (rig->source.phase != HAVEGE_RUNNING) {
		const enum havege_phase phase = rig->source.phase;

		havege_source_estimate(&rig->source);
		havege_source_close(&rig->source);
		KUNIT_EXPECT_EQ(test, rig->source.phase, phase);
		KUNIT_EXPECT_FALSE(test, rig->source.closed);
		source_step(test, rig);
	}
	sets = rig->source.sets;
	source_step(test, rig);
	havege_source_estimate(&rig->source);
	KUNIT_EXPECT_EQ(test, rig->source.phase, HAVEGE_RUNNING);
	expect_blocks(test, rig, 1);
	KUNIT_EXPECT_EQ(test, rig->source.sets, sets + 1);
}

/* Run one fresh fill; the model takes part. */
static enum havege_step fresh_fill(struct kunit *test, struct rig *rig)
{
	struct havege_source *source = &rig->source;
	const u64 live = rig->clock.reads - rig->clock.replays;
	enum havege_step step;

	KUNIT_ASSERT_TRUE(test, havege_source_can_freshen(source));
	step = havege_source_freshen(source);
	KUNIT_EXPECT_EQ(test, rig->clock.reads - rig->clock.replays - live,
			FILL);
	expect_recorded(test, rig);
	model_fill(test, rig, HAVEGE_RUNNING, step);
	return step;
}

/* Open @block; the model opens @model. */
static void expect_opened(struct kunit *test, struct rig *rig,
			  struct havege_condition *opener, u8 *block, u8 *model)
{
	const u32 span = rig->source.sampler.span;
	const u32 needed = 128 * (span > 1 ? 8 : 16) * span;
	enum havege_step step;
	u32 ticks = 0;

	do {
		step = fresh_fill(test, rig);
		havege_condition_absorb(opener, rig->source.walk.delta, FILL);
		ticks += FILL;
	} while (step == HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, step, HAVEGE_STEP_FRESH);
	KUNIT_EXPECT_EQ(test, ticks, needed);
	havege_source_open(&rig->source, block);
	havege_condition_seed(opener, model);
	havege_condition_emit(opener, model);
	KUNIT_EXPECT_EQ(test, memcmp(block, model, HAVEGE_BLOCK), 0);
	KUNIT_EXPECT_EQ(test, rig->source.fresh, 0);
}

static void open_blocks(struct kunit *test, u32 coarse)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	struct havege_condition *opener = source_zeroed(test, sizeof(*opener));
	u8 block[2][HAVEGE_BLOCK] = { { 1 }, { 1 } };
	u8 model[2][HAVEGE_BLOCK] = { { 1 }, { 1 } };
	u32 gap, ticks;

	havege_condition_init(opener);
	source_start(rig, tick_256);
	rig->clock.coarse = coarse;
	expect_blocks(test, rig, 1);
	put_rows_off(test, rig);
	source_make_blocks(test, rig, 1);
	gap = source->gap;
	ticks = source->ticks;

	expect_opened(test, rig, opener, block[0], model[0]);
	/* A fresh fill counts in the gap, and is no part of a block. */
	KUNIT_EXPECT_EQ(test, gap - source->gap, source->open_ticks / FILL);
	KUNIT_EXPECT_EQ(test, source->ticks, ticks);
	KUNIT_EXPECT_EQ(test, source->pending_bytes, HAVEGE_BLOCK);

	/* The same seed does not give the same block again. */
	expect_opened(test, rig, opener, block[1], model[1]);
	KUNIT_EXPECT_NE(test, memcmp(block[0], block[1], HAVEGE_BLOCK), 0);

	/* The blocks of the set are those of the model. */
	source->gap = 0;
	expect_blocks(test, rig, 2);
}

/* 128 bits of credit, at k = 1 and above. */
static void source_opens(struct kunit *test)
{
	open_blocks(test, 1);
	open_blocks(test, 64);
}

/* A fill of the live walk within a row would add noise to the replay. */
static void source_opens_between_rows(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 within = 0;

	source_start(rig, tick_256);
	rig->clock.coarse = 64;
	while (source->phase != HAVEGE_RUNNING) {
		KUNIT_EXPECT_FALSE(test, havege_source_can_freshen(source));
		source_step(test, rig);
	}
	KUNIT_EXPECT_TRUE(test, havege_source_can_freshen(source));
	while (!source->replay)
		source_step(test, rig);
	source->gap = 0;
	while (!source->replay->rows->row) {
		const u64 replays = rig->clock.replays;

		source_step(test, rig);
		if (!source->replay->fills)
			continue;
		within += rig->clock.replays > replays;
		KUNIT_EXPECT_FALSE(test, havege_source_can_freshen(source));
	}
	KUNIT_EXPECT_GT(test, within, 0);
	KUNIT_EXPECT_TRUE(test, havege_source_can_freshen(source));
}

/* A failure drops the fresh half-steps. */
static void source_fails_while_opening(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 fills = 0;

	source_start(rig, tick_256);
	expect_blocks(test, rig, 1);
	put_rows_off(test, rig);
	KUNIT_EXPECT_EQ(test, fresh_fill(test, rig), HAVEGE_STEP_BUSY);
	KUNIT_EXPECT_EQ(test, source->fresh, FILL);
	rig->clock.back = true;
	KUNIT_EXPECT_EQ(test, fresh_fill(test, rig), HAVEGE_STEP_BAD);
	KUNIT_EXPECT_EQ(test, source->fresh, 0);
	KUNIT_EXPECT_FALSE(test, havege_source_can_freshen(source));
	expect_dropped(test, rig);

	/* Afterwards an opening begins with nothing. */
	steps_to_phase(test, rig, HAVEGE_RUNNING);
	while (fresh_fill(test, rig) == HAVEGE_STEP_BUSY)
		fills++;
	KUNIT_EXPECT_EQ(test, (fills + 1) * FILL, source->open_ticks);
	havege_source_open(source, NULL);
	KUNIT_EXPECT_EQ(test, source->fresh, 0);
}

/* The text is cut to its size, ends with a zero, and writes no byte beyond. */
static void source_explains(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	char *whole = source_zeroed(test, 2 * HAVEGE_EXPLAIN);
	char *text = source_zeroed(test, 2 * HAVEGE_EXPLAIN);
	size_t size, length, i, touched;
	int fault, which;

	source_start(rig, tick_16);
	/* The longest possible text. */
	source->readings.seen = HAVEGE_COUNTER_TICKS;
	source->readings.still = HAVEGE_COUNTER_TICKS;
	source->estimate.residual = ~0u;
	source->sampler.span = HAVEGE_SPAN_MAX;
	havege_health_tune(&source->health, 1, 3);
	source->health.count = 10240;
	for (fault = HAVEGE_FAULT_NONE; fault <= HAVEGE_FAULT_HEALTH; fault++)
		for (which = 0; which < HAVEGE_TESTS; which++) {
			const char *name = havege_test_name(which);

			source->fault = fault;
			/* There are fewer kinds of fitness than of tests. */
			source->fitness = min_t(int, which, HAVEGE_COARSE);
			source->health.worst = which;
			havege_source_explain(source, whole,
					      2 * HAVEGE_EXPLAIN);
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
	havege_source_explain(source, whole, 2 * HAVEGE_EXPLAIN);
	for (size = 0; size <= strlen(whole) + 1; size++) {
		memset(text, 0x5a, 2 * HAVEGE_EXPLAIN);
		havege_source_explain(source, text, size);
		for (i = size, touched = 0; i < 2 * HAVEGE_EXPLAIN; i++)
			touched += text[i] != 0x5a;
		KUNIT_EXPECT_EQ(test, touched, 0);
		if (!size)
			continue;
		KUNIT_EXPECT_EQ(test, text[size - 1], 0);
		KUNIT_EXPECT_EQ(test, memcmp(text, whole, size - 1), 0);
	}
}

/* Delivered blocks and the rest of a step are wiped. */
static void source_forgets(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;

	source_start(rig, tick_16);
	expect_blocks(test, rig, 2);
	/* expect_left() has called havege_source_forget(). */
	KUNIT_EXPECT_EQ(test, source->pending_bytes, 0);
	KUNIT_EXPECT_TRUE(test, all_zero(source->pending, HAVEGE_PENDING));
	KUNIT_EXPECT_TRUE(test, all_zero(source->walk.ring,
					 sizeof(source->walk.ring)));
	KUNIT_EXPECT_TRUE(test, all_zero(source->walk.delta,
					 sizeof(source->walk.delta)));
	KUNIT_EXPECT_TRUE(test, all_zero(source->sample,
					 sizeof(source->sample)));
	expect_blocks(test, rig, 1);
}

/*
 * Lent memory comes back wiped at any time. The source goes on with new memory.
 */
static void source_gives_back(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	u32 n;

	source_start(rig, tick_16);
	KUNIT_EXPECT_NULL(test, havege_source_unlend(source));
	steps_to_phase(test, rig, HAVEGE_ESTIMATE);
	for (n = 0; n < 4; n++) {
		/* Without memory it only waits. */
		KUNIT_EXPECT_EQ(test, havege_source_step(source),
				HAVEGE_STEP_MEMORY);
		KUNIT_EXPECT_EQ(test, havege_source_step(source),
				HAVEGE_STEP_MEMORY);
		lend(rig);
		if (n == 2)
			source_make_blocks(test, rig, 1);
		else
			while (!source->replay || source->replay->rows->row < 10)
				source_step(test, rig);
		KUNIT_EXPECT_PTR_EQ(test, havege_source_unlend(source),
				    rig->memory);
		KUNIT_EXPECT_TRUE(test, all_zero(rig->memory, rig->memory_bytes));
		KUNIT_EXPECT_EQ(test, source->pending_bytes, 0);
		KUNIT_EXPECT_NULL(test, source->replay);
		/* No block in the returned memory leaves later. */
		rig->blocks = 0;
		rig->ticks = 0;
		havege_condition_drop(&rig->condition);
		if (n == 1)
			steps_to_phase(test, rig, HAVEGE_RUNNING);
		if (n == 1)
			havege_source_unlend(source);
	}
	expect_blocks(test, rig, 1);
}

/* At any time, and for an all-zero source. */
static void source_wipes(struct kunit *test)
{
	const size_t bytes = havege_table_bytes(&geo);
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	enum havege_phase n;

	havege_source_wipe(source);
	for (n = HAVEGE_WARMUP; n <= HAVEGE_DEAD; n++) {
		source_start(rig, tick_16);
		while (source->phase < n && source->phase < HAVEGE_RUNNING)
			source_step(test, rig);
		source_step(test, rig);
		source_step(test, rig);
		if (n == HAVEGE_DEAD) {
			put_rows_off(test, rig);
			rig->clock.hold = 481;
			steps_to(test, rig, HAVEGE_STEP_DEAD);
		}
		KUNIT_EXPECT_EQ(test, source->phase, n);
		havege_source_wipe(source);
		KUNIT_EXPECT_TRUE(test, all_zero(source, sizeof(*source)));
		KUNIT_EXPECT_TRUE(test, all_zero(rig->table, bytes));
		KUNIT_EXPECT_TRUE(test, all_zero(rig->memory, rig->memory_bytes));
	}
}

/* Equal clocks give equal blocks: one source leaves nothing to the next. */
static void source_starts_afresh(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	u8 first[HAVEGE_BLOCK];

	source_start(rig, tick_16);
	expect_blocks(test, rig, 2);
	memcpy(first, rig->block[1], sizeof(first));
	memset(rig->block[1], 0, sizeof(first));
	source_start(rig, tick_16);
	expect_blocks(test, rig, 2);
	KUNIT_EXPECT_EQ(test, memcmp(first, rig->block[1], sizeof(first)), 0);
}

/*
 * The CPU's own counter, which may be unfit (an emulator that counts
 * instructions): there are blocks, or an end.
 */
static void source_live(struct kunit *test)
{
	struct rig *rig = source_new_rig(test);
	struct havege_source *source = &rig->source;
	enum havege_step now;
	u32 n = 0;

	havege_source_init(source, rig->table, &geo, NULL,
			   havege_known_answers);
	source->fill_ns = SLOW_NS;
	do {
		now = havege_source_step(source);
		if (now == HAVEGE_STEP_MEMORY)
			lend(rig);
		if (source->pending_bytes)
			havege_source_close(source);
		KUNIT_ASSERT_TRUE(test, ++n < 1000000);
	} while (now != HAVEGE_STEP_BLOCKS && now != HAVEGE_STEP_DEAD &&
		 now != HAVEGE_STEP_BAD);
	if (now == HAVEGE_STEP_BLOCKS)
		KUNIT_EXPECT_FALSE(test, all_zero(source->pending,
						  HAVEGE_BLOCK));
	else
		KUNIT_EXPECT_NE(test, source->fault, HAVEGE_FAULT_NONE);
	KUNIT_EXPECT_GE(test, source->sets, now == HAVEGE_STEP_BLOCKS ? 2 : 0);
	havege_source_wipe(source);
}

static struct kunit_case source_cases[] = {
	KUNIT_CASE(source_shift),
	KUNIT_CASE(source_known_answers),
	KUNIT_CASE(source_wrong_answers),
	KUNIT_CASE(source_good_clock),
	KUNIT_CASE(source_coarse_clock),
	KUNIT_CASE_SLOW(source_shapes),
	KUNIT_CASE(source_refuses_still),
	KUNIT_CASE(source_refuses_coarse),
	KUNIT_CASE(source_refuses_counting),
	KUNIT_CASE(source_refuses_path),
	KUNIT_CASE_SLOW(source_refuses_too_little),
	KUNIT_CASE_SLOW(source_refuses_periods),
	KUNIT_CASE(source_refuses_backwards),
	KUNIT_CASE(source_refuses_at_first_no),
	KUNIT_CASE_SLOW(source_looks_closer),
	KUNIT_CASE_SLOW(source_is_patient),
	KUNIT_CASE_SLOW(source_hurries),
	KUNIT_CASE_SLOW(source_three_good_sets),
	KUNIT_CASE_SLOW(source_stops_when_it_repeats),
	KUNIT_CASE_SLOW(source_turns_deterministic),
	KUNIT_CASE_SLOW(source_noise_comes_back),
	KUNIT_CASE(source_notices_by_itself),
	KUNIT_CASE(source_no_block_of_two_credits),
	KUNIT_CASE_SLOW(source_never_more),
	KUNIT_CASE(source_recovers),
	KUNIT_CASE_SLOW(source_permanent),
	KUNIT_CASE_SLOW(source_backwards_while_running),
	KUNIT_CASE(source_stream),
	KUNIT_CASE(source_estimate_only_when_idle),
	KUNIT_CASE(source_opens),
	KUNIT_CASE(source_opens_between_rows),
	KUNIT_CASE(source_fails_while_opening),
	KUNIT_CASE(source_explains),
	KUNIT_CASE(source_forgets),
	KUNIT_CASE(source_gives_back),
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
