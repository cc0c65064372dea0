// SPDX-License-Identifier: GPL-2.0
/*
 * Tuning on every architecture. The contract is in tune.h.
 *
 * The user's cache sizes override the CPU's. An unknown size gets a default.
 * The counter is judged by its readings. Freestanding.
 */
#include "tune.h"

static bool settle_one(u32 user_kb, u32 *kb, u32 low, u32 high)
{
	const u32 told = user_kb ? user_kb : *kb;

	*kb = clamp(told ? told : (u32)HAVEGE_GENERIC_KB, low, high);
	return !told;
}

bool havege_tune_settle(u32 dcache_kb, u32 icache_kb,
			struct havege_tuning *tuning)
{
	bool guessed;

	guessed = settle_one(dcache_kb, &tuning->geo.dcache_kb,
			     HAVEGE_DCACHE_MIN_KB, HAVEGE_DCACHE_MAX_KB);
	guessed |= settle_one(icache_kb, &tuning->geo.icache_kb,
			      HAVEGE_ICACHE_MIN_KB, HAVEGE_ICACHE_MAX_KB);
	if (guessed)
		tuning->source = "generic";
	else if (dcache_kb && icache_kb)
		tuning->source = "parameter";
	return guessed;
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_settle);

void havege_tune_look(struct havege_readings *readings, const u64 *delta,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		readings->seen++;
		readings->still += !delta[i];
		/* A difference with the top bit set is negative. */
		if (delta[i] >> 63)
			readings->back = true;
		/* A longer delta contains a pause, and any number of steps. */
		else if (i >= HAVEGE_SKIPPED && delta[i] <= ~0u)
			readings->gcd = gcd(readings->gcd, delta[i]);
	}
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_look);

enum havege_fitness havege_tune_judge(const struct havege_readings *readings)
{
	if (readings->back)
		return HAVEGE_BACKWARDS;
	return readings->still == readings->seen ? HAVEGE_STOPPED : HAVEGE_FIT;
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_judge);

void havege_grain_look(struct havege_grain *grain, u32 gcd, const u64 *delta,
		       unsigned int count)
{
	const u64 enough = (u64)gcd * HAVEGE_UNITS;
	unsigned int i, log;

	static_assert(1 << (HAVEGE_SPANS - 1) == HAVEGE_SPAN_MAX);
	for (i = 0; i < count; i++)
		for (log = 0; log < HAVEGE_SPANS; log++) {
			grain->at[log].sum += delta[i];
			if (++grain->at[log].have < 1u << log)
				continue;
			grain->at[log].seen++;
			grain->at[log].enough += grain->at[log].sum >= enough;
			grain->at[log].have = 0;
			grain->at[log].sum = 0;
		}
}
EXPORT_SYMBOL_IF_KUNIT(havege_grain_look);

u32 havege_grain_span(const struct havege_grain *grain)
{
	unsigned int log;

	for (log = 0; log < HAVEGE_SPANS; log++)
		if (grain->at[log].seen &&
		    4 * grain->at[log].enough >= 3 * grain->at[log].seen)
			return 1u << log;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_grain_span);

u64 havege_tune_cost(u64 (*read)(void *arg), void *arg)
{
	u64 last = read(arg), least = ~0ull;
	int i;

	for (i = 0; i < 256; i++) {
		const u64 now = read(arg);

		least = min(least, now - last);
		last = now;
	}
	return least;
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_cost);
