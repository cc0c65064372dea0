// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes from the cache ID registers of ARMv7 and arm64. The contract is in
 * tune.h.
 *
 * These registers describe maintenance by set and way, not necessarily the real
 * cache: the kernel no longer reports sizes from them. On Arm's own cores they
 * match the cache. A wrong size makes the walk fit worse, but the estimate
 * measures what the walk is worth. KVM reports one set and one way for all
 * caches: less than 1 KiB, which counts as unknown.
 *
 * The decoder is plain C and reads through struct havege_cache_regs, so that
 * the suites can emulate any CPU. Only the end of this file is Arm.
 */
#include "tune.h"

/* CLIDR: type of the level 1 caches. */
#define CTYPE1(clidr)	((clidr) & 7)
enum {
	CTYPE_NONE,
	CTYPE_CODE,
	CTYPE_DATA,
	CTYPE_BOTH,
	CTYPE_UNIFIED,
};

/* CSSELR: level 1 data or unified cache; level 1 instruction cache. */
#define L1_DATA		0
#define L1_CODE		1

/* Line size: log2 of 16-byte words. Sets and ways: number minus one. */
static u32 arm_cache_kb(u64 ccsidr, bool ccidx)
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
		geo->dcache_kb = arm_cache_kb(cpu->read(L1_DATA), cpu->ccidx);
	if (type == CTYPE_UNIFIED)
		geo->icache_kb = geo->dcache_kb;
	else if (type & CTYPE_CODE)
		geo->icache_kb = arm_cache_kb(cpu->read(L1_CODE), cpu->ccidx);
	if (geo->dcache_kb)
		tuning->source = "ccsidr";
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_cache_regs);

#if defined(CONFIG_ARM64) || defined(CONFIG_ARM)

#include <linux/irqflags.h>
#include <asm/barrier.h>

/*
 * Names of our own: asm/cachetype.h has some of these functions, others in each
 * version.
 */

#ifdef CONFIG_ARM64

#include <asm/sysreg.h>

#define l1_select(which)	write_sysreg(which, csselr_el1)
#define l1_ccsidr()		read_sysreg(ccsidr_el1)
#define l1_clidr()		read_sysreg(clidr_el1)

/* FEAT_CCIDX: the wider layout. */
static bool l1_has_ccidx(void)
{
	return read_sysreg_s(SYS_ID_AA64MMFR2_EL1) >> 20 & 0xf;
}

static bool l1_has_regs(void)
{
	return true;
}

#else /* CONFIG_ARM */

#include <asm/cputype.h>

static void l1_select(u32 which)
{
	asm volatile("mcr p15, 2, %0, c0, c0, 0" : : "r" (which));
}

static u32 l1_ccsidr(void)
{
	u32 ccsidr;

	asm volatile("mrc p15, 1, %0, c0, c0, 0" : "=r" (ccsidr));
	return ccsidr;
}

static u32 l1_clidr(void)
{
	u32 clidr;

	asm("mrc p15, 1, %0, c0, c0, 1" : "=r" (clidr));
	return clidr;
}

/* FEAT_CCIDX has another register for the rest. No such CPU runs 32 bits. */
static bool l1_has_ccidx(void)
{
	return false;
}

/* The layout of the cache type register tells ARMv7 from older CPUs. */
static bool l1_has_regs(void)
{
	return IS_ENABLED(CONFIG_CPU_V7) && read_cpuid_cachetype() >> 29 == 4;
}

#endif

static u64 arm_read_ccsidr(u32 which)
{
	unsigned long flags;
	u64 ccsidr;

	/* Nothing may select another cache before we have read this one. */
	local_irq_save(flags);
	l1_select(which);
	isb();
	ccsidr = l1_ccsidr();
	local_irq_restore(flags);
	return ccsidr;
}

void havege_tune_this_cpu(struct havege_tuning *tuning)
{
	struct havege_cache_regs cpu = {
		.read = arm_read_ccsidr,
	};

	if (!l1_has_regs())
		return;
	cpu.clidr = l1_clidr();
	cpu.ccidx = l1_has_ccidx();
	havege_tune_cache_regs(&cpu, tuning);
}

#endif /* CONFIG_ARM64 || CONFIG_ARM */
