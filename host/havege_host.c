// SPDX-License-Identifier: GPL-2.0
/*
 * Drives the freestanding rooms natively in user space: for looking, for
 * measuring, and for capturing samples where loading a module is not wanted.
 * Feeds nothing to anything; what it writes is not for use as randomness.
 *
 * What is captured is first collected in memory and then written, because a
 * write between two fills would be in the samples.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#if __has_include("cpuid.h")
#define HAVE_CPUID
#include <cpuid.h>
#endif

#include "havege_counter.h"
#include "havege_source.h"

/* What the module's debugfs files give at a time, samples. */
#define RAW_RUN		1048576
#define RESTART_STEPS	1000

/* Rows of the estimate's table that are sorted in memory. */
#define MAX_RUNS	100000

static const char usage[] =
"Usage: havege-host [-c CPU] [-d KIB] [-i KIB] COMMAND\n"
"  info               the geometry that the walk has here, and its code\n"
"  conditioned BYTES  blocks as mode=conditioned makes them, binary\n"
"  stream BYTES       walk words as mode=stream delivers them, binary\n"
"  raw [-t] SAMPLES   raw samples in ticks, contiguous in runs of 2^20\n"
"  restart ROWS       the first 1000 samples of each of ROWS fresh walks\n"
"  replay ROWS        ROWS times the same 512 steps of one walk\n"
"  residual GCD       the replay estimate's figures of 64 such rows on\n"
"                     standard input; GCD: of all deltas, ticks\n"
"  estimate [RUNS]    RUNS (10) start-ups: what replay finds, what it credits\n"
"  speed SECONDS      what either mode delivers\n"
"  bench ROUNDS       the walk alone, and the source that makes blocks of it, in\n"
"                     turn, as scripts/bench reads it: bench NAME VALUE\n"
"  -c CPU  the CPU to stay on (default: the one it finds itself on)\n"
"  -d KIB  L1 data cache, 8 to 512 (default: what this CPU says)\n"
"  -i KIB  L1 instruction cache, 8 to 64 (likewise)\n"
"  -t      as text, one sample a line; otherwise samples are binary: 64 bits,\n"
"          unsigned, this machine's byte order\n"
"Writes to standard output. Exits with 1 if that fails or if the source is\n"
"refused or dies, with 2 if it does not understand what is asked.\n";

static struct havege_tuning tuning;
static int cpu = -1;
static bool text;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

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

static void *room(size_t bytes)
{
	return need(calloc(1, bytes));
}

/*
 * Touched, so that no page fault gets into a sample; not with zeros, of which
 * the compiler would make a calloc(), which touches nothing.
 */
static u64 *room_for_samples(size_t count)
{
	u64 *delta = need(malloc(count * sizeof(*delta)));

	return memset(delta, 0xff, count * sizeof(*delta));
}

static u64 *new_table(const struct havege_geometry *geo)
{
	return need(aligned_alloc(64, havege_table_bytes(geo)));
}

static void put(const void *data, size_t bytes)
{
	if (fwrite(data, 1, bytes, stdout) != bytes)
		quit(1, "standard output: %s", strerror(errno));
}

static void put_samples(const u64 *delta, size_t count)
{
	size_t i;

	if (!text) {
		put(delta, count * sizeof(*delta));
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

static void read_cpuid(u32 leaf, u32 subleaf, u32 regs[4])
{
	__cpuid_count(leaf, subleaf, regs[0], regs[1], regs[2], regs[3]);
}

static void ask_cpu(void)
{
	struct havege_cpuid ask = {
		.read = read_cpuid,
		.basic = __get_cpuid_max(0, NULL),
		.extended = __get_cpuid_max(0x80000000, NULL),
	};
	u32 regs[4];

	if (ask.extended >= 0x80000001) {
		read_cpuid(0x80000001, 0, regs);
		ask.topoext = regs[2] >> 22 & 1;
	}
	havege_tune_cpuid(&ask, &tuning);
}

#else

static void ask_cpu(void)
{
}

#endif

/* Two CPUs can have two counters, and two kinds of caches. */
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
	struct havege_walk *walk = room(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);

	havege_walk_init(walk, table, &tuning.geo);
	printf("cpu %d\ndcache_kb %u\nicache_kb %u\nsource %s\n", cpu,
	       tuning.geo.dcache_kb, tuning.geo.icache_kb, tuning.source);
	printf("table_bytes %zu\nloop_bytes %zu\ncopy_bytes %zu\n",
	       havege_table_bytes(&tuning.geo), havege_loop_bytes(),
	       havege_copy_bytes());
	printf("copies_run %u\nwarmup_fills %u\ncounter_ticks %llu\n",
	       walk->copies, havege_warmup_fills(walk),
	       havege_tune_cost(read_counter, NULL));
	havege_walk_wipe(walk);
	free(table);
	free(walk);
	return 0;
}

/* --- samples ------------------------------------------------------------- */

static void warm_up(struct havege_walk *walk, u64 *table)
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
	struct havege_walk *walk = room(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);
	u64 *delta = room_for_samples(min_t(u64, samples, RAW_RUN));

	warm_up(walk, table);
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
	struct havege_walk *walk = room(sizeof(*walk));
	u64 *table = new_table(&tuning.geo);
	u64 *delta = room_for_samples(RESTART_STEPS);

	while (rows--) {
		warm_up(walk, table);
		collect(walk, delta, RESTART_STEPS);
		put_samples(delta, RESTART_STEPS);
	}
	havege_walk_wipe(walk);
	free(delta);
	free(table);
	free(walk);
	return 0;
}

static int replay(u64 rows)
{
	struct havege_walk *walk = room(sizeof(*walk));
	struct havege_walk *copy = room(sizeof(*copy));
	u64 *table = new_table(&tuning.geo), *spare = new_table(&tuning.geo);
	u64 *delta = room_for_samples(rows * HAVEGE_REPLAY_STEPS);
	u64 *to = delta, row;
	unsigned int fill;

	warm_up(walk, table);
	for (row = 0; row < rows; row++) {
		*copy = *walk;
		copy->table = spare;
		memcpy(spare, table, havege_table_bytes(&tuning.geo));
		for (fill = 0; fill < HAVEGE_REPLAY_FILLS; fill++) {
			havege_walk_replay(copy);
			memcpy(to, copy->delta, sizeof(copy->delta));
			to += HAVEGE_FILL_TICKS;
		}
	}
	put_samples(delta, rows * HAVEGE_REPLAY_STEPS);
	havege_walk_wipe(copy);
	havege_walk_wipe(walk);
	free(delta);
	free(spare);
	free(table);
	free(copy);
	free(walk);
	return 0;
}

/* A counter that reads as it once did: each row is from @begin on. */
struct tape {
	struct havege_test_clock base;
	const u64 *delta;
	size_t next;
	u64 begin;
	u64 now;
};

static u64 read_tape(struct havege_test_clock *base, u32 p, u32 q,
		     unsigned int depth, u32 *mix)
{
	struct tape *tape = (struct tape *)base;

	if (tape->next % HAVEGE_REPLAY_STEPS == 0)
		tape->now = tape->begin;
	tape->now += tape->delta[tape->next++];
	*mix = 0;
	return tape->now;
}

static void print_bits(const char *name, u32 bits)
{
	printf("%s %.4f\n", name, (double)bits / HAVEGE_BIT);
}

static int residual(u64 gcd_ticks)
{
	const size_t count = HAVEGE_REPLAY_ROWS * HAVEGE_REPLAY_STEPS;
	const struct havege_geometry geo = {
		HAVEGE_DCACHE_MIN_KB, HAVEGE_ICACHE_MIN_KB
	};
	struct havege_walk *walk = room(sizeof(*walk));
	struct havege_replay *estimate = room(sizeof(*estimate));
	u64 *table = new_table(&geo), *spare = new_table(&geo);
	u64 *delta = room_for_samples(count);
	struct tape tape = { .base.read = read_tape, .delta = delta };
	struct havege_estimate found;

	if (fread(delta, sizeof(*delta), count, stdin) != count ||
	    getchar() != EOF)
		quit(1, "standard input is not the %zu bytes that `replay %d' writes",
		     count * sizeof(*delta), HAVEGE_REPLAY_ROWS);
	havege_walk_init(walk, table, &geo);
	tape.begin = walk->last;
	havege_replay_begin(estimate, spare);
	while (!havege_replay_step(estimate, walk, &tape.base, gcd_ticks,
				   &found))
		;
	print_bits("residual", found.residual);
	print_bits("value", found.value);
	print_bits("difference", found.difference);
	print_bits("predecessor", found.predecessor);
	print_bits("position", found.position);
	print_bits("neighbour", found.neighbour);
	free(delta);
	free(spare);
	free(table);
	free(estimate);
	free(walk);
	return 0;
}

/* --- the whole source ---------------------------------------------------- */

struct rig {
	struct havege_source source;
	u64 *table;
	u64 *spare;
};

static struct rig *new_rig(void)
{
	struct rig *rig = room(sizeof(*rig));

	rig->table = new_table(&tuning.geo);
	rig->spare = new_table(&tuning.geo);
	return rig;
}

static void free_rig(struct rig *rig)
{
	havege_source_wipe(&rig->source);
	free(rig->table);
	free(rig->spare);
	free(rig);
}

static void begin(struct rig *rig, bool stream)
{
	havege_source_init(&rig->source, rig->table, rig->spare, &tuning.geo,
			   NULL, havege_known_answers);
	rig->source.stream = stream;
}

static void complain(const struct havege_source *source)
{
	char why[300];

	havege_source_explain(source, why, sizeof(why));
	fprintf(stderr, "havege-host: %s: %s\n",
		source->started ? "failed for good" : "not started", why);
}

static int deliver(u64 bytes, bool stream)
{
	struct rig *rig = new_rig();
	struct havege_source *source = &rig->source;
	enum havege_step step = HAVEGE_STEP_BUSY;

	begin(rig, stream);
	while (bytes && step != HAVEGE_STEP_DEAD) {
		const void *from = NULL;
		size_t some = 0;

		step = havege_source_step(source);
		if (stream && step == HAVEGE_STEP_WORDS) {
			from = source->walk.ring;
			some = min_t(u64, bytes, sizeof(source->walk.ring));
		} else if (!stream && step == HAVEGE_STEP_BLOCK) {
			from = source->block;
			some = min_t(u64, bytes, HAVEGE_BLOCK);
		}
		if (some)
			put(from, some);
		bytes -= some;
	}
	if (bytes)
		complain(source);
	free_rig(rig);
	return bytes != 0;
}

static int conditioned(u64 bytes)
{
	return deliver(bytes, false);
}

static int stream(u64 bytes)
{
	return deliver(bytes, true);
}

/* The columns of the table that `estimate' prints. */
enum {
	RESIDUAL,
	VALUE,
	DIFFERENCE,
	PREDECESSOR,
	POSITION,
	NEIGHBOUR,
	CREDIT,
	BLOCK_TICKS,
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
	[VALUE] = { "value", 4 },
	[DIFFERENCE] = { "difference", 4 },
	[PREDECESSOR] = { "predecessor", 4 },
	[POSITION] = { "position", 4 },
	[NEIGHBOUR] = { "neighbour", 4 },
	[CREDIT] = { "credit", 4 },
	[BLOCK_TICKS] = { "ticks/block", 0 },
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

/* A start-up: what it has measured, and whether it was not refused. */
static bool start_up(struct rig *rig, double *row)
{
	struct havege_source *source = &rig->source;
	const struct havege_estimate *found = &source->estimate;
	const double begun = seconds();
	double estimating = 0;

	begin(rig, false);
	while (source->phase != HAVEGE_RUNNING &&
	       source->phase != HAVEGE_DEAD) {
		const bool is_estimate = source->phase == HAVEGE_ESTIMATE;
		const double before = is_estimate ? seconds() : 0;

		havege_source_step(source);
		if (is_estimate)
			estimating += seconds() - before;
	}
	row[STARTUP_MS] = (seconds() - begun) * 1e3;
	row[ESTIMATE_MS] = estimating * 1e3;
	row[RESIDUAL] = (double)found->residual / HAVEGE_BIT;
	row[VALUE] = (double)found->value / HAVEGE_BIT;
	row[DIFFERENCE] = (double)found->difference / HAVEGE_BIT;
	row[PREDECESSOR] = (double)found->predecessor / HAVEGE_BIT;
	row[POSITION] = (double)found->position / HAVEGE_BIT;
	row[NEIGHBOUR] = (double)found->neighbour / HAVEGE_BIT;
	row[CREDIT] = (double)source->credit / HAVEGE_BIT;
	row[BLOCK_TICKS] = source->block_ticks;
	row[GCD] = source->readings.gcd;
	row[H] = 1.0 / (1u << source->health.shift);
	return source->phase == HAVEGE_RUNNING;
}

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int estimate(u64 runs)
{
	struct rig *rig = new_rig();
	double (*rows)[COLUMNS] = room(runs * sizeof(*rows));
	double *sorted = room(runs * sizeof(*sorted));
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
			complain(&rig->source);
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
	u64 bytes = 0, ticks = 0;
	double begun, took;
	u32 steps = 0;
	int i;

	begin(rig, !strcmp(name, "stream"));
	while (source->phase != HAVEGE_RUNNING && source->phase != HAVEGE_DEAD)
		havege_source_step(source);
	begun = seconds();
	do {
		switch (havege_source_step(source)) {
		case HAVEGE_STEP_BLOCK:
			bytes += HAVEGE_BLOCK;
			ticks += HAVEGE_FILL_TICKS;
			break;
		case HAVEGE_STEP_WORDS:
			bytes += source->stream ? sizeof(source->walk.ring) : 0;
			ticks += HAVEGE_FILL_TICKS;
			break;
		case HAVEGE_STEP_DEAD:
			complain(source);
			return 1;
		default:
			break;
		}
		/* Not at each step: asking takes time, too. */
		took = ++steps % 64 ? 0 : seconds() - begun;
	} while (took < duration);

	printf("%s %.3f MB/s, %.2f million ticks/s, %.4f bit a tick; health failures:",
	       name, bytes / took / 1e6, ticks / took / 1e6,
	       (double)source->credit / HAVEGE_BIT);
	for (i = 0; i < HAVEGE_TESTS; i++)
		printf(" %s %llu", tests[i], source->health.failures[i]);
	printf(" replay %u\n", source->poor);
	fflush(stdout);
	return 0;
}

static int speed(u64 duration)
{
	struct rig *rig = new_rig();
	int ret;

	ret = measure(rig, "conditioned", duration);
	ret |= measure(rig, "stream", duration);
	free_rig(rig);
	return ret;
}

#define BENCH_SECONDS	0.4

static void say(const char *name, double value)
{
	printf("bench %s %.4f\n", name, value);
}

/* The walk alone, as fast as it goes: nothing is tested, hashed or wiped. */
static void bench_walk(struct havege_source *source)
{
	const double begun = seconds();
	double took;
	u64 fills = 0;

	do {
		havege_walk_live(&source->walk);
		took = ++fills % 64 ? 0 : seconds() - begun;
	} while (took < BENCH_SECONDS);
	say("walk_ticks", fills * HAVEGE_FILL_TICKS / took);
}

/* The source as the collector drives it. */
static void bench_blocks(struct havege_source *source)
{
	const double begun = seconds();
	u64 steps = 0, blocks = 0;
	double took;

	do {
		if (havege_source_step(source) == HAVEGE_STEP_BLOCK) {
			blocks++;
			havege_source_forget(source);
		}
		took = ++steps % 64 ? 0 : seconds() - begun;
	} while (took < BENCH_SECONDS);
	say("conditioned_ticks", steps * HAVEGE_FILL_TICKS / took);
	say("conditioned_bytes", blocks * HAVEGE_BLOCK / took);
	say("residual", (double)source->estimate.residual / HAVEGE_BIT);
	say("credit", (double)source->credit / HAVEGE_BIT);
	say("block_ticks", source->block_ticks);
	say("assessed_bits", steps * HAVEGE_FILL_TICKS / took *
	    source->credit / HAVEGE_BIT);
}

static int bench(u64 rounds)
{
	struct rig *rig = new_rig();
	struct havege_source *source = &rig->source;

	begin(rig, false);
	while (rounds--) {
		havege_source_estimate(source);
		while (source->phase != HAVEGE_RUNNING &&
		       source->phase != HAVEGE_DEAD)
			havege_source_step(source);
		bench_walk(source);
		bench_blocks(source);
		fflush(stdout);
		if (source->phase == HAVEGE_DEAD) {
			complain(source);
			return 1;
		}
	}
	free_rig(rig);
	return 0;
}

/* --- what is asked ------------------------------------------------------- */

static const struct command {
	const char *name;
	int (*run)(u64 number);
	u64 low;	/* of the number; 0: there is none */
	u64 high;
	u64 unsaid;	/* what it is when it is left out; 0: it may not be */
} commands[] = {
	{ "info", info, 0, 0, 0 },
	{ "conditioned", conditioned, 1, 1ull << 62, 0 },
	{ "stream", stream, 1, 1ull << 62, 0 },
	{ "raw", raw, 1, 1ull << 58, 0 },
	{ "restart", restart, 1, 1000000, 0 },
	{ "replay", replay, 1, 65536, 0 },
	{ "residual", residual, 1, ~0u, 0 },
	{ "estimate", estimate, 1, MAX_RUNS, 10 },
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
	u32 dcache = 0, icache = 0;
	const struct command *command;
	u64 number = 0;
	int opt, ret;

	while ((opt = getopt(argc, argv, "c:d:i:t")) != -1) {
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
	if (argc > (command->low ? 2 : 1))
		quit(2, "`%s' is one argument too many", argv[argc - 1]);
	if (argc == 2)
		number = parse(argv[1], command->low, command->high);
	else if (command->low && !command->unsaid)
		quit(2, "`%s' needs a number from %llu to %llu", argv[0],
		     command->low, command->high);
	else
		number = command->unsaid;
	if (text && command->run != raw)
		quit(2, "-t is for raw");

	stay_on_one_cpu();
	ask_cpu();
	havege_tune_settle(dcache, icache, &tuning);
	ret = command->run(number);
	if (fflush(stdout))
		quit(1, "standard output: %s", strerror(errno));
	return ret;
}
