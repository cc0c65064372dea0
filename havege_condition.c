// SPDX-License-Identifier: GPL-2.0
/*
 * The conditioning component. The contract is in havege_condition.h.
 */
#include "havege_condition.h"

static void begin(struct havege_condition *condition)
{
	havege_sha256_init(&condition->sha);
	havege_sha256_update(&condition->sha, condition->chain,
			     sizeof(condition->chain));
}

void havege_condition_init(struct havege_condition *condition)
{
	memset(condition->chain, 0, sizeof(condition->chain));
	begin(condition);
}

void havege_condition_absorb(struct havege_condition *condition,
			     const u64 *delta, unsigned int count)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	havege_sha256_update(&condition->sha, delta, count * sizeof(*delta));
#else
	unsigned int i;

	for (i = 0; i < count; i++) {
		u64 turned = __builtin_bswap64(delta[i]);

		havege_sha256_update(&condition->sha, &turned, sizeof(turned));
		memzero_explicit(&turned, sizeof(turned));
	}
#endif
}

/* SHA-256(@key, byte @number) */
static void derive(struct havege_condition *condition, const u8 *key, u8 number,
		   u8 *out)
{
	havege_sha256_init(&condition->sha);
	havege_sha256_update(&condition->sha, key, HAVEGE_BLOCK);
	havege_sha256_update(&condition->sha, &number, sizeof(number));
	havege_sha256_final(&condition->sha, out);
}

void havege_condition_emit(struct havege_condition *condition, u8 *block)
{
	u8 key[HAVEGE_BLOCK];

	havege_sha256_final(&condition->sha, key);
	derive(condition, key, 0, block);
	derive(condition, key, 1, condition->chain);
	memzero_explicit(key, sizeof(key));
	begin(condition);
}

void havege_condition_drop(struct havege_condition *condition)
{
	memzero_explicit(&condition->sha, sizeof(condition->sha));
	begin(condition);
}

void havege_condition_wipe(struct havege_condition *condition)
{
	memzero_explicit(condition, sizeof(*condition));
}
