// SPDX-License-Identifier: GPL-2.0
/*
 * What tuning is on every architecture: the user's sizes win
 * over the CPU's, what nobody knows is guessed, and a counter is judged by what
 * it does. Freestanding.
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

void havege_tune_look(struct havege_readings *readings, const u64 *delta,
		      unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		readings->seen++;
		readings->still += !delta[i];
		/* Half the range of a difference is negative. */
		if (delta[i] >> 63)
			readings->back = true;
		else if (delta[i] <= ~0u)
			/* A longer one is a pause: as good as any number. */
			readings->gcd = gcd(readings->gcd, delta[i]);
	}
}

enum havege_fitness havege_tune_judge(const struct havege_readings *readings)
{
	if (readings->back)
		return HAVEGE_BACKWARDS;
	if (readings->still == readings->seen)
		return HAVEGE_STOPPED;
	return readings->still > readings->seen - readings->seen / 10 ?
		HAVEGE_COARSE : HAVEGE_FIT;
}

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
