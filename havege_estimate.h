/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The estimate: how unpredictable a set of rows is, and whether it is worth its
 * credit
 *
 * A row is the samples of one replay of a walk (havege_replay.h). Even without
 * noise the rows differ, by the phase of the machine's clocks at the start of
 * each row. A predictor that sees more and more rows tells the two apart: it
 * learns phase, as a power of the number of rows, but it cannot learn noise.
 *
 * - Predictors: each of HAVEGE_QUERIES query rows is compared with all other
 *   rows. A row's distance fades by an eighth a column and grows by one where
 *   its sample differs from the query's. In the first predictor the three
 *   nearest rows vote on the next sample: the second and third if they agree,
 *   else the nearest. The second predictor takes the nearest row's sample. It
 *   detects a hidden generator with some hundred states, whose state only one
 *   row may share.
 * - Two points of a curve: each predictor with HAVEGE_FEW rows and with all
 *   rows. The curve is continued to 2^40 rows, which is an extrapolation. The
 *   predictor with the lower end counts.
 * - Four bounds without a predictor, from the samples minus the median of their
 *   column: value, difference, predecessor, position. The least of all counts.
 * - Verdict: a sample has the fixed credit, or the machine is refused. The
 *   limit is two to four times the credit.
 *
 * A hash chooses the queries and the smaller set: with a fixed stride, anything
 * with a period of 8 to 64 rows would look like noise.
 *
 * Freestanding; no locks, no allocation. A step takes some ten microseconds.
 */
#ifndef HAVEGE_ESTIMATE_H
#define HAVEGE_ESTIMATE_H

#include "havege_math.h"
#include "havege_types.h"

/* Most half-steps in a sample (k). */
#define HAVEGE_SPAN_MAX		256
/* Most rows in a set, and most samples in a row; powers of two. */
#define HAVEGE_ROWS_MAX		1024
#define HAVEGE_SAMPLES_MAX	512
/* Predictors: a vote of the three nearest rows, and the nearest row. */
#define HAVEGE_PREDICTORS	2
/* Rows whose samples are predicted. */
#define HAVEGE_QUERIES		64
/* Rows of the smaller set: log2, and number. */
#define HAVEGE_FEW_LOG		6
#define HAVEGE_FEW		64

/**
 * struct havege_shape - the size of a set
 * @span:	half-steps in a sample, k: a power of two, 1 to HAVEGE_SPAN_MAX
 * @rows:	256 or 1024
 * @samples:	samples in a row: 256 or 512. The first one contains the pause
 *		before the row and is not used. Predictions count from a quarter
 *		of the row on: earlier, the phase cannot be known
 */
struct havege_shape {
	u32 span;
	u32 rows;
	u32 samples;
};

/**
 * havege_shape() - the whole set for a span
 * @span:	half-steps in a sample
 *
 * Return: 256 rows of 512 samples at k = 1; 1,024 rows of 256 samples above it,
 * where real machines need more than 256 rows.
 */
static inline struct havege_shape havege_shape(u32 span)
{
	return span > 1 ? (struct havege_shape){ span, 1024, 256 } :
		(struct havege_shape){ span, 256, 512 };
}

/**
 * havege_long_shape() - a larger set for a span above 1
 * @span:	half-steps in a sample, 2 to HAVEGE_SPAN_MAX
 *
 * Its residual varies less from set to set.
 *
 * Return: 1,024 rows of 512 samples.
 */
static inline struct havege_shape havege_long_shape(u32 span)
{
	return (struct havege_shape){ span, 1024, 512 };
}

/**
 * havege_smaller_shape() - the next smaller set, for a slow machine
 * @shape:	size of a set
 *
 * Smaller is stricter: the residual of a machine with noise gets smaller, and
 * that of a machine without noise gets no larger.
 *
 * Return: the next one of 1,024 rows of 512 samples, 1,024 of 256, 256 of 512,
 * 256 of 256; the last one for itself.
 */
static inline struct havege_shape
havege_smaller_shape(struct havege_shape shape)
{
	if (shape.rows > 256 && shape.samples > 256)
		return (struct havege_shape){ shape.span, 1024, 256 };
	if (shape.rows > 256)
		return (struct havege_shape){ shape.span, 256, 512 };
	return (struct havege_shape){ shape.span, 256, 256 };
}

/**
 * struct havege_estimate - result of a set; entropies in 2^-16 bit a sample
 * @residual:	the least of @value, @difference, @predecessor, @position and
 *		@end
 * @few:	entropy left by the predictor that counts with HAVEGE_FEW rows,
 *		upper value
 * @all:	entropy left by it with all rows, lower bound
 * @slope:	its exponent of learning, 2^-16
 * @end:	its curve continued to 2^40 rows
 * @value:	of the most common sample, minus the median of its column
 * @difference: of the most common difference of two such values in a row
 * @predecessor: of the most common such value after each value
 * @position:	of the most common sample of each column
 */
struct havege_estimate {
	u32 residual;
	u32 few;
	u32 all;
	u32 slope;
	u32 end;
	u32 value;
	u32 difference;
	u32 predecessor;
	u32 position;
};

/**
 * struct havege_rows - a set of rows and its estimate in the making
 * @rows:	rows in the set
 * @samples:	samples in a row
 * @row:	rows added so far
 * @counted:	columns counted so far
 * @query:	queries predicted so far
 * @column:	columns of the present query predicted so far
 * @guessed:	samples equal to the most common one of their column
 * @few:	right predictions of each predictor with the smaller set
 * @all:	right predictions of each predictor with all rows
 * @place:	place of each row in a column; the smaller set comes first
 * @asked:	the query rows
 * @near:	places of the three nearest rows in the column before: in the
 *		smaller set, and in all rows
 * @apart:	distances of all rows from the present query, four in a word
 * @before:	the residuals of the column before
 * @sorted:	a column being sorted
 * @value:	count of each residual
 * @difference: count of each difference of two residuals in a row
 * @after:	count of each residual (second index) after each
 * @sample:	the samples, column by column, four rows in a word
 */
struct havege_rows {
	u32 rows;
	u32 samples;
	u32 row;
	u32 counted;
	u32 query;
	u32 column;
	u32 guessed;
	u32 few[HAVEGE_PREDICTORS];
	u32 all[HAVEGE_PREDICTORS];
	u16 place[HAVEGE_ROWS_MAX];
	u16 asked[HAVEGE_QUERIES];
	u16 near[2][3];
	u64 apart[HAVEGE_ROWS_MAX / 4];
	u8 before[HAVEGE_ROWS_MAX];
	u16 sorted[2][HAVEGE_ROWS_MAX];
	u32 value[256];
	u32 difference[256];
	u32 after[256][256];
	u64 sample[];
};

/**
 * havege_scatter() - a hash, for places and numbers without a pattern
 * @x:		any number
 *
 * The estimate needs it because nothing may be periodic in the number of a row.
 * Never for randomness: it is a constant function.
 *
 * Return: 0 to 65535.
 */
u32 havege_scatter(u32 x);

/**
 * havege_rows_bytes() - memory that a set takes
 * @shape:	its size
 *
 * Return: bytes.
 */
size_t havege_rows_bytes(const struct havege_shape *shape);

/**
 * havege_rows_begin() - begin a set
 * @rows:	the caller's memory, havege_rows_bytes(@shape) bytes
 * @shape:	its size
 */
void havege_rows_begin(struct havege_rows *rows,
		       const struct havege_shape *shape);

/**
 * havege_rows_add() - add a row
 * @rows:	a set that is not full
 * @sample:	@rows->samples samples, ticks
 * @gcd:	greatest common divisor of all deltas, ticks, not 0
 *
 * A sample above 65535 GCDs counts as 65535.
 */
void havege_rows_add(struct havege_rows *rows, const u64 *sample, u32 gcd);

/**
 * havege_rows_full() - whether a set has all its rows
 * @rows:	a set
 *
 * Return: true if the estimate can be made.
 */
static inline bool havege_rows_full(const struct havege_rows *rows)
{
	return rows->row == rows->rows;
}

/**
 * havege_rows_judge() - run the next step of the estimate
 * @rows:	a full set
 * @estimate:	the result, valid after the last step
 *
 * Context: any; some ten microseconds natively.
 * Return: true after the last step.
 */
bool havege_rows_judge(struct havege_rows *rows,
		       struct havege_estimate *estimate);

/**
 * havege_limit() - the residual that a machine needs
 * @span:	half-steps in a sample
 *
 * Two to four times the credit. It is higher from k = 2 to 32, where hidden
 * generators have the most weight (Documentation/entropy.rst).
 *
 * Return: 2^-16 bit a sample.
 */
u32 havege_limit(u32 span);

/**
 * havege_credit() - the credit of a sample
 * @span:	half-steps in a sample
 *
 * Return: 2^-16 bit a sample: 1/16 bit at k = 1, 1/8 bit above.
 */
static inline u32 havege_credit(u32 span)
{
	return span > 1 ? HAVEGE_BIT / 8 : HAVEGE_BIT / 16;
}

/**
 * havege_is_good() - the verdict
 * @estimate:	estimate of a set
 * @span:	half-steps in a sample
 *
 * Return: true if a sample is worth havege_credit(@span); else it is worth
 * nothing.
 */
static inline bool havege_is_good(const struct havege_estimate *estimate,
				  u32 span)
{
	return estimate->residual >= havege_limit(span);
}

#endif /* HAVEGE_ESTIMATE_H */
