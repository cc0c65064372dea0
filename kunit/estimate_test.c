// SPDX-License-Identifier: GPL-2.0
/*
 * The estimate: the places of its rows, its counts, and its verdict on
 * simulated machines (machine.h)
 *
 * Machines without noise are refused, whatever clocks they have. Machines with
 * noise are credited, and never above their dose. host/machines.c is the long
 * form. Runs under KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_estimate.h"
#include "../tune.h"
#include "machine.h"

/* In user space the sanitizers are slow, in a kernel the CPU may be. */
#ifdef __KERNEL__
#define SEEDS	1
#else
#define SEEDS	3
#endif

/* Most samples to sort, and most distances to update in a step. */
#define SORTED_MAX	2048
#define UPDATED_MAX	16384
/* Most steps of the largest shape, whose set has 2^19 samples. */
#define STEPS_MAX	2400

static const struct havege_shape shapes[] = {
	{ 1, 256, 512 }, { 4, 1024, 256 }, { 1, 256, 256 }, { 4, 1024, 512 },
};

struct fixture {
	struct machine machine;
	u64 sample[HAVEGE_SAMPLES_MAX];
	u64 noise;
};

static void *estimate_zeroed(struct kunit *test, size_t size)
{
	void *p = kunit_kzalloc(test, size, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, p);
	return p;
}

static int estimate_init(struct kunit *test)
{
	test->priv = estimate_zeroed(test, sizeof(struct fixture));
	return 0;
}

static struct havege_rows *set_of(struct kunit *test,
				  const struct havege_shape *shape)
{
	return estimate_zeroed(test, havege_rows_bytes(shape));
}

/* Marsaglia's xorshift, multiplied: reproducible noise. */
static u32 estimate_noise_of(struct fixture *f, u32 values)
{
	f->noise ^= f->noise >> 12;
	f->noise ^= f->noise << 25;
	f->noise ^= f->noise >> 27;
	return (f->noise * 2685821657736338717ull >> 32) * values >> 32;
}

/* A sample of a set, made by the case. */
typedef u64 make_fn(struct fixture *f, u32 row, u32 column);

static u64 make_same(struct fixture *f, u32 row, u32 column)
{
	return 30 + (column * column >> 3 & 31);
}

static u64 make_uniform_2(struct fixture *f, u32 row, u32 column)
{
	return estimate_noise_of(f, 2);
}

static u64 make_uniform_4(struct fixture *f, u32 row, u32 column)
{
	return 1000 + estimate_noise_of(f, 4);
}

static u64 make_uniform_16(struct fixture *f, u32 row, u32 column)
{
	return column + estimate_noise_of(f, 16);
}

/* 0 with a probability of 0.3, else one of 100 values above it. */
static u64 make_edge(struct fixture *f, u32 row, u32 column)
{
	return estimate_noise_of(f, 10) < 3 ? 0 : 1 + estimate_noise_of(f, 100);
}

/* One value half the time, else one of 40,000 around it. */
static u64 make_wide(struct fixture *f, u32 row, u32 column)
{
	return estimate_noise_of(f, 2) ? 20000 : estimate_noise_of(f, 40000);
}

/* Rows that differ only by an offset. */
static u64 make_row_offset(struct fixture *f, u32 row, u32 column)
{
	return 100 + 37 * row % 101;
}

/* A cycle of five values with different differences, from any start. */
static u64 make_cycle(struct fixture *f, u32 row, u32 column)
{
	static const u8 cycle[] = { 0, 4, 1, 3, 2 };

	return cycle[(row + column) % 5];
}

/* Noise only in the first column, which contains the pause. */
static u64 make_pause(struct fixture *f, u32 row, u32 column)
{
	return column ? 50 : estimate_noise_of(f, 10000);
}

/* Values around the longest sample. */
static u64 make_too_long(struct fixture *f, u32 row, u32 column)
{
	return column & 1 ? 65535 + estimate_noise_of(f, 1000) :
		(1ull << 40) + estimate_noise_of(f, 1000);
}

static u64 make_nearly_too_long(struct fixture *f, u32 row, u32 column)
{
	return 65534 + estimate_noise_of(f, 2);
}

static void fill_set(struct kunit *test, struct havege_rows *rows,
		     const struct havege_shape *shape, make_fn *make, u32 times,
		     u32 gcd)
{
	struct fixture *f = test->priv;
	u32 row, column;

	f->noise = 0x9e3779b97f4a7c15ull;
	havege_rows_begin(rows, shape);
	for (row = 0; row < shape->rows; row++) {
		KUNIT_ASSERT_TRUE(test, !havege_rows_full(rows));
		for (column = 0; column < shape->samples; column++)
			f->sample[column] = make(f, row, column) * times;
		havege_rows_add(rows, f->sample, gcd);
	}
	KUNIT_EXPECT_TRUE(test, havege_rows_full(rows));
}

static struct havege_estimate estimate_judge(struct kunit *test,
					     struct havege_rows *rows)
{
	struct havege_estimate estimate;
	u32 steps = 0;

	memset(&estimate, 0, sizeof(estimate));
	while (!havege_rows_judge(rows, &estimate))
		KUNIT_ASSERT_TRUE(test, ++steps < STEPS_MAX);
	return estimate;
}

static struct havege_estimate estimate_of(struct kunit *test,
					  struct havege_rows *rows,
					  const struct havege_shape *shape,
					  make_fn *make)
{
	fill_set(test, rows, shape, make, 1, 1);
	return estimate_judge(test, rows);
}

static u32 least(const struct havege_estimate *e)
{
	return min(min(min(e->value, e->difference),
		       min(e->predecessor, e->position)), e->end);
}

/* Each place comes once: a column holds every row. */
static void expect_permutation(struct kunit *test,
			       const struct havege_rows *rows)
{
	u8 *seen = estimate_zeroed(test, rows->rows);
	u32 row;

	for (row = 0; row < rows->rows; row++) {
		KUNIT_ASSERT_TRUE(test, rows->place[row] < rows->rows);
		KUNIT_EXPECT_EQ(test, seen[rows->place[row]]++, 0);
	}
}

/* A stride's row of the smaller set; it has exactly one. */
static u32 few_of(struct kunit *test, const struct havege_rows *rows,
		  u32 first, u32 stride)
{
	u32 row, found = 0, count = 0;

	for (row = first; row < first + stride; row++)
		if (rows->place[row] < HAVEGE_FEW) {
			found = row;
			count++;
		}
	KUNIT_EXPECT_EQ(test, count, 1);
	return found;
}

/* How many of 64 rows share the most common remainder of a period. */
static u32 most_at_once(const u16 *row, u32 period)
{
	u32 rest, i, most = 0;

	for (rest = 0; rest < period; rest++) {
		u32 count = 0;

		for (i = 0; i < HAVEGE_QUERIES; i++)
			count += row[i] % period == rest;
		most = max(most, count);
	}
	return most;
}

static void estimate_places(struct kunit *test)
{
	u16 few[HAVEGE_QUERIES];
	u32 s, i, period;

	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		struct havege_rows *rows = set_of(test, &shapes[s]);
		const u32 stride = shapes[s].rows / HAVEGE_QUERIES;

		havege_rows_begin(rows, &shapes[s]);
		expect_permutation(test, rows);
		for (i = 0; i < HAVEGE_QUERIES; i++) {
			few[i] = few_of(test, rows, i * stride, stride);
			KUNIT_EXPECT_EQ(test, rows->asked[i] / stride, i);
			KUNIT_EXPECT_NE(test, rows->asked[i], few[i]);
		}
		/*
		 * Rows do not share a phase of any period. With a fixed stride
		 * half of them share one of 8 rows.
		 */
		for (period = 2; period <= 128; period++) {
			const u32 even = HAVEGE_QUERIES / period;

			KUNIT_EXPECT_LE_MSG(test,
					    most_at_once(rows->asked, period),
					    3 * even / 2 + 8, "period %u\n",
					    period);
			KUNIT_EXPECT_LE_MSG(test, most_at_once(few, period),
					    3 * even / 2 + 8, "period %u\n",
					    period);
		}
	}
}

/* A second, simple implementation of the estimate. */
struct recount {
	u32 rows;
	u32 samples;
	u16 *sample;		/* [column][row] */
	u8 *residual;		/* [column][row] */
	u32 apart[HAVEGE_ROWS_MAX];
	u16 order[HAVEGE_ROWS_MAX];
	u32 count[65536];
	u32 after[256][256];
};

static u16 sample_at(const struct recount *r, u32 row, u32 column)
{
	return r->sample[column * r->rows + row];
}

static u8 residual_at(const struct recount *r, u32 row, u32 column)
{
	return r->residual[column * r->rows + row];
}

static u32 recount_most(const u32 *count, u32 values)
{
	u32 i, most = 0;

	for (i = 0; i < values; i++)
		most = max(most, count[i]);
	return most;
}

/*
 * The most common sample of a column, and its samples minus the lower median.
 */
static u32 recount_column(struct recount *r, u32 column)
{
	u32 row, median, sum;

	memset(r->count, 0, sizeof(r->count));
	for (row = 0; row < r->rows; row++)
		r->count[sample_at(r, row, column)]++;
	for (median = 0, sum = 0; ; median++) {
		sum += r->count[median];
		if (sum >= r->rows / 2)
			break;
	}
	for (row = 0; row < r->rows; row++)
		r->residual[column * r->rows + row] =
			sample_at(r, row, column) - median;
	return recount_most(r->count, 65536);
}

static void recount_bounds(struct recount *r, struct havege_estimate *e)
{
	const u32 all = r->rows * (r->samples - 1);
	u32 row, i, hits = 0;

	for (i = 1; i < r->samples; i++)
		hits += recount_column(r, i);
	e->position = havege_min_entropy(hits, all);

	memset(r->count, 0, sizeof(r->count));
	for (row = 0; row < r->rows; row++)
		for (i = 1; i < r->samples; i++)
			r->count[residual_at(r, row, i)]++;
	e->value = havege_min_entropy(recount_most(r->count, 256), all);

	memset(r->count, 0, sizeof(r->count));
	memset(r->after, 0, sizeof(r->after));
	for (row = 0; row < r->rows; row++)
		for (i = 2; i < r->samples; i++) {
			const u8 x = residual_at(r, row, i);
			const u8 last = residual_at(r, row, i - 1);

			r->count[(u8)(x - last)]++;
			r->after[last][x]++;
		}
	e->difference = havege_min_entropy(recount_most(r->count, 256),
					   all - r->rows);
	for (i = 0, hits = 0; i < 256; i++)
		hits += recount_most(r->after[i], 256);
	e->predecessor = havege_min_entropy(hits, all - r->rows);
}

/*
 * Whether some rows predict a sample: the second and third nearest if they
 * agree, else the nearest; and whether the nearest alone does. Of equally near
 * rows the first one counts.
 */
static void recount_guess(const struct recount *r, u32 query, u32 some,
			  u32 column, u32 hits[2])
{
	const u16 actual = sample_at(r, query, column);
	u32 nearest[3] = { query, query, query };
	u32 i, j, agree;

	for (j = 0; j < 3; j++)
		for (i = 0; i < some; i++) {
			const u32 row = r->order[i];

			if (row == query || (j > 0 && row == nearest[0]) ||
			    (j > 1 && row == nearest[1]))
				continue;
			if (nearest[j] == query ||
			    r->apart[row] < r->apart[nearest[j]])
				nearest[j] = row;
		}
	agree = sample_at(r, nearest[1], column) ==
		sample_at(r, nearest[2], column);
	hits[0] += sample_at(r, nearest[agree], column) == actual;
	hits[1] += sample_at(r, nearest[0], column) == actual;
}

static void recount_query(struct recount *r, u32 query, u32 few[2], u32 all[2])
{
	u32 column, row;

	memset(r->apart, 0, sizeof(r->apart));
	for (column = 1; column < r->samples; column++) {
		const u16 actual = sample_at(r, query, column);

		if (column >= r->samples / 4) {
			recount_guess(r, query, HAVEGE_FEW, column, few);
			recount_guess(r, query, r->rows, column, all);
		}
		for (row = 0; row < r->rows; row++) {
			r->apart[row] -= r->apart[row] / 8;
			if (sample_at(r, row, column) != actual)
				r->apart[row] += 2048;
		}
	}
}

static void recount(struct recount *r, const struct havege_rows *rows,
		    struct havege_estimate *e)
{
	const u32 guesses = HAVEGE_QUERIES * (r->samples * 3 / 4);
	u32 i, few[2] = { 0 }, all[2] = { 0 };

	for (i = 0; i < r->rows; i++)
		r->order[rows->place[i]] = i;
	recount_bounds(r, e);
	for (i = 0; i < HAVEGE_QUERIES; i++)
		recount_query(r, rows->asked[i], few, all);
	e->end = ~0u;
	for (i = 0; i < 2; i++) {
		const u32 less = havege_max_entropy(few[i], guesses);
		const u32 more = havege_min_entropy(all[i], guesses);
		const struct havege_curve curve =
			havege_continue_curve(less, more, 6,
					      r->rows == 1024 ? 10 : 8);

		/* The predictor with the lower end counts. */
		if (curve.end >= e->end)
			continue;
		e->few = less;
		e->all = more;
		e->slope = curve.slope;
		e->end = curve.end;
	}
	e->residual = least(e);
}

static void expect_recounted(struct kunit *test, struct havege_rows *rows,
			     struct recount *r)
{
	struct havege_estimate known = { }, got;

	recount(r, rows, &known);
	got = estimate_judge(test, rows);
	KUNIT_EXPECT_EQ(test, got.value, known.value);
	KUNIT_EXPECT_EQ(test, got.difference, known.difference);
	KUNIT_EXPECT_EQ(test, got.predecessor, known.predecessor);
	KUNIT_EXPECT_EQ(test, got.position, known.position);
	KUNIT_EXPECT_EQ(test, got.few, known.few);
	KUNIT_EXPECT_EQ(test, got.all, known.all);
	KUNIT_EXPECT_EQ(test, got.slope, known.slope);
	KUNIT_EXPECT_EQ(test, got.end, known.end);
	KUNIT_EXPECT_EQ(test, got.residual, known.residual);
}

static struct recount *recount_of(struct kunit *test,
				  const struct havege_shape *shape)
{
	struct recount *r = estimate_zeroed(test, sizeof(*r));

	r->rows = shape->rows;
	r->samples = shape->samples;
	r->sample = estimate_zeroed(test, sizeof(u16) * r->rows * r->samples);
	r->residual = estimate_zeroed(test, r->rows * r->samples);
	return r;
}

static void add_twice(struct havege_rows *rows, struct recount *r,
		      const u64 *sample)
{
	const u32 row = rows->row;
	u32 i;

	havege_rows_add(rows, sample, 1);
	for (i = 0; i < r->samples; i++)
		r->sample[i * r->rows + row] = min_t(u64, sample[i], 65535);
}

static void recount_machine(struct kunit *test,
			    const struct havege_shape *shape, const char *name)
{
	struct havege_rows *rows = set_of(test, shape);
	struct recount *r = recount_of(test, shape);
	struct fixture *f = test->priv;

	machine_begin(&f->machine, machine_kind_of(name), 1);
	havege_rows_begin(rows, shape);
	while (!havege_rows_full(rows)) {
		machine_row(&f->machine, shape, f->sample);
		add_twice(rows, r, f->sample);
	}
	expect_recounted(test, rows, r);
}

static void recount_made(struct kunit *test, const struct havege_shape *shape,
			 make_fn *make)
{
	struct havege_rows *rows = set_of(test, shape);
	struct recount *r = recount_of(test, shape);
	struct fixture *f = test->priv;
	u32 row, i;

	f->noise = 1;
	havege_rows_begin(rows, shape);
	for (row = 0; row < shape->rows; row++) {
		for (i = 0; i < shape->samples; i++)
			f->sample[i] = make(f, row, i);
		add_twice(rows, r, f->sample);
	}
	expect_recounted(test, rows, r);
}

static void estimate_recount(struct kunit *test)
{
	recount_machine(test, &shapes[2], "noise-1/8-clocks-2");
#ifndef __KERNEL__
	recount_machine(test, &shapes[0], "clocks-3");
	recount_machine(test, &shapes[1], "noise-1/8-k4");
	recount_made(test, &shapes[0], make_uniform_16);
#endif
	/* Values of all 16 bits, and residuals beyond 8 bits. */
	recount_made(test, &shapes[2], make_wide);
	recount_made(test, &shapes[2], make_nearly_too_long);
}

/* Above the truth only by chance, and not below a third of it. */
static void estimate_known_entropy(struct kunit *test)
{
	static const struct {
		const char *name;
		make_fn *make;
		u32 truth;	/* -2^16 * log2 of the likeliest value */
	} cases[] = {
		{ "uniform over 2", make_uniform_2, HAVEGE_BIT },
		{ "uniform over 4", make_uniform_4, 2 * HAVEGE_BIT },
		{ "uniform over 16", make_uniform_16, 4 * HAVEGE_BIT },
		{ "mode at the edge", make_edge, 113833 },
		{ "wide", make_wide, 65534 },
	};
	struct havege_rows *rows = set_of(test, &shapes[0]);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct havege_estimate e =
			estimate_of(test, rows, &shapes[0], cases[i].make);

		KUNIT_EXPECT_LE_MSG(test, e.residual, cases[i].truth, "%s\n",
				    cases[i].name);
		KUNIT_EXPECT_GE_MSG(test, e.residual, cases[i].truth / 3,
				    "%s\n", cases[i].name);
		KUNIT_EXPECT_EQ(test, e.residual, least(&e));
	}
}

/* Each bound detects one kind of program. */
static void estimate_sham_noise(struct kunit *test)
{
	struct havege_rows *rows = set_of(test, &shapes[2]);
	struct havege_estimate e;

	e = estimate_of(test, rows, &shapes[2], make_same);
	KUNIT_EXPECT_EQ(test, e.residual, 0);
	KUNIT_EXPECT_EQ(test, e.position, 0);

	e = estimate_of(test, rows, &shapes[2], make_row_offset);
	KUNIT_EXPECT_EQ(test, e.residual, 0);
	KUNIT_EXPECT_EQ(test, e.difference, 0);
	KUNIT_EXPECT_GT(test, e.value, HAVEGE_BIT);
	KUNIT_EXPECT_GT(test, e.position, HAVEGE_BIT);

	e = estimate_of(test, rows, &shapes[2], make_cycle);
	KUNIT_EXPECT_EQ(test, e.residual, 0);
	KUNIT_EXPECT_EQ(test, e.predecessor, 0);
	KUNIT_EXPECT_GT(test, e.value, HAVEGE_BIT);
	KUNIT_EXPECT_GT(test, e.difference, HAVEGE_BIT);

	/* The median misses a mode at the edge. */
	e = estimate_of(test, rows, &shapes[2], make_edge);
	KUNIT_EXPECT_LT(test, e.position, e.value);
}

/* The first column contains the pause: no figure uses it. */
static void estimate_first_column(struct kunit *test)
{
	struct havege_rows *rows = set_of(test, &shapes[2]);
	struct havege_estimate e;

	e = estimate_of(test, rows, &shapes[2], make_pause);
	KUNIT_EXPECT_EQ(test, e.residual, 0);
	KUNIT_EXPECT_EQ(test, e.few, 0);
	KUNIT_EXPECT_EQ(test, e.all, 0);
	KUNIT_EXPECT_EQ(test, e.value, 0);
	KUNIT_EXPECT_EQ(test, e.difference, 0);
	KUNIT_EXPECT_EQ(test, e.predecessor, 0);
	KUNIT_EXPECT_EQ(test, e.position, 0);
}

/* Samples are in units of the GCD, up to 65535. */
static void estimate_scales(struct kunit *test)
{
	struct havege_rows *rows = set_of(test, &shapes[2]);
	struct havege_estimate plain, e;
	u32 times;

	plain = estimate_of(test, rows, &shapes[2], make_uniform_4);
	for (times = 2; times <= 26; times += 24) {
		fill_set(test, rows, &shapes[2], make_uniform_4, times, times);
		e = estimate_judge(test, rows);
		KUNIT_EXPECT_EQ(test, memcmp(&e, &plain, sizeof(e)), 0);
	}
	/* Too long to tell apart, whatever noise they have. */
	e = estimate_of(test, rows, &shapes[2], make_too_long);
	KUNIT_EXPECT_EQ(test, e.residual, 0);
	KUNIT_EXPECT_EQ(test, e.position, 0);
	/* 65534 and 65535 differ. */
	e = estimate_of(test, rows, &shapes[2], make_nearly_too_long);
	KUNIT_EXPECT_GT(test, e.residual, HAVEGE_BIT / 4);
	/* 26 * 20000 is too long a sample, 20000 is not. */
	fill_set(test, rows, &shapes[2], make_wide, 26, 26);
	KUNIT_EXPECT_GT(test, estimate_judge(test, rows).residual, HAVEGE_BIT / 4);
	fill_set(test, rows, &shapes[2], make_wide, 26, 1);
	KUNIT_EXPECT_LT(test, estimate_judge(test, rows).residual, HAVEGE_BIT / 8);
}

/* Samples and distances processed by one step. */
static u32 steps_work(struct kunit *test, const struct havege_rows *rows,
		      u32 counted, u32 query, u32 column)
{
	const u32 sorted = (rows->counted - counted) * rows->rows;
	const u32 columns = (rows->query - query) * rows->samples +
		rows->column - column;

	KUNIT_EXPECT_LE(test, sorted, SORTED_MAX);
	KUNIT_EXPECT_LE(test, columns * rows->rows, UPDATED_MAX);
	/* Never both in one step. */
	KUNIT_EXPECT_TRUE(test, !sorted || !columns);
	return sorted + columns;
}

/* Each step is short and makes progress. Only the last one has a result. */
static void estimate_steps(struct kunit *test)
{
	u32 s;

	for (s = 0; s < ARRAY_SIZE(shapes); s++) {
		struct havege_rows *rows = set_of(test, &shapes[s]);
		struct havege_estimate before, e;
		u32 counted, query, column, steps = 0;
		bool last;

		memset(&before, 0xa5, sizeof(before));
		e = before;
		fill_set(test, rows, &shapes[s], make_uniform_4, 1, 1);
		do {
			counted = rows->counted;
			query = rows->query;
			column = rows->column;
			last = havege_rows_judge(rows, &e);
			KUNIT_EXPECT_EQ(test, last, !steps_work(test, rows,
								counted, query,
								column));
			KUNIT_EXPECT_EQ(test, last,
					memcmp(&e, &before, sizeof(e)) != 0);
			KUNIT_ASSERT_TRUE(test, ++steps < STEPS_MAX);
		} while (!last);
		KUNIT_EXPECT_EQ(test, rows->counted, rows->samples);
		KUNIT_EXPECT_EQ(test, rows->query, HAVEGE_QUERIES);
	}
}

/* A used or half-used set, or one of another shape, leaves no trace. */
static void estimate_begins_anew(struct kunit *test)
{
	struct havege_rows *rows = set_of(test, &shapes[1]);
	struct havege_estimate first, e;
	u32 steps, i;

	first = estimate_of(test, set_of(test, &shapes[2]), &shapes[2],
			    make_uniform_4);
	for (steps = 1; steps < 1000; steps += 333) {
		fill_set(test, rows, &shapes[1], make_uniform_16, 1, 1);
		for (i = 0; i < steps; i++)
			KUNIT_EXPECT_FALSE(test, havege_rows_judge(rows, &e));
		e = estimate_of(test, rows, &shapes[2], make_uniform_4);
		KUNIT_EXPECT_EQ(test, memcmp(&e, &first, sizeof(e)), 0);
	}
	memset(rows, 0xa5, havege_rows_bytes(&shapes[1]));
	e = estimate_of(test, rows, &shapes[2], make_uniform_4);
	KUNIT_EXPECT_EQ(test, memcmp(&e, &first, sizeof(e)), 0);
}

/* The limit and the credit of a sample, by its span. */
static void estimate_limits(struct kunit *test)
{
	static const struct {
		u32 span, limit, credit;
	} cases[] = {
		{ 1, 8, 16 },
		{ 2, 2, 8 },
		{ 4, 2, 8 },
		{ 8, 2, 8 },
		{ 16, 2, 8 },
		{ 32, 2, 8 },
		{ 64, 4, 8 },
		{ 128, 4, 8 },
		{ 256, 4, 8 },
	};
	struct havege_estimate e;
	unsigned int i;

	/* Only the residual counts. */
	memset(&e, 0xff, sizeof(e));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 limit = HAVEGE_BIT / cases[i].limit;

		KUNIT_EXPECT_EQ(test, havege_limit(cases[i].span), limit);
		KUNIT_EXPECT_EQ(test, havege_credit(cases[i].span),
				HAVEGE_BIT / cases[i].credit);
		e.residual = limit;
		KUNIT_EXPECT_TRUE(test, havege_is_good(&e, cases[i].span));
		e.residual = limit - 1;
		KUNIT_EXPECT_FALSE(test, havege_is_good(&e, cases[i].span));
	}
}

static void expect_shape(struct kunit *test, struct havege_shape shape,
			 u32 span, u32 rows, u32 samples)
{
	KUNIT_EXPECT_EQ(test, shape.span, span);
	KUNIT_EXPECT_EQ(test, shape.rows, rows);
	KUNIT_EXPECT_EQ(test, shape.samples, samples);
}

/* 1,024 rows above k = 1, and down to the smallest shape. */
static void estimate_shapes(struct kunit *test)
{
	struct havege_shape shape;
	u32 span;

	for (span = 1; span <= HAVEGE_SPAN_MAX; span *= 2) {
		shape = havege_shape(span);
		if (span > 1) {
			expect_shape(test, shape, span, 1024, 256);
			shape = havege_smaller_shape(havege_long_shape(span));
			expect_shape(test, shape, span, 1024, 256);
			shape = havege_smaller_shape(shape);
		}
		expect_shape(test, shape, span, 256, 512);
		shape = havege_smaller_shape(shape);
		expect_shape(test, shape, span, 256, 256);
		shape = havege_smaller_shape(shape);
		expect_shape(test, shape, span, 256, 256);
	}
}

/* The span of each kind follows from its counter. */
static void estimate_span(struct kunit *test)
{
	const struct havege_shape half_steps = { 1, 256, 512 };
	struct fixture *f = test->priv;
	u32 i, seed, row;

	for (i = 0; i < MACHINE_KINDS; i++)
		for (seed = 0; seed < SEEDS; seed++) {
			struct havege_grain grain;

			memset(&grain, 0, sizeof(grain));
			machine_begin(&f->machine, &machine_kinds[i], seed);
			for (row = 0; row < 32; row++) {
				machine_row(&f->machine, &half_steps,
					    f->sample);
				havege_grain_look(&grain, 1, f->sample + 1,
						  511);
			}
			KUNIT_EXPECT_EQ_MSG(test, havege_grain_span(&grain),
					    machine_kinds[i].span, "%s\n",
					    machine_kinds[i].name);
		}
}

static void expect_verdict(struct kunit *test, const char *const *name,
			   u32 names, bool good)
{
	struct fixture *f = test->priv;
	u32 i, seed;

	for (i = 0; i < names; i++) {
		const struct machine_kind *kind = machine_kind_of(name[i]);
		struct havege_shape shape;
		struct havege_rows *rows;

		KUNIT_ASSERT_NOT_NULL(test, kind);
		KUNIT_EXPECT_EQ_MSG(test, machine_is_refused(kind), !good,
				    "%s\n", kind->name);
		shape = havege_shape(kind->span);
		rows = set_of(test, &shape);
		for (seed = 0; seed < SEEDS; seed++) {
			const struct havege_estimate e =
				machine_estimate(&f->machine, kind, seed,
						 &shape, rows, f->sample);

			KUNIT_EXPECT_EQ_MSG(test,
					    havege_is_good(&e, kind->span),
					    good, "%s, seed %u: %u.%04u bit\n",
					    kind->name, seed,
					    havege_bits(e.residual),
					    havege_bit_parts(e.residual));
		}
	}
}

/* No noise, but rows that differ: clocks that are not locked to each other. */
static void estimate_refuses_clocks(struct kunit *test)
{
	static const char *const kinds[] = {
		"still", "clocks-1", "clocks-2", "clocks-3", "drift-3",
		"spread-2", "refresh-clocks-2", "shift",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), false);
}

/* No noise, but events that repeat every so many rows. */
static void estimate_refuses_periods(struct kunit *test)
{
	static const char *const kinds[] = {
		"timer-3", "agent-1/2", "agent-8", "agent-33", "beat-16",
		"all-k1",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), false);
}

static void estimate_refuses_coarse(struct kunit *test)
{
	static const char *const kinds[] = {
		"still-k4", "clocks-2-k4", "clocks-3-k16", "still-k32",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), false);
}

/* Noise below the credit, or only in some rows. */
static void estimate_refuses_above_dose(struct kunit *test)
{
	static const char *const kinds[] = {
		"noise-1/64", "noise-1/64-clocks-2", "noise-16th",
		"noise-16th-clocks-2", "noise-1/64-k4", "noise-16th-k4",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), false);
}

static void estimate_credits_noise(struct kunit *test)
{
	static const char *const kinds[] = {
		"noise-1/2", "noise-1", "noise-1/2-clocks-2",
		"noise-1-clocks-5", "noise-1-all", "noise-1-k4",
		"noise-1/8-k16",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), true);
}

/* The predictors do not learn from a slow drift. */
static void estimate_credits_levels(struct kunit *test)
{
	static const char *const kinds[] = {
		"noise-1/2-level", "noise-1-level",
	};

	expect_verdict(test, kinds, ARRAY_SIZE(kinds), true);
}

static struct kunit_case estimate_cases[] = {
	KUNIT_CASE_SLOW(estimate_places),
	KUNIT_CASE(estimate_recount),
	KUNIT_CASE(estimate_known_entropy),
	KUNIT_CASE(estimate_sham_noise),
	KUNIT_CASE(estimate_first_column),
	KUNIT_CASE(estimate_scales),
	KUNIT_CASE(estimate_steps),
	KUNIT_CASE(estimate_begins_anew),
	KUNIT_CASE(estimate_limits),
	KUNIT_CASE(estimate_shapes),
	KUNIT_CASE_SLOW(estimate_span),
	KUNIT_CASE_SLOW(estimate_refuses_clocks),
	KUNIT_CASE_SLOW(estimate_refuses_periods),
	KUNIT_CASE_SLOW(estimate_refuses_coarse),
	KUNIT_CASE_SLOW(estimate_refuses_above_dose),
	KUNIT_CASE_SLOW(estimate_credits_noise),
	KUNIT_CASE_SLOW(estimate_credits_levels),
	{}
};

static struct kunit_suite estimate_suite = {
	.name = "havege_estimate",
	.init = estimate_init,
	.test_cases = estimate_cases,
};

kunit_test_suites(&estimate_suite);
