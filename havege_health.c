// SPDX-License-Identifier: GPL-2.0
/*
 * Health tests on the raw samples. The contract is in havege_health.h.
 */
#include "havege_health.h"

/*
 * 2^H - 1 for H = 1, 1/2, 1/4, 1/8, in units of 2^-20: the odds against the
 * sample that has the probability 2^-H.
 */
static const u32 unlike[HAVEGE_SHIFT_MAX + 1] = {
	1048576, 434334, 198398, 94904,
};

/* A number m * 2^e, with m from 2^31 to 2^32: holds 2^-512 and less. */
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

/* Whether @t is above 2^-@alpha. */
static bool exceeds(struct tiny t, int alpha)
{
	return t.e > -alpha - 31 || (t.e == -alpha - 31 && t.m > 1u << 31);
}

/*
 * Sum up from the top: first the probability that all HAVEGE_WINDOW samples are
 * alike, then that all but one are, and so on until the sum is above 2^-alpha.
 * A term follows from the one before, P(k) = P(k + 1) * (k + 1) / (W - k) * (1
 * - p) / p, with (1 - p) / p = 2^H - 1.
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
	/* k samples are too likely: the cutoff is k + 1. */
	return k + 1;
}

struct havege_cutoffs havege_cutoffs(unsigned int shift, unsigned int alpha)
{
	return (struct havege_cutoffs){
		.run = 1 + (alpha << shift),
		.proportion = proportion_cutoff(shift, alpha),
	};
}
EXPORT_SYMBOL_IF_KUNIT(havege_cutoffs);

static void set_cutoffs(struct havege_health *health, unsigned int shift)
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
	/*
	 * Rounding up adds less than gcd. Times a delta below HAVEGE_SHORT the
	 * error is below 2^32 and leaves the whole part as it is.
	 */
	if (health->gcd <= HAVEGE_SHORT)
		health->inverse = div_u64((1ull << 32) + health->gcd - 1,
					  health->gcd);
	set_cutoffs(health, shift);
}
EXPORT_SYMBOL_IF_KUNIT(havege_health_init);

void havege_health_tune(struct havege_health *health, u32 gcd,
			unsigned int shift)
{
	u64 failures[HAVEGE_TESTS];

	if (health->gcd == max(gcd, 1u) && health->shift == shift)
		return;
	memcpy(failures, health->failures, sizeof(failures));
	havege_health_init(health, gcd, shift);
	memcpy(health->failures, failures, sizeof(failures));
}
EXPORT_SYMBOL_IF_KUNIT(havege_health_tune);

u32 havege_health_cutoff(const struct havege_health *health,
			 enum havege_test test, enum havege_verdict verdict)
{
	const struct havege_cutoffs *cutoffs =
		&health->cutoffs[verdict == HAVEGE_PERMANENT];

	if (test == HAVEGE_COUNTER)
		return 1;
	return test == HAVEGE_PROPORTION ? cutoffs->proportion : cutoffs->run;
}
EXPORT_SYMBOL_IF_KUNIT(havege_health_cutoff);

/* The worst failure of a call of havege_health_test() names the result. */
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

/* A count that reaches its cutoff is one failure, until it falls below it. */
static void health_judge(struct havege_health *health, enum havege_test test,
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

/* Samples to convert and test at a time. */
#define CHUNK		128
/* Samples in a 64-bit word. */
#define WORD		8
#define IN_EACH(byte)	((byte) * 0x0101010101010101ull)

/* Eight samples, the first one in the low bits. */
static u64 word_of(const u8 *s)
{
	u64 word;

	memcpy(&word, s, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* Eight differences: each byte of @a minus that of @b. */
static u64 less(u64 a, u64 b)
{
	const u64 high = IN_EACH(0x80ull);

	return ((a | high) - (b & ~high)) ^ ((a ^ ~b) & high);
}

/* Number of zero bytes at the high end, 0 to 8. */
static u32 zeros_at_end(u64 word)
{
	return (64 - fls64(word)) / 8;
}

/* Convert deltas to samples. Divide short deltas by multiplication. */
static void make_samples(struct havege_health *health, u8 *s, const u64 *delta,
			 unsigned int count)
{
	const u64 inverse = health->inverse;
	unsigned int i;
	u64 any = 0;

	for (i = 0; i < count; i++) {
		any |= delta[i];
		s[i] = delta[i] * inverse >> 32;
	}
	if (any < HAVEGE_SHORT && inverse)
		return;
	for (i = 0; i < count; i++) {
		s[i] = havege_sample(delta[i], health->gcd);
		/* A difference with the top bit set is negative. */
		if (delta[i] >> 63) {
			health->failures[HAVEGE_COUNTER]++;
			failed(health, HAVEGE_COUNTER, 1, HAVEGE_INTERMITTENT);
		}
	}
}

/*
 * The first, second and third difference of a sample are zero if its
 * extrapolation from the last one, two or three samples is right.
 */
static void test_run(struct havege_health *health, u8 s, u64 seen)
{
	const u8 *last = health->last;
	const u8 guess[3] = {
		last[0],
		2 * last[0] - last[1],
		3 * last[0] - 3 * last[1] + last[2],
	};
	u32 i;

	for (i = 0; i < 3; i++)
		health->run[i] = seen > i && s == guess[i] ?
			health->run[i] + 1 : 0;

	health_judge(health, HAVEGE_REPETITION, health->run[0] + 1);
	health_judge(health, HAVEGE_STUCK,
		     max(health->run[1], health->run[2]) + 1);

	health->last[2] = health->last[1];
	health->last[1] = health->last[0];
	health->last[0] = s;
}

/*
 * Fast test of a chunk. Without two zero words in a row there are no 23 zeros
 * in a row, and with fewer than eight zeros from before no count reaches a
 * cutoff: the lowest is 30. A single zero word is too common where the counter
 * has long steps.
 * Return: true if this holds for all three differences; else nothing is
 * changed.
 */
static bool has_no_long_run(struct havege_health *health, const u8 *s,
			    unsigned int count)
{
	const u8 *last = health->last;
	/*
	 * The last sample, the last difference and the last second difference.
	 */
	u64 end[3] = {
		last[0], (u8)(last[0] - last[1]),
		(u8)(last[0] - 2 * last[1] + last[2])
	};
	u64 word, diff[3] = {}, before[3];
	unsigned int i, k;

	if (health->seen < 3 || !count || count % WORD ||
	    max(max(health->run[0], health->run[1]), health->run[2]) >= WORD)
		return false;
	for (i = 0; i < count; i += WORD) {
		word = word_of(s + i);
		for (k = 0; k < 3; k++) {
			before[k] = diff[k];
			diff[k] = less(word, word << 8 | end[k]);
			if (!(diff[k] | before[k]))
				return false;
			end[k] = word >> 56;
			word = diff[k];
		}
	}
	for (k = 0; k < 3; k++) {
		health->run[k] = zeros_at_end(diff[k]);
		if (!diff[k])
			health->run[k] += zeros_at_end(before[k]);
		health->last[k] = s[count - 1 - k];
	}
	health->over[HAVEGE_REPETITION] = false;
	health->over[HAVEGE_STUCK] = false;
	return true;
}

static void test_runs(struct havege_health *health, const u8 *s,
		      unsigned int count)
{
	unsigned int i;

	if (has_no_long_run(health, s, count))
		return;
	for (i = 0; i < count; i++)
		test_run(health, s[i], health->seen + i);
}

/* Number of samples equal to @what. @count is CHUNK at most. */
static u32 count_alike(const u8 *s, unsigned int count, u8 what)
{
	const u64 low = IN_EACH(0x7full);
	u64 diff, alike = 0;
	unsigned int i;
	u32 n = 0;

	/* Count in each byte: at most CHUNK / WORD. */
	for (i = 0; i + WORD <= count; i += WORD) {
		diff = word_of(s + i) ^ IN_EACH((u64)what);
		alike += ~(((diff & low) + low) | diff | low) >> 7;
	}
	for (; i < count; i++)
		n += s[i] == what;
	for (; alike; alike >>= 8)
		n += alike & 0xff;
	return n;
}

/* The count only grows within a window: judge it once a chunk. */
static void test_proportion(struct havege_health *health, const u8 *s,
			    unsigned int count)
{
	unsigned int some;

	for (; count; count -= some, s += some) {
		if (!health->window) {
			health->first = s[0];
			health->same = 0;
		}
		some = min(count, HAVEGE_WINDOW - health->window);
		health->same += count_alike(s, some, health->first);
		health->window = (health->window + some) % HAVEGE_WINDOW;
		health_judge(health, HAVEGE_PROPORTION, health->same);
	}
}

/*
 * The look is a hash of the last 16 samples: an XOR of them, four bits apart;
 * older ones are shifted out. If it came back twice in a row after the same
 * distance, take that distance for a period and follow it.
 */
static void test_period(struct havege_health *health, const u8 *s,
			unsigned int count)
{
	const u32 mask = HAVEGE_LAG_MAX - 1;
	u64 look = health->look;
	u32 lag = health->lag, maybe = health->maybe;
	u32 now = (u32)health->seen;
	u32 index, back;
	unsigned int i;

	for (i = 0; i < count; i++, now++) {
		if (lag) {
			if (s[i] == health->past[(now - lag) & mask]) {
				health->follows++;
				health_judge(health, HAVEGE_PERIOD,
					     health->follows + 1);
			} else {
				health->follows = 0;
				lag = 0;
				health->over[HAVEGE_PERIOD] = false;
			}
		}
		health->past[now & mask] = s[i];

		look = look << 4 ^ s[i];
		if (now % 2)
			continue;
		index = look * 0x9e3779b97f4a7c15ull >>
			(64 - HAVEGE_PLACE_BITS);
		/* The place of a new look is 0, which is as good as any. */
		back = (u16)(now - health->place[index]);
		health->place[index] = (u16)now;
		if (back == maybe && !lag && back && back <= HAVEGE_LAG_MAX)
			lag = back;
		maybe = back;
	}
	health->look = look;
	health->lag = lag;
	health->maybe = maybe;
}

enum havege_verdict havege_health_test(struct havege_health *health,
				       const u64 *delta, unsigned int count)
{
	unsigned int some;
	u8 s[CHUNK];

	health->verdict = HAVEGE_HEALTHY;
	/* If several tests fail, the first and plainest names the result. */
	for (; count; count -= some, delta += some) {
		some = min_t(unsigned int, count, CHUNK);
		make_samples(health, s, delta, some);
		test_runs(health, s, some);
		test_proportion(health, s, some);
		test_period(health, s, some);
		health->seen += some;
	}
	memzero_explicit(s, sizeof(s));
	return health->verdict;
}
EXPORT_SYMBOL_IF_KUNIT(havege_health_test);

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
EXPORT_SYMBOL_IF_KUNIT(havege_test_name);
