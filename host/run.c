// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the KUnit suites of the freestanding rooms in user space; see
 * host/kunit/test.h. Prints TAP and a closing line "N passed, N failed".
 */
#include <kunit/test.h>

#define MAX_SUITES	16

static struct kunit_suite *suites[MAX_SUITES];
static int nsuites;

void host_register(struct kunit_suite *suite)
{
	if (nsuites == MAX_SUITES)
		abort();
	suites[nsuites++] = suite;
}

/* Each block is one of its own, so that ASan sees a step over its edge. */
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

static int run(const struct kunit_suite *suite, const struct kunit_case *c)
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

int main(void)
{
	int passed = 0, failed = 0, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < nsuites; i++) {
		const struct kunit_case *c;

		for (c = suites[i]->test_cases; c->run_case; c++) {
			const int bad = run(suites[i], c);

			if (bad)
				failed++;
			else
				passed++;
			printf("%s %d - %s.%s\n", bad ? "not ok" : "ok",
			       passed + failed, suites[i]->name, c->name);
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed || !passed;
}
