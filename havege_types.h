/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The environment of the freestanding parts
 *
 * A freestanding part builds in the kernel and, unchanged, in user space (make
 * host). This header declares everything that it needs beyond the C language,
 * once for the kernel and once for user space. It uses no other kernel API.
 */
#ifndef HAVEGE_TYPES_H
#define HAVEGE_TYPES_H

#ifdef __KERNEL__

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/gcd.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>

#include "compat.h"

#else /* user space */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef long long s64;
typedef unsigned long long u64;

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))
#define BITS_PER_LONG	(8 * __SIZEOF_LONG__)

#define fallthrough	__attribute__((__fallthrough__))

#define min(a, b)						\
	({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b);	\
	   a_ < b_ ? a_ : b_; })
#define max(a, b)						\
	({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b);	\
	   a_ > b_ ? a_ : b_; })
#define clamp(value, low, high)	min(max(value, low), high)
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#define memzero_explicit(p, n)	explicit_bzero(p, n)
#define scnprintf(text, size, ...)	snprintf(text, size, __VA_ARGS__)

static inline u64 div_u64(u64 a, u32 b)
{
	return a / b;
}

static inline u64 div64_u64(u64 a, u64 b)
{
	return a / b;
}

static inline unsigned long gcd(unsigned long a, unsigned long b)
{
	return b ? gcd(b, a % b) : a;
}

static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

/* Without floating point: the compiler options of the walk forbid it. */
static inline u32 int_sqrt64(u64 x)
{
	u64 root = 0, bit;

	for (bit = 1ull << 31; bit; bit >>= 1)
		if ((root | bit) * (root | bit) <= x)
			root |= bit;
	return root;
}

static inline u64 rol64(u64 word, unsigned int shift)
{
	return (word << (shift & 63)) | (word >> ((-shift) & 63));
}

#endif /* __KERNEL__ */

#endif /* HAVEGE_TYPES_H */
