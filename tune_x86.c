// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes from CPUID, and whether there is a TSC. The contract is in tune.h.
 *
 * The kernel does not export get_cpu_cacheinfo(). The decoder is plain C and
 * reads through struct havege_cpuid, so that the suites can emulate
 * any CPU. Only the end of this file is x86.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "tune.h"

/* CPUID leaves 4 and 0x8000001D, EAX: cache type and level. */
#define CACHE_TYPE(eax)		((eax) & 0x1f)
#define CACHE_LEVEL(eax)	((eax) >> 5 & 7)
enum {
	CACHE_NONE,
	CACHE_DATA,
	CACHE_CODE,
	CACHE_UNIFIED,
};

/* Most subleaves to read: a limit for CPUs that never end the list. */
#define MAX_SUBLEAVES	16

/* EBX has ways, partitions and line size, ECX sets, each minus one. */
static u32 x86_cache_kb(const u32 regs[4])
{
	const u64 ways = (regs[1] >> 22) + 1;
	const u64 parts = (regs[1] >> 12 & 0x3ff) + 1;
	const u64 line = (regs[1] & 0xfff) + 1;
	const u64 sets = (u64)regs[2] + 1;
	const u64 kb = ways * parts * line * sets >> 10;

	return min_t(u64, kb, 0xffffffff);
}

/* Leaves 4 and 0x8000001D: one subleaf a cache, in the same layout. */
static bool ask_subleaves(const struct havege_cpuid *cpu, u32 leaf,
			  struct havege_geometry *geo)
{
	u32 regs[4], i;

	memset(geo, 0, sizeof(*geo));
	for (i = 0; i < MAX_SUBLEAVES; i++) {
		cpu->read(leaf, i, regs);
		if (CACHE_TYPE(regs[0]) == CACHE_NONE)
			break;
		if (CACHE_LEVEL(regs[0]) != 1)
			continue;
		if (CACHE_TYPE(regs[0]) != CACHE_CODE)
			geo->dcache_kb = x86_cache_kb(regs);
		if (CACHE_TYPE(regs[0]) != CACHE_DATA)
			geo->icache_kb = x86_cache_kb(regs);
	}
	return geo->dcache_kb;
}

static bool ask_80000005(const struct havege_cpuid *cpu,
			 struct havege_geometry *geo)
{
	u32 regs[4];

	cpu->read(0x80000005, 0, regs);
	geo->dcache_kb = regs[2] >> 24;
	geo->icache_kb = regs[3] >> 24;
	return geo->dcache_kb;
}

void havege_tune_cpuid(const struct havege_cpuid *cpu,
		       struct havege_tuning *tuning)
{
	struct havege_geometry *geo = &tuning->geo;
	/* CPUs without extended leaves return some other value. */
	const u32 extended = cpu->extended >> 16 == 0x8000 ? cpu->extended : 0;

	memset(tuning, 0, sizeof(*tuning));
	if (cpu->basic >= 4 && ask_subleaves(cpu, 4, geo))
		tuning->source = "cpuid-4";
	else if (extended >= 0x8000001d && cpu->topoext &&
		 ask_subleaves(cpu, 0x8000001d, geo))
		tuning->source = "cpuid-8000001d";
	else if (extended >= 0x80000005 && ask_80000005(cpu, geo))
		tuning->source = "cpuid-80000005";
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_cpuid);

#ifdef CONFIG_X86

#include <linux/printk.h>
#include <asm/cpufeature.h>
#include <asm/processor.h>

#include "compat.h"

static void x86_read_cpuid(u32 leaf, u32 subleaf, u32 regs[4])
{
	cpuid_count(leaf, subleaf, &regs[0], &regs[1], &regs[2], &regs[3]);
}

int havege_tune(u32 dcache_kb, u32 icache_kb, struct havege_tuning *tuning)
{
	const struct havege_cpuid cpu = {
		.read = x86_read_cpuid,
		.basic = boot_cpu_data.cpuid_level,
		.extended = boot_cpu_data.extended_cpuid_level,
		.topoext = boot_cpu_has(X86_FEATURE_TOPOEXT),
	};

	if (!boot_cpu_has(X86_FEATURE_TSC)) {
		pr_err("this CPU has no time stamp counter: there is nothing to collect from\n");
		return -ENODEV;
	}
	havege_tune_cpuid(&cpu, tuning);
	if (havege_tune_settle(dcache_kb, icache_kb, tuning))
		pr_notice_once("generic tuning: this CPU does not tell its L1 sizes; L1d %u KiB, L1i %u KiB assumed (dcache_kb= and icache_kb= set them)\n",
			       tuning->geo.dcache_kb, tuning->geo.icache_kb);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune);

#endif /* CONFIG_X86 */
