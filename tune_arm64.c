// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes from the cache ID registers of arm64. The contract is in tune.h.
 *
 * These registers describe maintenance by set and way, not necessarily the real
 * cache: the kernel no longer reports sizes from them. On Arm's own cores they
 * match the cache. A wrong size makes the walk fit worse, but the estimate
 * measures what the walk is worth. KVM reports one set and one way for all
 * caches: less than 1 KiB, which counts as unknown.
 *
 * The decoder is plain C and reads through struct havege_cache_regs, so that
 * the KUnit and host suites can emulate any CPU. Only the end of this file is
 * arm64.
 */
#include "tune.h"

/* CLIDR_EL1: type of the level 1 caches. */
#define CTYPE1(clidr)	((clidr) & 7)
enum {
	CTYPE_NONE,
	CTYPE_CODE,
	CTYPE_DATA,
	CTYPE_BOTH,
	CTYPE_UNIFIED,
};

/* CSSELR_EL1: level 1 data or unified cache; level 1 instruction cache. */
#define L1_DATA		0
#define L1_CODE		1

/* Line size: log2 of 16-byte words. Sets and ways: number minus one. */
static u32 arm64_cache_kb(u64 ccsidr, bool ccidx)
{
	const u64 line = 16 << (ccsidr & 7);
	const u64 ways = (ccsidr >> 3 & (ccidx ? 0x1fffff : 0x3ff)) + 1;
	const u64 sets = (ccidx ? ccsidr >> 32 & 0xffffff :
				  ccsidr >> 13 & 0x7fff) + 1;

	return min_t(u64, line * ways * sets >> 10, 0xffffffff);
}

void havege_tune_cache_regs(const struct havege_cache_regs *cpu,
			    struct havege_tuning *tuning)
{
	struct havege_geometry *geo = &tuning->geo;
	const u32 type = CTYPE1(cpu->clidr);

	memset(tuning, 0, sizeof(*tuning));
	/* Higher types are reserved. */
	if (type > CTYPE_UNIFIED)
		return;
	if (type >= CTYPE_DATA)
		geo->dcache_kb = arm64_cache_kb(cpu->read(L1_DATA), cpu->ccidx);
	if (type == CTYPE_UNIFIED)
		geo->icache_kb = geo->dcache_kb;
	else if (type & CTYPE_CODE)
		geo->icache_kb = arm64_cache_kb(cpu->read(L1_CODE), cpu->ccidx);
	if (geo->dcache_kb)
		tuning->source = "ccsidr";
}

#ifdef CONFIG_ARM64

#include <linux/irqflags.h>
#include <asm/barrier.h>
#include <asm/sysreg.h>

static u64 read_ccsidr(u32 which)
{
	unsigned long flags;
	u64 ccsidr;

	/* Nothing may select another cache before we have read this one. */
	local_irq_save(flags);
	write_sysreg(which, csselr_el1);
	isb();
	ccsidr = read_sysreg(ccsidr_el1);
	local_irq_restore(flags);
	return ccsidr;
}

void havege_tune_this_cpu(struct havege_tuning *tuning)
{
	const struct havege_cache_regs cpu = {
		.read = read_ccsidr,
		.clidr = read_sysreg(clidr_el1),
		/* FEAT_CCIDX: the wider layout. */
		.ccidx = read_sysreg_s(SYS_ID_AA64MMFR2_EL1) >> 20 & 0xf,
	};

	havege_tune_cache_regs(&cpu, tuning);
}

#endif /* CONFIG_ARM64 */
