// SPDX-License-Identifier: GPL-2.0
/*
 * L1 sizes from the instruction EXTRACT CPU ATTRIBUTE (ECAG) of s390. The
 * contract is in tune.h.
 *
 * The decoder is plain C and reads through a function, so that the suites
 * can emulate any CPU. Only the end of this file is s390.
 */
#include "tune.h"

/* Parameter of ECAG: what, level minus one, 1 for an instruction cache. */
#define ECAG(what, level, code)	((what) << 4 | (level) << 1 | (code))
enum {
	ECAG_TOPOLOGY,
	ECAG_LINE,
	ECAG_SIZE,
};

/* The topology's first byte describes level 1: scope and type. */
#define SCOPE1(topology)	((topology) >> 58 & 3)
#define TYPE1(topology)		((topology) >> 56 & 3)
enum {
	SCOPE_NONE,
	SCOPE_PRIVATE,
	SCOPE_SHARED,
};

enum {
	TYPE_SEPARATE,
	TYPE_DATA,
	TYPE_CODE,
	TYPE_UNIFIED,
};

/* All bits are set where the CPU does not know. */
static u32 s390_cache_kb(u64 (*read)(u32 what), u32 code)
{
	const u64 bytes = read(ECAG(ECAG_SIZE, 0, code));

	return bytes == ~0ull ? 0 : min_t(u64, bytes >> 10, 0xffffffff);
}

void havege_tune_ecag(u64 (*read)(u32 what), struct havege_tuning *tuning)
{
	struct havege_geometry *geo = &tuning->geo;
	const u64 topology = read(ECAG(ECAG_TOPOLOGY, 0, 0));
	const u32 scope = SCOPE1(topology), type = TYPE1(topology);

	memset(tuning, 0, sizeof(*tuning));
	if (scope != SCOPE_PRIVATE && scope != SCOPE_SHARED)
		return;
	if (type != TYPE_CODE)
		geo->dcache_kb = s390_cache_kb(read, 0);
	if (type == TYPE_UNIFIED)
		geo->icache_kb = geo->dcache_kb;
	else if (type != TYPE_DATA)
		geo->icache_kb = s390_cache_kb(read, 1);
	if (geo->dcache_kb)
		tuning->source = "ecag";
}
EXPORT_SYMBOL_IF_KUNIT(havege_tune_ecag);

#ifdef CONFIG_S390

#include <asm/facility.h>
#include <asm/processor.h>

/* The general-instructions-extension facility, which has ECAG. */
#define FACILITY_ECAG	34

static u64 s390_read_ecag(u32 what)
{
	return __ecag(ECAG_CACHE_ATTRIBUTE, what);
}

void havege_tune_this_cpu(struct havege_tuning *tuning)
{
	if (test_facility(FACILITY_ECAG))
		havege_tune_ecag(s390_read_ecag, tuning);
}

#endif /* CONFIG_S390 */
