// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the freestanding parts natively in user space: to look at them, to
 * measure them, and to capture samples without loading a module
 *
 * Its output is not for use as randomness.
 *
 * All samples are collected in memory first and written afterwards: a write
 * between two fills would be in the samples.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef HAVE_CPUID
#include <cpuid.h>
#endif

#include "counter.h"
#include "havege_counter.h"
#include "havege_source.h"

/* Samples in a run of the module's debugfs files. */
#define RAW_RUN		1048576
#define RESTART_STEPS	1000

/* Rows of the table of `estimate' that are sorted in memory. */
#define MAX_RUNS	100000

static const char usage[] =
"Usage: havege-host [-c CPU] [-d KIB] [-i KIB] COMMAND\n"
"  info               the geometry of the walk on this CPU, its code, the counter\n"
"  conditioned BYTES  blocks as mode=conditioned makes them, binary\n"
"  stream BYTES       walk words as mode=stream delivers them, binary\n"
"  raw [-t] SAMPLES   raw samples in ticks, contiguous in runs of 2^20\n"
"  restart ROWS       the first 1000 samples of each of ROWS fresh walks\n"
"  replay ROWS        ROWS times the same samples of one walk, as many a row as\n"
"                     `judge --rows' says; -g fills of the live walk between two\n"
"  judge [GCD]        the verdict on such rows on standard input: `credited X bit\n"
"                     a sample' or `refused: WHY'; GCD: of all deltas, ticks\n"
"                     (default: that of the rows)\n"
"  judge --rows       the rows and the samples in a row that judge needs\n"
"  residual [GCD]     the figures of the estimate of such rows\n"
"  estimate [RUNS]    RUNS (10) start-ups: what replay finds, what it credits\n"
"  speed SECONDS      bytes a second of either mode\n"
"  bench ROUNDS       the walk alone, and the source that makes blocks of it, in\n"
"                     turn, as tools/bench reads it: bench NAME VALUE\n"
"  -c CPU  the CPU to stay on (default: the present one)\n"
"  -d KIB  L1 data cache, 8 to 512 (default: detect it)\n"
"  -i KIB  L1 instruction cache, 8 to 64 (likewise)\n"
"  -k K    half-steps that a sample spans, for replay, judge and residual: a power\n"
"          of two, 1 to 256 (default: 1)\n"
"  -g N    for replay: live fills between two rows, on average (default: 4)\n"
#ifdef HAVEGE_SCALED
"  -s N    the counter divided by N\n"
#endif
"  -t      as text, one sample a line; otherwise samples are binary: 64 bits,\n"
"          unsigned, this machine's byte order\n"
"Writes to standard output. Exit status: 1 if that fails or if the source is\n"
"refused or fails, 2 for bad usage. Of judge: 0 credited, 1 refused.\n";

static struct havege_tuning tuning;
static int cpu = -1;
static bool text;
static bool ask_rows;
static u32 span = 1;
static u32 gap = 4;

#ifdef HAVEGE_SCALED
u64 havege_inverse = ~0ull;
#endif

/* A macro: the compiler sees the format, and that it does not return. */
#define quit(code, ...)							\
	do {								\
		fprintf(stderr, "havege-host: " __VA_ARGS__);		\
		fputc('\n', stderr);					\
		exit(code);						\
	} while (0)

static void *need(void *p)
{
	if (!p)
		quit(1, "out of memory");
	return p;
}

static void *zeroed(size_t bytes)
{
	return need(calloc(1, bytes));
}

/*
 * Touch the memory, so that no page fault gets into a sample. Do not use zeros:
 * the compiler would make a calloc() of it, which touches nothing.
 */
static u64 *sample_memory(u64 count)
{
	const bool fits = count <= SIZE_MAX / sizeof(u64);
	u64 *delta = need(fits ? malloc(count * sizeof(*delta)) : NULL);

	return memset(delta, 0xff, count * sizeof(*delta));
}

static u64 *new_table(const struct havege_geometry *geo)
{
	return need(aligned_alloc(64, havege_table_bytes(geo)));
}

static void host_put(const void *data, size_t bytes)
{
	if (fwrite(data, 1, bytes, stdout) != bytes)
		quit(1, "standard output: %s", strerror(errno));
}

static void put_samples(const u64 *delta, size_t count)
{
	size_t i;

	if (!text) {
		host_put(delta, count * sizeof(*delta));
		return;
	}
	for (i = 0; i < count; i++)
		if (printf("%llu\n", delta[i]) < 0)
			quit(1, "standard output: %s", strerror(errno));
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

#ifdef HAVE_CPUID

static void host_read_cpuid(u32 leaf, u32 subleaf, u32 regs[4])
{
	__cpuid_count(leaf, subleaf, regs[0], regs[1], regs[2], regs[3]);
}

static void ask_cpu(void)
{
	struct havege_cpuid ask = {
		.read = host_read_cpuid,
		.basic = __get_cpuid_max(0, NULL),
		.extended = __get_cpuid_max(0x80000000, NULL),
	};
	u32 regs[4];

	if (ask.extended >= 0x80000001) {
		host_read_cpuid(0x80000001, 0, regs);
		ask.topoext = regs[2] >> 22 & 1;
	}
	havege_tune_cpuid(&ask, &tuning);
}

#else

static void ask_cpu(void)
{
}

#endif

/* Two CPUs may have two counters and two kinds of caches. */
static void stay_on_one_cpu(void)
{
	cpu_set_t one;

	if (cpu < 0)
		cpu = sched_getcpu();
	if (cpu < 0)
		quit(1, "which CPU is this? %s", strerror(errno));
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		quit(1, "cannot stay on CPU %d: %s", cpu, strerror(errno));
}

static u64 read_counter(void *unused)
{
	return havege_counter();
}

static int info(u64 unused)
{
	struct havege_walk *walk = zeroed(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);

	havege_walk_init(walk, table, &tuning.geo);
	printf("cpu %d\ndcache_kb %u\nicache_kb %u\nsource %s\n", cpu,
	       tuning.geo.dcache_kb, tuning.geo.icache_kb, tuning.source);
	printf("table_bytes %zu\nloop_bytes %zu\ncopy_bytes %zu\n",
	       havege_table_bytes(&tuning.geo), havege_loop_bytes(),
	       havege_copy_bytes());
	printf("copies_run %u\nwarmup_fills %u\ncounter %s\ncounter_ticks %llu\n",
	       walk->copies, havege_warmup_fills(walk), host_counter_name(),
	       havege_tune_cost(read_counter, NULL));
	havege_walk_wipe(walk);
	free(table);
	free(walk);
	return 0;
}

/* --- samples ------------------------------------------------------------- */

static void host_warm_up(struct havege_walk *walk, u64 *table)
{
	unsigned int i;

	havege_walk_init(walk, table, &tuning.geo);
	for (i = havege_warmup_fills(walk); i; i--)
		havege_walk_live(walk);
}

static void collect(struct havege_walk *walk, u64 *delta, size_t count)
{
	while (count) {
		const size_t some = min_t(size_t, count,
					 HAVEGE_FILL_TICKS);

		havege_walk_live(walk);
		memcpy(delta, walk->delta, some * sizeof(*delta));
		delta += some;
		count -= some;
	}
}

static int raw(u64 samples)
{
	struct havege_walk *walk = zeroed(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);
	u64 *delta = sample_memory(min_t(u64, samples, RAW_RUN));

	host_warm_up(walk, table);
	while (samples) {
		const size_t some = min_t(u64, samples, RAW_RUN);

		collect(walk, delta, some);
		put_samples(delta, some);
		samples -= some;
	}
	havege_walk_wipe(walk);
	free(delta);
	free(table);
	free(walk);
	return 0;
}

static int restart(u64 rows)
{
	struct havege_walk *walk = zeroed(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);
	u64 *delta = sample_memory(RESTART_STEPS);

	while (rows--) {
		host_warm_up(walk, table);
		collect(walk, delta, RESTART_STEPS);
		put_samples(delta, RESTART_STEPS);
	}
	havege_walk_wipe(walk);
	free(delta);
	free(table);
	free(walk);
	return 0;
}

static void *aligned_memory(size_t bytes)
{
	bytes = (bytes + 63) & ~63ul;
	return memset(need(aligned_alloc(64, bytes)), 0, bytes);
}

static int replay(u64 rows)
{
	const struct havege_shape shape = havege_shape(span);
	struct havege_walk *walk = zeroed(sizeof(*walk));
	u64 *table = new_table(&tuning.geo), row;
	u64 *delta = sample_memory(rows * shape.samples);
	struct havege_replay *set;
	void *memory = NULL;
	u32 fills;

	host_warm_up(walk, table);
	memory = aligned_memory(havege_replay_bytes(&shape, walk));
	set = havege_replay_begin(memory, &shape, walk, 1);
	for (row = 0; row < rows; row++) {
		/* Rows beyond a set are not part of an estimate. */
		set->rows->row = row % shape.rows;
		for (fills = havege_replay_gap(set, gap); fills; fills--)
			havege_walk_live(walk);
		while (!havege_replay_step(set, NULL))
			;
		memcpy(delta + row * shape.samples, set->sample,
		       shape.samples * sizeof(*delta));
	}
	put_samples(delta, rows * shape.samples);
	havege_walk_wipe(walk);
	free(memory);
	free(delta);
	free(table);
	free(walk);
	return 0;
}

/*
 * Read rows in the format of `replay' from standard input. Drop those beyond a
 * set.
 */
static u64 *read_rows(const struct havege_shape *shape)
{
	const size_t row = shape->samples * sizeof(u64);
	u64 *delta = sample_memory((u64)shape->rows * shape->samples);
	size_t bytes, more = 0, got;
	char rest[4096];

	bytes = fread(delta, 1, row * shape->rows, stdin);
	while ((got = fread(rest, 1, sizeof(rest), stdin)) > 0)
		more += got;
	if (ferror(stdin))
		quit(2, "standard input: %s", strerror(errno));
	if ((bytes + more) % row)
		quit(2, "%zu bytes are no whole number of rows of %u samples",
		     bytes + more, shape->samples);
	if (bytes < row * shape->rows)
		quit(2, "%zu rows came, %u are wanted", bytes / row,
		     shape->rows);
	return delta;
}

/* The first sample of a row contains the pause before the row. */
static u32 gcd_of_rows(const struct havege_shape *shape, const u64 *delta)
{
	u32 row, i;
	u64 all = 0;

	for (row = 0; row < shape->rows; row++)
		for (i = 1; i < shape->samples; i++)
			if (delta[row * shape->samples + i] <= ~0u)
				all = gcd(all, delta[row * shape->samples + i]);
	return all ? all : 1;
}

/* Estimate the rows of @delta. */
static struct havege_estimate estimate_rows(const struct havege_shape *shape,
					    const u64 *delta, u32 unit)
{
	struct havege_rows *rows = zeroed(havege_rows_bytes(shape));
	struct havege_estimate found;
	u32 row;

	havege_rows_begin(rows, shape);
	for (row = 0; row < shape->rows; row++)
		havege_rows_add(rows, delta + (size_t)row * shape->samples, unit);
	while (!havege_rows_judge(rows, &found))
		;
	free(rows);
	return found;
}

static double host_bits(u32 entropy)
{
	return (double)entropy / HAVEGE_BIT;
}

static int host_judge(u64 unit)
{
	const struct havege_shape shape = havege_shape(span);
	struct havege_estimate found;
	u64 *delta;

	if (ask_rows) {
		printf("%u %u\n", shape.rows, shape.samples);
		return 0;
	}
	delta = read_rows(&shape);
	found = estimate_rows(&shape, delta,
			      unit ? unit : gcd_of_rows(&shape, delta));
	free(delta);
	if (havege_is_good(&found, span)) {
		printf("credited %.4f bit a sample\n",
		       host_bits(havege_credit(span)));
		return 0;
	}
	printf("refused: residual %.4f bit a sample, %.4f is needed ",
	       host_bits(found.residual), host_bits(havege_limit(span)));
	printf("(k = %u; %.4f with %u rows, %.4f with %u)\n", span,
	       host_bits(found.few), HAVEGE_FEW, host_bits(found.all),
	       shape.rows);
	return 1;
}

static int show_estimate(u64 unit)
{
	const struct havege_shape shape = havege_shape(span);
	u64 *delta = read_rows(&shape);
	const struct havege_estimate found =
		estimate_rows(&shape, delta,
			      unit ? unit : gcd_of_rows(&shape, delta));

	printf("residual %.4f\nfew %.4f\nall %.4f\nslope %.4f\nend %.4f\n",
	       host_bits(found.residual), host_bits(found.few),
	       host_bits(found.all),
	       host_bits(found.slope), host_bits(found.end));
	printf("value %.4f\ndifference %.4f\npredecessor %.4f\nposition %.4f\n",
	       host_bits(found.value), host_bits(found.difference),
	       host_bits(found.predecessor), host_bits(found.position));
	free(delta);
	return 0;
}

/* --- the whole source ---------------------------------------------------- */

struct rig {
	struct havege_source source;
	u64 *table;
	size_t peak;
};

static struct rig *host_new_rig(void)
{
	struct rig *rig = zeroed(sizeof(*rig));

	rig->table = new_table(&tuning.geo);
	return rig;
}

static void free_rig(struct rig *rig)
{
	free(havege_source_unlend(&rig->source));
	havege_source_wipe(&rig->source);
	free(rig->table);
	free(rig);
}

static void host_begin(struct rig *rig, bool stream)
{
	free(havege_source_unlend(&rig->source));
	havege_source_init(&rig->source, rig->table, &tuning.geo, NULL,
			   havege_known_answers);
	rig->source.stream = stream;
}

/* Run a step, and lend the memory that it needs. */
static enum havege_step host_step(struct rig *rig)
{
	struct havege_source *source = &rig->source;
	const bool timed = source->phase == HAVEGE_TUNING;
	enum havege_step what;
	double begun = 0, took;
	size_t bytes;

	/* Take the shortest fill, as the worker does. */
	if (timed && source->left == HAVEGE_TUNING_FILLS)
		source->fill_ns = ~0u;
	if (timed)
		begun = seconds();
	what = havege_source_step(source);
	if (timed) {
		took = (seconds() - begun) * 1e9;
		source->fill_ns = min_t(double, source->fill_ns, took);
	}

	if (what == HAVEGE_STEP_MEMORY) {
		bytes = havege_source_memory(source);
		free(havege_source_unlend(source));
		havege_source_lend(source, aligned_memory(bytes), bytes);
		if (bytes > rig->peak)
			rig->peak = bytes;
	}
	return what;
}

static bool is_starting(const struct havege_source *source)
{
	return source->phase != HAVEGE_RUNNING && source->phase != HAVEGE_DEAD;
}

static void host_complain(const struct havege_source *source)
{
	char why[HAVEGE_EXPLAIN];

	havege_source_explain(source, why, sizeof(why));
	fprintf(stderr, "havege-host: %s: %s (counter: %s)\n",
		source->started ? "failed permanently" : "not started", why,
		host_counter_name());
}

static int deliver(u64 bytes, bool stream)
{
	struct rig *rig = host_new_rig();
	struct havege_source *source = &rig->source;
	enum havege_step what = HAVEGE_STEP_BUSY;

	host_begin(rig, stream);
	while (bytes && what != HAVEGE_STEP_DEAD) {
		const void *from = NULL;
		size_t some = 0;

		what = host_step(rig);
		if (what == HAVEGE_STEP_WORDS) {
			from = source->walk.ring;
			some = min_t(u64, bytes, sizeof(source->walk.ring));
		} else if (what == HAVEGE_STEP_BLOCKS) {
			from = source->pending;
			some = min_t(u64, bytes, source->pending_bytes);
		}
		if (some)
			host_put(from, some);
		bytes -= some;
		if (what == HAVEGE_STEP_BLOCKS)
			havege_source_forget(source);
	}
	if (bytes)
		host_complain(source);
	free_rig(rig);
	return bytes != 0;
}

static int conditioned(u64 bytes)
{
	return deliver(bytes, false);
}

static int host_stream(u64 bytes)
{
	return deliver(bytes, true);
}

/* Columns of the table that `estimate' prints. */
enum {
	RESIDUAL,
	FEW,
	ALL,
	SLOPE,
	SPAN,
	CREDIT,
	GCD,
	H,
	STARTUP_MS,
	ESTIMATE_MS,
	COLUMNS,
};

static const struct {
	const char *name;
	int decimals;
} columns[COLUMNS] = {
	[RESIDUAL] = { "residual", 4 },
	[FEW] = { "few", 4 },
	[ALL] = { "all", 4 },
	[SLOPE] = { "slope", 4 },
	[SPAN] = { "k", 0 },
	[CREDIT] = { "credit", 4 },
	[GCD] = { "gcd", 0 },
	[H] = { "H", 3 },
	[STARTUP_MS] = { "startup_ms", 2 },
	[ESTIMATE_MS] = { "estimate_ms", 2 },
};

static void print_row(const char *name, const double *row)
{
	int i;

	printf("%-6s", name);
	for (i = 0; i < COLUMNS; i++)
		printf(" %11.*f", columns[i].decimals, row[i]);
	printf("\n");
}

/*
 * Run a start-up. Return: false if the machine is refused; @row has the
 * figures.
 */
static bool start_up(struct rig *rig, double *row)
{
	struct havege_source *source = &rig->source;
	const struct havege_estimate *found = &source->estimate;
	const double begun = seconds();
	double estimating = 0, before;

	host_begin(rig, false);
	while (is_starting(source) && source->phase != HAVEGE_ESTIMATE)
		host_step(rig);
	before = seconds();
	while (source->phase == HAVEGE_ESTIMATE)
		host_step(rig);
	estimating = seconds() - before;
	while (is_starting(source))
		host_step(rig);
	row[STARTUP_MS] = (seconds() - begun) * 1e3;
	row[ESTIMATE_MS] = estimating * 1e3;
	row[RESIDUAL] = host_bits(found->residual);
	row[FEW] = host_bits(found->few);
	row[ALL] = host_bits(found->all);
	row[SLOPE] = host_bits(found->slope);
	row[SPAN] = source->sampler.span;
	row[CREDIT] = source->phase == HAVEGE_RUNNING ?
		host_bits(havege_credit(source->sampler.span)) : 0;
	row[GCD] = source->readings.gcd;
	row[H] = 1.0 / (1u << source->health.shift);
	return source->phase == HAVEGE_RUNNING;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int host_estimate(u64 runs)
{
	struct rig *rig = host_new_rig();
	double (*rows)[COLUMNS] = zeroed(runs * sizeof(*rows));
	double *sorted = zeroed(runs * sizeof(*sorted));
	double low[COLUMNS], middle[COLUMNS], high[COLUMNS];
	int refused = 0, column;
	char name[24];
	u64 i;

	printf("%-6s", "run");
	for (column = 0; column < COLUMNS; column++)
		printf(" %11s", columns[column].name);
	printf("\n");
	for (i = 0; i < runs; i++) {
		if (!start_up(rig, rows[i])) {
			refused++;
			host_complain(&rig->source);
		}
		snprintf(name, sizeof(name), "%llu", i + 1);
		print_row(name, rows[i]);
		fflush(stdout);
	}
	for (column = 0; column < COLUMNS; column++) {
		for (i = 0; i < runs; i++)
			sorted[i] = rows[i][column];
		qsort(sorted, runs, sizeof(*sorted), ascending);
		low[column] = sorted[0];
		middle[column] = sorted[(runs - 1) / 2] / 2 +
			sorted[runs / 2] / 2;
		high[column] = sorted[runs - 1];
	}
	print_row("min", low);
	print_row("median", middle);
	print_row("max", high);
	free(sorted);
	free(rows);
	free_rig(rig);
	return refused != 0;
}

static int measure(struct rig *rig, const char *name, double duration)
{
	static const char * const tests[HAVEGE_TESTS] = {
		"repetition", "proportion", "stuck", "period", "counter",
	};
	struct havege_source *source = &rig->source;
	double begun, took, before, sets = 0;
	u64 bytes = 0;
	u32 steps = 0;
	int i;

	host_begin(rig, !strcmp(name, "stream"));
	while (is_starting(source))
		host_step(rig);
	begun = seconds();
	do {
		/* A step without a fill of the live walk works on the set. */
		const bool is_fill = source->stream || source->gap;

		before = is_fill ? 0 : seconds();
		switch (host_step(rig)) {
		case HAVEGE_STEP_BLOCKS:
			bytes += source->pending_bytes;
			havege_source_forget(source);
			break;
		case HAVEGE_STEP_WORDS:
			bytes += sizeof(source->walk.ring);
			break;
		case HAVEGE_STEP_DEAD:
			host_complain(source);
			return 1;
		default:
			break;
		}
		sets += is_fill ? 0 : seconds() - before;
		/* Reading the clock takes time: do not do it at each step. */
		took = ++steps % 64 ? 0 : seconds() - begun;
	} while (took < duration);

	printf("%s %.4f MB/s, k %u, credit %.4f bit a sample, ", name,
	       bytes / took / 1e6, source->sampler.span,
	       host_bits(havege_credit(source->sampler.span)));
	printf("%u sets, %.1f %% of the time for them, %u KiB lent; ",
	       source->sets, 100 * sets / took, (u32)(rig->peak / 1024));
	printf("health failures:");
	for (i = 0; i < HAVEGE_TESTS; i++)
		printf(" %s %llu", tests[i], source->health.failures[i]);
	printf(" replay %u\n", source->replay_failures);
	fflush(stdout);
	return 0;
}

static int speed(u64 duration)
{
	struct rig *rig = host_new_rig();
	int ret;

	ret = measure(rig, "conditioned", duration);
	ret |= measure(rig, "stream", duration);
	free_rig(rig);
	return ret;
}

#define BENCH_SECONDS	0.4

static void host_say(const char *name, double value)
{
	printf("bench %s %.4f\n", name, value);
}

/* The walk alone, at full speed: no test, no hash, no wipe. */
static void bench_walk(struct havege_source *source)
{
	const double begun = seconds();
	double took;
	u64 fills = 0;

	do {
		havege_walk_live(&source->walk);
		took = ++fills % 64 ? 0 : seconds() - begun;
	} while (took < BENCH_SECONDS);
	host_say("walk_ticks", fills * HAVEGE_FILL_TICKS / took);
}

/* The source, as the worker runs it. */
static void bench_blocks(struct rig *rig)
{
	struct havege_source *source = &rig->source;
	const double begun = seconds();
	u64 bytes = 0;
	double took;

	/* Run whole sets: a partial one has no blocks that may leave. */
	do {
		if (host_step(rig) != HAVEGE_STEP_BLOCKS)
			continue;
		bytes += source->pending_bytes;
		havege_source_forget(source);
	} while (source->phase != HAVEGE_DEAD && source->tries < 3 &&
		 (!havege_source_is_idle(source) ||
		  seconds() - begun < BENCH_SECONDS));
	took = seconds() - begun;
	host_say("conditioned_ticks", bytes / HAVEGE_BLOCK * source->block_ticks /
		 took);
	host_say("conditioned_bytes", bytes / took);
	host_say("residual", host_bits(source->estimate.residual));
	host_say("credit", host_bits(havege_credit(source->sampler.span)));
	host_say("block_ticks", source->block_ticks);
	host_say("assessed_bits", bytes * 8 / took * HAVEGE_BLOCK_BITS / 256);
}

static int bench(u64 rounds)
{
	struct rig *rig = host_new_rig();
	struct havege_source *source = &rig->source;

	host_begin(rig, false);
	while (is_starting(source))
		host_step(rig);
	while (rounds--) {
		bench_walk(source);
		bench_blocks(rig);
		fflush(stdout);
		if (source->phase == HAVEGE_DEAD) {
			host_complain(source);
			return 1;
		}
	}
	free_rig(rig);
	return 0;
}

/* --- commands ------------------------------------------------------------ */

static const struct command {
	const char *name;
	int (*run)(u64 number);
	u64 low;	/* of the number; 0: it is optional */
	u64 high;	/* 0: no number */
	u64 unsaid;	/* default; 0: none */
} commands[] = {
	{ "info", info, 0, 0, 0 },
	{ "conditioned", conditioned, 1, 1ull << 62, 0 },
	{ "stream", host_stream, 1, 1ull << 62, 0 },
	{ "raw", raw, 1, 1ull << 58, 0 },
	{ "restart", restart, 1, 1000000, 0 },
	{ "replay", replay, 1, 65536, 0 },
	{ "judge", host_judge, 0, ~0u, 0 },
	{ "residual", show_estimate, 0, ~0u, 0 },
	{ "estimate", host_estimate, 1, MAX_RUNS, 10 },
	{ "speed", speed, 1, 86400, 0 },
	{ "bench", bench, 1, 1000, 0 },
};

static u64 parse(const char *number, u64 low, u64 high)
{
	char *end;
	u64 value;

	errno = 0;
	value = strtoull(number, &end, 0);
	if (errno || *end || end == number || strchr(number, '-') ||
	    value < low || value > high)
		quit(2, "`%s' is not a number from %llu to %llu", number, low,
		     high);
	return value;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	quit(2, "there is no command `%s'; havege-host without one lists them",
	     name);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "rows", no_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	u32 dcache = 0, icache = 0;
	const struct command *command;
	u64 number = 0;
	int opt, ret;

	while ((opt = getopt_long(argc, argv, "c:d:i:tk:g:s:", options,
				  NULL)) != -1) {
		switch (opt) {
		case 'c':
			cpu = parse(optarg, 0, CPU_SETSIZE - 1);
			break;
		case 'd':
			dcache = parse(optarg, HAVEGE_DCACHE_MIN_KB,
				       HAVEGE_DCACHE_MAX_KB);
			break;
		case 'i':
			icache = parse(optarg, HAVEGE_ICACHE_MIN_KB,
				       HAVEGE_ICACHE_MAX_KB);
			break;
		case 't':
			text = true;
			break;
		case 'k':
			span = parse(optarg, 1, HAVEGE_SPAN_MAX);
			if (span & (span - 1))
				quit(2, "-k %u: a power of two is needed", span);
			break;
		case 'g':
			gap = parse(optarg, 0, 10000);
			break;
		case 'R':
			ask_rows = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
#ifdef HAVEGE_SCALED
		case 's':
			havege_inverse = ~0ull / parse(optarg, 1, ~0u);
			break;
#endif
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	argv += optind;
	argc -= optind;
	if (!argc) {
		fputs(usage, stderr);
		return 2;
	}

	command = find(argv[0]);
	if (argc > (command->high ? 2 : 1))
		quit(2, "`%s' is one argument too many", argv[argc - 1]);
	if (argc == 2)
		number = parse(argv[1], max(command->low, 1ull), command->high);
	else if (command->low && !command->unsaid)
		quit(2, "`%s' needs a number from %llu to %llu", argv[0],
		     command->low, command->high);
	else
		number = command->unsaid;
	if (text && command->run != raw)
		quit(2, "-t is for raw");
	if (ask_rows && (command->run != host_judge || argc == 2))
		quit(2, "--rows is for judge, without a number");

	stay_on_one_cpu();
	host_counter_open();
	ask_cpu();
	havege_tune_settle(dcache, icache, &tuning);
	ret = command->run(number);
	if (fflush(stdout))
		quit(1, "standard output: %s", strerror(errno));
	return ret;
}
