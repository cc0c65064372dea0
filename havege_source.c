// SPDX-License-Identifier: GPL-2.0
/*
 * The entropy source. The contract is in havege_source.h.
 */
#include "havege_source.h"

/*
 * Known answers. The first is the conditioner's, for 256 deltas of 8 times byte
 * n, n from 0 to 255; any other SHA-256 gives the same. The second is the
 * conditioner's for the walk words of four fills on answer_read()'s clock,
 * taken as deltas; a model of the walk in another language gives the same
 * (kunit/source_test.c).
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
EXPORT_SYMBOL_IF_KUNIT(havege_known_answers);

struct answer_clock {
	struct havege_test_clock base;
	u64 now;
};

/* A clock for known answers: the readings differ, and all are known. */
static u64 answer_read(struct havege_test_clock *base, u32 p, u32 q,
		       unsigned int depth, u32 *mix)
{
	struct answer_clock *clock = (struct answer_clock *)base;

	clock->now += 20 + (clock->now * 0x9e3779b1u >> 8 & 63);
	*mix = (u32)clock->now;
	return clock->now;
}

/* Whether the walk and the conditioner give their known answers. */
static bool gives_known_answers(struct havege_source *source, u64 *table,
				const u8 answers[2][HAVEGE_BLOCK],
				u8 block[HAVEGE_BLOCK])
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
	havege_condition_emit(&source->condition, block);
	if (memcmp(block, answers[0], HAVEGE_BLOCK))
		return false;

	havege_walk_init(&source->walk, table, &geo);
	for (fill = 0; fill < 4; fill++) {
		havege_walk_test(&source->walk, &clock.base);
		havege_condition_absorb(&source->condition, source->walk.ring,
					HAVEGE_FILL_WORDS);
	}
	havege_condition_emit(&source->condition, block);
	return !memcmp(block, answers[1], HAVEGE_BLOCK);
}

void havege_source_init(struct havege_source *source, u64 *table,
			const struct havege_geometry *geo,
			struct havege_test_clock *clock,
			const u8 answers[2][HAVEGE_BLOCK])
{
	u8 block[HAVEGE_BLOCK];

	memset(source, 0, sizeof(*source));
	source->clock = clock;
	source->needed = 1;
	if (!gives_known_answers(source, table, answers, block)) {
		source->fault = HAVEGE_FAULT_ANSWER;
		source->phase = HAVEGE_DEAD;
	}
	memzero_explicit(block, sizeof(block));
	havege_walk_init(&source->walk, table, geo);
	havege_condition_init(&source->condition);
	havege_condition_init(&source->opener);
	source->left = havege_warmup_fills(&source->walk);
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_init);

unsigned int havege_source_shift(u32 span)
{
	unsigned int shift;

	for (shift = 0; shift < HAVEGE_SHIFT_MAX; shift++)
		if (havege_limit(span) / 2 >= HAVEGE_BIT >> shift)
			break;
	return shift;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_shift);

static void run_fill(struct havege_source *source)
{
	if (source->clock)
		havege_walk_test(&source->walk, source->clock);
	else
		havege_walk_live(&source->walk);
}

static void enter_phase(struct havege_source *source, enum havege_phase phase)
{
	const u32 span = source->sampler.span;

	source->phase = phase;
	if (phase == HAVEGE_TUNING) {
		memset(&source->readings, 0, sizeof(source->readings));
		memset(&source->grain, 0, sizeof(source->grain));
		source->left = HAVEGE_TUNING_FILLS;
	}
	if (phase == HAVEGE_TESTING) {
		source->sampler = (struct havege_sampler){ .span = span };
		source->left = HAVEGE_STARTUP_SAMPLES * span /
			HAVEGE_FILL_TICKS;
	}
	if (phase == HAVEGE_RUNNING)
		source->first = true;
}

/* Drop the blocks that have not left, and the block in the making. */
static void drop_blocks(struct havege_source *source)
{
	if (source->pending_bytes)
		memzero_explicit(source->pending, source->pending_bytes);
	source->pending_bytes = 0;
	source->ticks = 0;
	havege_condition_drop(&source->condition);
}

static void drop_fresh(struct havege_source *source)
{
	source->fresh = 0;
	havege_condition_drop(&source->opener);
}

static void end_set(struct havege_source *source)
{
	source->replay = NULL;
	source->hurried = false;
	source->closed = false;
	source->gap = 0;
}

static enum havege_step end_source(struct havege_source *source,
				   enum havege_fault fault)
{
	source->fault = fault;
	source->phase = HAVEGE_DEAD;
	end_set(source);
	drop_blocks(source);
	drop_fresh(source);
	havege_condition_wipe(&source->condition);
	havege_condition_wipe(&source->opener);
	return HAVEGE_STEP_DEAD;
}

/* Handle a failure: drop the blocks of the present set, go back to @phase. */
static enum havege_step restart_phase(struct havege_source *source,
				      enum havege_fault fault,
				      enum havege_phase phase)
{
	/*
	 * Never retry a first start-up here: the caller decides about a retry.
	 */
	if (!source->started)
		return end_source(source, fault);
	source->tries++;
	source->fault = fault;
	havege_source_doubt(source);
	end_set(source);
	drop_blocks(source);
	drop_fresh(source);
	enter_phase(source, phase);
	return HAVEGE_STEP_BAD;
}

static enum havege_step source_warm_up(struct havege_source *source)
{
	run_fill(source);
	source->left--;
	if (!source->left)
		enter_phase(source, HAVEGE_TUNING);
	return HAVEGE_STEP_BUSY;
}

static u32 gcd_of(const struct havege_source *source)
{
	return max(source->readings.gcd, 1u);
}

/* Half-steps that are credited with @bits. */
static u32 ticks_of(u32 bits, u32 span)
{
	return bits * HAVEGE_BIT / havege_credit(span) * span;
}

/* Measure the counter's unit first, and then the span in that unit. */
static enum havege_step look_at_counter(struct havege_source *source)
{
	u32 span;

	run_fill(source);
	source->left--;
	if (source->readings.seen < HAVEGE_COUNTER_TICKS) {
		havege_tune_look(&source->readings, source->walk.delta,
				 HAVEGE_FILL_TICKS);
		if (source->readings.seen < HAVEGE_COUNTER_TICKS)
			return HAVEGE_STEP_BUSY;
		source->fitness = havege_tune_judge(&source->readings);
		if (source->fitness != HAVEGE_FIT)
			return restart_phase(source, HAVEGE_FAULT_COUNTER,
					     HAVEGE_TUNING);
		return HAVEGE_STEP_BUSY;
	}
	havege_grain_look(&source->grain, gcd_of(source), source->walk.delta,
			  HAVEGE_FILL_TICKS);
	if (source->left)
		return HAVEGE_STEP_BUSY;

	span = havege_grain_span(&source->grain);
	if (!span) {
		source->fitness = HAVEGE_COARSE;
		return restart_phase(source, HAVEGE_FAULT_COUNTER,
				     HAVEGE_TUNING);
	}
	source->sampler.span = span;
	source->block_ticks = ticks_of(HAVEGE_BLOCK_BITS, span);
	source->open_ticks = ticks_of(HAVEGE_OPEN_BITS, span);
	enter_phase(source, HAVEGE_ESTIMATE);
	return HAVEGE_STEP_BUSY;
}

/* Sets */

/* Fills of all rows of a set. */
static u32 fills_of(const struct havege_shape *shape)
{
	return shape->rows * shape->samples * shape->span / HAVEGE_FILL_TICKS;
}

/* Until the first blocks leave, make short sets. */
static bool is_short(const struct havege_source *source)
{
	return source->phase != HAVEGE_RUNNING || source->first;
}

/* A start-up makes quick sets, unless it has to look closer. */
static bool is_quick(const struct havege_source *source)
{
	return !source->doubted && !source->patient && is_short(source) &&
		(!source->started || source->sampler.span < HAVEGE_LONG_SPAN);
}

/* Fills of a short set, rows and gaps. */
static u32 short_fills(const struct havege_source *source)
{
	const u32 span = source->sampler.span, ns = max(source->fill_ns, 1u);

	if (span == 1)
		return HAVEGE_FINE_NS / ns;
	if (source->patient)
		return min_t(u32, HAVEGE_PATIENT_FILLS, HAVEGE_PATIENT_NS / ns);
	if (is_quick(source))
		return min_t(u32, HAVEGE_QUICK_FILLS, HAVEGE_QUICK_NS / ns);
	return min_t(u32, span < HAVEGE_LONG_SPAN ? HAVEGE_SHORT_FILLS :
		     HAVEGE_LONG_FILLS, HAVEGE_SHORT_NS / ns);
}

/* Longer rows vary less from set to set. */
static struct havege_shape whole_shape(const struct havege_source *source)
{
	const u32 span = source->sampler.span;

	return source->patient && span > 1 ? havege_long_shape(span) :
		havege_shape(span);
}

static struct havege_shape choose_shape(const struct havege_source *source)
{
	struct havege_shape shape = whole_shape(source);
	const u32 limit = is_short(source) || shape.span == 1 ?
		short_fills(source) :
		HAVEGE_SERVICE_NS / max(source->fill_ns, 1u);
	unsigned int tries;

	/* A starting machine at k = 1 shows enough in a smaller set. */
	if (is_short(source) && shape.span == 1)
		return havege_smaller_shape(shape);
	for (tries = 0; tries < 3 && fills_of(&shape) > limit; tries++)
		shape = havege_smaller_shape(shape);
	return shape;
}

/*
 * Fills between two rows of a short set, on average: the rest after the rows.
 */
static u32 short_gap(const struct havege_source *source)
{
	const struct havege_shape shape = choose_shape(source);
	const u32 taken = fills_of(&shape), all = short_fills(source);
	u32 gaps = all > taken ? all - taken : 0;

	if (shape.span == 1)
		gaps = min_t(u32, gaps, source->doubted ?
			     HAVEGE_DOUBTED_FINE_GAPS : HAVEGE_FINE_GAPS);
	return max(gaps / shape.rows, 1u);
}

static u32 mean_gap(const struct havege_source *source)
{
	if (is_short(source) || source->hurried ||
	    (source->patient && source->sampler.span > 1))
		return short_gap(source);
	return HAVEGE_SET_BYTES / HAVEGE_BLOCK *
		(source->block_ticks / HAVEGE_FILL_TICKS) /
		source->replay->rows->rows;
}

size_t havege_source_memory(const struct havege_source *source)
{
	const struct havege_shape whole = whole_shape(source);

	return havege_replay_bytes(&whole, &source->walk) + HAVEGE_PENDING;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_memory);

void havege_source_lend(struct havege_source *source, void *memory,
			size_t bytes)
{
	source->memory = memory;
	source->memory_bytes = bytes;
	source->pending = (u8 *)memory + bytes - HAVEGE_PENDING;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_lend);

void *havege_source_unlend(struct havege_source *source)
{
	void *memory = source->memory;

	end_set(source);
	if (source->phase != HAVEGE_DEAD)
		drop_blocks(source);
	if (memory)
		memzero_explicit(memory, source->memory_bytes);
	source->memory = NULL;
	source->memory_bytes = 0;
	source->pending = NULL;
	return memory;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_unlend);

void havege_source_hurry(struct havege_source *source)
{
	if (source->phase != HAVEGE_RUNNING || !source->replay)
		return;
	source->hurried = true;
	source->gap = min(source->gap, 2 * mean_gap(source));
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_hurry);

void havege_source_close(struct havege_source *source)
{
	if (source->phase != HAVEGE_RUNNING || !source->replay)
		return;
	source->closed = true;
	havege_source_hurry(source);
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_close);

/* Result of a step of a set. */
enum set_needs {
	SET_MEMORY,	/* the set needs memory */
	SET_FILL,	/* the caller runs a fill of the live walk */
	SET_TIME,	/* the set needs another step */
	SET_NOTHING,	/* the set is complete */
};

static enum set_needs begin_set(struct havege_source *source)
{
	const struct havege_shape shape = choose_shape(source);

	if (source->memory_bytes < havege_source_memory(source))
		return SET_MEMORY;
	source->replay = havege_replay_begin(source->memory, &shape,
					     &source->walk, gcd_of(source));
	return SET_TIME;
}

static enum set_needs work_on_set(struct havege_source *source)
{
	struct havege_replay *replay = source->replay;

	if (!replay)
		return begin_set(source);
	if (source->gap) {
		source->gap--;
		return SET_FILL;
	}
	if (!havege_rows_full(replay->rows)) {
		if (havege_replay_step(replay, source->clock) &&
		    !havege_rows_full(replay->rows))
			source->gap = havege_replay_gap(replay,
							mean_gap(source));
		return SET_TIME;
	}
	if (!havege_rows_judge(replay->rows, &source->estimate))
		return SET_TIME;
	end_set(source);
	source->sets++;
	return SET_NOTHING;
}

static bool is_last_set_good(const struct havege_source *source)
{
	return havege_is_good(&source->estimate, source->sampler.span);
}

/* The set shows too little noise, but a closer look may show enough. */
static bool may_be_noise(const struct havege_source *source)
{
	return source->estimate.residual >=
		havege_limit(source->sampler.span) / 8;
}

/* Whether this start-up has looked as closely as it can. */
static bool looked_closer(const struct havege_source *source)
{
	return source->sampler.span == 1 ? source->doubted : source->patient;
}

static enum havege_step refuse_set(struct havege_source *source)
{
	const bool last = looked_closer(source) || !may_be_noise(source);

	source->replay_failures++;
	source->patient |= source->sampler.span > 1 && may_be_noise(source);
	if (source->started || last)
		return restart_phase(source, HAVEGE_FAULT_REPLAY,
				     HAVEGE_TUNING);
	havege_source_doubt(source);
	enter_phase(source, HAVEGE_TUNING);
	return HAVEGE_STEP_BUSY;
}

/*
 * A count stays at its cutoff until its window or run ends. All fills until
 * then are one failure.
 */
static bool is_new_failure(struct havege_source *source)
{
	const u64 before = source->failures;
	u32 i;

	source->failures = 0;
	for (i = 0; i < HAVEGE_TESTS; i++)
		source->failures += source->health.failures[i];
	return source->failures != before || source->phase != HAVEGE_TESTING;
}

/*
 * Run a fill and test its samples.
 * Return: HAVEGE_STEP_WORDS if they are healthy, else the result of the step.
 */
static enum havege_step run_tested_fill(struct havege_source *source)
{
	enum havege_verdict verdict;
	u32 count;

	run_fill(source);
	count = havege_take_samples(&source->sampler, source->walk.delta,
				    source->sample);
	verdict = havege_health_test(&source->health, source->sample, count);
	if (verdict == HAVEGE_HEALTHY)
		return HAVEGE_STEP_WORDS;
	if (verdict == HAVEGE_PERMANENT)
		return end_source(source, HAVEGE_FAULT_HEALTH);
	if (is_new_failure(source))
		return restart_phase(source, HAVEGE_FAULT_HEALTH,
				     HAVEGE_TESTING);
	enter_phase(source, HAVEGE_TESTING);
	return HAVEGE_STEP_BUSY;
}

static enum havege_step source_test(struct havege_source *source)
{
	const enum havege_step step = run_tested_fill(source);

	if (step != HAVEGE_STEP_WORDS)
		return step;
	source->left--;
	if (source->left)
		return HAVEGE_STEP_BUSY;
	/* After a failure tune and estimate again. */
	enter_phase(source, source->needed ? HAVEGE_TUNING : HAVEGE_RUNNING);
	source->started |= !source->needed;
	return HAVEGE_STEP_BUSY;
}

static void make_block(struct havege_source *source)
{
	havege_condition_absorb(&source->condition, source->walk.delta,
				HAVEGE_FILL_TICKS);
	source->ticks += HAVEGE_FILL_TICKS;
	if (source->ticks < source->block_ticks)
		return;
	source->ticks = 0;
	havege_condition_emit(&source->condition,
			      source->pending + source->pending_bytes);
	source->pending_bytes += HAVEGE_BLOCK;
	if (source->pending_bytes == HAVEGE_PENDING)
		havege_source_close(source);
}

enum havege_step havege_source_freshen(struct havege_source *source)
{
	const enum havege_step step = run_tested_fill(source);

	if (step != HAVEGE_STEP_WORDS)
		return step;
	if (source->gap)
		source->gap--;
	havege_condition_absorb(&source->opener, source->walk.delta,
				HAVEGE_FILL_TICKS);
	source->fresh += HAVEGE_FILL_TICKS;
	return source->fresh < source->open_ticks ? HAVEGE_STEP_BUSY :
		HAVEGE_STEP_FRESH;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_freshen);

void havege_source_open(struct havege_source *source, u8 *block)
{
	if (!block) {
		drop_fresh(source);
		return;
	}
	havege_condition_seed(&source->opener, block);
	havege_condition_emit(&source->opener, block);
	source->fresh = 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_open);

static enum havege_step source_stream_step(struct havege_source *source)
{
	const enum havege_step step = run_tested_fill(source);

	if (step == HAVEGE_STEP_WORDS) {
		source->tries = 0;
		source->doubted = false;
	}
	return step;
}

/* Run a fill between two rows. A running source makes blocks of it. */
static enum havege_step fill_gap(struct havege_source *source)
{
	enum havege_step step;

	if (source->phase != HAVEGE_RUNNING) {
		run_fill(source);
		return HAVEGE_STEP_BUSY;
	}
	step = run_tested_fill(source);
	if (step != HAVEGE_STEP_WORDS)
		return step;
	if (!source->closed)
		make_block(source);
	return HAVEGE_STEP_BUSY;
}

/* A good set of a running source: its blocks may leave. */
static enum havege_step release_blocks(struct havege_source *source)
{
	source->first = false;
	if (!source->pending_bytes)
		return HAVEGE_STEP_BUSY;
	source->doubted = false;
	source->tries = 0;
	return HAVEGE_STEP_BLOCKS;
}

/* A good set before the source runs: go on to the tests if it was the last. */
static enum havege_step count_set(struct havege_source *source)
{
	source->needed--;
	if (source->needed)
		return HAVEGE_STEP_BUSY;
	havege_health_tune(&source->health, gcd_of(source),
			   havege_source_shift(source->sampler.span));
	enter_phase(source, HAVEGE_TESTING);
	return HAVEGE_STEP_BUSY;
}

static enum havege_step source_make_set(struct havege_source *source)
{
	switch (work_on_set(source)) {
	case SET_MEMORY:
		return HAVEGE_STEP_MEMORY;
	case SET_FILL:
		return fill_gap(source);
	case SET_TIME:
		return HAVEGE_STEP_BUSY;
	case SET_NOTHING:
		break;
	}
	if (!is_last_set_good(source))
		return refuse_set(source);
	return source->phase == HAVEGE_RUNNING ? release_blocks(source) :
		count_set(source);
}

enum havege_step havege_source_step(struct havege_source *source)
{
	switch (source->phase) {
	case HAVEGE_WARMUP:
		return source_warm_up(source);
	case HAVEGE_TUNING:
		return look_at_counter(source);
	case HAVEGE_ESTIMATE:
		return source_make_set(source);
	case HAVEGE_TESTING:
		return source_test(source);
	case HAVEGE_RUNNING:
		return source->stream ? source_stream_step(source) :
			source_make_set(source);
	case HAVEGE_DEAD:
		break;
	}
	return HAVEGE_STEP_DEAD;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_step);

void havege_source_doubt(struct havege_source *source)
{
	source->doubted = true;
	source->needed = HAVEGE_GOOD_SETS;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_doubt);

void havege_source_forget(struct havege_source *source)
{
	memzero_explicit(source->walk.ring, sizeof(source->walk.ring));
	memzero_explicit(source->walk.delta, sizeof(source->walk.delta));
	memzero_explicit(source->sample, sizeof(source->sample));
	if (source->pending_bytes)
		memzero_explicit(source->pending, source->pending_bytes);
	source->pending_bytes = 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_forget);

void havege_source_estimate(struct havege_source *source)
{
	if (!havege_source_is_idle(source))
		return;
	source->needed = 1;
	enter_phase(source, HAVEGE_ESTIMATE);
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_estimate);

static void explain_counter(const struct havege_source *source, char *text,
			    size_t size)
{
	if (source->fitness == HAVEGE_COARSE)
		scnprintf(text, size,
			  "the cycle counter is too coarse (it stood still in %u of %u readings, and has to move by %u units in %u half-steps): nothing can be collected on this CPU",
			  source->readings.still, source->readings.seen,
			  HAVEGE_UNITS, HAVEGE_SPAN_MAX);
	else
		scnprintf(text, size,
			  "the cycle counter %s (in %u readings): nothing can be collected on this CPU",
			  source->fitness == HAVEGE_STOPPED ?
			  "does not move" : "goes backwards",
			  source->readings.seen);
}

static void explain_replay(const struct havege_source *source, char *text,
			   size_t size)
{
	const u32 span = source->sampler.span;
	const u32 found = source->estimate.residual;
	const u32 needed = havege_limit(span);

	scnprintf(text, size,
		  "replay found %u.%04u bit a sample (k = %u), %u.%04u is needed: try again a few times; on a machine without noise (an emulator that counts instructions) this stays near 0 and another source is needed, on one that was busy it grows",
		  havege_bits(found), havege_bit_parts(found), span,
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
			  "%s test, %u samples (cutoffs %u and %u at H = 1/%u bit)",
			  havege_test_name(test), health->count,
			  havege_health_cutoff(health, test,
					       HAVEGE_INTERMITTENT),
			  havege_health_cutoff(health, test, HAVEGE_PERMANENT),
			  1u << health->shift);
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
EXPORT_SYMBOL_IF_KUNIT(havege_source_explain);

void havege_source_wipe(struct havege_source *source)
{
	if (source->memory)
		memzero_explicit(source->memory, source->memory_bytes);
	havege_walk_wipe(&source->walk);
	memzero_explicit(source, sizeof(*source));
}
EXPORT_SYMBOL_IF_KUNIT(havege_source_wipe);
