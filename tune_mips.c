// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes that the MIPS kernel has found. The contract is in tune.h.
 */
#include <linux/smp.h>
#include <asm/cpu-info.h>

#include "tune.h"

/* 0 for a cache that the CPU does not have. */
static u32 mips_cache_kb(const struct cache_desc *cache)
{
	return cache->waysize * cache->ways / 1024;
}

void havege_tune_this_cpu(struct havege_tuning *tuning)
{
	const struct cpuinfo_mips *cpu = &cpu_data[raw_smp_processor_id()];

	tuning->geo.dcache_kb = mips_cache_kb(&cpu->dcache);
	tuning->geo.icache_kb = mips_cache_kb(&cpu->icache);
	if (tuning->geo.dcache_kb)
		tuning->source = "cpu-data";
}
