// SPDX-License-Identifier: GPL-2.0
/*
 * The conditioning component. The contract is in havege_condition.h.
 */
#include "havege_condition.h"

static void condition_begin(struct havege_condition *condition)
{
	havege_sha256_init(&condition->sha);
	havege_sha256_update(&condition->sha, condition->chain,
			     sizeof(condition->chain));
}

void havege_condition_init(struct havege_condition *condition)
{
	memset(condition->chain, 0, sizeof(condition->chain));
	condition_begin(condition);
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_init);

/*
 * Write @delta in LEB128 to @to, at most HAVEGE_CODE_MAX bytes. Return: its
 * end.
 */
static u8 *encode(u8 *to, u64 delta)
{
	while (delta > 0x7f) {
		*to++ = 0x80 | (u8)delta;
		delta >>= 7;
	}
	*to++ = (u8)delta;
	return to;
}

void havege_condition_absorb(struct havege_condition *condition,
			     const u64 *delta, unsigned int count)
{
	u8 *const code = condition->code;
	unsigned int i, some;
	u8 *end;

	for (; count; count -= some, delta += some) {
		some = min_t(unsigned int, count, HAVEGE_CODE_DELTAS);
		end = code;
		for (i = 0; i < some; i++)
			end = encode(end, delta[i]);
		havege_sha256_update(&condition->sha, code, end - code);
		memzero_explicit(code, end - code);
	}
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_absorb);

void havege_condition_seed(struct havege_condition *condition, const u8 *seed)
{
	havege_sha256_update(&condition->sha, seed, HAVEGE_BLOCK);
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_seed);

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
	condition_begin(condition);
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_emit);

void havege_condition_drop(struct havege_condition *condition)
{
	memzero_explicit(&condition->sha, sizeof(condition->sha));
	condition_begin(condition);
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_drop);

void havege_condition_wipe(struct havege_condition *condition)
{
	memzero_explicit(condition, sizeof(*condition));
}
EXPORT_SYMBOL_IF_KUNIT(havege_condition_wipe);
