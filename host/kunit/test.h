/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KUnit's interface in user space, as far as the suites of the freestanding
 * parts use it
 *
 * The same suites run here with ASan and UBSan, and in a kernel with kunit.py.
 * The runner is host/run.c. A failed expectation is reported and counted, and
 * the case goes on. A failed assertion ends the case.
 */
#ifndef HAVEGE_HOST_KUNIT_H
#define HAVEGE_HOST_KUNIT_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../havege_types.h"

struct kunit {
	void *priv;
	int failures;
	jmp_buf abort;
	void *allocated[64];
	size_t allocations;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	int slow;
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

#define KUNIT_CASE(f)		{ .run_case = f, .name = #f }
#define KUNIT_CASE_SLOW(f)	{ .run_case = f, .name = #f, .slow = 1 }

void host_register(struct kunit_suite *suite);
void *host_alloc(struct kunit *test, size_t size);
void host_fail(struct kunit *test, int fatal, const char *file, int line,
	       const char *text, long long left, long long right);

#define kunit_kzalloc(test, size, gfp)	((void)#gfp, host_alloc(test, size))
#define kunit_test_suites(suite)					\
	static void __attribute__((__constructor__)) host_add(void)	\
	{								\
		host_register(suite);					\
	}

#define HOST_CHECK(test, fatal, left, op, right)			\
	do {								\
		long long left_ = (long long)(left);			\
		long long right_ = (long long)(right);			\
									\
		if (!(left_ op right_))					\
			host_fail(test, fatal, __FILE__, __LINE__,	\
				  #left " " #op " " #right, left_, right_); \
	} while (0)

/* As HOST_CHECK, with the case's own message, which may be in a loop. */
#define HOST_CHECK_MSG(test, left, op, right, ...)			\
	do {								\
		struct kunit *test_ = (test);				\
		const int before_ = test_->failures;			\
									\
		HOST_CHECK(test_, 0, left, op, right);			\
		if (test_->failures != before_ && before_ < 10)		\
			printf("# " __VA_ARGS__);			\
	} while (0)

#define KUNIT_EXPECT_EQ(test, a, b)	HOST_CHECK(test, 0, a, ==, b)
#define KUNIT_EXPECT_NE(test, a, b)	HOST_CHECK(test, 0, a, !=, b)
#define KUNIT_EXPECT_LT(test, a, b)	HOST_CHECK(test, 0, a, <, b)
#define KUNIT_EXPECT_LE(test, a, b)	HOST_CHECK(test, 0, a, <=, b)
#define KUNIT_EXPECT_GT(test, a, b)	HOST_CHECK(test, 0, a, >, b)
#define KUNIT_EXPECT_GE(test, a, b)	HOST_CHECK(test, 0, a, >=, b)
#define KUNIT_EXPECT_TRUE(test, c)	HOST_CHECK(test, 0, !!(c), ==, 1)
#define KUNIT_EXPECT_FALSE(test, c)	HOST_CHECK(test, 0, !!(c), ==, 0)
#define KUNIT_EXPECT_EQ_MSG(test, a, b, ...)				\
	HOST_CHECK_MSG(test, a, ==, b, __VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(test, a, b, ...)				\
	HOST_CHECK_MSG(test, a, <=, b, __VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(test, a, b, ...)				\
	HOST_CHECK_MSG(test, a, >=, b, __VA_ARGS__)
#define KUNIT_EXPECT_STREQ(test, a, b)	HOST_CHECK(test, 0, strcmp(a, b), ==, 0)
#define KUNIT_EXPECT_NULL(test, p)	HOST_CHECK(test, 0, !(p), ==, 1)
#define KUNIT_EXPECT_NOT_NULL(test, p)	HOST_CHECK(test, 0, !(p), ==, 0)
#define KUNIT_EXPECT_PTR_EQ(test, a, b)	HOST_CHECK(test, 0, (a) == (b), ==, 1)
#define KUNIT_ASSERT_TRUE(test, c)	HOST_CHECK(test, 1, !!(c), ==, 1)
#define KUNIT_ASSERT_EQ(test, a, b)	HOST_CHECK(test, 1, a, ==, b)
#define KUNIT_ASSERT_NOT_NULL(test, p)	HOST_CHECK(test, 1, !(p), ==, 0)

#endif /* HAVEGE_HOST_KUNIT_H */
