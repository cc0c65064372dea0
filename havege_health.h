/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Health tests on the raw samples (NIST SP 800-90B, section 4.4)
 *
 * Every raw sample goes through every test, at start-up and in service, in
 * every mode. A test gives one of three verdicts; havege_source.c acts on it.
 *
 * The tests assume H, the least entropy of a sample: no guess of the next
 * sample succeeds more often than 2^-H, whatever it knows of the samples
 * before. Each test counts how often one kind of guess succeeds. It fails when
 * chance gives such a count once in 2^30 tests (2^60 for a permanent failure):
 *
 * - repetition count (4.4.1): the previous sample comes again, without a break;
 * - adaptive proportion (4.4.2): the first of 512 samples comes again in them;
 * - stuck: the second or third difference is zero, without a break: a line or a
 *   parabola predicts the sample (the repetition count covers the first
 *   difference);
 * - period: the samples repeat what followed their last similar look, without a
 *   break. The test looks at every second sample, up to 8192 samples back: it
 *   finds each period up to 4096, and even ones up to 8192. It is our own (4.5
 *   allows that), because a counter that repeats itself passes all tests above;
 * - counter: a reading is lower than the one before, which must never happen.
 *
 * Freestanding; no locks, no allocation. The caller gives each struct to one
 * thread at a time.
 */
#ifndef HAVEGE_HEALTH_H
#define HAVEGE_HEALTH_H

#include "havege_core.h"
#include "havege_types.h"

/* Window of the adaptive proportion test (samples; 4.4.2: not binary). */
#define HAVEGE_WINDOW		512
/* The test finds every period up to this (samples); a power of two. */
#define HAVEGE_PERIOD_MAX	4096
/* How far back it looks (samples): an odd period shows where it comes twice. */
#define HAVEGE_LAG_MAX		(2 * HAVEGE_PERIOD_MAX)
/*
 * Size of the table of looks (log2). It has fewer places than a period has
 * looks, and forgets some; two hits in a row are enough. A small table leaves
 * the cache to the walk.
 */
#define HAVEGE_PLACE_BITS	11
/*
 * False alarms: one in 2^30 for an intermittent, one in 2^60 for a permanent
 * failure.
 */
#define HAVEGE_ALPHA_INTERMITTENT	30
#define HAVEGE_ALPHA_PERMANENT		60
/*
 * Largest shift; H is 2^-shift bits. At 1/16 and below the cutoff of the
 * adaptive proportion test is above its window.
 */
#define HAVEGE_SHIFT_MAX	3

/* Divide deltas below this by multiplication (ticks). */
#define HAVEGE_SHORT		65536

/**
 * enum havege_test - the health tests
 * @HAVEGE_REPETITION: repetition count
 * @HAVEGE_PROPORTION: adaptive proportion
 * @HAVEGE_STUCK: stuck
 * @HAVEGE_PERIOD: period
 * @HAVEGE_COUNTER: counter
 * @HAVEGE_TESTS: number of tests
 */
enum havege_test {
	HAVEGE_REPETITION,
	HAVEGE_PROPORTION,
	HAVEGE_STUCK,
	HAVEGE_PERIOD,
	HAVEGE_COUNTER,
	HAVEGE_TESTS,
};

/**
 * enum havege_verdict - the verdict of the tests; the worst one counts
 * @HAVEGE_HEALTHY: all tests pass
 * @HAVEGE_INTERMITTENT: intermittent failure: drop these samples
 * @HAVEGE_PERMANENT: permanent failure: never use this source again
 */
enum havege_verdict {
	HAVEGE_HEALTHY,
	HAVEGE_INTERMITTENT,
	HAVEGE_PERMANENT,
};

/**
 * struct havege_cutoffs - the counts at which the tests fail
 * @run:	repetition count, stuck, period; samples
 * @proportion: adaptive proportion; samples of HAVEGE_WINDOW
 */
struct havege_cutoffs {
	u32 run;
	u32 proportion;
};

/**
 * struct havege_health - all tests and their counts
 * @gcd:	greatest common divisor of the deltas, ticks
 * @inverse:	2^32 / @gcd, rounded up; 0 for a @gcd above HAVEGE_SHORT
 * @shift:	H is 2^-@shift bits a sample
 * @cutoffs:	for HAVEGE_INTERMITTENT and for HAVEGE_PERMANENT, at index
 *		verdict - 1
 * @seen:	samples since havege_health_init()
 * @last:	the last three samples, the newest first
 * @run:	length, minus one, of the present run of zero first, second and
 *		third differences
 * @first:	first sample of the window
 * @window:	samples of the window so far
 * @same:	samples of the window equal to @first
 * @past:	the last samples, at their number modulo HAVEGE_LAG_MAX
 * @place:	number of the last sample with the look of each index, low 16
 *		bits
 * @look:	hash of the last 16 samples
 * @maybe:	distance to the same look, two samples ago
 * @lag:	the period under test, or twice it, samples; 0: none
 * @follows:	samples in a row that repeated the period
 * @over:	whether each test's count is at its cutoff or above
 * @failures:	failures of each test
 * @verdict:	worst verdict of the last call; the two fields below describe it
 *		unless it is HAVEGE_HEALTHY
 * @worst:	first test with that verdict
 * @count:	its highest count
 */
struct havege_health {
	u32 gcd;
	u64 inverse;
	unsigned int shift;
	struct havege_cutoffs cutoffs[2];
	u64 seen;
	u8 last[3];
	u32 run[3];
	u8 first;
	u32 window;
	u32 same;
	u8 past[HAVEGE_LAG_MAX];
	u16 place[1 << HAVEGE_PLACE_BITS];
	u64 look;
	u32 maybe;
	u32 lag;
	u32 follows;
	bool over[HAVEGE_TESTS];
	u64 failures[HAVEGE_TESTS];
	enum havege_verdict verdict;
	enum havege_test worst;
	u32 count;
};

/**
 * havege_sample() - the sample of a delta
 * @delta:	ticks between two readings
 * @gcd:	greatest common divisor of all deltas, ticks, not 0
 *
 * Return: the low eight bits of its steps.
 */
static inline u8 havege_sample(u64 delta, u32 gcd)
{
	return havege_steps(delta, gcd);
}

/**
 * havege_cutoffs() - the cutoffs for an H and an alpha
 * @shift:	H is 2^-@shift bits a sample, 0 to HAVEGE_SHIFT_MAX
 * @alpha:	the probability of a false alarm is 2^-@alpha, 1 to 64
 *
 * Repetition count: 1 + ceil(alpha / H) (SP 800-90B, 4.4.1). Adaptive
 * proportion: the least C such that C or more of 512 samples equal the first
 * with a probability of 2^-alpha at most, if each does with a probability of
 * 2^-H (4.4.2: 1 + CRITBINOM(512, 2^-H, 1 - 2^-alpha)).
 *
 * Context: any.
 * Return: the cutoffs.
 */
struct havege_cutoffs havege_cutoffs(unsigned int shift, unsigned int alpha);

/**
 * havege_health_init() - initialise all tests
 * @health:	the tests
 * @gcd:	greatest common divisor of the deltas, ticks; 0 counts as 1
 * @shift:	H is 2^-@shift bits a sample; limited to HAVEGE_SHIFT_MAX
 */
void havege_health_init(struct havege_health *health, u32 gcd,
			unsigned int shift);

/**
 * havege_health_tune() - set the unit and the H of further samples
 * @health:	the tests; may be all zero
 * @gcd:	as for havege_health_init()
 * @shift:	as for havege_health_init()
 *
 * If either differs from before, all tests start again with their failures
 * kept. Otherwise nothing changes.
 */
void havege_health_tune(struct havege_health *health, u32 gcd,
			unsigned int shift);

/**
 * havege_health_test() - test raw samples
 * @health:	initialised tests
 * @delta:	the deltas, ticks, in order
 * @count:	number of deltas
 *
 * A failure resets no count, so that a fault that lasts reaches the permanent
 * cutoff.
 *
 * Context: any; takes some nanoseconds a sample.
 * Return: the worst verdict.
 */
enum havege_verdict havege_health_test(struct havege_health *health,
				       const u64 *delta, unsigned int count);

/**
 * havege_health_cutoff() - the present cutoff of a test
 * @health:	initialised tests
 * @test:	the test
 * @verdict:	HAVEGE_INTERMITTENT or HAVEGE_PERMANENT
 *
 * Return: the count at which it gives @verdict, samples; 1 for HAVEGE_COUNTER.
 */
u32 havege_health_cutoff(const struct havege_health *health,
			 enum havege_test test, enum havege_verdict verdict);

/**
 * havege_test_name() - name of a test, in SP 800-90B's terms or ours
 * @test:	the test
 *
 * Return: the name, for messages.
 */
const char *havege_test_name(enum havege_test test);

#endif /* HAVEGE_HEALTH_H */
