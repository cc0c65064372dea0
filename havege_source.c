// SPDX-License-Identifier: GPL-2.0
/*
 * The entropy source. The contract is in havege_source.h.
 */
#include "havege_source.h"

/*
 * Of the conditioner: the delta that is 8 times byte n, for n from 0 to 255;
 * any other SHA-256 gives the same. Of the walk: the words of four fills on the
 * clock below, as if they were deltas, after that; a model of the walk in another
 * language gives the same (kunit/source_test.c).
 */
const u8 havege_known_answers[2][HAVEGE_BLOCK] = {
	{
		0x3f, 0xff, 0xb1, 0x74, 0xd9, 0x94, 0xf8, 0x6a,
		0xc4, 0x0d, 0x6d, 0x22, 0x2e, 0x09, 0x4f, 0x35,
		0xb4, 0x85, 0x6d, 0x46, 0x9f, 0x33, 0x47, 0x1f,
		0x72, 0xf1, 0xca, 0x76, 0x37, 0xe6, 0x90, 0xd1,
	},
	{
		0x5e, 0x82, 0xeb, 0x44, 0x70, 0x65, 0x14, 0x99,
		0x01, 0x7d, 0x94, 0x01, 0x46, 0x10, 0xd8, 0x54,
		0xff, 0x06, 0x49, 0xc4, 0x9d, 0xc7, 0xb3, 0x51,
		0xee, 0x84, 0xc4, 0x39, 0xfe, 0x8e, 0x82, 0x3b,
	},
};

struct answer_clock {
	struct havege_test_clock base;
	u64 now;
};

/* A bad clock, and a good test: each reading differs, and all are known. */
static u64 answer_read(struct havege_test_clock *base, u32 p, u32 q,
		       unsigned int depth, u32 *mix)
{
	struct answer_clock *clock = (struct answer_clock *)base;

	clock->now += 20 + (clock->now * 0x9e3779b1u >> 8 & 63);
	*mix = (u32)clock->now;
	return clock->now;
}

/* Does what is about to be trusted do what it should? */
static bool gives_known_answers(struct havege_source *source, u64 *table,
				const u8 answers[2][HAVEGE_BLOCK])
{
	const struct havege_geometry geo = {
		HAVEGE_DCACHE_MIN_KB, HAVEGE_ICACHE_MIN_KB
	};
	struct answer_clock clock = { .base.read = answer_read, .now = 1 };
	u64 delta;
	u32 i, fill;

	havege_condition_init(&source->condition);
	for (i = 0; i < 256; i++) {
		delta = i * 0x0101010101010101ull;
		havege_condition_absorb(&source->condition, &delta, 1);
	}
	havege_condition_emit(&source->condition, source->block);
	if (memcmp(source->block, answers[0], HAVEGE_BLOCK))
		return false;

	havege_walk_init(&source->walk, table, &geo);
	for (fill = 0; fill < 4; fill++) {
		havege_walk_test(&source->walk, &clock.base);
		havege_condition_absorb(&source->condition, source->walk.ring,
					HAVEGE_FILL_WORDS);
	}
	havege_condition_emit(&source->condition, source->block);
	return !memcmp(source->block, answers[1], HAVEGE_BLOCK);
}

void havege_source_init(struct havege_source *source, u64 *table, u64 *spare,
			const struct havege_geometry *geo,
			struct havege_test_clock *clock,
			const u8 answers[2][HAVEGE_BLOCK])
{
	memset(source, 0, sizeof(*source));
	source->clock = clock;
	source->spare = spare;
	if (!gives_known_answers(source, table, answers)) {
		source->fault = HAVEGE_FAULT_ANSWER;
		source->phase = HAVEGE_DEAD;
	}
	havege_walk_init(&source->walk, table, geo);
	havege_condition_init(&source->condition);
	memset(source->block, 0, sizeof(source->block));
	source->left = havege_warmup_fills(&source->walk);
}

u32 havege_source_credit(u32 residual)
{
	const u32 credit = min(residual / HAVEGE_CREDIT_SHARE,
			       (u32)HAVEGE_CREDIT_MAX);

	return credit < HAVEGE_CREDIT_MIN ? 0 : credit;
}

unsigned int havege_source_shift(u32 residual)
{
	unsigned int shift;

	for (shift = 0; shift < HAVEGE_SHIFT_MAX; shift++)
		if (residual / 2 >= HAVEGE_BIT >> shift)
			break;
	return shift;
}

static void fill(struct havege_source *source)
{
	if (source->clock)
		havege_walk_test(&source->walk, source->clock);
	else
		havege_walk_live(&source->walk);
}

static void enter(struct havege_source *source, enum havege_phase phase)
{
	source->phase = phase;
	if (phase == HAVEGE_ESTIMATE)
		havege_replay_begin(&source->replay, source->spare);
	if (phase == HAVEGE_TESTING)
		source->left = HAVEGE_STARTUP_TICKS / HAVEGE_FILL_TICKS;
}

static enum havege_step end_source(struct havege_source *source,
				   enum havege_fault fault)
{
	source->fault = fault;
	source->phase = HAVEGE_DEAD;
	havege_condition_wipe(&source->condition);
	return HAVEGE_STEP_DEAD;
}

/* Drop what is in the making, and begin anew with @phase: some times. */
static enum havege_step begin_anew(struct havege_source *source,
				   enum havege_fault fault,
				   enum havege_phase phase)
{
	/* What needs a second try to start would run on luck. */
	if (!source->started || source->tries == HAVEGE_TRIES)
		return end_source(source, fault);
	source->tries++;
	source->fault = fault;
	source->ticks = 0;
	havege_condition_drop(&source->condition);
	enter(source, phase);
	return HAVEGE_STEP_BAD;
}

static enum havege_step warm_up(struct havege_source *source)
{
	fill(source);
	source->left--;
	/* The first delta of all is none: the warm-up is longer than this. */
	if (source->left < HAVEGE_COUNTER_TICKS / HAVEGE_FILL_TICKS)
		havege_tune_look(&source->readings, source->walk.delta,
				 HAVEGE_FILL_TICKS);
	if (source->left)
		return HAVEGE_STEP_BUSY;

	source->fitness = havege_tune_judge(&source->readings);
	if (source->fitness != HAVEGE_FIT)
		return end_source(source, HAVEGE_FAULT_COUNTER);
	enter(source, HAVEGE_ESTIMATE);
	return HAVEGE_STEP_BUSY;
}

static enum havege_step estimate(struct havege_source *source)
{
	const u32 gcd = max(source->readings.gcd, 1u);
	unsigned int shift;
	u32 residual;

	if (!havege_replay_step(&source->replay, &source->walk, source->clock,
				gcd, &source->estimate))
		return HAVEGE_STEP_BUSY;

	source->estimates++;
	residual = source->estimate.residual;
	source->credit = havege_source_credit(residual);
	if (!source->credit) {
		source->poor++;
		return begin_anew(source, HAVEGE_FAULT_REPLAY, HAVEGE_ESTIMATE);
	}
	source->block_ticks = (HAVEGE_BLOCK_BITS * HAVEGE_BIT +
			       source->credit - 1) / source->credit;
	shift = havege_source_shift(residual);
	if (source->started) {
		/*
		 * Down only. What was counted while less was assumed may well
		 * be above the cutoffs of more, and no failure.
		 */
		havege_health_assume(&source->health,
				     max(shift, source->health.shift));
		enter(source, HAVEGE_RUNNING);
	} else {
		havege_health_init(&source->health, gcd, shift);
		enter(source, HAVEGE_TESTING);
	}
	return HAVEGE_STEP_BUSY;
}

/* A fill whose samples are tested; whether they are healthy, in @step if not. */
static bool healthy_fill(struct havege_source *source, enum havege_step *step)
{
	enum havege_verdict verdict;

	fill(source);
	verdict = havege_health_test(&source->health, source->walk.delta,
				     HAVEGE_FILL_TICKS);
	if (verdict == HAVEGE_HEALTHY)
		return true;
	if (verdict == HAVEGE_PERMANENT)
		*step = end_source(source, HAVEGE_FAULT_HEALTH);
	else
		*step = begin_anew(source, HAVEGE_FAULT_HEALTH, HAVEGE_TESTING);
	return false;
}

static enum havege_step test(struct havege_source *source)
{
	enum havege_step step = HAVEGE_STEP_BUSY;

	if (!healthy_fill(source, &step) || --source->left)
		return step;
	/* What has failed is measured again, too. */
	enter(source, source->started ? HAVEGE_ESTIMATE : HAVEGE_RUNNING);
	source->started = true;
	return step;
}

static enum havege_step run(struct havege_source *source)
{
	enum havege_step step = HAVEGE_STEP_WORDS;

	if (!healthy_fill(source, &step))
		return step;
	if (!source->stream)
		havege_condition_absorb(&source->condition, source->walk.delta,
					HAVEGE_FILL_TICKS);
	source->ticks += HAVEGE_FILL_TICKS;
	if (source->ticks < source->block_ticks)
		return HAVEGE_STEP_WORDS;
	source->ticks = 0;
	source->tries = 0;
	if (source->stream)
		return HAVEGE_STEP_WORDS;
	havege_condition_emit(&source->condition, source->block);
	return HAVEGE_STEP_BLOCK;
}

enum havege_step havege_source_step(struct havege_source *source)
{
	switch (source->phase) {
	case HAVEGE_WARMUP:
		return warm_up(source);
	case HAVEGE_ESTIMATE:
		return estimate(source);
	case HAVEGE_TESTING:
		return test(source);
	case HAVEGE_RUNNING:
		return run(source);
	case HAVEGE_DEAD:
		break;
	}
	return HAVEGE_STEP_DEAD;
}

void havege_source_forget(struct havege_source *source)
{
	memzero_explicit(source->walk.ring, sizeof(source->walk.ring));
	memzero_explicit(source->walk.delta, sizeof(source->walk.delta));
	memzero_explicit(source->block, sizeof(source->block));
}

void havege_source_estimate(struct havege_source *source)
{
	if (source->phase == HAVEGE_RUNNING)
		enter(source, HAVEGE_ESTIMATE);
}

static void explain_counter(const struct havege_source *source, char *text,
			    size_t size)
{
	static const char * const what[] = {
		[HAVEGE_FIT] = "is fit",
		[HAVEGE_STOPPED] = "does not move",
		[HAVEGE_BACKWARDS] = "goes backwards",
		[HAVEGE_COARSE] = "is too coarse",
	};

	scnprintf(text, size,
		  "the cycle counter %s (it stood still in %u of %u readings, and may in nine of ten): nothing can be collected on this CPU",
		  what[source->fitness], source->readings.still,
		  source->readings.seen);
}

static void explain_replay(const struct havege_source *source, char *text,
			   size_t size)
{
	const u32 needed = HAVEGE_CREDIT_MIN * HAVEGE_CREDIT_SHARE;
	const u32 found = source->estimate.residual;

	scnprintf(text, size,
		  "replay found %u.%04u bit a tick, %u.%04u are needed: the timing here follows from the program alone (an emulator that counts instructions?); use another source",
		  havege_bits(found), havege_bit_parts(found),
		  havege_bits(needed), havege_bit_parts(needed));
}

static void explain_health(const struct havege_source *source, char *text,
			   size_t size)
{
	const struct havege_health *health = &source->health;
	const enum havege_test test = health->worst;

	if (test == HAVEGE_COUNTER)
		scnprintf(text, size, "the cycle counter went backwards");
	else
		scnprintf(text, size,
			  "%s test, %u samples (cutoffs %u and %u at H = 1/%u bit), %u of %u tries: the cycle counter has become predictable",
			  havege_test_name(test), health->count,
			  havege_health_cutoff(health, test,
					       HAVEGE_INTERMITTENT),
			  havege_health_cutoff(health, test, HAVEGE_PERMANENT),
			  1u << health->shift, source->tries, HAVEGE_TRIES);
}

void havege_source_explain(const struct havege_source *source, char *text,
			   size_t size)
{
	switch (source->fault) {
	case HAVEGE_FAULT_NONE:
		scnprintf(text, size, "nothing is wrong");
		break;
	case HAVEGE_FAULT_ANSWER:
		scnprintf(text, size,
			  "a known answer was not given: the module or this machine is broken");
		break;
	case HAVEGE_FAULT_COUNTER:
		explain_counter(source, text, size);
		break;
	case HAVEGE_FAULT_REPLAY:
		explain_replay(source, text, size);
		break;
	case HAVEGE_FAULT_HEALTH:
		explain_health(source, text, size);
		break;
	}
}

void havege_source_wipe(struct havege_source *source)
{
	/* Both tables are as large as the walk says; the spare one may be idle. */
	if (source->walk.table)
		memzero_explicit(source->spare,
				 havege_walk_bytes(&source->walk));
	havege_walk_wipe(&source->walk);
	memzero_explicit(source, sizeof(*source));
}
