// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites of the freestanding parts in user space
 * (host/kunit/test.h)
 *
 * Prints TAP and a closing line "N passed, N failed". Exits with 0 if all cases
 * passed, 1 if one failed, 2 for wrong usage.
 */
#include <fnmatch.h>
#include <kunit/test.h>

#define MAX_SUITES	16

static const char usage[] =
	"usage: host-test [--quick] [GLOB]\n"
	"       host-test --list\n"
	"\n"
	"Run the cases whose name SUITE.CASE matches GLOB, or all.\n"
	"\n"
	"  --quick  leave out the cases that are marked as slow\n"
	"  --list   list the names\n"
	"  --help   this text\n";

static struct kunit_suite *suites[MAX_SUITES];
static int nsuites;

void host_register(struct kunit_suite *suite)
{
	if (nsuites == MAX_SUITES)
		abort();
	suites[nsuites++] = suite;
}

/* One allocation for each block: ASan then sees an access beyond its edge. */
void *host_alloc(struct kunit *test, size_t size)
{
	void *p = calloc(1, size);

	if (!p || test->allocations == ARRAY_SIZE(test->allocated))
		abort();
	test->allocated[test->allocations++] = p;
	return p;
}

void host_fail(struct kunit *test, int fatal, const char *file, int line,
	       const char *text, long long left, long long right)
{
	if (test->failures++ < 10)
		printf("# %s:%d: expected %s; left is %lld, right is %lld\n",
		       file, line, text, left, right);
	if (fatal)
		longjmp(test->abort, 1);
}

static int run_one(const struct kunit_suite *suite, const struct kunit_case *c)
{
	struct kunit test = { 0 };

	if (!setjmp(test.abort)) {
		if (suite->init && suite->init(&test))
			abort();
		c->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);
	while (test.allocations)
		free(test.allocated[--test.allocations]);
	return test.failures;
}

int main(int argc, char **argv)
{
	const int list = argc == 2 && !strcmp(argv[1], "--list");
	const int quick = argc > 1 && !strcmp(argv[1], "--quick");
	const char *glob = argc == 2 + quick && !list ? argv[1 + quick] : "*";
	int passed = 0, failed = 0, i;

	if (argc == 2 && !strcmp(argv[1], "--help")) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 2 + quick || *glob == '-') {
		fputs(usage, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < nsuites; i++) {
		const struct kunit_case *c;

		for (c = suites[i]->test_cases; c->run_case; c++) {
			char name[256];
			int bad;

			snprintf(name, sizeof(name), "%s.%s", suites[i]->name,
				 c->name);
			if (fnmatch(glob, name, 0) || (quick && c->slow))
				continue;
			if (list) {
				puts(name);
				continue;
			}
			bad = run_one(suites[i], c);
			if (bad)
				failed++;
			else
				passed++;
			printf("%s %d - %s\n", bad ? "not ok" : "ok",
			       passed + failed, name);
		}
	}
	if (list)
		return 0;
	if (!passed && !failed) {
		fprintf(stderr, "host-test: no case matches '%s' (--list lists them)\n",
			glob);
		return 2;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
