/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Health tests on the raw samples (NIST SP 800-90B, section 4.4)
 *
 * Every raw sample goes through every test, at start-up and for as long as the
 * source runs, in every mode. A test says one of three things; what follows
 * from it is havege_source.c's doing.
 *
 * What is assumed is H, the least entropy a sample may have: no way of guessing
 * the next sample, whatever is known of the ones before, succeeds more often
 * than 2^-H. Each test counts how often one certain way of guessing succeeds,
 * and says no when chance would let that happen once in 2^30 times (2^60: for
 * good):
 *
 * - repetition count (4.4.1): the sample before comes again, without a break;
 * - adaptive proportion (4.4.2): the first of 512 samples comes again in them;
 * - stuck: the second or the third difference is zero, without a break, so that
 *   a line or a parabola would have told the sample (the first difference is
 *   what the repetition count looks at);
 * - period: what followed the last time that the samples looked as they do now
 *   follows again, without a break. Sought at every second sample, up to 8192
 *   back: so it finds each period up to 4096, and even ones up to twice that. One
 *   of our own (4.5 allows them): a counter that repeats itself passes all of the
 *   above;
 * - counter: a reading is lower than the one before. No guess: it may not be.
 *
 * Freestanding; no locks, no allocation. The caller gives each struct to one
 * thread at a time.
 */
#ifndef HAVEGE_HEALTH_H
#define HAVEGE_HEALTH_H

#include "havege_core.h"
#include "havege_types.h"

/* Samples in a window of the adaptive proportion test (4.4.2: not binary). */
#define HAVEGE_WINDOW		512
/* The longest period of which each is found, samples; a power of two. */
#define HAVEGE_PERIOD_MAX	4096
/* How far back it is sought: an odd one is where it has come twice. */
#define HAVEGE_LAG_MAX		(2 * HAVEGE_PERIOD_MAX)
/*
 * Places that are remembered. Fewer than there are in a period: some are forgotten
 * in it, but a period has many, and two in a row tell it. The table is small, since
 * the walk leaves little of the cache to it.
 */
#define HAVEGE_PLACE_BITS	11
/* False alarms: one in 2 to the power of these, for either verdict. */
#define HAVEGE_ALPHA_INTERMITTENT	30
#define HAVEGE_ALPHA_PERMANENT		60
/*
 * H is 2^-shift bits, with shift from 0 to this: at 1/16 and below the adaptive
 * proportion test would have to count more samples than its window has.
 */
#define HAVEGE_SHIFT_MAX	3

/* Deltas below this, ticks, are divided by multiplication. */
#define HAVEGE_SHORT		65536

enum havege_test {
	HAVEGE_REPETITION,
	HAVEGE_PROPORTION,
	HAVEGE_STUCK,
	HAVEGE_PERIOD,
	HAVEGE_COUNTER,
	HAVEGE_TESTS,
};

/**
 * enum havege_verdict - what the tests say; the worst of all comes out
 * @HAVEGE_HEALTHY:	nothing
 * @HAVEGE_INTERMITTENT: not these samples
 * @HAVEGE_PERMANENT:	never again
 */
enum havege_verdict {
	HAVEGE_HEALTHY,
	HAVEGE_INTERMITTENT,
	HAVEGE_PERMANENT,
};

/**
 * struct havege_cutoffs - the counts at which the tests say no
 * @run:	repetition count, stuck, period; samples
 * @proportion:	adaptive proportion; samples of HAVEGE_WINDOW
 */
struct havege_cutoffs {
	u32 run;
	u32 proportion;
};

/**
 * struct havege_health - all tests and what they have counted
 * @gcd:	greatest common divisor of the deltas, ticks
 * @inverse:	2^32 / @gcd, rounded up; 0 where @gcd is more than HAVEGE_SHORT
 * @shift:	H is 2^-@shift bits a sample
 * @cutoffs:	for HAVEGE_INTERMITTENT and for HAVEGE_PERMANENT, one below each
 * @seen:	samples since havege_health_init()
 * @last:	the three samples before, the newest first
 * @run:	samples, less one, whose first, second, third difference was zero
 * @first:	the first sample of the window
 * @window:	samples of the window so far
 * @same:	those of them that were like @first
 * @past:	the last samples, at their number modulo HAVEGE_LAG_MAX
 * @place:	where the samples last looked as the index says, low 16 bits
 * @look:	what the samples look like now
 * @maybe:	how far back they looked so two samples ago
 * @lag:	the period that is being followed, or twice it, samples; 0: none is
 * @follows:	samples that then followed as they had done
 * @over:	whether each test's count was at its cutoff or above
 * @failures:	how often each test has said no
 * @verdict:	the worst of the last call; where it was not HAVEGE_HEALTHY,
 * @worst:	the test that said so first, and
 * @count:	what it had counted at most
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
 * havege_sample() - the sample that stands for a delta
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
 * @alpha:	a false alarm has the probability 2^-@alpha, 1 to 64
 *
 * Repetition count 1 + ceil(alpha / H) (SP 800-90B, 4.4.1). Adaptive proportion
 * the least C such that of 512 samples, each like the first with the
 * probability 2^-H, C or more are so with the probability 2^-alpha at most
 * (4.4.2: 1 + CRITBINOM(512, 2^-H, 1 - 2^-alpha)).
 *
 * Context: any.
 * Return: the cutoffs.
 */
struct havege_cutoffs havege_cutoffs(unsigned int shift, unsigned int alpha);

/**
 * havege_health_init() - start all tests afresh
 * @health:	the tests
 * @gcd:	greatest common divisor of the deltas, ticks; 0 stands for 1
 * @shift:	H is 2^-@shift bits a sample; more than HAVEGE_SHIFT_MAX stands
 *		for that
 */
void havege_health_init(struct havege_health *health, u32 gcd,
			unsigned int shift);

/**
 * havege_health_assume() - change H; what has been counted stays
 * @health:	initialised tests
 * @shift:	as for havege_health_init()
 */
void havege_health_assume(struct havege_health *health, unsigned int shift);

/**
 * havege_health_test() - put raw samples through all tests
 * @health:	initialised tests
 * @delta:	the deltas, ticks, in the order they were taken
 * @count:	how many
 *
 * Nothing is reset by a failure: a count goes on until its own end, so that
 * what fails long enough fails for good.
 *
 * Context: any; takes some nanoseconds a sample.
 * Return: the worst verdict on any of them.
 */
enum havege_verdict havege_health_test(struct havege_health *health,
				       const u64 *delta, unsigned int count);

/**
 * havege_health_cutoff() - the cutoff in force for one test
 * @health:	initialised tests
 * @test:	the test
 * @verdict:	HAVEGE_INTERMITTENT or HAVEGE_PERMANENT
 *
 * Return: the count at which it says so, samples; for HAVEGE_COUNTER 1.
 */
u32 havege_health_cutoff(const struct havege_health *health,
			 enum havege_test test, enum havege_verdict verdict);

/**
 * havege_test_name() - what SP 800-90B, or we, call a test
 * @test:	the test
 *
 * Return: its name, for messages.
 */
const char *havege_test_name(enum havege_test test);

#endif /* HAVEGE_HEALTH_H */
