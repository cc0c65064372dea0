// SPDX-License-Identifier: GPL-2.0
/*
 * Health tests on the raw samples. The contract is in havege_health.h.
 */
#include "havege_health.h"

/*
 * 2^H - 1 for H = 1, 1/2, 1/4, 1/8 in units of 2^-20: how much likelier a sample
 * is to differ than to be the one with probability 2^-H.
 */
static const u32 unlike[HAVEGE_SHIFT_MAX + 1] = {
	1048576, 434334, 198398, 94904,
};

/* A number m * 2^e with m from 2^31 to 2^32: down to 2^-512 and below. */
struct tiny {
	u64 m;
	int e;
};

static struct tiny tiny(u64 m, int e)
{
	while (m >> 32) {
		m >>= 1;
		e++;
	}
	while (!(m >> 31)) {
		m <<= 1;
		e--;
	}
	return (struct tiny){ m, e };
}

static struct tiny sum(struct tiny a, struct tiny b)
{
	const struct tiny big = a.e > b.e ? a : b, small = a.e > b.e ? b : a;
	const int apart = big.e - small.e;

	return tiny(big.m + (apart < 32 ? small.m >> apart : 0), big.e);
}

/* Whether it is more than 2^-alpha. */
static bool exceeds(struct tiny t, int alpha)
{
	return t.e > -alpha - 31 || (t.e == -alpha - 31 && t.m > 1u << 31);
}

/*
 * From the top: all HAVEGE_WINDOW samples alike, then one less each time, until
 * it is likely enough. A term follows from the one above it,
 * P(k) = P(k + 1) * (k + 1) / (W - k) * (1 - p) / p, and (1 - p) / p = 2^H - 1.
 */
static u32 proportion_cutoff(unsigned int shift, unsigned int alpha)
{
	struct tiny p = tiny(1, -(HAVEGE_WINDOW >> shift)), tail = p;
	u32 k = HAVEGE_WINDOW;

	while (k && !exceeds(tail, alpha)) {
		k--;
		p = tiny(div_u64(p.m * unlike[shift] * (k + 1),
				 HAVEGE_WINDOW - k), p.e - 20);
		tail = sum(tail, p);
	}
	/* With k of them it is too likely: the cutoff is the next. */
	return k + 1;
}

struct havege_cutoffs havege_cutoffs(unsigned int shift, unsigned int alpha)
{
	return (struct havege_cutoffs){
		.run = 1 + (alpha << shift),
		.proportion = proportion_cutoff(shift, alpha),
	};
}

void havege_health_assume(struct havege_health *health, unsigned int shift)
{
	shift = min_t(unsigned int, shift, HAVEGE_SHIFT_MAX);
	health->shift = shift;
	health->cutoffs[0] = havege_cutoffs(shift, HAVEGE_ALPHA_INTERMITTENT);
	health->cutoffs[1] = havege_cutoffs(shift, HAVEGE_ALPHA_PERMANENT);
}

void havege_health_init(struct havege_health *health, u32 gcd,
			unsigned int shift)
{
	memset(health, 0, sizeof(*health));
	health->gcd = max(gcd, 1u);
	havege_health_assume(health, shift);
}

u32 havege_health_cutoff(const struct havege_health *health,
			 enum havege_test test, enum havege_verdict verdict)
{
	const struct havege_cutoffs *cutoffs =
		&health->cutoffs[verdict == HAVEGE_PERMANENT];

	if (test == HAVEGE_COUNTER)
		return 1;
	return test == HAVEGE_PROPORTION ? cutoffs->proportion : cutoffs->run;
}

/* What is worst in one call of havege_health_test() gives it its name. */
static void failed(struct havege_health *health, enum havege_test test,
		   u32 count, enum havege_verdict verdict)
{
	if (verdict > health->verdict ||
	    (verdict == health->verdict && test == health->worst &&
	     count > health->count)) {
		health->verdict = verdict;
		health->worst = test;
		health->count = count;
	}
}

/* An event is what gets to a cutoff, and not what stays above it. */
static void judge(struct havege_health *health, enum havege_test test,
		  u32 count)
{
	const bool over = count >= havege_health_cutoff(health, test,
							HAVEGE_INTERMITTENT);

	if (over && !health->over[test])
		health->failures[test]++;
	health->over[test] = over;
	if (over)
		failed(health, test, count,
		       count < havege_health_cutoff(health, test,
						    HAVEGE_PERMANENT) ?
		       HAVEGE_INTERMITTENT : HAVEGE_PERMANENT);
}

/*
 * The first, second and third difference of a sample are zero where its
 * extrapolation from the last one, two, three samples is right.
 */
static void test_runs(struct havege_health *health, u8 s)
{
	const u8 *last = health->last;
	const u8 guess[3] = {
		last[0],
		2 * last[0] - last[1],
		3 * last[0] - 3 * last[1] + last[2],
	};
	u32 i;

	for (i = 0; i < 3; i++)
		health->run[i] = health->seen > i && s == guess[i] ?
			health->run[i] + 1 : 0;

	judge(health, HAVEGE_REPETITION, health->run[0] + 1);
	judge(health, HAVEGE_STUCK, max(health->run[1], health->run[2]) + 1);
}

static void test_proportion(struct havege_health *health, u8 s)
{
	if (!health->window) {
		health->first = s;
		health->same = 0;
	}
	health->window = (health->window + 1) % HAVEGE_WINDOW;
	if (s != health->first)
		return;
	health->same++;
	judge(health, HAVEGE_PROPORTION, health->same);
}

/*
 * What the samples look like is a hash of the last 16: the multiplier has two
 * factors of 2, so that what is older has been shifted out.
 */
static void test_period(struct havege_health *health, u8 s)
{
	const u32 mask = HAVEGE_PERIOD_MAX - 1;
	const u64 now = health->seen;
	u32 index;

	if (health->lag && s == health->past[(now - health->lag) & mask]) {
		health->follows++;
	} else {
		health->follows = 0;
		health->lag = 0;
	}
	judge(health, HAVEGE_PERIOD, health->follows + 1);
	health->past[now & mask] = s;

	health->look = health->look * (4 * 0x2545f491u) + (s + 1) * 0x9e3779b1u;
	index = health->look >> 20;
	if (!health->lag) {
		const u32 lag = (u16)(now - health->place[index]);

		/* Where it never looked so the place is 0: as good as any. */
		if (lag <= HAVEGE_PERIOD_MAX)
			health->lag = lag;
	}
	health->place[index] = now;
}

/* What fails several has the name of the first of them, the plainest. */
static void test_one(struct havege_health *health, u64 delta)
{
	const u8 s = havege_sample(delta, health->gcd);

	/* Half the range of a difference is negative. */
	if (delta >> 63) {
		health->failures[HAVEGE_COUNTER]++;
		failed(health, HAVEGE_COUNTER, 1, HAVEGE_INTERMITTENT);
	}
	test_runs(health, s);
	test_proportion(health, s);
	test_period(health, s);

	health->last[2] = health->last[1];
	health->last[1] = health->last[0];
	health->last[0] = s;
	health->seen++;
}

enum havege_verdict havege_health_test(struct havege_health *health,
				       const u64 *delta, unsigned int count)
{
	unsigned int i;

	health->verdict = HAVEGE_HEALTHY;
	for (i = 0; i < count; i++)
		test_one(health, delta[i]);
	return health->verdict;
}

const char *havege_test_name(enum havege_test test)
{
	static const char * const names[HAVEGE_TESTS] = {
		[HAVEGE_REPETITION] = "repetition count",
		[HAVEGE_PROPORTION] = "adaptive proportion",
		[HAVEGE_STUCK] = "stuck",
		[HAVEGE_PERIOD] = "period",
		[HAVEGE_COUNTER] = "counter",
	};

	return names[test];
}
