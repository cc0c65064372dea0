// SPDX-License-Identifier: GPL-2.0
/*
 * Logarithms, entropies and continued curves, against bc -l, with the direction
 * of their rounding
 *
 * Runs under KUnit and in user space (make host-test).
 *
 * The tables come from this, with x, h (hits), t (total), a (few), b (all),
 * i and j (their logarithms):
 *
 *   scale = 40
 *   define f(x) { auto s, r; s = scale; scale = 0; r = x / 1
 *                 scale = s; return r; }
 *   define c(x) { auto r; r = f(x); if (r < x) r += 1; return r; }
 *   define g(x) { return l(x) / l(2); }
 *   define d(h, t) { return sqrt(h / t * (1 - h / t) / (t - 1)); }
 */
#include <kunit/test.h>

#include "../havege_math.h"

#define TOP	0x80000000u

/* The powers of two are exact; the others: f(2^24 * g(x)). */
static void math_log2(struct kunit *test)
{
	static const struct {
		u64 x;
		u32 known;
	} cases[] = {
		{ 3, 26591258 },
		{ 5, 38955489 },
		{ 7, 47099599 },
		{ 10, 55732705 },
		{ 100, 111465410 },
		{ 255, 134122994 },
		{ 257, 134312092 },
		{ 1000, 167198115 },
		{ 24576, 244695066 },
		{ 65535, 268435086 },
		{ 2147483647, 520093695 },
		{ 2147483649u, 520093696 },
		{ 4294967295u, 536870911 },
		{ 4294967297ull, 536870912 },
		{ 1000000000000ull, 668792462 },
		{ 9223372036854775807ull, 1056964607 },
		{ 9223372036854775809ull, 1056964608 },
		{ ~0ull, 1073741823 },
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, havege_log2(0), 0);
	for (i = 0; i < 64; i++)
		KUNIT_EXPECT_EQ(test, havege_log2(1ull << i),
				i * HAVEGE_LOG_ONE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 got = havege_log2(cases[i].x);

		KUNIT_EXPECT_LE_MSG(test, got, cases[i].known, "case %u\n", i);
		KUNIT_EXPECT_GE_MSG(test, got + 7, cases[i].known, "case %u\n",
				    i);
	}
}

static void math_log2_grows(struct kunit *test)
{
	u32 i, last = 0;
	u64 x;

	for (x = 1; x < 5000; x++) {
		const u32 now = havege_log2(x);

		KUNIT_EXPECT_GE(test, now, last);
		last = now;
	}
	for (i = 13; i < 64; i++)
		for (x = (1ull << i) - 3; x < (1ull << i) + 3; x++) {
			const u32 now = havege_log2(x);

			KUNIT_EXPECT_GE(test, now, last);
			last = now;
		}
	KUNIT_EXPECT_GE(test, havege_log2(~0ull), last);
}

/* p = h / t + 2.576 * d(h, t); f(-g(p) * 2^16), and 0 for a p of 1 or more. */
static void math_min_entropy(struct kunit *test)
{
	static const struct {
		u32 hits, total, known;
	} cases[] = {
		{ 1, 2, 0 },
		{ 1, 3, 0 },
		{ 1, 10, 97227 },
		{ 5, 10, 6929 },
		{ 50, 100, 43767 },
		{ 90, 100, 2135 },
		{ 99, 100, 0 },
		{ 1, 12288, 769826 },
		{ 6144, 12288, 63363 },
		{ 12288, 24576, 63994 },
		{ 20000, 24576, 18740 },
		{ 24500, 24576, 206 },
		{ 24560, 24576, 21 },
		{ 24570, 24576, 0 },
		{ 1, 28616, 849752 },
		{ 2, 28616, 806622 },
		{ 112, 28616, 503541 },
		{ 3000, 28616, 209123 },
		{ 14308, 28616, 64107 },
		{ 27000, 28616, 5144 },
		{ 28000, 28616, 1844 },
		{ 28500, 28616, 292 },
		{ 28590, 28616, 42 },
		{ 28600, 28616, 18 },
		{ 28610, 28616, 0 },
		{ 28615, 28616, 0 },
		{ 7, 65536, 800313 },
		{ 644459, 644466, 0 },
		{ 65536, 1 << 20, 261227 },
		{ 1 << 30, TOP, 65530 },
		{ TOP - 1, TOP, 0 },
		{ TOP - 100, TOP, 0 },
		{ TOP - 1000, TOP, 0 },
		{ TOP - 100000, TOP, 4 },
		{ 715827882, TOP, 103864 },
		{ 1 << 20, TOP, 720658 },
		{ 1 << 16, TOP, 982093 },
		{ 1000, TOP, 1371094 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 got = havege_min_entropy(cases[i].hits,
						   cases[i].total);

		KUNIT_EXPECT_LE_MSG(test, got, cases[i].known, "%u of %u\n",
				    cases[i].hits, cases[i].total);
		KUNIT_EXPECT_GE_MSG(test, got + 4 + (cases[i].known >> 12),
				    cases[i].known, "%u of %u\n",
				    cases[i].hits, cases[i].total);
	}
}

static void math_min_entropy_edges(struct kunit *test)
{
	static const u32 totals[] = { 2, 3, 1000, 28616, TOP };
	u32 i, hits, last = ~0u;

	KUNIT_EXPECT_EQ(test, havege_min_entropy(0, 0), 0);
	KUNIT_EXPECT_EQ(test, havege_min_entropy(0, 1), 0);
	KUNIT_EXPECT_EQ(test, havege_min_entropy(1, 1), 0);
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		KUNIT_EXPECT_EQ(test, havege_min_entropy(totals[i], totals[i]),
				0);
		/* Never right: limited by the resolution of a rate, 32 bits. */
		KUNIT_EXPECT_GT(test, havege_min_entropy(0, totals[i]),
				24 * HAVEGE_BIT);
		KUNIT_EXPECT_LE(test, havege_min_entropy(0, totals[i]),
				32 * HAVEGE_BIT);
	}
	/* A better guess leaves less entropy. */
	for (hits = 0; hits <= 2000; hits++) {
		const u32 now = havege_min_entropy(hits, 2000);

		KUNIT_EXPECT_LE(test, now, last);
		last = now;
	}
	KUNIT_EXPECT_EQ(test, last, 0);
	/* Nearly always right: nearly no entropy. */
	for (hits = TOP - 4096; hits < TOP; hits++)
		KUNIT_EXPECT_LE(test, havege_min_entropy(hits, TOP), 1);
}

/* p = h / t - d(h, t), at least 1 / t; c(-g(p) * 2^16) */
static void math_max_entropy(struct kunit *test)
{
	static const struct {
		u32 hits, total, known;
	} cases[] = {
		{ 0, 2, 65536 },
		{ 1, 2, 65536 },
		{ 1, 3, 103873 },
		{ 1, 10, 217706 },
		{ 5, 10, 103873 },
		{ 9, 10, 21098 },
		{ 50, 100, 75551 },
		{ 99, 100, 1911 },
		{ 0, 12288, 890305 },
		{ 1, 12288, 890305 },
		{ 2, 12288, 890305 },
		{ 10, 12288, 708523 },
		{ 1000, 12288, 240097 },
		{ 6144, 12288, 66393 },
		{ 0, 24576, 955841 },
		{ 1, 24576, 955841 },
		{ 4, 24576, 890299 },
		{ 100, 24576, 530369 },
		{ 3000, 24576, 200482 },
		{ 12288, 24576, 66142 },
		{ 20000, 24576, 19770 },
		{ 24000, 24576, 2336 },
		{ 24500, 24576, 327 },
		{ 24574, 24576, 14 },
		{ 24575, 24576, 8 },
		{ 65536, 1 << 20, 262503 },
		{ 65536, TOP, 983411 },
		{ 715827882, TOP, 103875 },
		{ 1 << 30, TOP, 65539 },
		{ TOP - 100, TOP, 1 },
		{ TOP - 1, TOP, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 got = havege_max_entropy(cases[i].hits,
						   cases[i].total);

		KUNIT_EXPECT_GE_MSG(test, got, cases[i].known, "%u of %u\n",
				    cases[i].hits, cases[i].total);
		KUNIT_EXPECT_LE_MSG(test, got,
				    cases[i].known + 4 + (cases[i].known >> 12),
				    "%u of %u\n", cases[i].hits,
				    cases[i].total);
	}
}

static void math_max_entropy_edges(struct kunit *test)
{
	static const u32 totals[] = { 2, 3, 1000, 24576, TOP };
	u32 i, hits, last = ~0u;

	KUNIT_EXPECT_EQ(test, havege_max_entropy(0, 0), 0);
	KUNIT_EXPECT_EQ(test, havege_max_entropy(0, 1), 0);
	KUNIT_EXPECT_EQ(test, havege_max_entropy(1, 1), 0);
	for (i = 0; i < ARRAY_SIZE(totals); i++) {
		/* Always right: no deviation. Never right: 1 / total. */
		KUNIT_EXPECT_EQ(test, havege_max_entropy(totals[i], totals[i]),
				0);
		KUNIT_EXPECT_EQ(test, havege_max_entropy(0, totals[i]),
				havege_max_entropy(1, totals[i]));
	}
	KUNIT_EXPECT_EQ(test, havege_max_entropy(0, TOP), 31 * HAVEGE_BIT + 1);
	/* Never below the lower bound, and never more for a better guess. */
	for (hits = 0; hits <= 2000; hits++) {
		const u32 now = havege_max_entropy(hits, 2000);

		KUNIT_EXPECT_LE(test, now, last);
		if (hits)
			KUNIT_EXPECT_GE(test, now,
					havege_min_entropy(hits, 2000));
		last = now;
	}
	KUNIT_EXPECT_EQ(test, last, 0);
}

/*
 * slope = c(2^16 * g(a / b) / (j - i))
 * end = f(b * e(-(40 - j) * l(a / b) / (j - i)))
 */
static void math_curve(struct kunit *test)
{
	static const struct {
		u32 few, all, few_log, all_log, slope, end;
	} cases[] = {
		{ 65537, 65536, 6, 8, 1, 65520 },
		{ 65536, 65000, 6, 8, 389, 56996 },
		{ 131072, 65536, 6, 8, 32768, 1 },
		{ 65536, 60000, 6, 8, 4173, 14618 },
		{ 65536, 60000, 6, 10, 2087, 30951 },
		{ 100000, 98000, 6, 8, 956, 70932 },
		{ 100000, 98000, 6, 10, 478, 84221 },
		{ 34000, 28000, 6, 8, 9179, 1253 },
		{ 24576, 13238, 6, 8, 29248, 0 },
		{ 24576, 13238, 6, 10, 14624, 127 },
		{ 500000, 490000, 6, 10, 478, 421106 },
		{ 1048576, 1040000, 6, 8, 389, 911943 },
		{ 65536, 1, 6, 8, 524288, 0 },
		{ 2, 1, 6, 10, 16384, 0 },
		{ ~0u, ~0u - 1, 6, 8, 1, 4294967278u },
		{ ~0u, 1, 6, 8, 1048576, 0 },
		{ ~0u, 4000000000u, 6, 10, 1682, 2345907953u },
		{ ~0u, 1, 38, 39, 2097152, 0 },
		{ 70000, 60000, 38, 39, 14575, 51428 },
		{ 70000, 60000, 0, 39, 374, 59763 },
		{ 70000, 60000, 0, 1, 14575, 146 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct havege_curve got =
			havege_continue_curve(cases[i].few, cases[i].all,
					      cases[i].few_log,
					      cases[i].all_log);

		KUNIT_EXPECT_GE_MSG(test, got.slope, cases[i].slope,
				    "case %u\n", i);
		KUNIT_EXPECT_LE_MSG(test, got.slope, cases[i].slope + 1,
				    "case %u\n", i);
		KUNIT_EXPECT_LE_MSG(test, got.end, cases[i].end, "case %u\n",
				    i);
		KUNIT_EXPECT_GE_MSG(test,
				    1ull + got.end + (cases[i].end >> 14),
				    (u64)cases[i].end, "case %u\n", i);
	}
}

/* A predictor that learns nothing, or unlearns: the entropy stays. */
static void math_curve_is_flat(struct kunit *test)
{
	static const u32 all[] = { 0, 1, 2, 1000, HAVEGE_BIT, ~0u };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(all); i++)
		for (j = 0; j <= i; j++) {
			const struct havege_curve got =
				havege_continue_curve(all[j], all[i], 6, 8);

			KUNIT_EXPECT_EQ(test, got.slope, 0);
			KUNIT_EXPECT_EQ(test, got.end, all[i]);
		}
	/* A predictor that knows all with all rows leaves no entropy. */
	for (i = 0; i < ARRAY_SIZE(all); i++)
		KUNIT_EXPECT_EQ(test,
				havege_continue_curve(all[i], 0, 6, 10).end, 0);
}

/* A steeper curve leaves less, and never more than before. */
static void math_curve_falls(struct kunit *test)
{
	struct havege_curve last = { 0, HAVEGE_BIT };
	u32 few, all, end = 0;

	for (few = HAVEGE_BIT - 10; few < HAVEGE_BIT + 3000; few++) {
		const struct havege_curve now =
			havege_continue_curve(few, HAVEGE_BIT, 6, 8);

		KUNIT_EXPECT_GE(test, now.slope, last.slope);
		KUNIT_EXPECT_LE(test, now.end, last.end);
		last = now;
	}
	KUNIT_EXPECT_LT(test, last.end, HAVEGE_BIT / 2);
	for (all = 1; all < HAVEGE_BIT; all += 61) {
		const struct havege_curve now =
			havege_continue_curve(HAVEGE_BIT, all, 6, 10);

		KUNIT_EXPECT_LE(test, now.end, all);
		KUNIT_EXPECT_GE(test, now.end, end);
		end = now.end;
	}
	KUNIT_EXPECT_GT(test, end, 0);
}

/* Decimal, rounded down, as in messages and state files. */
static void math_decimal(struct kunit *test)
{
	static const struct {
		u32 entropy, bits, parts;
	} cases[] = {
		{ 0, 0, 0 },
		{ 1, 0, 0 },
		{ 7, 0, 1 },
		{ HAVEGE_BIT / 256, 0, 39 },
		{ HAVEGE_BIT / 32, 0, 312 },
		{ HAVEGE_BIT / 16, 0, 625 },
		{ HAVEGE_BIT - 1, 0, 9999 },
		{ HAVEGE_BIT, 1, 0 },
		{ 5 * HAVEGE_BIT / 2, 2, 5000 },
		{ ~0u, 65535, 9999 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, havege_bits(cases[i].entropy),
				cases[i].bits);
		KUNIT_EXPECT_EQ(test, havege_bit_parts(cases[i].entropy),
				cases[i].parts);
	}
}

static struct kunit_case math_cases[] = {
	KUNIT_CASE(math_log2),
	KUNIT_CASE(math_log2_grows),
	KUNIT_CASE(math_min_entropy),
	KUNIT_CASE(math_min_entropy_edges),
	KUNIT_CASE(math_max_entropy),
	KUNIT_CASE(math_max_entropy_edges),
	KUNIT_CASE(math_curve),
	KUNIT_CASE(math_curve_is_flat),
	KUNIT_CASE(math_curve_falls),
	KUNIT_CASE(math_decimal),
	{}
};

static struct kunit_suite math_suite = {
	.name = "havege_math",
	.test_cases = math_cases,
};

kunit_test_suites(&math_suite);
