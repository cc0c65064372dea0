// SPDX-License-Identifier: GPL-2.0
/*
 * The health tests: their cutoffs, each test at both cutoffs and one below, the
 * limits of windows and counts, and noise that must pass
 *
 * Noise is pseudo-random: the outcome is the same on every machine. Runs under
 * KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_health.h"

#define SHIFTS	(HAVEGE_SHIFT_MAX + 1)

/* Figures of HAVEGE.md, by shift: intermittent, permanent. */
static const u32 run_cutoffs[SHIFTS][2] = {
	{ 31, 61 }, { 61, 121 }, { 121, 241 }, { 241, 481 },
};

static const u32 proportion_cutoffs[SHIFTS][2] = {
	{ 325, 355 }, { 422, 447 }, { 477, 494 }, { 502, 512 },
};

/* Marsaglia's xorshift, multiplied: reproducible noise. */
static u32 health_noise(u64 *state, u32 values)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (*state * 2685821657736338717ull >> 32) * values >> 32;
}

static struct havege_health *new_health(struct kunit *test, u32 gcd,
					unsigned int shift)
{
	struct havege_health *health = kunit_kzalloc(test, sizeof(*health),
						     GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, health);
	havege_health_init(health, gcd, shift);
	return health;
}

/* Deltas of a batch: too many for the stack of a 32-bit kernel. */
#define BATCH	128

static u64 *new_batch(struct kunit *test)
{
	u64 *delta = kunit_kzalloc(test, BATCH * sizeof(*delta), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, delta);
	return delta;
}

static enum havege_verdict feed(struct havege_health *health, u64 delta)
{
	return havege_health_test(health, &delta, 1);
}

/* The verdict on a count of @count. */
static enum havege_verdict due(u32 count, const u32 cutoffs[2])
{
	if (count < cutoffs[0])
		return HAVEGE_HEALTHY;
	return count < cutoffs[1] ? HAVEGE_INTERMITTENT : HAVEGE_PERMANENT;
}

static u64 health_failures(const struct havege_health *health)
{
	u64 all = 0;
	int i;

	for (i = 0; i < HAVEGE_TESTS; i++)
		all += health->failures[i];
	return all;
}

static void health_cutoffs_published(struct kunit *test)
{
	unsigned int shift, i;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);

		for (i = 0; i < 2; i++) {
			const struct havege_cutoffs c =
				havege_cutoffs(shift, 30 * (i + 1));

			KUNIT_EXPECT_EQ(test, c.run, run_cutoffs[shift][i]);
			KUNIT_EXPECT_EQ(test, c.proportion,
					proportion_cutoffs[shift][i]);
			KUNIT_EXPECT_EQ(test, health->cutoffs[i].run, c.run);
			KUNIT_EXPECT_EQ(test, health->cutoffs[i].proportion,
					c.proportion);
		}
	}
}

/*
 * The least C for which 2^alpha * the sum of
 * binomial(512, k) * p^k * (1 - p)^(512 - k) for k in range(C, 513) is 1 at
 * most, with p = 2^-(1/2^shift), in mpmath with 400 bits. No alpha is a close
 * call: all sums but the one of a single term are off 1 by a hundredth.
 */
static void health_cutoffs_any_alpha(struct kunit *test)
{
	static const u16 known[SHIFTS][64] = {
		{
			257, 265, 270, 274, 278, 281, 284, 287, 290, 292, 294,
			296, 298, 300, 302, 304, 306, 307, 309, 311, 312, 314,
			315, 317, 318, 319, 321, 322, 323, 325, 326, 327, 328,
			329, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340,
			341, 342, 343, 344, 345, 346, 347, 348, 349, 350, 351,
			352, 352, 353, 354, 355, 356, 357, 358, 358
		},
		{
			363, 370, 375, 379, 382, 385, 388, 390, 392, 394, 396,
			398, 400, 402, 403, 405, 406, 408, 409, 410, 412, 413,
			414, 415, 417, 418, 419, 420, 421, 422, 423, 424, 425,
			426, 427, 428, 429, 430, 431, 432, 432, 433, 434, 435,
			436, 437, 437, 438, 439, 440, 440, 441, 442, 443, 443,
			444, 445, 445, 446, 447, 447, 448, 449, 449
		},
		{
			432, 437, 441, 444, 447, 449, 451, 453, 455, 456, 458,
			459, 460, 462, 463, 464, 465, 466, 467, 468, 469, 470,
			471, 472, 473, 474, 474, 475, 476, 477, 477, 478, 479,
			480, 480, 481, 482, 482, 483, 483, 484, 485, 485, 486,
			486, 487, 487, 488, 488, 489, 489, 490, 490, 491, 491,
			492, 492, 493, 493, 494, 494, 495, 495, 495
		},
		{
			471, 475, 478, 480, 482, 483, 485, 486, 487, 489, 490,
			491, 492, 492, 493, 494, 495, 496, 496, 497, 498, 498,
			499, 499, 500, 500, 501, 501, 502, 502, 503, 503, 504,
			504, 505, 505, 505, 506, 506, 506, 507, 507, 507, 508,
			508, 508, 509, 509, 509, 510, 510, 510, 510, 511, 511,
			511, 511, 511, 512, 512, 512, 512, 512, 512
		},
	};
	unsigned int shift, alpha;

	for (shift = 0; shift < SHIFTS; shift++)
		for (alpha = 1; alpha <= 64; alpha++) {
			const struct havege_cutoffs c =
				havege_cutoffs(shift, alpha);

			KUNIT_EXPECT_EQ_MSG(test, c.proportion,
					    known[shift][alpha - 1],
					    "shift %u, alpha %u\n", shift,
					    alpha);
			KUNIT_EXPECT_EQ(test, c.run, 1 + alpha * (1 << shift));
		}
}

/* The names in messages, and the cutoff of each test. */
static void health_names_and_cutoffs(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 9);
	int i;

	/* Higher values are limited to the highest that the tests support. */
	KUNIT_EXPECT_EQ(test, health->shift, HAVEGE_SHIFT_MAX);
	for (i = 0; i < HAVEGE_TESTS; i++) {
		const u32 no = havege_health_cutoff(health, i,
						    HAVEGE_INTERMITTENT);
		const u32 never = havege_health_cutoff(health, i,
						       HAVEGE_PERMANENT);

		if (i == HAVEGE_COUNTER) {
			KUNIT_EXPECT_EQ(test, no, 1);
			KUNIT_EXPECT_EQ(test, never, 1);
		} else if (i == HAVEGE_PROPORTION) {
			KUNIT_EXPECT_EQ(test, no, 502);
			KUNIT_EXPECT_EQ(test, never, 512);
		} else {
			KUNIT_EXPECT_EQ(test, no, 241);
			KUNIT_EXPECT_EQ(test, never, 481);
		}
	}
	KUNIT_EXPECT_STREQ(test, havege_test_name(HAVEGE_REPETITION),
			   "repetition count");
	KUNIT_EXPECT_STREQ(test, havege_test_name(HAVEGE_PROPORTION),
			   "adaptive proportion");
	KUNIT_EXPECT_STREQ(test, havege_test_name(HAVEGE_STUCK), "stuck");
	KUNIT_EXPECT_STREQ(test, havege_test_name(HAVEGE_PERIOD), "period");
	KUNIT_EXPECT_STREQ(test, havege_test_name(HAVEGE_COUNTER), "counter");
}

/*
 * One value again and again, from the first sample on and later. The other
 * tests are at least one sample behind.
 */
static void health_repetition(struct kunit *test)
{
	static const u8 before[] = { 9, 200, 31, 77, 140 };
	u32 shift, used, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		const u32 *cutoffs = run_cutoffs[shift];

		for (used = 0; used <= ARRAY_SIZE(before); used++) {
			struct havege_health *health =
				new_health(test, 1, shift);
			const u64 *failures = health->failures;
			const u8 value = used ? 17 : 0;

			for (n = 0; n < used; n++)
				feed(health, before[n]);
			for (n = 1; n <= cutoffs[1] + 40; n++) {
				KUNIT_EXPECT_EQ_MSG(test, feed(health, value),
						    due(n, cutoffs),
						    "shift %u, %u alike\n",
						    shift, n);
				KUNIT_EXPECT_EQ(test,
						failures[HAVEGE_REPETITION],
						n >= cutoffs[0]);
				KUNIT_EXPECT_EQ(test, failures[HAVEGE_STUCK],
						n >= cutoffs[0] + 1);
				if (n == cutoffs[0]) {
					KUNIT_EXPECT_EQ(test, health->worst,
							HAVEGE_REPETITION);
					KUNIT_EXPECT_EQ(test, health->count, n);
				}
			}
		}
	}
}

/* Runs of one sample less: each new value resets the count. */
static void health_repetition_one_below(struct kunit *test)
{
	u32 shift, run, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);
		u64 state = 1;

		for (run = 0; run < 40; run++) {
			const u8 value = 8 * run + health_noise(&state, 8);

			for (n = 1; n < run_cutoffs[shift][0]; n++)
				KUNIT_EXPECT_EQ(test, feed(health, value),
						HAVEGE_HEALTHY);
		}
		KUNIT_EXPECT_EQ(test, health_failures(health), 0);
	}
}

/*
 * A permanent verdict names its test and a count at its cutoff, even if another
 * test gives an intermittent verdict on the same sample.
 */
static void health_worst_is_the_worst(struct kunit *test)
{
	u32 shift, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);
		enum havege_verdict verdict = HAVEGE_HEALTHY;

		for (n = 1; n <= run_cutoffs[shift][1]; n++)
			verdict = feed(health, 5);
		KUNIT_EXPECT_EQ(test, verdict, HAVEGE_PERMANENT);
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_REPETITION);
		KUNIT_EXPECT_EQ(test, health->count, run_cutoffs[shift][1]);
	}
}

/*
 * The same if the weaker verdict comes later in the call, or from another test.
 */
static void health_worst_of_a_call(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 0);
	u64 *delta = new_batch(test), state = 77;
	u32 n;

	/* 61 equal samples, a line of 45, noise. */
	for (n = 0; n < BATCH; n++) {
		delta[n] = health_noise(&state, 256);
		if (n < 61)
			delta[n] = 5;
		else if (n < 61 + 45)
			delta[n] = 3 * n;
	}
	KUNIT_EXPECT_EQ(test, havege_health_test(health, delta, BATCH),
			HAVEGE_PERMANENT);
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_STUCK], 2);
	KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_REPETITION);
	KUNIT_EXPECT_EQ(test, health->count, 61);

	/* 355 equal samples of a window, the last 45 of them in a row. */
	havege_health_init(health, 1, 0);
	for (n = 1; n < 355; n++) {
		feed(health, 5);
		if (n < 310 && n % 10 == 0)
			feed(health, health_noise(&state, 256) | 8);
	}
	KUNIT_EXPECT_EQ(test, feed(health, 5), HAVEGE_PERMANENT);
	KUNIT_EXPECT_GT(test, health->run[0] + 1, run_cutoffs[0][0]);
	KUNIT_EXPECT_LT(test, health->run[0] + 1, run_cutoffs[0][1]);
	KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_PROPORTION);
	KUNIT_EXPECT_EQ(test, health->count, 355);

	/* Of two equal verdicts the first counts, with its highest count. */
	havege_health_init(health, 1, 0);
	for (n = 1; n <= 290; n++) {
		feed(health, 5);
		if (n % 10 == 0)
			feed(health, health_noise(&state, 256) | 8);
	}
	for (n = 0; n < 40; n++)
		delta[n] = 5;
	KUNIT_EXPECT_EQ(test, havege_health_test(health, delta, 40),
			HAVEGE_INTERMITTENT);
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_PROPORTION], 1);
	KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_REPETITION);
	KUNIT_EXPECT_EQ(test, health->count, 40);
}

/* A line: the second difference is zero from the third sample on. */
static void health_stuck_line(struct kunit *test)
{
	u32 shift, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);

		for (n = 1; n <= run_cutoffs[shift][1] + 3; n++) {
			KUNIT_EXPECT_EQ_MSG(test, feed(health, 1000 + 3 * n),
					    due(n - 1, run_cutoffs[shift]),
					    "shift %u, sample %u\n", shift, n);
			KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_STUCK],
					n - 1 >= run_cutoffs[shift][0]);
		}
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_STUCK);
		KUNIT_EXPECT_EQ(test, health->count, n - 2);
		KUNIT_EXPECT_EQ(test, health_failures(health), 1);
	}
}

/*
 * A parabola: the third difference is zero from the fourth sample on. It begins
 * with 0, 1, 3, which would continue two zeros before it.
 */
static void health_stuck_parabola(struct kunit *test)
{
	u32 shift, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);

		for (n = 1; n <= run_cutoffs[shift][1] + 3; n++) {
			KUNIT_EXPECT_EQ_MSG(test, feed(health, n * (n - 1) / 2),
					    due(n - 2, run_cutoffs[shift]) *
					    (n >= 2),
					    "shift %u, sample %u\n", shift, n);
			if (n < 2)
				continue;
			KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_STUCK],
					n - 2 >= run_cutoffs[shift][0]);
		}
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_STUCK);
		KUNIT_EXPECT_EQ(test, health_failures(health), 1);
	}
}

/* Lines of one sample too few, each with another slope. */
static void health_stuck_one_below(struct kunit *test)
{
	u32 shift, run, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);
		u64 state = 3;
		u8 value = 0;

		for (run = 0; run < 40; run++) {
			const u8 slope = 6 * run + health_noise(&state, 4);

			value += health_noise(&state, 256);
			/* A line has one sample more than zero differences. */
			for (n = 1; n <= run_cutoffs[shift][0] - 1; n++)
				KUNIT_EXPECT_EQ(test,
						feed(health, value += slope),
						HAVEGE_HEALTHY);
		}
		KUNIT_EXPECT_EQ(test, health_failures(health), 0);
	}
}

/* Disable the other tests, so that samples may come in any order. */
static struct havege_health *new_proportion(struct kunit *test,
					    unsigned int shift)
{
	struct havege_health *health = new_health(test, 1, shift);

	health->cutoffs[0].run = ~0u;
	health->cutoffs[1].run = ~0u;
	return health;
}

static void health_proportion(struct kunit *test)
{
	u32 shift, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		const u32 *cutoffs = proportion_cutoffs[shift];
		struct havege_health *health = new_proportion(test, shift);

		for (n = 1; n <= HAVEGE_WINDOW; n++) {
			KUNIT_EXPECT_EQ_MSG(test, feed(health, 5),
					    due(n, cutoffs),
					    "shift %u, %u alike\n", shift, n);
			KUNIT_EXPECT_EQ(test,
					health->failures[HAVEGE_PROPORTION],
					n >= cutoffs[0]);
		}
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_PROPORTION);
		KUNIT_EXPECT_EQ(test, health->count, HAVEGE_WINDOW);
		/*
		 * The next window starts at zero, and its failure counts again.
		 */
		for (n = 1; n <= HAVEGE_WINDOW; n++)
			KUNIT_EXPECT_EQ(test, feed(health, 5), due(n, cutoffs));
		KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_PROPORTION], 2);
		KUNIT_EXPECT_EQ(test, health_failures(health), 2);
	}
}

/*
 * End of a window: its first sample equals @alike - 1 others, all at the end of
 * the window. The samples between equal none of them.
 */
static enum havege_verdict window(struct havege_health *health, u32 alike,
				  enum havege_verdict *before)
{
	enum havege_verdict verdict = HAVEGE_HEALTHY;
	u32 n;

	*before = HAVEGE_HEALTHY;
	for (n = 0; n < HAVEGE_WINDOW; n++) {
		*before = max(*before, verdict);
		verdict = feed(health, n && n <= HAVEGE_WINDOW - alike ?
			       100 + n % 50 : 5);
	}
	return verdict;
}

static void health_proportion_window(struct kunit *test)
{
	enum havege_verdict before;
	u32 shift, n;

	for (shift = 0; shift < SHIFTS; shift++) {
		const u32 *cutoffs = proportion_cutoffs[shift];
		struct havege_health *health = new_proportion(test, shift);

		/* The 512th sample belongs to the window. */
		KUNIT_EXPECT_EQ(test, window(health, cutoffs[0], &before),
				HAVEGE_INTERMITTENT);
		KUNIT_EXPECT_EQ(test, before, HAVEGE_HEALTHY);
		KUNIT_EXPECT_EQ(test, window(health, cutoffs[1], &before),
				HAVEGE_PERMANENT);
		KUNIT_EXPECT_EQ(test, before, HAVEGE_INTERMITTENT);
		KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_PROPORTION], 2);

		/*
		 * One less; the 513th, an equal one, belongs to the next
		 * window.
		 */
		KUNIT_EXPECT_EQ(test, window(health, cutoffs[0] - 1, &before),
				HAVEGE_HEALTHY);
		KUNIT_EXPECT_EQ(test, before, HAVEGE_HEALTHY);
		for (n = 1; n < cutoffs[0]; n++)
			KUNIT_EXPECT_EQ(test, feed(health, 5), HAVEGE_HEALTHY);
		KUNIT_EXPECT_EQ(test, feed(health, 5), HAVEGE_INTERMITTENT);
	}
}

/* A window counts its own first sample, not that of the last window. */
static void health_proportion_follows_first(struct kunit *test)
{
	struct havege_health *health = new_proportion(test, 0);
	u32 n;

	for (n = 0; n < HAVEGE_WINDOW; n++)
		KUNIT_EXPECT_EQ(test, feed(health, n % 2 ? 5 : 6),
				HAVEGE_HEALTHY);
	KUNIT_EXPECT_EQ(test, feed(health, 7), HAVEGE_HEALTHY);
	for (n = 2; n <= 100; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 6), HAVEGE_HEALTHY);
	for (n = 2; n <= 413; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 7),
				due(n, proportion_cutoffs[0]));
	for (n = 1; n <= HAVEGE_WINDOW; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 6),
				due(n, proportion_cutoffs[0]));
}

#define PERIOD	100

/* A hundred samples of noise in a cycle, until the period test has found it. */
static void find_period(struct kunit *test, struct havege_health *health,
			u8 sample[PERIOD], u32 *n)
{
	u64 state = 12345;
	u32 i;

	for (i = 0; i < PERIOD; i++)
		sample[i] = health_noise(&state, 256);
	for (*n = 0; health->lag != PERIOD; ++*n) {
		KUNIT_ASSERT_TRUE(test, *n < 2 * PERIOD);
		KUNIT_EXPECT_EQ(test, feed(health, sample[*n % PERIOD]),
				HAVEGE_HEALTHY);
	}
}

static void health_period(struct kunit *test)
{
	u8 sample[PERIOD];
	u32 shift, n, follows;

	for (shift = 0; shift < SHIFTS; shift++) {
		const u32 *cutoffs = run_cutoffs[shift];
		struct havege_health *health = new_health(test, 1, shift);

		find_period(test, health, sample, &n);
		for (follows = 1; follows < cutoffs[1] + 40; follows++, n++) {
			KUNIT_EXPECT_EQ_MSG(test,
					    feed(health, sample[n % PERIOD]),
					    due(follows + 1, cutoffs),
					    "shift %u, %u follow\n", shift,
					    follows);
			KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_PERIOD],
					follows + 1 >= cutoffs[0]);
		}
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_PERIOD);
		KUNIT_EXPECT_EQ(test, health->count, follows);
		KUNIT_EXPECT_EQ(test, health_failures(health), 1);

		/* One sample that breaks the cycle resets the count. */
		KUNIT_EXPECT_EQ(test,
				feed(health, sample[n++ % PERIOD] ^ 0x80),
				HAVEGE_HEALTHY);
		KUNIT_EXPECT_EQ(test, feed(health, sample[n++ % PERIOD]),
				HAVEGE_HEALTHY);
		KUNIT_EXPECT_LT(test, health->follows, 2);
	}
}

/* Runs of one sample less, then a sample that differs. */
static void health_period_one_below(struct kunit *test)
{
	u8 sample[PERIOD];
	u32 shift, n, follows, round;

	for (shift = 0; shift < SHIFTS; shift++) {
		struct havege_health *health = new_health(test, 1, shift);

		find_period(test, health, sample, &n);
		for (round = 0; round < 5; round++) {
			for (follows = 1; follows + 1 < run_cutoffs[shift][0];
			     follows++)
				KUNIT_EXPECT_EQ(test,
						feed(health,
						     sample[n++ % PERIOD]),
						HAVEGE_HEALTHY);
			/* For all later cycles, so that it is one change. */
			sample[n % PERIOD] ^= 1 << round;
			KUNIT_EXPECT_EQ(test,
					feed(health, sample[n++ % PERIOD]),
					HAVEGE_HEALTHY);
			for (follows = 0; health->lag != PERIOD; follows++) {
				KUNIT_ASSERT_TRUE(test, follows < PERIOD);
				KUNIT_EXPECT_EQ(test,
						feed(health,
						     sample[n++ % PERIOD]),
						HAVEGE_HEALTHY);
			}
		}
		KUNIT_EXPECT_EQ(test, health_failures(health), 0);
	}
}

/*
 * Samples until a period causes a permanent failure, up to the samples of a
 * start-up (havege_source.h).
 */
static u32 catch_period(struct havege_health *health, const u8 *sample,
			u32 period)
{
	const u32 cutoff = health->cutoffs[1].run;
	u32 n;

	for (n = 0; n < 10240; n++) {
		feed(health, sample[n % period]);
		if (health->worst == HAVEGE_PERIOD && health->count >= cutoff)
			break;
	}
	return n;
}

/*
 * Each length, with two, four and all values, at the highest and the lowest H.
 */
static void health_periods_caught(struct kunit *test)
{
	static const u32 periods[] = {
		2, 3, 5, 17, 64, 100, 1000, 4095, 4096
	};
	static const u32 values[] = { 2, 4, 256 };
	struct havege_health *health = new_health(test, 1, 0);
	u8 *sample = kunit_kzalloc(test, HAVEGE_PERIOD_MAX, GFP_KERNEL);
	u32 p, v, shift, n;

	KUNIT_ASSERT_NOT_NULL(test, sample);
	for (p = 0; p < ARRAY_SIZE(periods); p++)
		for (v = 0; v < ARRAY_SIZE(values); v++)
			for (shift = 0; shift < SHIFTS; shift += 3) {
				u64 state = 1 + p;

				for (n = 0; n < periods[p]; n++)
					sample[n] = health_noise(&state, values[v]);
				/* Avoid a repetition. */
				sample[0] = !sample[1];
				havege_health_init(health, 1, shift);
				n = catch_period(health, sample, periods[p]);
				KUNIT_EXPECT_LE_MSG(test, n, 10239,
						    "period %u of %u\n",
						    periods[p], values[v]);
			}
}

/* Periods too long for this test pass, which no other test has to detect. */
static void health_longer_periods_pass(struct kunit *test)
{
	static const u32 values[] = { 2, 16, 256 };
	/* Odd and even. */
	static const u32 periods[] = {
		HAVEGE_PERIOD_MAX + 1, HAVEGE_LAG_MAX + 2
	};
	u32 p, v, n;
	u8 *sample = kunit_kzalloc(test, HAVEGE_LAG_MAX + 2, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sample);
	for (p = 0; p < ARRAY_SIZE(periods); p++) {
		const u32 period = periods[p];

		for (v = 0; v < ARRAY_SIZE(values); v++) {
			struct havege_health *health = new_health(test, 1, 0);
			u64 state = 7;

			for (n = 0; n < period; n++)
				sample[n] = health_noise(&state, values[v]);
			for (n = 0; n < 20 * period; n++)
				feed(health, sample[n % period]);
			KUNIT_EXPECT_EQ(test, health_failures(health), 0);
		}
	}
}

/* Noise with occasional patterns for each test. */
static u64 eventful(u64 *state, u32 n, u32 gcd)
{
	/* Runs of all lengths up to 30, at any place. */
	const bool in_run = n % 37 < n / 37 % 31;

	switch (n / 700 % 12) {
	case 1:
		return 5ull * gcd;
	case 2:
		return (in_run ? 5 : health_noise(state, 256)) * (u64)gcd;
	case 3:
		return n * (u64)gcd;
	case 4:
		return (in_run ? n : health_noise(state, 256)) * (u64)gcd;
	case 5:
		return (u64)n * n * gcd;
	case 6:
		return (in_run ? (u64)n * n : health_noise(state, 256)) * gcd;
	case 7:
		return (n % 7 * 11 + 1) * (u64)gcd;
	case 9:
		return n % 50 ? health_noise(state, 4) : -1ull - health_noise(state, 9);
	case 11:
		return (u64)health_noise(state, 9) << health_noise(state, 40);
	default:
		return health_noise(state, n / 100 % 3 ? 256 : 2) * (u64)gcd;
	}
}

/* One call or many calls: the counts are equal. */
static void health_ignores_splits(struct kunit *test)
{
	static const u32 gcds[] = { 1, 2, 26, 4099, 65536, 65537, 1u << 20 };
	static const u32 sizes[] = { 8, 128, 129, 1000, 24, 3, 512, 64, 7 };
	u64 *delta = kunit_kzalloc(test, 1000 * sizeof(*delta), GFP_KERNEL);
	u32 g, n, i, k, some;

	KUNIT_ASSERT_NOT_NULL(test, delta);
	for (g = 0; g < ARRAY_SIZE(gcds); g++) {
		struct havege_health *one = new_health(test, gcds[g], g % SHIFTS);
		struct havege_health *all = new_health(test, gcds[g], g % SHIFTS);
		enum havege_verdict worst, verdict;
		u64 state = 1 + g;

		for (n = 0, k = 0; n < 40000; n += some, k++) {
			some = sizes[k % ARRAY_SIZE(sizes)];
			worst = HAVEGE_HEALTHY;
			for (i = 0; i < some; i++) {
				delta[i] = eventful(&state, n + i, gcds[g]);
				verdict = feed(one, delta[i]);
				worst = max(worst, verdict);
			}
			KUNIT_EXPECT_GE(test, havege_health_test(all, delta, some),
					worst);
			one->verdict = all->verdict;
			one->worst = all->worst;
			one->count = all->count;
			KUNIT_EXPECT_EQ_MSG(test, memcmp(one, all, sizeof(*one)),
					    0, "gcd %u, %u from %u on\n",
					    gcds[g], some, n);
		}
		/* Each test has failed. */
		for (i = 0; i < HAVEGE_TESTS; i++)
			KUNIT_EXPECT_NE(test, all->failures[i], 0);
	}
}

/* Multiplication gives the result of the division. */
static void health_short_deltas(struct kunit *test)
{
	static const u32 gcds[] = { 1, 2, 3, 7, 26, 255, 1000, 32768, 65535, 65536 };
	struct havege_health *health;
	u32 g, delta;

	for (g = 0; g < ARRAY_SIZE(gcds); g++) {
		health = new_health(test, gcds[g], 0);
		for (delta = 0; delta < HAVEGE_SHORT + 2; delta++) {
			feed(health, delta);
			if (health->last[0] != (u8)(delta / gcds[g]))
				break;
		}
		KUNIT_EXPECT_EQ_MSG(test, delta, HAVEGE_SHORT + 2, "gcd %u\n",
				    gcds[g]);
	}
}

/* A million samples of noise, at an H of half its entropy. */
static void health_noise_passes(struct kunit *test)
{
	static const struct {
		u32 values;
		unsigned int shift;
	} good[] = { { 2, 1 }, { 4, 0 }, { 16, 0 }, { 256, 0 } };
	u64 *delta = new_batch(test);
	u32 i, n, k;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct havege_health *health = new_health(test, 1,
							  good[i].shift);
		enum havege_verdict worst = HAVEGE_HEALTHY;
		u64 state = 20261121;

		for (n = 0; n < 1000000; n += BATCH) {
			for (k = 0; k < BATCH; k++)
				delta[k] = 1000 + health_noise(&state, good[i].values);
			worst = max(worst,
				    havege_health_test(health, delta, BATCH));
		}
		KUNIT_EXPECT_EQ_MSG(test, worst, HAVEGE_HEALTHY,
				    "%u values\n", good[i].values);
		KUNIT_EXPECT_EQ(test, health_failures(health), 0);
	}
}

/* At any time, at once. A difference with the top bit set is negative. */
static void health_counter(struct kunit *test)
{
	static const u64 back[] = { 1ull << 63, -1ull, -1000ull, -1ull << 40 };
	static const u64 ahead[] = { 0, 1, 1ull << 32, 1ull << 62,
				     (1ull << 63) - 1 };
	struct havege_health *health = new_health(test, 1, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ahead); i++)
		KUNIT_EXPECT_EQ(test, feed(health, ahead[i]), HAVEGE_HEALTHY);
	KUNIT_EXPECT_EQ(test, health_failures(health), 0);
	for (i = 0; i < ARRAY_SIZE(back); i++) {
		KUNIT_EXPECT_EQ(test, feed(health, back[i]),
				HAVEGE_INTERMITTENT);
		KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_COUNTER], i + 1);
		KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_COUNTER);
		KUNIT_EXPECT_EQ(test, health->count, 1);
		KUNIT_EXPECT_EQ(test, feed(health, 50 + i * i * i),
				HAVEGE_HEALTHY);
	}
	KUNIT_EXPECT_EQ(test, health_failures(health), ARRAY_SIZE(back));
}

/*
 * After an intermittent verdict the count goes on to the permanent one. Each
 * equal sample is bad, and the first other one is not.
 */
static void health_goes_on_counting(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 0);
	u32 n;

	for (n = 1; n <= 60; n++)
		feed(health, 5);
	KUNIT_EXPECT_EQ(test, feed(health, 6), HAVEGE_HEALTHY);
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_REPETITION], 1);
	/* A new count, and a new failure. */
	for (n = 2; n <= 70; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 6), due(n, run_cutoffs[0]));
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_REPETITION], 2);
	/*
	 * Here a sample ends a permanent failure: only the source latches it.
	 */
	KUNIT_EXPECT_EQ(test, feed(health, 77), HAVEGE_HEALTHY);
}

/* One call of many samples gives the worst verdict of calls of one. */
static void health_batches(struct kunit *test)
{
	struct havege_health *one = new_health(test, 1, 0);
	struct havege_health *many = new_health(test, 1, 0);
	u64 *delta = new_batch(test), state = 99;
	u32 batch, i, seen = 0;

	for (batch = 0; batch < 300; batch++) {
		enum havege_verdict verdict = HAVEGE_HEALTHY;
		const u32 run = batch % 100;

		for (i = 0; i < BATCH; i++) {
			delta[i] = i < run ? 33 : health_noise(&state, 256);
			verdict = max(verdict, feed(one, delta[i]));
		}
		KUNIT_EXPECT_EQ(test, havege_health_test(many, delta, BATCH),
				verdict);
		seen |= 1 << verdict;
	}
	KUNIT_EXPECT_EQ(test, seen, 7);
	KUNIT_EXPECT_EQ(test, memcmp(one->failures, many->failures,
				     sizeof(one->failures)), 0);
	KUNIT_EXPECT_EQ(test, one->seen, 300 * BATCH);
	KUNIT_EXPECT_EQ(test, many->seen, 300 * BATCH);
	KUNIT_EXPECT_EQ(test, havege_health_test(many, delta, 0),
			HAVEGE_HEALTHY);
}

/* A run goes on from one call to the next, however short its rest is. */
static void health_run_over_calls(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 0);
	u64 delta[16] = { 5, 5, 5, 9, 1, 77, 30, 2, 60, 31, 8, 200, 4, 90, 3, 7 };
	u32 n;

	for (n = 1; n <= 28; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 5), HAVEGE_HEALTHY);
	KUNIT_EXPECT_EQ(test, havege_health_test(health, delta, 16),
			HAVEGE_INTERMITTENT);
	KUNIT_EXPECT_EQ(test, health->worst, HAVEGE_REPETITION);
	KUNIT_EXPECT_EQ(test, health->count, 31);
	KUNIT_EXPECT_EQ(test, havege_health_test(health, delta, 16),
			HAVEGE_HEALTHY);
}

/* The GCD of all deltas is divided out first. */
static void health_gcd(struct kunit *test)
{
	static const u32 gcds[] = { 2, 26, 100, 1000003 };
	u32 g, n;

	for (g = 0; g < ARRAY_SIZE(gcds); g++) {
		struct havege_health *plain = new_health(test, 1, 0);
		struct havege_health *times = new_health(test, gcds[g], 0);
		u64 state = 5;

		for (n = 0; n < 5000; n++) {
			/* Noise, a constant, a line, a period of 20. */
			const u64 shape[] = {
				health_noise(&state, 300), 9, 7 * (n % 70), n * n % 20
			};
			const u64 value = shape[n / 70 % 4];

			KUNIT_EXPECT_EQ(test, feed(plain, value),
					feed(times, value * gcds[g]));
		}
		KUNIT_EXPECT_GT(test, plain->failures[HAVEGE_REPETITION], 1);
		KUNIT_EXPECT_GT(test, plain->failures[HAVEGE_STUCK], 1);
		KUNIT_EXPECT_GT(test, plain->failures[HAVEGE_PERIOD], 1);
		KUNIT_EXPECT_EQ(test,
				memcmp(plain->failures, times->failures,
				       sizeof(plain->failures)), 0);
	}

	/*
	 * Undivided, multiples of 256 are one sample. Divided, they are a line.
	 */
	KUNIT_EXPECT_EQ(test, havege_sample(256 * 5, 1), 0);
	KUNIT_EXPECT_EQ(test, havege_sample(256 * 5, 256), 5);
	KUNIT_EXPECT_EQ(test, havege_sample(26 * 77 + 25, 26), 77);
	KUNIT_EXPECT_EQ(test, new_health(test, 0, 0)->gcd, 1);
	KUNIT_EXPECT_EQ(test, new_health(test, 26, 0)->gcd, 26);
}

/* Pauses of seconds are all the same sample, and do not look like noise. */
static void health_long_deltas(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 0);
	u64 state = 8;
	u32 n;

	KUNIT_EXPECT_EQ(test, havege_sample(0xffffffff, 1), 0xff);
	KUNIT_EXPECT_EQ(test, havege_sample(0xfffffffe, 1), 0xfe);
	KUNIT_EXPECT_EQ(test, havege_sample(1ull << 32, 1), 0xff);
	KUNIT_EXPECT_EQ(test, havege_sample(-1ull, 1), 0xff);
	KUNIT_EXPECT_EQ(test, havege_sample(1ull << 40, 26),
			0xffffffff / 26 & 0xff);
	KUNIT_EXPECT_EQ(test, havege_sample(5ull << 32, 0xffffffff), 1);
	for (n = 1; n <= 70; n++)
		KUNIT_EXPECT_EQ(test,
				feed(health,
				     (1ull << 32) + health_noise(&state, 1u << 31)),
				due(n, run_cutoffs[0]));
}

/* New samples reset the counts, but not the failures. */
static void health_tune(struct kunit *test)
{
	struct havege_health *health = new_health(test, 26, 0);
	struct havege_health *fresh = new_health(test, 26, 2);
	struct havege_health *before =
		kunit_kzalloc(test, sizeof(*before), GFP_KERNEL);
	u32 n;

	KUNIT_ASSERT_NOT_NULL(test, before);
	for (n = 1; n <= 45; n++)
		feed(health, 5 * 26);
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_REPETITION], 1);
	/* Equal values are no change: a run goes on. */
	memcpy(before, health, sizeof(*before));
	havege_health_tune(health, 26, 0);
	KUNIT_EXPECT_EQ(test, memcmp(before, health, sizeof(*before)), 0);
	for (; n <= 60; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 5 * 26),
				HAVEGE_INTERMITTENT);
	KUNIT_EXPECT_EQ(test, feed(health, 5 * 26), HAVEGE_PERMANENT);

	/* Another H, another unit, or both. */
	havege_health_tune(health, 26, 2);
	KUNIT_EXPECT_EQ(test, health->failures[HAVEGE_REPETITION], 1);
	memset(health->failures, 0, sizeof(health->failures));
	KUNIT_EXPECT_EQ(test, memcmp(health, fresh, sizeof(*health)), 0);
	feed(health, 5 * 26);
	havege_health_tune(health, 13, 2);
	KUNIT_EXPECT_EQ(test, health->gcd, 13);
	KUNIT_EXPECT_EQ(test, health->seen, 0);
	/* All-zero tests work. */
	memset(health, 0, sizeof(*health));
	havege_health_tune(health, 26, 2);
	KUNIT_EXPECT_EQ(test, memcmp(health, fresh, sizeof(*health)), 0);
	havege_health_tune(health, 0, 77);
	KUNIT_EXPECT_EQ(test, health->gcd, 1);
	KUNIT_EXPECT_EQ(test, health->shift, HAVEGE_SHIFT_MAX);
}

/* The initial state does not depend on what was there before. */
static void health_init_forgets(struct kunit *test)
{
	struct havege_health *used = new_health(test, 1, 3);
	struct havege_health *fresh = new_health(test, 26, 1);
	u32 n;

	for (n = 0; n < 5000; n++)
		feed(used, n % 1000);
	feed(used, -1ull);
	KUNIT_EXPECT_NE(test, health_failures(used), 0);
	havege_health_init(used, 26, 1);
	KUNIT_EXPECT_EQ(test, memcmp(used, fresh, sizeof(*used)), 0);
}

/* More samples than 32 bits can count: half an hour. */
static void health_numbers_wrap(struct kunit *test)
{
	struct havege_health *health = new_health(test, 1, 0);
	u64 state = 4;
	u32 n;

	for (n = 0; n < 10000; n++)
		feed(health, health_noise(&state, 256));
	health->seen = 0xffffffff - 700;
	for (n = 0; n < 10000; n++)
		KUNIT_EXPECT_EQ(test, feed(health, health_noise(&state, 256)),
				HAVEGE_HEALTHY);
	health->seen = 0xffffffff - 10;
	for (n = 1; n <= 70; n++)
		KUNIT_EXPECT_EQ(test, feed(health, 5), due(n, run_cutoffs[0]));
}

static struct kunit_case health_cases[] = {
	KUNIT_CASE(health_cutoffs_published),
	KUNIT_CASE(health_cutoffs_any_alpha),
	KUNIT_CASE(health_names_and_cutoffs),
	KUNIT_CASE(health_repetition),
	KUNIT_CASE(health_repetition_one_below),
	KUNIT_CASE(health_worst_is_the_worst),
	KUNIT_CASE(health_worst_of_a_call),
	KUNIT_CASE(health_stuck_line),
	KUNIT_CASE(health_stuck_parabola),
	KUNIT_CASE(health_stuck_one_below),
	KUNIT_CASE(health_proportion),
	KUNIT_CASE(health_proportion_window),
	KUNIT_CASE(health_proportion_follows_first),
	KUNIT_CASE(health_period),
	KUNIT_CASE(health_period_one_below),
	KUNIT_CASE(health_periods_caught),
	KUNIT_CASE(health_longer_periods_pass),
	KUNIT_CASE_SLOW(health_ignores_splits),
	KUNIT_CASE(health_short_deltas),
	KUNIT_CASE_SLOW(health_noise_passes),
	KUNIT_CASE(health_counter),
	KUNIT_CASE(health_goes_on_counting),
	KUNIT_CASE(health_batches),
	KUNIT_CASE(health_run_over_calls),
	KUNIT_CASE(health_gcd),
	KUNIT_CASE(health_long_deltas),
	KUNIT_CASE(health_tune),
	KUNIT_CASE(health_init_forgets),
	KUNIT_CASE(health_numbers_wrap),
	{}
};

static struct kunit_suite health_suite = {
	.name = "havege_health",
	.test_cases = health_cases,
};

kunit_test_suites(&health_suite);
