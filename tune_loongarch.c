// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes from the CPU configuration words (CPUCFG) of LoongArch: LoongArch
 * Reference Manual, volume 1, section 2.2.10.5. The contract is in tune.h.
 *
 * The decoder is plain C and reads through a function, so that the suites
 * can emulate any CPU. Only the end of this file is LoongArch.
 */
#include "tune.h"

enum {
	WORD_PRESENT = 0x10,
	WORD_CODE,
	WORD_DATA,
};

/* The first level in WORD_PRESENT. A unified cache counts as one of code. */
#define HAS_CODE	1
#define IS_UNIFIED	2
#define HAS_DATA	4

/* Ways: number minus one. Sets and bytes in a line: log2. */
static u32 loongarch_cache_kb(u32 word)
{
	const u64 ways = (word & 0xffff) + 1;
	const u32 shift = (word >> 16 & 0xff) + (word >> 24 & 0x7f);

	return shift < 32 ? min_t(u64, ways << shift >> 10, 0xffffffff) :
			    0xffffffff;
}

void havege_tune_cpucfg(u32 (*read)(u32 word), struct havege_tuning *tuning)
{
	struct havege_geometry *geo = &tuning->geo;
	const u32 present = read(WORD_PRESENT);

	memset(tuning, 0, sizeof(*tuning));
	if (present & HAS_CODE)
		geo->icache_kb = loongarch_cache_kb(read(WORD_CODE));
	if (present & HAS_DATA)
		geo->dcache_kb = loongarch_cache_kb(read(WORD_DATA));
	else if (present & IS_UNIFIED)
		geo->dcache_kb = geo->icache_kb;
	if (geo->dcache_kb)
		tuning->source = "cpucfg";
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_cpucfg);

#ifdef CONFIG_LOONGARCH

#include <asm/loongarch.h>

static u32 loongarch_read_cpucfg(u32 word)
{
	return read_cpucfg(word);
}

void havege_tune_this_cpu(struct havege_tuning *tuning)
{
	havege_tune_cpucfg(loongarch_read_cpucfg, tuning);
}

#endif /* CONFIG_LOONGARCH */
