// SPDX-License-Identifier: GPL-2.0
/*
 * Logarithms, powers and entropies in fixed point. The contract is in
 * havege_math.h.
 */
#include "havege_math.h"

/* 2.576 standard deviations: 99 % (SP 800-90B, 6.3.1). */
#define Z_NUMERATOR	2576
#define Z_DENOMINATOR	1000

/* Margin for the error of havege_log2(), units of 2^-24. */
#define LOG_ERROR	8

u32 havege_log2(u64 x)
{
	const int top = fls64(x) - 1;
	u32 fraction = 0;
	u64 m;
	int i;

	if (!x)
		return 0;
	/* m is from 2^31 to 2^32. Squaring m doubles its logarithm. */
	m = top > 31 ? x >> (top - 31) : x << (31 - top);
	for (i = 0; i < 24; i++) {
		m = m * m >> 31;
		fraction <<= 1;
		if (m >> 32) {
			fraction |= 1;
			m >>= 1;
		}
	}
	return top * HAVEGE_LOG_ONE + fraction;
}
EXPORT_SYMBOL_IF_KUNIT(havege_log2);

/* A rate in units of 2^-32, rounded up. */
static u64 rate_of(u32 hits, u32 total)
{
	return div_u64(((u64)hits << 32) + total - 1, total);
}

/* The standard deviation of a rate, in units of 2^-32, rounded up. */
static u64 deviation_of(u64 rate, u32 total)
{
	/* rate * (1 - rate) is at most a quarter: no overflow. */
	return int_sqrt64(div_u64(rate * ((1ull << 32) - rate), total - 1)) + 1;
}

u32 havege_min_entropy(u32 hits, u32 total)
{
	u32 log;
	u64 p;

	if (total < 2 || hits >= total)
		return 0;
	p = rate_of(hits, total);
	p += div_u64(deviation_of(p, total) * Z_NUMERATOR, Z_DENOMINATOR) + 1;
	if (p >> 32)
		return 0;
	/*
	 * Rounding the logarithm down rounds the entropy up: subtract the
	 * error.
	 */
	log = 32 * HAVEGE_LOG_ONE - havege_log2(p);
	return log > LOG_ERROR ? (log - LOG_ERROR) >> 8 : 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_min_entropy);

u32 havege_max_entropy(u32 hits, u32 total)
{
	u64 p, deviation, least;

	if (total < 2 || hits >= total)
		return 0;
	p = rate_of(hits, total);
	deviation = deviation_of(p, total);
	least = div_u64(1ull << 32, total);
	p = p > deviation + least ? p - deviation - 1 : least;
	return ((32 * HAVEGE_LOG_ONE - havege_log2(p)) >> 8) + 1;
}
EXPORT_SYMBOL_IF_KUNIT(havege_max_entropy);

/* The largest number whose logarithm is at most @log. */
static u32 power_of_2(u32 log)
{
	u32 low = 0, bit;

	for (bit = 1u << 31; bit; bit >>= 1)
		if (havege_log2(low | bit) + LOG_ERROR <= log)
			low |= bit;
	return low;
}

struct havege_curve havege_continue_curve(u32 few, u32 all,
					  unsigned int few_log,
					  unsigned int all_log)
{
	struct havege_curve curve = { .end = all };
	const u32 apart = all_log - few_log;
	u64 fall, log;

	if (!all || few <= all)
		return curve;
	fall = havege_log2(few) + LOG_ERROR - havege_log2(all);
	curve.slope = (u32)((div_u64(fall, apart) >> 8) + 1);
	fall = div_u64(fall * (HAVEGE_HORIZON - all_log) + apart - 1, apart);
	log = havege_log2(all);
	curve.end = fall < log ? power_of_2(log - fall) : 0;
	return curve;
}
EXPORT_SYMBOL_IF_KUNIT(havege_continue_curve);
