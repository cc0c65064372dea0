/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entropy source (NIST SP 800-90B, figure 1): the walk as the noise source,
 * the health tests on its raw samples, the replay estimate that says what they
 * are worth, and the conditioning component; and the order in which they work.
 *
 * One call is one step of well under 1 ms, so that the caller can be preempted,
 * stopped or moved between any two. What a step leads to:
 *
 *	warm-up, counter -> replay estimate -> start-up tests -> running
 *
 *	running, a test says no, the block is dropped -> tests -> replay -> running
 *	running, havege_source_estimate() -> replay -> running
 *	replay, it finds too little -> replay, and nothing is delivered
 *
 * and, from anywhere, to failed: at start-up by anything that would make it
 * begin anew later, then by a permanent verdict or by what would be one more
 * than HAVEGE_TRIES beginnings without a block. A source that has failed stays
 * so.
 *
 * Freestanding; no locks, no allocation. The caller gives each struct to one
 * thread at a time.
 */
#ifndef HAVEGE_SOURCE_H
#define HAVEGE_SOURCE_H

#include "havege_condition.h"
#include "havege_core.h"
#include "havege_health.h"
#include "havege_replay.h"
#include "havege_types.h"
#include "tune.h"

/*
 * Samples that have to pass the tests before the first block, and after each
 * failure: more than SP 800-90B's 1024 (4.3), and enough for the period test to
 * see its longest period twice.
 */
#define HAVEGE_STARTUP_TICKS	10240
/*
 * What is credited at most and at least, 2^-16 bit a tick: 1/16 and 1/128. At
 * less than 1/16 bit of residual, 56 rows cannot tell noise from the phase at
 * which they began: without any noise up to 1/30 has been seen.
 */
#define HAVEGE_CREDIT_MAX	(HAVEGE_BIT / 16)
#define HAVEGE_CREDIT_MIN	(HAVEGE_BIT / 128)
/*
 * Samples are not independent: slow drifts make what 5,000 of them say together
 * less than 5,000 times what one says. Hence an eighth of the residual.
 */
#define HAVEGE_CREDIT_SHARE	8
/* Bits that a block of 256 is backed by (SP 800-90B, 3.1.5.1.2: 64 more). */
#define HAVEGE_BLOCK_BITS	(256 + 64)
/* Beginnings without a block after which the source gives up. */
#define HAVEGE_TRIES		64
/* Room for a sentence that says what is wrong, bytes. */
#define HAVEGE_EXPLAIN		240
/* Deltas at the end of the warm-up that tell whether the counter is fit. */
#define HAVEGE_COUNTER_TICKS	1024

/**
 * enum havege_phase - what the next step will do
 * @HAVEGE_WARMUP:	run and discard
 * @HAVEGE_ESTIMATE:	replay
 * @HAVEGE_TESTING:	test samples that are not used
 * @HAVEGE_RUNNING:	test samples, and make blocks of them
 * @HAVEGE_DEAD:	nothing, ever
 */
enum havege_phase {
	HAVEGE_WARMUP,
	HAVEGE_ESTIMATE,
	HAVEGE_TESTING,
	HAVEGE_RUNNING,
	HAVEGE_DEAD,
};

/**
 * enum havege_step - what a step has come to
 * @HAVEGE_STEP_BUSY:	nothing to deliver yet
 * @HAVEGE_STEP_WORDS:	the walk's ring is of healthy samples (for mode=stream)
 * @HAVEGE_STEP_BLOCK:	as above, and there is a block
 * @HAVEGE_STEP_BAD:	a failure: what was in the making is dropped; nothing
 *			may be delivered until the source is running again
 * @HAVEGE_STEP_DEAD:	the source has failed for good
 */
enum havege_step {
	HAVEGE_STEP_BUSY,
	HAVEGE_STEP_WORDS,
	HAVEGE_STEP_BLOCK,
	HAVEGE_STEP_BAD,
	HAVEGE_STEP_DEAD,
};

/**
 * enum havege_fault - what was wrong last
 * @HAVEGE_FAULT_NONE:	nothing yet
 * @HAVEGE_FAULT_ANSWER: a known answer was not given
 * @HAVEGE_FAULT_COUNTER: the counter is not fit; see @fitness
 * @HAVEGE_FAULT_REPLAY: the replay estimate is too small
 * @HAVEGE_FAULT_HEALTH: a health test said no; see @health
 */
enum havege_fault {
	HAVEGE_FAULT_NONE,
	HAVEGE_FAULT_ANSWER,
	HAVEGE_FAULT_COUNTER,
	HAVEGE_FAULT_REPLAY,
	HAVEGE_FAULT_HEALTH,
};

/**
 * struct havege_source - an entropy source
 * @walk:	the noise source
 * @clock:	NULL for the CPU's own counter, or a test's clock
 * @spare:	a second table, for replays
 * @stream:	no blocks are made; the caller's to set before the first step
 * @health:	the health tests
 * @replay:	the replay estimate
 * @condition:	the conditioning component
 * @block:	with HAVEGE_STEP_BLOCK: HAVEGE_BLOCK bytes; the caller's to wipe
 * @phase:	what the next step will do
 * @left:	fills that are left of this phase
 * @started:	it has been running before
 * @tries:	beginnings since the last block
 * @readings:	what the warm-up says of the counter
 * @fitness:	and what follows from it
 * @estimate:	what the last replay said
 * @estimates:	replay estimates that have been made
 * @poor:	those that were too small
 * @credit:	2^-16 bit a tick
 * @block_ticks: ticks that a block takes at this credit
 * @ticks:	those that the block in the making has
 * @fault:	what was wrong last
 */
struct havege_source {
	struct havege_walk walk;
	struct havege_test_clock *clock;
	u64 *spare;
	bool stream;
	struct havege_health health;
	struct havege_replay replay;
	struct havege_condition condition;
	u8 block[HAVEGE_BLOCK];
	enum havege_phase phase;
	u32 left;
	bool started;
	u32 tries;
	struct havege_readings readings;
	enum havege_fitness fitness;
	struct havege_estimate estimate;
	u32 estimates;
	u32 poor;
	u32 credit;
	u32 block_ticks;
	u32 ticks;
	enum havege_fault fault;
};

/* What the walk and the conditioner answer where they work. */
extern const u8 havege_known_answers[2][HAVEGE_BLOCK];

/**
 * havege_source_init() - make a source, which then begins its start-up
 * @source:	the source
 * @table:	the walk's table and
 * @spare:	another, havege_table_bytes(@geo) each, aligned to a cache line,
 *		the caller's; both must stay until havege_source_wipe()
 * @geo:	the caches
 * @clock:	NULL, or a test's clock
 * @answers:	havege_known_answers; a test gives wrong ones
 *
 * Runs the walk and the conditioner on injected input first. If they do not
 * give the known answers the source is made, and dead.
 *
 * Context: any that may call sha256_update(); takes time in proportion to the
 * tables.
 */
void havege_source_init(struct havege_source *source, u64 *table, u64 *spare,
			const struct havege_geometry *geo,
			struct havege_test_clock *clock,
			const u8 answers[2][HAVEGE_BLOCK]);

/**
 * havege_source_step() - the next step
 * @source:	an initialised source
 *
 * Context: one CPU from the first step on; preemption on; does not sleep.
 * Return: what it has come to.
 */
enum havege_step havege_source_step(struct havege_source *source);

/**
 * havege_source_forget() - wipe what the last step has produced
 * @source:	an initialised source
 *
 * The caller has taken what it wanted of @walk's ring and samples and of @block.
 * To be called after each block, and before it sleeps: between two steps of one
 * block there is more in the walk and the conditioner than what this wipes.
 */
void havege_source_forget(struct havege_source *source);

/**
 * havege_source_estimate() - estimate again before anything else is delivered
 * @source:	an initialised source
 *
 * Without effect unless it is running. The block in the making goes on after
 * the estimate, and takes more ticks if that was smaller.
 */
void havege_source_estimate(struct havege_source *source);

/**
 * havege_source_credit() - what a residual is credited
 * @residual:	2^-16 bit a tick
 *
 * Return: 2^-16 bit a tick; 0 where it is less than HAVEGE_CREDIT_MIN, and the
 * machine to be refused.
 */
u32 havege_source_credit(u32 residual);

/**
 * havege_source_shift() - the H that the health tests assume
 * @residual:	2^-16 bit a tick
 *
 * The largest power of 1/2 that is at most half the residual, in the range that
 * havege_health.h has. What guesses a sample without knowing the walk succeeds
 * no more often than what knows it, so that a healthy source stays clear of the
 * cutoffs; and it is twice the credit at least.
 *
 * Return: the shift, for havege_health_init().
 */
unsigned int havege_source_shift(u32 residual);

/**
 * havege_source_explain() - what was wrong last, in words
 * @source:	an initialised source
 * @text:	room for @size bytes; gets what was measured, what is needed and
 *		what the user can do, without a line end
 * @size:	bytes; HAVEGE_EXPLAIN will do
 */
void havege_source_explain(const struct havege_source *source, char *text,
			   size_t size);

/**
 * havege_source_wipe() - forget everything, both tables included
 * @source:	a source; an all-zero one will do
 */
void havege_source_wipe(struct havege_source *source);

#endif /* HAVEGE_SOURCE_H */
