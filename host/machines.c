// SPDX-License-Identifier: GPL-2.0
/*
 * The estimate on many simulated machines of each kind (kunit/machine.h)
 *
 * Of 200 machines of a kind without noise at most one may be credited. Of 200
 * with noise at most one may be refused. None may be credited above its dose.
 *
 * Each kind above k = 1 is tested with the whole set and with the rows of the
 * long one (NAME.long), at the same gaps. Two processes share the seeds. The
 * program prints a line of the table and a TAP line for each. Exit status: 0, 1
 * for a failure, 2 for bad usage.
 */
#define _GNU_SOURCE

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kunit/machine.h"

#define SEEDS		200
#define SEEDS_MAX	100000
#define WORKERS		2

static const char usage[] =
	"usage: machines [-k NAME] [SEEDS]\n"
	"       machines --list\n"
	"       machines --rows NAME SEED >FILE\n"
	"\n"
	"Test the estimate on simulated machines: SEEDS of each kind (200).\n"
	"\n"
	"  -k NAME            only this kind\n"
	"  --list             list the kinds: name, k, cycles of one unit of\n"
	"                     the counter, noise in bits a sample, verdict\n"
	"  --rows NAME SEED   write the rows of one machine: u64, native byte\n"
	"                     order, row by row; the first sample of a row\n"
	"                     spans the pause before it\n"
	"  --help             this text\n";

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p) {
		fputs("machines: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static int bad_usage(const char *what, const char *word)
{
	fprintf(stderr, "machines: %s: %s (--help)\n", what, word);
	return 2;
}

static bool number_of(const char *text, unsigned long most,
		      unsigned long *number)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*number = strtoul(text, &end, 10);
	return !errno && !*end && *number <= most;
}

static double machines_bits(double entropy)
{
	return entropy / HAVEGE_BIT;
}

/* Min-entropy of the noise of a sample, on average (bits). */
static double dose_of(const struct machine_kind *kind)
{
	return kind->dose / 64.0 * kind->span / (kind->every ? kind->every : 1);
}

static const char *verdict_of(const struct machine_kind *kind)
{
	if (machine_is_refused(kind))
		return "refused";
	return kind->either ? "either" : "credited";
}

static int list(void)
{
	size_t i;

	for (i = 0; i < MACHINE_KINDS; i++) {
		const struct machine_kind *kind = &machine_kinds[i];

		printf("%-24s %3u %4u %8.4f %s\n", kind->name, kind->span,
		       kind->step, dose_of(kind), verdict_of(kind));
	}
	return 0;
}

static int write_rows(const struct machine_kind *kind, unsigned long seed)
{
	const struct havege_shape shape = havege_shape(kind->span);
	struct machine *machine = allocate(sizeof(*machine));
	u64 sample[HAVEGE_SAMPLES_MAX];
	u32 row;

	machine_begin(machine, kind, seed);
	for (row = 0; row < shape.rows; row++) {
		machine_row(machine, &shape, sample);
		fwrite(sample, sizeof(sample[0]), shape.samples, stdout);
	}
	free(machine);
	if (fflush(stdout) || ferror(stdout)) {
		perror("machines: stdout");
		return 1;
	}
	return 0;
}

/* Test every WORKERS-th seed, from the worker's number on. */
static void work(const struct machine_kind *kind,
		 const struct havege_shape *shape, u32 worker, u32 seeds,
		 u32 *residual)
{
	struct havege_rows *rows = allocate(havege_rows_bytes(shape));
	struct machine *machine = allocate(sizeof(*machine));
	u64 sample[HAVEGE_SAMPLES_MAX];
	u32 seed;

	for (seed = worker; seed < seeds; seed += WORKERS)
		residual[seed] = machine_estimate(machine, kind, seed, shape,
						  rows, sample).residual;
}

/* The residuals of a kind, by seed. Return: false if a worker has failed. */
static bool machines_run(const struct machine_kind *kind,
			 const struct havege_shape *shape, u32 seeds,
			 u32 *residual)
{
	bool good = true;
	u32 worker;
	int status;

	fflush(stdout);
	for (worker = 0; worker < WORKERS; worker++) {
		const pid_t pid = fork();

		if (pid < 0) {
			perror("machines: fork");
			exit(1);
		}
		if (!pid) {
			work(kind, shape, worker, seeds, residual);
			_exit(0);
		}
	}
	while (wait(&status) > 0)
		good &= !status;
	return good;
}

static int compare(const void *a, const void *b)
{
	const u32 left = *(const u32 *)a, right = *(const u32 *)b;

	return (left > right) - (left < right);
}

/* Whether the number of credited machines is as specified. */
static bool is_right(const struct machine_kind *kind, u32 credited, u32 seeds)
{
	if (!machine_is_refused(kind))
		return kind->either || (seeds - credited) * 200 <= seeds;
	/* Above its dose: never. Without noise: one in 200. */
	return kind->dose ? !credited : credited * 200 <= seeds;
}

static bool test_kind(const struct machine_kind *kind, bool is_long, u32 seeds,
		      u32 number, u32 *residual)
{
	const struct havege_shape shape = is_long ?
		havege_long_shape(kind->span) : havege_shape(kind->span);
	u32 seed, credited = 0;
	bool good;

	good = machines_run(kind, &shape, seeds, residual);
	for (seed = 0; seed < seeds; seed++) {
		const struct havege_estimate e = { .residual = residual[seed] };

		credited += havege_is_good(&e, kind->span);
	}
	good &= is_right(kind, credited, seeds);
	qsort(residual, seeds, sizeof(residual[0]), compare);
	printf("# %-24s %3u %8.4f  %.4f %.4f %.4f  %4u of %u  %s\n",
	       kind->name, kind->span, dose_of(kind),
	       machines_bits(residual[0]), machines_bits(residual[seeds / 2]),
	       machines_bits(residual[seeds - 1]), credited, seeds, verdict_of(kind));
	printf("%s %u - machines.%s%s\n", good ? "ok" : "not ok", number,
	       kind->name, is_long ? ".long" : "");
	return good;
}

static int machines_test(const struct machine_kind *only, u32 seeds)
{
	const size_t bytes = sizeof(u32) * seeds;
	u32 *residual = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	u32 passed = 0, failed = 0;
	size_t i, is_long;

	if (residual == MAP_FAILED) {
		perror("machines: mmap");
		return 1;
	}
	printf("# %-24s %3s %8s  %-20s  %s\n", "kind", "k", "dose",
	       "residual: min median max", "credited, expected");
	for (i = 0; i < MACHINE_KINDS; i++) {
		if (only && only != &machine_kinds[i])
			continue;
		for (is_long = 0; is_long <= (machine_kinds[i].span > 1);
		     is_long++)
			if (test_kind(&machine_kinds[i], is_long, seeds,
				      passed + failed + 1, residual))
				passed++;
			else
				failed++;
	}
	munmap(residual, bytes);
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}

int main(int argc, char **argv)
{
	const struct machine_kind *kind = NULL;
	unsigned long number = SEEDS;
	int i = 1;

	setvbuf(stdout, NULL, argc > 1 && !strcmp(argv[1], "--rows") ?
		_IOFBF : _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "--list"))
		return list();
	if (argc == 4 && !strcmp(argv[1], "--rows")) {
		kind = machine_kind_of(argv[2]);
		if (!kind)
			return bad_usage("no such kind", argv[2]);
		if (!number_of(argv[3], ~0u, &number))
			return bad_usage("not a seed", argv[3]);
		return write_rows(kind, number);
	}
	if (argc > 2 && !strcmp(argv[1], "-k")) {
		kind = machine_kind_of(argv[2]);
		if (!kind)
			return bad_usage("no such kind", argv[2]);
		i = 3;
	}
	if (argc > i + 1)
		return bad_usage("too many words", argv[i + 1]);
	if (argc > i && (!number_of(argv[i], SEEDS_MAX, &number) || !number))
		return bad_usage("not a number of seeds", argv[i]);
	return machines_test(kind, number);
}
