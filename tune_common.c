// SPDX-License-Identifier: GPL-2.0
/*
 * What tuning is on every architecture: the user's sizes win
 * over the CPU's, and what nobody knows is guessed. Freestanding.
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
