/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Logarithms, powers and entropies in fixed point
 *
 * Integers only: the kernel has no floating point. Every function rounds
 * towards less credit. Freestanding, without state.
 */
#ifndef HAVEGE_MATH_H
#define HAVEGE_MATH_H

#include "havege_types.h"

/* One bit of entropy, in units of 2^-16 bit. */
#define HAVEGE_BIT		65536u
/* A logarithm of 1, in units of 2^-24. */
#define HAVEGE_LOG_ONE		16777216u

/**
 * havege_bits() - whole bits of an entropy, for "%u.%04u"
 * @entropy:	2^-16 bit
 *
 * Return: bits, rounded down.
 */
static inline u32 havege_bits(u32 entropy)
{
	return entropy / HAVEGE_BIT;
}

/**
 * havege_bit_parts() - the rest of an entropy, for "%u.%04u"
 * @entropy:	2^-16 bit
 *
 * Return: 1/10000 bit, 0 to 9999, rounded down.
 */
static inline u32 havege_bit_parts(u32 entropy)
{
	return entropy % HAVEGE_BIT * 10000 / HAVEGE_BIT;
}

/**
 * havege_log2() - logarithm to base 2
 * @x:	1 or more
 *
 * The error is below 8 units.
 *
 * Context: any.
 * Return: units of 2^-24, rounded down; 0 for an @x of 0.
 */
u32 havege_log2(u64 x);

/**
 * havege_min_entropy() - min-entropy of a guess, lower bound
 * @hits:	number of right guesses
 * @total:	number of guesses, 2 to 2^31
 *
 * -log2 of the upper end of the 99 % confidence interval of @hits / @total (SP
 * 800-90B, 6.3.1), rounded down.
 *
 * Context: any.
 * Return: 2^-16 bit; 0 if the bound of the rate is 1 or more, or @total is
 * below 2.
 */
u32 havege_min_entropy(u32 hits, u32 total);

/**
 * havege_max_entropy() - min-entropy of a guess, upper value
 * @hits:	number of right guesses
 * @total:	number of guesses, 2 to 2^31
 *
 * -log2 of @hits / @total less one standard deviation, rounded up. The rate
 * counts as 1 / @total at least.
 *
 * Context: any.
 * Return: 2^-16 bit, up to log2(@total); 0 if @hits is @total, or @total is
 * below 2.
 */
u32 havege_max_entropy(u32 hits, u32 total);

/**
 * struct havege_curve - a continued learning curve
 * @slope:	exponent of the power law, 2^-16, 0 or more; rounded up
 * @end:	entropy at 2^HAVEGE_HORIZON rows, 2^-16 bit; rounded down
 */
struct havege_curve {
	u32 slope;
	u32 end;
};

/* Continue learning curves to 2^40 rows (log2). */
#define HAVEGE_HORIZON		40

/**
 * havege_continue_curve() - continue a learning curve as a power of the rows
 * @few:	entropy with 2^@few_log rows, 2^-16 bit
 * @all:	entropy with 2^@all_log rows, 2^-16 bit
 * @few_log:	less than @all_log
 * @all_log:	less than HAVEGE_HORIZON
 *
 * slope = log(@few / @all) / log(2^@all_log / 2^@few_log), and the end is @all
 * * (2^HAVEGE_HORIZON / 2^@all_log)^-slope. This is an extrapolation, not a
 * bound.
 *
 * Context: any.
 * Return: slope and end.
 */
struct havege_curve havege_continue_curve(u32 few, u32 all,
					  unsigned int few_log,
					  unsigned int all_log);

#endif /* HAVEGE_MATH_H */
