/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entropy source (NIST SP 800-90B, figure 1): noise source, health tests,
 * estimate and conditioning component, and the order of their work
 *
 * One call is one step of well under 1 ms: the caller may be preempted, stopped
 * or moved between two steps. The phases are
 *
 *	warm-up -> tuning -> estimate -> start-up tests -> running
 *
 *	running, a health test fails -> start-up tests -> tuning -> ...
 *	running, a set is refused -> tuning -> estimate ...
 *
 * A running source makes sets of replays all the time. It makes blocks of the
 * fills between two rows. The blocks of a set leave when that set and the set
 * before it are good. A failure drops the blocks that have not left, and then
 * HAVEGE_GOOD_SETS good sets in a row are needed.
 *
 * A source that has started recovers from every failure except the permanent
 * cutoff of a health test. A source that has not started is refused at the
 * first failure, with one exception: if the first set shows at least an eighth
 * of the needed residual, HAVEGE_GOOD_SETS longer sets are made, and all of them
 * have to be good. Above k = 1 all later sets have the long gaps of these.
 *
 * A sealed block is one that was ready before its reader came. The caller opens
 * it with fresh half-steps: copies of a virtual machine have the same sealed
 * blocks, but not the same fresh half-steps.
 *
 * mode=stream makes no blocks. Its words leave at once, and the caller requests
 * a set now and then with havege_source_estimate().
 *
 * Freestanding; no locks, no allocation: the caller lends memory for the sets.
 * The caller gives each struct to one thread at a time.
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
 * Samples that have to pass the tests before the first block and after each
 * failure. More than SP 800-90B's 1024 (4.3): the period test has to see its
 * longest period twice.
 */
#define HAVEGE_STARTUP_SAMPLES	10240
/* Credit that a block of 256 bits takes (bits); margin by SP 800-90C. */
#define HAVEGE_BLOCK_BITS	(256 + 64)
/* Credit of the half-steps that open a sealed block (bits). */
#define HAVEGE_OPEN_BITS	128
/* Good sets in a row that are needed after a refusal or a failure. */
#define HAVEGE_GOOD_SETS	3
/* Bytes that leave with one set: on average, and at most. */
#define HAVEGE_SET_BYTES	(60 * 1024)
#define HAVEGE_PENDING		(64 * 1024)
/* Longest description of a failure (bytes). */
#define HAVEGE_EXPLAIN		300
/*
 * Half-steps that measure the counter's unit, and those that measure the span.
 */
#define HAVEGE_COUNTER_TICKS	1024
#define HAVEGE_GRAIN_TICKS	16384
/* Fills of the phase HAVEGE_TUNING. */
#define HAVEGE_TUNING_FILLS						\
	((HAVEGE_COUNTER_TICKS + HAVEGE_GRAIN_TICKS) / HAVEGE_FILL_TICKS)
/*
 * Limits of short sets - those before the first blocks, and hurried ones - in
 * fills and in nanoseconds, for rows and gaps. A slow machine makes a smaller
 * set with shorter gaps, which is stricter. A start-up makes quick sets. At
 * k = 8 and above rows are long, and with such gaps a machine with noise can
 * show too little: its later sets are longer.
 */
#define HAVEGE_QUICK_FILLS	40000
#define HAVEGE_QUICK_NS		300000000u
#define HAVEGE_LONG_SPAN	8
#define HAVEGE_SHORT_FILLS	80000		/* below k = 8 */
#define HAVEGE_LONG_FILLS	250000		/* from k = 8 on */
#define HAVEGE_SHORT_NS		1500000000u
/*
 * The same after a set above k = 1 that showed some noise, but not enough. Some
 * CPUs remember the path of a row for 50,000 half-steps: AMD's Zen 5, at k = 4,
 * shows 0.2 bit a sample after 70 live fills, and 0.75 after 600 and more.
 */
#define HAVEGE_PATIENT_FILLS	700000
#define HAVEGE_PATIENT_NS	2000000000u
/*
 * Limits of a short set at k = 1: nanoseconds in all, which the rows of a set in
 * service may also take; fills in all its gaps together, and the same after
 * havege_source_doubt().
 */
#define HAVEGE_FINE_NS		100000000u
#define HAVEGE_FINE_GAPS	1024
#define HAVEGE_DOUBTED_FINE_GAPS 16384
/* Limit of the rows of a set in service above k = 1 (nanoseconds). */
#define HAVEGE_SERVICE_NS	500000000u

/**
 * enum havege_phase - the work of the next step
 * @HAVEGE_WARMUP: run the walk and discard
 * @HAVEGE_TUNING: check the counter and choose the span of a sample
 * @HAVEGE_ESTIMATE: make a set, and discard the fills between its rows
 * @HAVEGE_TESTING: test samples and discard them
 * @HAVEGE_RUNNING: test samples and make blocks of them
 * @HAVEGE_DEAD: no work, ever
 */
enum havege_phase {
	HAVEGE_WARMUP,
	HAVEGE_TUNING,
	HAVEGE_ESTIMATE,
	HAVEGE_TESTING,
	HAVEGE_RUNNING,
	HAVEGE_DEAD,
};

/**
 * enum havege_step - the result of a step
 * @HAVEGE_STEP_BUSY: nothing to deliver yet
 * @HAVEGE_STEP_WORDS: the walk's ring comes from healthy samples (mode=stream)
 * @HAVEGE_STEP_BLOCKS: @pending_bytes at @pending may leave
 * @HAVEGE_STEP_FRESH: enough fresh half-steps for havege_source_open()
 * @HAVEGE_STEP_MEMORY: no work done: lend memory for a set, and step again
 * @HAVEGE_STEP_BAD: a failure: all blocks are dropped; deliver nothing until
 *		the source is running again
 * @HAVEGE_STEP_DEAD: the source was refused, or has failed permanently
 */
enum havege_step {
	HAVEGE_STEP_BUSY,
	HAVEGE_STEP_WORDS,
	HAVEGE_STEP_BLOCKS,
	HAVEGE_STEP_FRESH,
	HAVEGE_STEP_MEMORY,
	HAVEGE_STEP_BAD,
	HAVEGE_STEP_DEAD,
};

/**
 * enum havege_fault - the last failure
 * @HAVEGE_FAULT_NONE: none
 * @HAVEGE_FAULT_ANSWER: wrong known answer
 * @HAVEGE_FAULT_COUNTER: unfit counter; see @fitness
 * @HAVEGE_FAULT_REPLAY: a set was refused
 * @HAVEGE_FAULT_HEALTH: a health test failed; see @health
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
 * @stream:	make no blocks; the caller sets it before the first step
 * @fill_ns:	duration of a fill, ns; the caller measures it during
 *		HAVEGE_TUNING, 0 if unknown
 * @needed:	good sets in a row that are still needed
 * @doubted:	havege_source_doubt() was called since anything left last
 * @patient:	all sets above k = 1 have long gaps: a set with shorter ones
 *		showed some noise, but not enough
 * @health:	the health tests
 * @condition:	the conditioning component
 * @opener:	conditions the fresh half-steps that open a sealed block
 * @phase:	the work of the next step
 * @left:	fills left in this phase
 * @started:	the source has been running before
 * @tries:	failures since the last blocks left
 * @readings:	statistics of the counter's readings
 * @grain:	statistics of the counter's advance
 * @fitness:	whether the counter can be used
 * @sampler:	makes samples of the walk's deltas
 * @sample:	the samples of the last fill
 * @memory:	memory for a set, lent by the caller, or NULL
 * @memory_bytes: its size
 * @replay:	the present set, in @memory, or NULL
 * @first:	the present set is the first one in HAVEGE_RUNNING: a short one
 * @hurried:	the missing rows come after short gaps
 * @closed:	discard all further fills of this set
 * @gap:	fills to run before the next row
 * @pending:	blocks of this set that have not left, in @memory
 * @pending_bytes: size of these blocks
 * @estimate:	estimate of the last set
 * @sets:	number of judged sets
 * @replay_failures: number of refused sets
 * @block_ticks: half-steps in a block
 * @ticks:	half-steps in the block in the making
 * @open_ticks:	half-steps that open a sealed block
 * @fresh:	half-steps in @opener
 * @failures:	failures of the health tests at the last failure
 * @fault:	the last failure
 */
struct havege_source {
	struct havege_walk walk;
	struct havege_test_clock *clock;
	bool stream;
	u32 fill_ns;
	u32 needed;
	bool doubted;
	bool patient;
	struct havege_health health;
	struct havege_condition condition;
	struct havege_condition opener;
	enum havege_phase phase;
	u32 left;
	bool started;
	u32 tries;
	struct havege_readings readings;
	struct havege_grain grain;
	enum havege_fitness fitness;
	struct havege_sampler sampler;
	u64 sample[HAVEGE_FILL_TICKS];
	void *memory;
	size_t memory_bytes;
	struct havege_replay *replay;
	bool first;
	bool hurried;
	bool closed;
	u32 gap;
	u8 *pending;
	u32 pending_bytes;
	struct havege_estimate estimate;
	u32 sets;
	u32 replay_failures;
	u32 block_ticks;
	u32 ticks;
	u32 open_ticks;
	u32 fresh;
	u64 failures;
	enum havege_fault fault;
};

/* Known answers of the walk and the conditioner. */
extern const u8 havege_known_answers[2][HAVEGE_BLOCK];

/**
 * havege_source_init() - initialise a source, which then begins its start-up
 * @source:	the source
 * @table:	the walk's table, havege_table_bytes(@geo), aligned to a cache
 *		line; the caller keeps it until havege_source_wipe()
 * @geo:	the caches
 * @clock:	NULL, or a test's clock
 * @answers:	havege_known_answers; a test gives wrong ones
 *
 * Tests the walk and the conditioner with known input first. With a wrong
 * answer the source is HAVEGE_DEAD.
 *
 * Context: any that may call sha256_update(); takes time in proportion to the
 * table.
 */
void havege_source_init(struct havege_source *source, u64 *table,
			const struct havege_geometry *geo,
			struct havege_test_clock *clock,
			const u8 answers[2][HAVEGE_BLOCK]);

/**
 * havege_source_step() - run the next step
 * @source:	an initialised source
 *
 * Context: one CPU from the first step on; preemption on; does not sleep.
 * Return: the result of the step.
 */
enum havege_step havege_source_step(struct havege_source *source);

/**
 * havege_source_memory() - memory that the next set takes
 * @source:	a source whose last step was HAVEGE_STEP_MEMORY
 *
 * Return: bytes.
 */
size_t havege_source_memory(const struct havege_source *source);

/**
 * havege_source_lend() - lend memory for sets
 * @source:	a source without lent memory
 * @memory:	aligned to a cache line; the source uses it until
 *		havege_source_unlend()
 * @bytes:	at least havege_source_memory(@source)
 */
void havege_source_lend(struct havege_source *source, void *memory,
			size_t bytes);

/**
 * havege_source_unlend() - take the memory for sets back
 * @source:	an initialised source
 *
 * Ends the present set and drops all blocks that have not left, with the block
 * in the making.
 *
 * Return: the lent memory, wiped; NULL if there was none.
 */
void *havege_source_unlend(struct havege_source *source);

/**
 * havege_source_doubt() - require more than one good set
 * @source:	an initialised source
 *
 * HAVEGE_GOOD_SETS sets in a row have to be good, longer ones than those of a
 * quick start-up. The source calls it after a failure. The caller calls it
 * before the first step if the machine was refused before.
 */
void havege_source_doubt(struct havege_source *source);

/**
 * havege_source_hurry() - end the present set soon
 * @source:	an initialised source
 *
 * Makes the missing rows with shorter gaps. That is stricter: rows close
 * together teach the CPU the measured path.
 */
void havege_source_hurry(struct havege_source *source);

/**
 * havege_source_close() - end the present set soon, with its present blocks
 * @source:	an initialised source
 *
 * As havege_source_hurry(), and discards the fills between the rows.
 */
void havege_source_close(struct havege_source *source);

/**
 * havege_source_is_idle() - whether the source may pause here
 * @source:	an initialised source
 *
 * Return: true if it is running without a present set.
 */
static inline bool havege_source_is_idle(const struct havege_source *source)
{
	return source->phase == HAVEGE_RUNNING && !source->replay;
}

/**
 * havege_source_forget() - wipe the output of the last step
 * @source:	an initialised source
 *
 * Call it after HAVEGE_STEP_BLOCKS, once @pending was copied, and before the
 * caller sleeps. Wipes @walk's ring too.
 */
void havege_source_forget(struct havege_source *source);

/**
 * havege_source_estimate() - make a set before the next delivery
 * @source:	an initialised source
 *
 * For mode=stream. No effect unless the source is idle.
 */
void havege_source_estimate(struct havege_source *source);

/**
 * havege_source_can_freshen() - whether havege_source_freshen() may be called
 * @source:	an initialised source
 *
 * Return: true if the source is running and not within a row: fills of the live
 * walk within a row would add noise to the replay.
 */
static inline bool havege_source_can_freshen(const struct havege_source *source)
{
	return source->phase == HAVEGE_RUNNING &&
		!(source->replay && source->replay->fills);
}

/**
 * havege_source_freshen() - collect fresh half-steps, one fill
 * @source:	a source that havege_source_can_freshen()
 *
 * Takes the place of havege_source_step(). The fill passes the health tests. It
 * becomes no part of a block. Within a set it counts in the gap before the next
 * row.
 *
 * Context: as havege_source_step().
 * Return: HAVEGE_STEP_FRESH if half-steps worth HAVEGE_OPEN_BITS have come since
 * the last havege_source_open(); else the result of the fill.
 */
enum havege_step havege_source_freshen(struct havege_source *source);

/**
 * havege_source_open() - hash the fresh half-steps into a sealed block
 * @source:	a source whose last step was HAVEGE_STEP_FRESH
 * @block:	HAVEGE_BLOCK bytes: the sealed block, then the opened one; NULL:
 *		drop the fresh half-steps
 *
 * Context: any that may call sha256_update().
 */
void havege_source_open(struct havege_source *source, u8 *block);

/**
 * havege_source_shift() - the H that the health tests assume
 * @span:	half-steps in a sample
 *
 * Half the needed residual, but at least 2^-3 bit, the whole of it at k = 1. A
 * guess without knowledge of the walk succeeds no more often than one with it.
 *
 * Return: the shift, for havege_health_init().
 */
unsigned int havege_source_shift(u32 span);

/**
 * havege_source_explain() - describe the last failure
 * @source:	an initialised source
 * @text:	@size bytes; gets the measured value, the needed value and
 *		advice for the user, without a line end
 * @size:	bytes; HAVEGE_EXPLAIN is enough
 */
void havege_source_explain(const struct havege_source *source, char *text,
			   size_t size);

/**
 * havege_source_wipe() - wipe everything, including the table and lent memory
 * @source:	a source; may be all zero
 */
void havege_source_wipe(struct havege_source *source);

#endif /* HAVEGE_SOURCE_H */
