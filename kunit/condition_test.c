// SPDX-License-Identifier: GPL-2.0
/*
 * The conditioner: known answers, the chain, and wipes
 *
 * Runs under KUnit and in user space (make host-test).
 */
#include <kunit/test.h>

#include "../havege_condition.h"

/*
 * Three blocks in a row, worked out in Python:
 *
 *	def leb128(n):
 *		low = bytes([n & 127])
 *		return bytes([n & 127 | 128]) + leb128(n >> 7) if n > 127 else low
 *	def emit(chain, deltas):
 *		k = sha256(chain + b"".join(map(leb128, deltas)))
 *		return sha256(k + b"\0"), sha256(k + b"\1")
 *
 * where sha256 is hashlib's, the first chain is bytes(32), and the deltas are
 * [n * 0x0101010101010101 for n in range(256)], then
 * [1, 2**63, 0x0123456789abcdef], then none.
 */
static const struct {
	u8 output[HAVEGE_BLOCK];
	u8 chain[HAVEGE_BLOCK];
} known[] = {
	{
		.output = {
			0x3f, 0xff, 0xb1, 0x74, 0xd9, 0x94, 0xf8, 0x6a,
			0xc4, 0x0d, 0x6d, 0x22, 0x2e, 0x09, 0x4f, 0x35,
			0xb4, 0x85, 0x6d, 0x46, 0x9f, 0x33, 0x47, 0x1f,
			0x72, 0xf1, 0xca, 0x76, 0x37, 0xe6, 0x90, 0xd1
		},
		.chain = {
			0x31, 0x49, 0x6d, 0x1d, 0xd8, 0x63, 0x25, 0xac,
			0x48, 0x1b, 0x70, 0x3b, 0x18, 0x1d, 0x53, 0xcf,
			0x81, 0x53, 0xc8, 0xe8, 0x62, 0xcc, 0xaa, 0xda,
			0xbd, 0x35, 0xae, 0xd6, 0xc1, 0x7a, 0x8b, 0x35
		},
	},
	{
		.output = {
			0x66, 0x55, 0x0f, 0xa9, 0xa0, 0x30, 0xe9, 0xca,
			0x53, 0x62, 0xe0, 0x67, 0xb2, 0x97, 0x14, 0x92,
			0x86, 0x7b, 0xb7, 0xfd, 0x63, 0x8a, 0x5a, 0xcc,
			0xfc, 0x5a, 0x2e, 0x49, 0x41, 0x46, 0x61, 0x51
		},
		.chain = {
			0xe7, 0x39, 0x99, 0x30, 0x18, 0x4c, 0xa8, 0xdd,
			0x63, 0xcf, 0x26, 0x73, 0x65, 0xff, 0xbc, 0x53,
			0x5a, 0x0c, 0x07, 0xbb, 0x83, 0x7f, 0xd6, 0x55,
			0x4d, 0xe6, 0x7a, 0x49, 0xb3, 0xc5, 0xfa, 0x64
		},
	},
	{
		.output = {
			0xac, 0xa4, 0x6d, 0x54, 0xef, 0x51, 0x3f, 0x62,
			0x27, 0x5b, 0x80, 0x06, 0x1e, 0xb3, 0xab, 0x86,
			0x0e, 0x0d, 0x50, 0xbf, 0x9c, 0x1b, 0x38, 0xae,
			0x68, 0xf4, 0xb1, 0x4c, 0xce, 0x2a, 0xf6, 0x05
		},
		.chain = {
			0xdd, 0xd1, 0x6e, 0xbc, 0x48, 0x0a, 0xf5, 0xcd,
			0x0c, 0xd8, 0x34, 0x02, 0xbc, 0xa3, 0x82, 0x0c,
			0xd6, 0xf3, 0x8c, 0x0b, 0xa8, 0x70, 0xd4, 0xce,
			0x83, 0x6c, 0xd4, 0xf3, 0xd6, 0xcf, 0x89, 0x89
		},
	},
};

static const u64 odd_deltas[] = { 1, 1ull << 63, 0x0123456789abcdefull };

static struct havege_condition *new_condition(struct kunit *test)
{
	struct havege_condition *condition =
		kunit_kzalloc(test, sizeof(*condition), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, condition);
	/* Start from memory that is not zero. */
	memset(condition, 0xa5, sizeof(*condition));
	havege_condition_init(condition);
	return condition;
}

/* Deltas @first to @last of the first known block. */
static void absorb_bytes(struct havege_condition *condition, u32 first,
			 u32 last)
{
	static u64 delta[256];
	u32 n;

	for (n = first; n <= last; n++)
		delta[n] = n * 0x0101010101010101ull;
	havege_condition_absorb(condition, delta + first, last - first + 1);
}

static void expect_known(struct kunit *test, struct havege_condition *condition,
			 int n)
{
	u8 block[HAVEGE_BLOCK] = { 0 };

	havege_condition_emit(condition, block);
	KUNIT_EXPECT_EQ(test, memcmp(block, known[n].output, HAVEGE_BLOCK), 0);
	KUNIT_EXPECT_EQ(test, memcmp(condition->chain, known[n].chain,
				     HAVEGE_BLOCK), 0);
}

static void condition_known_answers(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);

	absorb_bytes(condition, 0, 255);
	expect_known(test, condition, 0);
	havege_condition_absorb(condition, odd_deltas, ARRAY_SIZE(odd_deltas));
	expect_known(test, condition, 1);
	expect_known(test, condition, 2);
}

/* The result does not depend on how the deltas are split into calls. */
static void condition_ignores_splits(struct kunit *test)
{
	static const u32 sizes[] = { 1, 2, 3, 7, 8, 9, 63, 64, 100, 128, 255 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct havege_condition *condition = new_condition(test);
		u32 done;

		for (done = 0; done < 256; done += sizes[i]) {
			absorb_bytes(condition, done,
				     min(done + sizes[i], 256u) - 1);
			havege_condition_absorb(condition, odd_deltas, 0);
		}
		expect_known(test, condition, 0);
	}
}

/* A block depends on each bit of all deltas of all blocks before it. */
static void condition_chains(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);
	u8 plain[HAVEGE_BLOCK], block[HAVEGE_BLOCK];
	int bit;

	for (bit = -1; bit < 64; bit++) {
		const u64 delta = bit < 0 ? 0 : 1ull << bit;
		int n;

		havege_condition_init(condition);
		havege_condition_absorb(condition, &delta, 1);
		for (n = 0; n < 3; n++)
			havege_condition_emit(condition, block);
		if (bit < 0)
			memcpy(plain, block, sizeof(plain));
		else
			KUNIT_EXPECT_NE(test, memcmp(block, plain,
						     sizeof(plain)), 0);
	}
}

/* Dropped deltas have no effect. Blocks before them stay. */
static void condition_drops(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);

	havege_condition_absorb(condition, odd_deltas, 3);
	havege_condition_drop(condition);
	KUNIT_EXPECT_EQ(test, condition->chain[0] | condition->chain[31], 0);
	absorb_bytes(condition, 0, 255);
	expect_known(test, condition, 0);

	absorb_bytes(condition, 3, 200);
	havege_condition_drop(condition);
	havege_condition_drop(condition);
	KUNIT_EXPECT_EQ(test, memcmp(condition->chain, known[0].chain,
				     HAVEGE_BLOCK), 0);
	havege_condition_absorb(condition, odd_deltas, 3);
	expect_known(test, condition, 1);
}

/* Whether the conditioner contains eight bytes in a row of @secret. */
static bool holds(const struct havege_condition *condition, const u8 *secret,
		  size_t bytes)
{
	const u8 *memory = (const u8 *)condition;
	size_t i, k;

	for (i = 0; i + 8 <= sizeof(*condition); i++)
		for (k = 0; k + 8 <= bytes; k++)
			if (!memcmp(memory + i, secret + k, 8))
				return true;
	return false;
}

/* The code of a delta: seven bits a byte, the lowest first. */
static size_t leb128(u8 *to, u64 delta)
{
	size_t n;

	for (n = 0; n < 10 && (!n || delta >> 7 * n); n++)
		to[n] = (delta >> 7 * n & 0x7f) | (delta >> 7 * n > 0x7f) << 7;
	return n;
}

/* A block's key, deltas and output are wiped with it. */
static void condition_keeps_the_chain_only(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);
	struct havege_sha256 *sha = kunit_kzalloc(test, sizeof(*sha),
						  GFP_KERNEL);
	u8 key[HAVEGE_BLOCK], block[HAVEGE_BLOCK], code[50];
	size_t bytes = 0;
	u64 delta[5];
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, sha);
	for (i = 0; i < ARRAY_SIZE(delta); i++) {
		delta[i] = 0x8877665544332211ull + i;
		bytes += leb128(code + bytes, delta[i]);
	}
	KUNIT_ASSERT_EQ(test, bytes, sizeof(code));

	havege_condition_absorb(condition, delta, ARRAY_SIZE(delta));
	KUNIT_EXPECT_TRUE(test, holds(condition, code, bytes));
	havege_condition_drop(condition);
	KUNIT_EXPECT_FALSE(test, holds(condition, code, bytes));

	havege_condition_absorb(condition, delta, ARRAY_SIZE(delta));
	havege_sha256_init(sha);
	havege_sha256_update(sha, condition->chain, HAVEGE_BLOCK);
	havege_sha256_update(sha, code, bytes);
	havege_sha256_final(sha, key);
	havege_condition_emit(condition, block);
	KUNIT_EXPECT_FALSE(test, holds(condition, code, bytes));
	KUNIT_EXPECT_FALSE(test, holds(condition, key, sizeof(key)));
	KUNIT_EXPECT_FALSE(test, holds(condition, block, sizeof(block)));

	/* This is the key: the output follows from it. */
	havege_sha256_init(sha);
	havege_sha256_update(sha, key, sizeof(key));
	havege_sha256_update(sha, "", 1);
	havege_sha256_final(sha, key);
	KUNIT_EXPECT_EQ(test, memcmp(key, block, sizeof(block)), 0);
}

/*
 * Each way in which a message ends in SHA-256's blocks of 64 bytes. In Python,
 * with data = bytes(n * 7 + 1 & 255 for n in range(200)), from hash = bytes(32):
 *
 *	for n in range(200): hash = sha256(hash + data[:n])
 */
static void condition_sha256_lengths(struct kunit *test)
{
	static const u8 answer[HAVEGE_BLOCK] = {
		0x18, 0x41, 0x15, 0xe1, 0x12, 0x86, 0x4e, 0x43,
		0x4a, 0xda, 0x29, 0xcf, 0x1b, 0x23, 0xcd, 0x1c,
		0xb7, 0xe7, 0x50, 0x71, 0xc2, 0xd0, 0xdc, 0xe3,
		0x97, 0x10, 0x43, 0xbf, 0x69, 0x43, 0xf4, 0x32
	};
	struct havege_sha256 *sha = kunit_kzalloc(test, sizeof(*sha),
						  GFP_KERNEL);
	u8 hash[HAVEGE_BLOCK] = { }, data[200];
	size_t n;

	KUNIT_ASSERT_NOT_NULL(test, sha);
	for (n = 0; n < sizeof(data); n++)
		data[n] = n * 7 + 1;
	for (n = 0; n < sizeof(data); n++) {
		havege_sha256_init(sha);
		havege_sha256_update(sha, hash, sizeof(hash));
		havege_sha256_update(sha, data, n);
		havege_sha256_final(sha, hash);
	}
	KUNIT_EXPECT_EQ(test, memcmp(hash, answer, sizeof(answer)), 0);
}

/* Each length of the code, and both sides of each change of length. */
static void condition_encodes(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);
	struct havege_sha256 *sha = kunit_kzalloc(test, sizeof(*sha),
						  GFP_KERNEL);
	u8 key[HAVEGE_BLOCK], block[HAVEGE_BLOCK], code[10];
	unsigned int bits;
	u64 delta;

	KUNIT_ASSERT_NOT_NULL(test, sha);
	havege_sha256_init(sha);
	havege_sha256_update(sha, condition->chain, HAVEGE_BLOCK);
	for (bits = 0; bits < 64; bits++)
		for (delta = (1ull << bits) - 1; delta <= 1ull << bits; delta++) {
			havege_condition_absorb(condition, &delta, 1);
			havege_sha256_update(sha, code, leb128(code, delta));
		}
	havege_sha256_final(sha, key);
	havege_sha256_init(sha);
	havege_sha256_update(sha, key, sizeof(key));
	havege_sha256_update(sha, "", 1);
	havege_sha256_final(sha, key);
	havege_condition_emit(condition, block);
	KUNIT_EXPECT_EQ(test, memcmp(key, block, sizeof(block)), 0);
}

static void condition_wipes(struct kunit *test)
{
	struct havege_condition *condition = new_condition(test);
	u8 block[HAVEGE_BLOCK], left = 0;
	size_t i;

	absorb_bytes(condition, 0, 255);
	havege_condition_emit(condition, block);
	absorb_bytes(condition, 0, 255);
	havege_condition_wipe(condition);
	for (i = 0; i < sizeof(*condition); i++)
		left |= ((u8 *)condition)[i];
	KUNIT_EXPECT_EQ(test, left, 0);
	/* A second wipe is harmless. */
	havege_condition_wipe(condition);
	/* It can be initialised again. */
	havege_condition_init(condition);
	absorb_bytes(condition, 0, 255);
	expect_known(test, condition, 0);
}

static struct kunit_case condition_cases[] = {
	KUNIT_CASE(condition_known_answers),
	KUNIT_CASE(condition_ignores_splits),
	KUNIT_CASE(condition_chains),
	KUNIT_CASE(condition_drops),
	KUNIT_CASE(condition_keeps_the_chain_only),
	KUNIT_CASE(condition_sha256_lengths),
	KUNIT_CASE(condition_encodes),
	KUNIT_CASE(condition_wipes),
	{}
};

static struct kunit_suite condition_suite = {
	.name = "havege_condition",
	.test_cases = condition_cases,
};

kunit_test_suites(&condition_suite);
