// SPDX-License-Identifier: GPL-2.0
/*
 * Tuning: CPUs of many makes, by CPUID, Arm's registers or ECAG, requested
 * sizes, and the fitness of counters
 *
 * Runs under KUnit and in user space (make host-test); on x86 it reads the
 * present CPU too.
 */
#include <kunit/test.h>

#include "../tune.h"

struct answer {
	u32 leaf;
	u32 subleaf;
	u32 regs[4];
};

static const struct answer *answers;
static unsigned int asked;

static void fake_cpuid(u32 leaf, u32 subleaf, u32 regs[4])
{
	const struct answer *a;

	asked++;
	memset(regs, 0, 4 * sizeof(*regs));
	for (a = answers; a->leaf; a++)
		if (a->leaf == leaf && a->subleaf == subleaf)
			memcpy(regs, a->regs, sizeof(a->regs));
}

static void ask(struct havege_tuning *tuning, const struct answer *cpu,
		int basic, u32 extended, bool topoext)
{
	const struct havege_cpuid id = {
		.read = fake_cpuid,
		.basic = basic,
		.extended = extended,
		.topoext = topoext,
	};

	answers = cpu;
	asked = 0;
	havege_tune_cpuid(&id, tuning);
}

/* EAX of a subleaf: type (1 data, 2 code, 3 both) and level. */
#define LEAF_EAX(type, level)	((type) | (level) << 5)
/* EBX: ways, line size. ECX: sets. */
#define LEAF_EBX(ways, line)		(((u32)(ways) - 1) << 22 | ((line) - 1))
#define LEAF_ECX(sets)		((sets) - 1)

/* 12 ways x 64 sets: 48 KiB. The L2 comes first, and is skipped. */
static const struct answer intel[] = {
	{ 4, 0, { LEAF_EAX(3, 2), LEAF_EBX(16, 64), LEAF_ECX(2048), 0 } },
	{ 4, 1, { LEAF_EAX(1, 1), LEAF_EBX(12, 64), LEAF_ECX(64), 0 } },
	{ 4, 2, { LEAF_EAX(2, 1), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
	{ 4, 3, { LEAF_EAX(3, 3), LEAF_EBX(20, 64), LEAF_ECX(98304), 0 } },
	{ 0 }
};

static const struct answer zen[] = {
	{ 0x8000001d, 0, { LEAF_EAX(1, 1), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
	{ 0x8000001d, 1, { LEAF_EAX(2, 1), LEAF_EBX(4, 64), LEAF_ECX(256), 0 } },
	{ 0x8000001d, 2, { LEAF_EAX(3, 2), LEAF_EBX(8, 64), LEAF_ECX(1024), 0 } },
	{ 0x80000005, 0, { 0, 0, 0x20080140, 0x40040140 } },
	{ 0 }
};

/* An Athlon: 64 KiB each, in 0x80000005 only. */
static const struct answer k8[] = {
	{ 0x80000005, 0, { 0xff08ff08, 0xff20ff20, 0x40020140, 0x40020140 } },
	{ 0 }
};

static const struct answer unified[] = {
	{ 4, 0, { LEAF_EAX(3, 1), LEAF_EBX(4, 16), LEAF_ECX(128), 0 } },
	{ 0 }
};

static const struct answer silent[] = { { 0 } };

static void tune_leaf_4(struct kunit *test)
{
	struct havege_tuning t;

	ask(&t, intel, 0x1f, 0x80000008, false);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-4");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 48);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 32);

	/* One cache of 8 KiB for both, as in old CPUs. */
	ask(&t, unified, 4, 0, false);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 8);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 8);
}

static void tune_leaf_8000001d(struct kunit *test)
{
	struct havege_tuning t;

	ask(&t, zen, 0x10, 0x80000020, true);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-8000001d");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 32);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 64);

	/* Without TOPOEXT the leaf is invalid. */
	ask(&t, zen, 0x10, 0x80000020, false);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-80000005");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 32);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 64);
	/* With TOPOEXT too, if it is above the highest leaf. */
	ask(&t, zen, 0x10, 0x8000001c, true);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-80000005");
	ask(&t, zen, 0x10, 0x8000001d, true);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-8000001d");
}

/* Leaf 4 comes first. A leaf without a data cache does not count. */
static void tune_order(struct kunit *test)
{
	static const struct answer both[] = {
		{ 4, 0, { LEAF_EAX(1, 1), LEAF_EBX(12, 64), LEAF_ECX(64), 0 } },
		{ 0x8000001d, 0, { LEAF_EAX(1, 1), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
		{ 0 }
	};
	static const struct answer code_only[] = {
		{ 4, 0, { LEAF_EAX(2, 1), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
		{ 0x8000001d, 0, { LEAF_EAX(1, 1), LEAF_EBX(8, 64), LEAF_ECX(128), 0 } },
		{ 0 }
	};
	/* Two partitions; lines of 128 bytes; the last cache that is read. */
	static const struct answer odd[] = {
		{ 4, 0, { LEAF_EAX(3, 2), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
		{ 4, 1, { LEAF_EAX(3, 2), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
		{ 4, 2, { LEAF_EAX(3, 2), LEAF_EBX(8, 64), LEAF_ECX(64), 0 } },
		{ 4, 3, { LEAF_EAX(1, 1), LEAF_EBX(4, 128) | 1 << 12, LEAF_ECX(512), 0 } },
		{ 0 }
	};
	/* 2^63 bytes: absurd, but it must not wrap to a small size. */
	static const struct answer huge[] = {
		{ 4, 0, { LEAF_EAX(1, 1), 0xffffffff, 0x7fffffff, 0 } },
		{ 0 }
	};
	struct havege_tuning t;

	ask(&t, both, 4, 0x8000001e, true);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-4");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 48);
	ask(&t, code_only, 4, 0x8000001e, true);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-8000001d");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 64);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 0);
	ask(&t, odd, 4, 0, false);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 512);
	ask(&t, huge, 4, 0, false);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 0xffffffff);
}

static void tune_leaf_80000005(struct kunit *test)
{
	struct havege_tuning t;

	ask(&t, k8, 1, 0x80000005, false);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_STREQ(test, t.source, "cpuid-80000005");
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 64);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 64);
}

static void tune_nobody_answers(struct kunit *test)
{
	struct havege_tuning t;

	ask(&t, silent, 0x20, 0x80000020, true);
	KUNIT_EXPECT_NULL(test, t.source);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 0);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 0);

	/* Missing leaves are not read. */
	ask(&t, intel, 3, 0, true);
	KUNIT_EXPECT_NULL(test, t.source);
	KUNIT_EXPECT_EQ(test, asked, 0);
	ask(&t, k8, -1, 0x80000004, true);
	KUNIT_EXPECT_NULL(test, t.source);
	KUNIT_EXPECT_EQ(test, asked, 0);
	/* A CPU without extended leaves returns this number. */
	ask(&t, k8, 2, 0xc0000005, true);
	KUNIT_EXPECT_NULL(test, t.source);
	KUNIT_EXPECT_EQ(test, asked, 0);
}

/* A hypervisor that fills in every subleaf causes no endless loop. */
static void tune_endless_subleaves(struct kunit *test)
{
	static struct answer endless[65];
	struct havege_tuning t;
	u32 i;

	for (i = 0; i < 64; i++)
		endless[i] = (struct answer) {
			4, i, { LEAF_EAX(3, 2), LEAF_EBX(16, 64), LEAF_ECX(1024), 0 }
		};
	ask(&t, endless, 4, 0, false);
	KUNIT_EXPECT_NULL(test, t.source);
	KUNIT_EXPECT_LT(test, asked, 64);
}

/* CCSIDR_EL1 of the two level 1 caches, and the number of reads. */
static u64 ccsidr[2];

static u64 fake_ccsidr(u32 csselr)
{
	asked++;
	return csselr < ARRAY_SIZE(ccsidr) ? ccsidr[csselr] : 0;
}

/* Without a data cache the CPU does not tell. */
static void expect_sizes(struct kunit *test, const struct havege_tuning *t,
			 u32 want_d, u32 want_i, const char *source)
{
	KUNIT_EXPECT_EQ(test, t->geo.dcache_kb, want_d);
	KUNIT_EXPECT_EQ(test, t->geo.icache_kb, want_i);
	if (!want_d) {
		KUNIT_EXPECT_NULL(test, t->source);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, t->source);
	KUNIT_EXPECT_STREQ(test, t->source, source);
}

static void ask_regs(struct kunit *test, u64 clidr, bool ccidx, u64 data,
		     u64 code, u32 want_d, u32 want_i)
{
	const struct havege_cache_regs cpu = {
		.read = fake_ccsidr,
		.clidr = clidr,
		.ccidx = ccidx,
	};
	struct havege_tuning t;

	ccsidr[0] = data;
	ccsidr[1] = code;
	asked = 0;
	memset(&t, 0xff, sizeof(t));
	havege_tune_cache_regs(&cpu, &t);
	expect_sizes(test, &t, want_d, want_i, "ccsidr");
}

static void tune_cache_regs(struct kunit *test)
{
	/* Cortex-A53, Cortex-A72 (48 KiB of code in 3 ways), Neoverse N1. */
	ask_regs(test, 0x0a200023, false, 0x700fe01a, 0x201fe00a, 32, 32);
	ask_regs(test, 0x0a200023, false, 0x701fe00a, 0x201fe012, 32, 48);
	ask_regs(test, 0x82000023, false, 0x701fe01a, 0x201fe01a, 64, 64);
	/*
	 * Neoverse V1, which has FEAT_CCIDX, and the same bits in the other
	 * layout.
	 */
	ask_regs(test, 0x82000023, true, 0xff0000001a, 0xff0000001a, 64, 64);
	ask_regs(test, 0x82000023, false, 0xff0000001a, 0xff0000001a, 0, 0);
	ask_regs(test, 0x0a200023, true, 0x700fe01a, 0x201fe00a, 8128, 16320);
	/* Reserved bits. */
	ask_regs(test, ~0ull << 3 | 3, false, 0xfffffffff00fe01a,
		 0xfffffffff01fe00a, 32, 32);
	ask_regs(test, 3, true, 0xff0000ffff00001a, 0xff0000ffff00001a, 64, 64);
	/* 8 ways of 128 sets and 16 bytes; 1 way of 2 sets and 2 KiB. */
	ask_regs(test, 3, false, 7 << 3 | 127 << 13, 7 | 1 << 13, 16, 4);
	/* 2^56 bytes: absurd, but it must not wrap to a small size. */
	ask_regs(test, 3, true, ~0ull, ~0ull, 0xffffffff, 0xffffffff);
}

static void tune_cache_types(struct kunit *test)
{
	/* No cache, code, data, one for both, and a reserved type. */
	ask_regs(test, 0, false, 0x700fe01a, 0x201fe012, 0, 0);
	KUNIT_EXPECT_EQ(test, asked, 0);
	ask_regs(test, 1, false, 0x700fe01a, 0x201fe012, 0, 48);
	KUNIT_EXPECT_EQ(test, asked, 1);
	ask_regs(test, 2, false, 0x700fe01a, 0x201fe012, 32, 0);
	KUNIT_EXPECT_EQ(test, asked, 1);
	ask_regs(test, 4, false, 0x700fe01a, 0x201fe012, 32, 32);
	KUNIT_EXPECT_EQ(test, asked, 1);
	ask_regs(test, 5, false, 0x700fe01a, 0x201fe012, 0, 0);
	ask_regs(test, 7, false, 0x700fe01a, 0x201fe012, 0, 0);
	KUNIT_EXPECT_EQ(test, asked, 0);
	/*
	 * A KVM guest: one set, one way. Older ones report the real code cache.
	 */
	ask_regs(test, 0x0a200023, false, 2, 2, 0, 0);
	ask_regs(test, 0x0a200023, true, 2, 2, 0, 0);
	ask_regs(test, 0x0a200023, false, 2, 0x201fe012, 0, 48);
}

/* ECAG: the topology, and the sizes of the level 1 caches. */
static u64 ecag[3];

static u64 fake_ecag(u32 what)
{
	asked++;
	switch (what) {
	case 0x00:
		return ecag[0];
	case 0x20:
		return ecag[1];
	case 0x21:
		return ecag[2];
	default:
		return 1 << 20;
	}
}

static void ask_ecag(struct kunit *test, u8 level_1, u64 data, u64 code,
		     u32 want_d, u32 want_i)
{
	struct havege_tuning t;

	/* Level 2 has another byte. */
	ecag[0] = (u64)level_1 << 56 | 0x0b00000000000000 >> 8;
	ecag[1] = data;
	ecag[2] = code;
	asked = 0;
	memset(&t, 0xff, sizeof(t));
	havege_tune_ecag(fake_ecag, &t);
	expect_sizes(test, &t, want_d, want_i, "ecag");
}

static void tune_ecag(struct kunit *test)
{
	/* Private and separate: 128 KiB of data, 96 KiB of code (z13). */
	ask_ecag(test, 0x04, 131072, 98304, 128, 96);
	/* Shared; data only, code only, one for both. */
	ask_ecag(test, 0x08, 131072, 98304, 128, 96);
	ask_ecag(test, 0x05, 131072, 98304, 128, 0);
	ask_ecag(test, 0x06, 131072, 98304, 0, 96);
	ask_ecag(test, 0x07, 131072, 98304, 128, 128);
	KUNIT_EXPECT_EQ(test, asked, 2);
	/* Reserved bits. */
	ask_ecag(test, 0xf4, 131072, 98304, 128, 96);
	/* No cache; a reserved scope, as in an answer with all bits set. */
	ask_ecag(test, 0x00, 131072, 98304, 0, 0);
	ask_ecag(test, 0x0f, 131072, 98304, 0, 0);
	ask_ecag(test, 0xff, ~0ull, ~0ull, 0, 0);
	KUNIT_EXPECT_EQ(test, asked, 1);
	/* Unknown sizes, and absurd ones, which must not wrap. */
	ask_ecag(test, 0x04, ~0ull, 98304, 0, 96);
	ask_ecag(test, 0x04, 131072, ~0ull, 128, 0);
	ask_ecag(test, 0x04, 1ull << 60, 1ull << 60, 0xffffffff, 0xffffffff);
}

/* CPUCFG: words 0x10 to 0x12. */
static u32 cpucfg[3];

static u32 fake_cpucfg(u32 word)
{
	asked++;
	return word - 0x10 < ARRAY_SIZE(cpucfg) ? cpucfg[word - 0x10] : 0;
}

static void ask_cpucfg(struct kunit *test, u32 present, u32 code, u32 data,
		       u32 want_d, u32 want_i)
{
	struct havege_tuning t;

	cpucfg[0] = present;
	cpucfg[1] = code;
	cpucfg[2] = data;
	asked = 0;
	memset(&t, 0xff, sizeof(t));
	havege_tune_cpucfg(fake_cpucfg, &t);
	expect_sizes(test, &t, want_d, want_i, "cpucfg");
}

static void tune_cpucfg(struct kunit *test)
{
	/* QEMU's la464: 4 ways of 256 lines of 64 bytes. Others: 32 KiB. */
	ask_cpucfg(test, 0x2c3d, 0x06080003, 0x06080003, 64, 64);
	ask_cpucfg(test, 0x2c3d, 0x06070003, 0x06080001, 32, 32);
	/* Code only, data only, one for both, none. */
	ask_cpucfg(test, 0x01, 0x06080003, 0x06070003, 0, 64);
	ask_cpucfg(test, 0x04, 0x06080003, 0x06070003, 32, 0);
	KUNIT_EXPECT_EQ(test, asked, 2);
	ask_cpucfg(test, 0x03, 0x06080003, 0x06070003, 64, 64);
	ask_cpucfg(test, 0x00, 0x06080003, 0x06080003, 0, 0);
	KUNIT_EXPECT_EQ(test, asked, 1);
	/* The second level only. */
	ask_cpucfg(test, 0xf8, 0x06080003, 0x06080003, 0, 0);
	/* A reserved bit. 768 bytes: unknown. Absurd, but it must not wrap. */
	ask_cpucfg(test, 0x05, 0x86080003, 0x06020002, 0, 64);
	ask_cpucfg(test, 0x05, 0x060a0fff, 0x060b0fff, 524288, 262144);
	ask_cpucfg(test, 0x05, 0x1f00ffff, 0x0610ffff, 0x10000000, 0xffffffff);
	ask_cpucfg(test, 0x05, 0x7fffffff, 0x20000000, 0xffffffff, 0xffffffff);
}

static void tune_settle(struct kunit *test, u32 user_d, u32 user_i, u32 cpu_d,
			u32 cpu_i, u32 want_d, u32 want_i, bool guessed,
			const char *source)
{
	struct havege_tuning t = {
		.geo = { cpu_d, cpu_i },
		.source = "cpuid-4",
	};

	KUNIT_EXPECT_EQ(test, havege_tune_settle(user_d, user_i, &t), guessed);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, want_d);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, want_i);
	KUNIT_EXPECT_STREQ(test, t.source, source);
}

static void tune_user_wins(struct kunit *test)
{
	tune_settle(test, 0, 0, 48, 32, 48, 32, false, "cpuid-4");
	tune_settle(test, 96, 0, 48, 32, 96, 32, false, "cpuid-4");
	tune_settle(test, 0, 8, 48, 32, 48, 8, false, "cpuid-4");
	tune_settle(test, 8, 64, 48, 32, 8, 64, false, "parameter");
	tune_settle(test, 8, 64, 0, 0, 8, 64, false, "parameter");
}

static void tune_guesses_and_bounds(struct kunit *test)
{
	tune_settle(test, 0, 0, 0, 0, 16, 16, true, "generic");
	tune_settle(test, 0, 0, 48, 0, 48, 16, true, "generic");
	tune_settle(test, 0, 32, 0, 0, 16, 32, true, "generic");
	tune_settle(test, 0, 0, 4, 4, 8, 8, false, "cpuid-4");
	tune_settle(test, 0, 0, 1024, 192, 512, 64, false, "cpuid-4");
}

/* Statistics add up over several calls. */
static void tune_looks(struct kunit *test)
{
	/* Two readings in a step of the counter, before the first one here. */
	static const u64 first[] = { 26 * 7 + 1, 26 * 3 - 1, 0, 26 * 12, 0,
				     26 * 7, 1ull << 32 };
	static const u64 second[] = { 1, 1, 26, 0xffffffff / 26 * 26 };
	static const u64 odd[] = { 1, 1, 13 * 5 };
	static const u64 back[] = { 1, 1ull << 63, 50 };
	static const u64 long_ones[] = { 1, 1, 1ull << 32, (1ull << 63) - 1 };
	struct havege_readings r = { 0 };

	havege_tune_look(&r, first, ARRAY_SIZE(first));
	KUNIT_EXPECT_EQ(test, r.seen, 7);
	KUNIT_EXPECT_EQ(test, r.still, 2);
	/* A pause of 2^32 ticks or more has no effect on the GCD. */
	KUNIT_EXPECT_EQ(test, r.gcd, 26);
	KUNIT_EXPECT_FALSE(test, r.back);
	havege_tune_look(&r, second, ARRAY_SIZE(second));
	KUNIT_EXPECT_EQ(test, r.seen, 11);
	KUNIT_EXPECT_EQ(test, r.still, 2);
	KUNIT_EXPECT_EQ(test, r.gcd, 26);
	havege_tune_look(&r, odd, ARRAY_SIZE(odd));
	KUNIT_EXPECT_EQ(test, r.gcd, 13);
	havege_tune_look(&r, long_ones, ARRAY_SIZE(long_ones));
	KUNIT_EXPECT_FALSE(test, r.back);
	KUNIT_EXPECT_EQ(test, r.gcd, 13);
	havege_tune_look(&r, back, ARRAY_SIZE(back));
	KUNIT_EXPECT_TRUE(test, r.back);
	KUNIT_EXPECT_EQ(test, r.gcd, 1);
	/* A step back stays recorded. */
	havege_tune_look(&r, odd, ARRAY_SIZE(odd));
	KUNIT_EXPECT_TRUE(test, r.back);
	KUNIT_EXPECT_EQ(test, r.seen, 24);
}

static enum havege_fitness tune_judge(u32 seen, u32 still, bool back)
{
	const struct havege_readings r = {
		.seen = seen,
		.still = still,
		.gcd = 1,
		.back = back,
	};

	return havege_tune_judge(&r);
}

static void tune_judges(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 0, false), HAVEGE_FIT);
	/* The spans decide how often it has to move. */
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 999, false), HAVEGE_FIT);
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 1000, false), HAVEGE_STOPPED);
	/* No reading, and no reading that moved. */
	KUNIT_EXPECT_EQ(test, tune_judge(0, 0, false), HAVEGE_STOPPED);
	/* Whatever else it does. */
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 0, true), HAVEGE_BACKWARDS);
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 1000, true), HAVEGE_BACKWARDS);
	KUNIT_EXPECT_EQ(test, tune_judge(1000, 950, true), HAVEGE_BACKWARDS);
}

/*
 * A read takes 40 ticks without an interruption. The best one comes 27 later.
 */
struct slow_counter {
	u64 now;
	u32 reads;
	u32 best;
};

static u64 read_slowly(void *arg)
{
	struct slow_counter *counter = arg;

	counter->reads++;
	counter->now += counter->reads == counter->best ?
		27 : 40 + counter->reads % 7;
	return counter->now;
}

static void tune_costs(struct kunit *test)
{
	struct slow_counter counter = { .now = 1ull << 40 };
	u32 reads;

	KUNIT_EXPECT_EQ(test, havege_tune_cost(read_slowly, &counter), 40);
	reads = counter.reads;
	KUNIT_EXPECT_GE(test, reads, 100);
	KUNIT_EXPECT_LT(test, reads, 1000);
	/* The first delta, and the last. */
	counter = (struct slow_counter){ .best = 2 };
	KUNIT_EXPECT_EQ(test, havege_tune_cost(read_slowly, &counter), 27);
	counter = (struct slow_counter){ .best = reads };
	KUNIT_EXPECT_EQ(test, havege_tune_cost(read_slowly, &counter), 27);
	/* The first reading has no distance. */
	counter = (struct slow_counter){ .best = 1 };
	KUNIT_EXPECT_EQ(test, havege_tune_cost(read_slowly, &counter), 40);
}

#ifdef CONFIG_X86
/* The present CPU gives sizes that the walk can use. */
static void tune_this_cpu(struct kunit *test)
{
	struct havege_tuning t;

	KUNIT_ASSERT_EQ(test, havege_tune(0, 0, &t), 0);
	KUNIT_ASSERT_NOT_NULL(test, t.source);
	KUNIT_EXPECT_GE(test, t.geo.dcache_kb, HAVEGE_DCACHE_MIN_KB);
	KUNIT_EXPECT_LE(test, t.geo.dcache_kb, HAVEGE_DCACHE_MAX_KB);
	KUNIT_EXPECT_GE(test, t.geo.icache_kb, HAVEGE_ICACHE_MIN_KB);
	KUNIT_EXPECT_LE(test, t.geo.icache_kb, HAVEGE_ICACHE_MAX_KB);
	/* All of QEMU's CPUs have one of the leaves. */
	KUNIT_EXPECT_TRUE(test, !strncmp(t.source, "cpuid-", 6));

	KUNIT_ASSERT_EQ(test, havege_tune(96, 24, &t), 0);
	KUNIT_EXPECT_EQ(test, t.geo.dcache_kb, 96);
	KUNIT_EXPECT_EQ(test, t.geo.icache_kb, 24);
	KUNIT_EXPECT_STREQ(test, t.source, "parameter");
}
#endif

/* havege_grain_span() of @count deltas, @some of @delta in each 1,000. */
static u32 span_of(u32 gcd, u64 delta, u32 some, u32 count)
{
	struct havege_grain grain = { };
	u32 i, moved = 0;

	for (i = 0; i < count; i++) {
		/* Spread evenly. */
		const bool moves = (i + 1) * some / 1000 > moved;
		const u64 one = moves ? delta : 0;

		moved += moves;
		havege_grain_look(&grain, gcd, &one, 1);
	}
	return havege_grain_span(&grain);
}

/*
 * The smallest power of two at which three quarters of the samples have eight
 * units.
 */
static void tune_spans(struct kunit *test)
{
	static const struct {
		u32 gcd;
		u64 delta;
		u32 some, span;
	} cases[] = {
		{ 1, 1000, 1000, 1 },
		{ 1, 8, 1000, 1 },
		{ 1, 7, 1000, 2 },
		{ 26, 26 * 8, 1000, 1 },
		{ 26, 26 * 7, 1000, 2 },
		{ 26, 26 * 2, 1000, 4 },
		{ 1, 1, 1000, 8 },
		{ 1, 1, 500, 16 },
		{ 1, 1, 490, 16 },
		{ 1, 1, 475, 32 },
		{ 1, 1, 450, 32 },
		{ 1, 1, 40, 256 },
		{ 1, 1, 32, 256 },
		{ 1, 1, 20, 0 },
		{ 1, 1, 0, 0 },
		/* A few long deltas, interrupts, do not count. */
		{ 1, 1000000, 1, 0 },
	};
	const struct havege_grain none = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, span_of(cases[i].gcd, cases[i].delta,
						  cases[i].some, 16384),
				    cases[i].span, "case %u\n", i);
	/* Three quarters are enough; one less is not. */
	KUNIT_EXPECT_EQ(test, span_of(1, 8, 750, 4), 1);
	KUNIT_EXPECT_NE(test, span_of(1, 8, 500, 4), 1);
	KUNIT_EXPECT_EQ(test, havege_grain_span(&none), 0);
}

static struct kunit_case tune_cases[] = {
	KUNIT_CASE(tune_leaf_4),
	KUNIT_CASE(tune_leaf_8000001d),
	KUNIT_CASE(tune_order),
	KUNIT_CASE(tune_leaf_80000005),
	KUNIT_CASE(tune_nobody_answers),
	KUNIT_CASE(tune_endless_subleaves),
	KUNIT_CASE(tune_cache_regs),
	KUNIT_CASE(tune_cache_types),
	KUNIT_CASE(tune_ecag),
	KUNIT_CASE(tune_cpucfg),
	KUNIT_CASE(tune_user_wins),
	KUNIT_CASE(tune_guesses_and_bounds),
	KUNIT_CASE(tune_looks),
	KUNIT_CASE(tune_judges),
	KUNIT_CASE(tune_spans),
	KUNIT_CASE(tune_costs),
#ifdef CONFIG_X86
	KUNIT_CASE(tune_this_cpu),
#endif
	{}
};

static struct kunit_suite tune_suite = {
	.name = "havege_tune",
	.test_cases = tune_cases,
};

kunit_test_suites(&tune_suite);
