// SPDX-License-Identifier: GPL-2.0
/*
 * The estimate. The contract is in havege_estimate.h.
 */
#include "havege_estimate.h"

/* Samples (16 bits) in a word. */
#define LANES		4
/* The same 16 bits in each lane of a word. */
#define IN_EACH(lane)	((lane) * 0x0001000100010001ull)
/*
 * A distance loses 2^-FADE of itself a column, and grows by 2^FAR_LOG for a
 * sample that differs.
 */
#define FADE		3
#define FAR_LOG		11
/* Above any distance: their limit is 2^FAR_LOG * 2^FADE = 16384 and some. */
#define NEVER		0x7fff
/*
 * The first used column. The one before it contains the pause before the row.
 */
#define FIRST		1
/* Samples to sort in a step, and words of distances to update in a step. */
#define SORTED		2048
#define UPDATED		4096

size_t havege_rows_bytes(const struct havege_shape *shape)
{
	return sizeof(struct havege_rows) +
		sizeof(u16) * shape->samples * shape->rows;
}
EXPORT_SYMBOL_IF_KUNIT(havege_rows_bytes);

u32 havege_scatter(u32 x)
{
	x *= 0x9e3779b1u;
	x ^= x >> 15;
	x *= 0x85ebca77u;
	x ^= x >> 13;
	x *= 0xc2b2ae3du;
	return x >> 16;
}

/* Choose one query and one row of the smaller set in each stride, by a hash. */
static void choose_places(struct havege_rows *rows)
{
	static_assert(HAVEGE_FEW == 1 << HAVEGE_FEW_LOG);
	static_assert(HAVEGE_FEW == HAVEGE_QUERIES);
	const u32 stride = rows->rows / HAVEGE_QUERIES;
	u32 i, row, few, next = HAVEGE_FEW;

	for (i = 0; i < HAVEGE_QUERIES; i++) {
		row = havege_scatter(2 * i) % stride;
		few = (row + 1 + havege_scatter(2 * i + 1) % (stride - 1)) % stride;
		rows->asked[i] = i * stride + row;
		for (row = 0; row < stride; row++)
			rows->place[i * stride + row] = row == few ? i : next++;
	}
}

void havege_rows_begin(struct havege_rows *rows,
		       const struct havege_shape *shape)
{
	unsigned int i;

	/* sparse takes one memset() of more than 100,000 bytes for an error. */
	memset(rows, 0, offsetof(struct havege_rows, after));
	for (i = 0; i < ARRAY_SIZE(rows->after); i++)
		memset(rows->after[i], 0, sizeof(rows->after[i]));
	rows->rows = shape->rows;
	rows->samples = shape->samples;
	choose_places(rows);
}
EXPORT_SYMBOL_IF_KUNIT(havege_rows_begin);

static u16 *samples(struct havege_rows *rows, u32 column)
{
	return (u16 *)rows->sample + column * rows->rows;
}

void havege_rows_add(struct havege_rows *rows, const u64 *sample, u32 gcd)
{
	const u32 place = rows->place[rows->row++];
	u32 i;

	for (i = 0; i < rows->samples; i++)
		samples(rows, i)[place] =
			min_t(u64, div_u64(sample[i], gcd), (u16)~0u);
}
EXPORT_SYMBOL_IF_KUNIT(havege_rows_add);

/* One pass of a radix sort, over 8 bits. */
static void sort_by(const u16 *from, u16 *to, u32 count, unsigned int shift)
{
	u16 next[256] = {};
	u32 i, sum = 0;

	for (i = 0; i < count; i++)
		next[from[i] >> shift & 255]++;
	for (i = 0; i < 256; i++) {
		const u32 some = next[i];

		next[i] = sum;
		sum += some;
	}
	for (i = 0; i < count; i++)
		to[next[from[i] >> shift & 255]++] = from[i];
}

/* Count of the most common one of sorted values. */
static u32 most_common(const u16 *value, u32 count)
{
	u32 i, run = 0, most = 0;

	for (i = 0; i < count; i++) {
		run = i && value[i] == value[i - 1] ? run + 1 : 1;
		most = max(most, run);
	}
	return most;
}

static void count_column(struct havege_rows *rows, u32 column)
{
	const u16 *value = samples(rows, column);
	u16 *sorted = rows->sorted[1], median;
	u32 i;

	sort_by(value, rows->sorted[0], rows->rows, 0);
	sort_by(rows->sorted[0], sorted, rows->rows, 8);
	median = sorted[(rows->rows - 1) / 2];
	rows->guessed += most_common(sorted, rows->rows);
	for (i = 0; i < rows->rows; i++) {
		const u8 residual = value[i] - median;
		const u8 before = rows->before[i];

		rows->value[residual]++;
		if (column > FIRST) {
			rows->difference[(u8)(residual - before)]++;
			rows->after[before][residual]++;
		}
		rows->before[i] = residual;
	}
}

/* The three nearest rows so far: their distances and their places. */
struct nearest {
	u32 apart[3];
	u16 place[3];
};

static void insert(struct nearest *nearest, u32 apart, u16 place)
{
	u32 i;

	for (i = 2; i && nearest->apart[i - 1] > apart; i--) {
		nearest->apart[i] = nearest->apart[i - 1];
		nearest->place[i] = nearest->place[i - 1];
	}
	nearest->apart[i] = apart;
	nearest->place[i] = place;
}

/*
 * The high bit of each lane of @a that is below @limit. @a has no high bit set.
 */
static u64 below(u64 a, u64 limit)
{
	const u64 high = IN_EACH(0x8000ull);

	return ~((a | high) - IN_EACH(limit)) & high;
}

/* Four distances after a column: fade, and add where the samples differ. */
static u64 fade(u64 apart, u64 sample, u64 actual)
{
	const u64 low = IN_EACH(0x7fffull);
	const u64 differs = sample ^ actual;

	apart -= apart >> FADE & IN_EACH(0x1fffull);
	return apart + ((((differs & low) + low) | differs) >> (15 - FAR_LOG) &
			IN_EACH(1ull << FAR_LOG));
}

static u32 apart_of(const struct havege_rows *rows, u32 place)
{
	return ((const u16 *)rows->apart)[place];
}

/*
 * An upper bound for the third nearest distance: that of the three rows that
 * were nearest in the column before. So few words need a closer look.
 */
static u32 limit_of(const struct havege_rows *rows, const u16 *near)
{
	return max(max(apart_of(rows, near[0]), apart_of(rows, near[1])),
		   apart_of(rows, near[2])) + 1;
}

/*
 * Insert the lanes of a word that are below the limit. Return: the new limit.
 */
static u32 look_into(const struct havege_rows *rows, u32 word, u32 limit,
		     struct nearest *nearest)
{
	u32 place;

	for (place = word * LANES; place < (word + 1) * LANES; place++)
		if (apart_of(rows, place) < limit) {
			insert(nearest, apart_of(rows, place), place);
			limit = min(limit, nearest->apart[2]);
		}
	return limit;
}

/* Find the nearest rows among words @from to @end of a column. */
static void find_nearest(const struct havege_rows *rows, u32 from, u32 end,
			 u32 limit, struct nearest *nearest)
{
	u32 word;

	limit = min(limit, nearest->apart[2]);
	for (word = from; word < end; word++)
		if (below(rows->apart[word], limit))
			limit = look_into(rows, word, limit, nearest);
}

/* Count the predictors that are right. */
static void count_hits(const struct nearest *nearest, const u16 *sample,
		       u16 actual, u32 hits[HAVEGE_PREDICTORS])
{
	const u16 first = sample[nearest->place[0]];
	const u16 second = sample[nearest->place[1]];
	const u16 third = sample[nearest->place[2]];

	hits[0] += (second == third ? second : first) == actual;
	hits[1] += first == actual;
}

/* Predict the query's sample from the smaller set, and from all rows. */
static void predict(struct havege_rows *rows, const u16 *sample, u16 actual)
{
	struct nearest nearest = { .apart = { NEVER, NEVER, NEVER } };

	find_nearest(rows, 0, HAVEGE_FEW / LANES,
		     limit_of(rows, rows->near[0]), &nearest);
	count_hits(&nearest, sample, actual, rows->few);
	memcpy(rows->near[0], nearest.place, sizeof(nearest.place));
	find_nearest(rows, HAVEGE_FEW / LANES, rows->rows / LANES,
		     limit_of(rows, rows->near[1]), &nearest);
	count_hits(&nearest, sample, actual, rows->all);
	memcpy(rows->near[1], nearest.place, sizeof(nearest.place));
}

static void update_distances(struct havege_rows *rows, const u16 *sample,
			     u64 actual)
{
	u32 word;
	u64 four;

	for (word = 0; word < rows->rows / LANES; word++) {
		memcpy(&four, sample + word * LANES, sizeof(four));
		rows->apart[word] = fade(rows->apart[word], four, actual);
	}
}

static void predict_column(struct havege_rows *rows, u32 place, u32 column)
{
	const u16 *sample = samples(rows, column);
	const u16 actual = sample[place];

	/* Exclude the query itself, which would be the nearest row. */
	((u16 *)rows->apart)[place] = NEVER;
	if (column >= rows->samples / 4)
		predict(rows, sample, actual);
	update_distances(rows, sample, IN_EACH((u64)actual));
}

static u32 most_of(const u32 *count)
{
	u32 i, most = 0;

	for (i = 0; i < 256; i++)
		most = max(most, count[i]);
	return most;
}

/*
 * Continue the curve of each predictor, and keep the one with the lowest end.
 */
static void continue_curves(const struct havege_rows *rows,
			    struct havege_estimate *estimate)
{
	const u32 guesses = HAVEGE_QUERIES *
		(rows->samples - rows->samples / 4);
	u32 i;

	for (i = 0; i < HAVEGE_PREDICTORS; i++) {
		const u32 few = havege_max_entropy(rows->few[i], guesses);
		const u32 all = havege_min_entropy(rows->all[i], guesses);
		const struct havege_curve curve =
			havege_continue_curve(few, all, HAVEGE_FEW_LOG,
					      fls64(rows->rows) - 1);

		if (i && curve.end >= estimate->end)
			continue;
		estimate->few = few;
		estimate->all = all;
		estimate->slope = curve.slope;
		estimate->end = curve.end;
	}
}

static void conclude(const struct havege_rows *rows,
		     struct havege_estimate *estimate)
{
	const u32 counted = rows->rows * (rows->samples - FIRST);
	const u32 pairs = counted - rows->rows;
	u32 i, hits = 0;

	for (i = 0; i < 256; i++)
		hits += most_of(rows->after[i]);
	estimate->value = havege_min_entropy(most_of(rows->value), counted);
	estimate->difference = havege_min_entropy(most_of(rows->difference),
						  pairs);
	estimate->predecessor = havege_min_entropy(hits, pairs);
	estimate->position = havege_min_entropy(rows->guessed, counted);
	continue_curves(rows, estimate);
	estimate->residual = min(min(min(estimate->value, estimate->difference),
				     min(estimate->predecessor,
					 estimate->position)),
				 estimate->end);
}

/* Count some columns for the bounds without a predictor. */
static void count_some(struct havege_rows *rows)
{
	const u32 end = rows->counted + SORTED / rows->rows;

	for (; rows->counted < end; rows->counted++)
		if (rows->counted >= FIRST)
			count_column(rows, rows->counted);
}

/* No row is near yet: let the query stand in for all three. */
static void begin_query(struct havege_rows *rows, u32 place)
{
	u32 i;

	memset(rows->apart, 0, sizeof(rows->apart));
	for (i = 0; i < 3; i++) {
		rows->near[0][i] = place;
		rows->near[1][i] = place;
	}
}

/* Predict some columns of one query. */
static void predict_some(struct havege_rows *rows)
{
	const u32 place = rows->place[rows->asked[rows->query]];
	const u32 end = min_t(u32, rows->samples, rows->column +
			      UPDATED / (rows->rows / LANES));

	if (!rows->column)
		begin_query(rows, place);
	for (; rows->column < end; rows->column++)
		if (rows->column >= FIRST)
			predict_column(rows, place, rows->column);
	if (end < rows->samples)
		return;
	rows->column = 0;
	rows->query++;
}

bool havege_rows_judge(struct havege_rows *rows,
		       struct havege_estimate *estimate)
{
	if (rows->counted < rows->samples) {
		count_some(rows);
		return false;
	}
	if (rows->query < HAVEGE_QUERIES) {
		predict_some(rows);
		return false;
	}
	conclude(rows, estimate);
	return true;
}
EXPORT_SYMBOL_IF_KUNIT(havege_rows_judge);

u32 havege_limit(u32 span)
{
	if (span == 1)
		return HAVEGE_BIT / 8;
	return span < 64 ? HAVEGE_BIT / 2 : HAVEGE_BIT / 4;
}
EXPORT_SYMBOL_IF_KUNIT(havege_limit);
