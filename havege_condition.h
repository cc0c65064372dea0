/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The conditioning component: raw samples in, blocks of 256 bits out
 *
 * It uses SHA-256, one of the vetted functions of SP 800-90B, 3.1.5.1.1, in the
 * kernel's implementation (host/sha256.c in user space). A block of T deltas is
 *
 *	K = SHA-256(chain, delta 1, ... delta T)
 *	output = SHA-256(K, byte 0)
 *	chain = SHA-256(K, byte 1), an input of the next block
 *
 * Neither the output nor the chain reveals K or the other one.
 *
 * A delta has 64 bits, most of them zero. Hashing zeros would take as long as
 * the walk itself. So deltas are written in unsigned LEB128, as in DWARF and
 * WebAssembly: seven bits a byte, the lowest first, the eighth set in all but
 * the last byte. Different sequences of deltas have different codes: nothing is
 * lost.
 *
 * The caller decides how many deltas a block takes. Freestanding.
 */
#ifndef HAVEGE_CONDITION_H
#define HAVEGE_CONDITION_H

#include "havege_sha256.h"
#include "havege_types.h"

/* Size of a block (bytes): a SHA-256 digest. */
#define HAVEGE_BLOCK		32
/* Longest code of a delta (bytes), and number of deltas encoded at a time. */
#define HAVEGE_CODE_MAX		10
#define HAVEGE_CODE_DELTAS	128

/**
 * struct havege_condition - a block in the making
 * @chain:	result of the blocks before; secret
 * @sha:	hash of the chain and the deltas so far; secret
 * @code:	codes on their way to the hash; empty between two calls
 */
struct havege_condition {
	u8 chain[HAVEGE_BLOCK];
	struct havege_sha256 sha;
	u8 code[HAVEGE_CODE_MAX * HAVEGE_CODE_DELTAS];
};

/**
 * havege_condition_init() - begin the first block, with a chain of zeros
 * @condition:	the conditioner
 *
 * Context: any.
 */
void havege_condition_init(struct havege_condition *condition);

/**
 * havege_condition_absorb() - add deltas to the block
 * @condition:	the conditioner
 * @delta:	the deltas, ticks
 * @count:	number of deltas
 *
 * Context: as sha256_update(): not in hard interrupts.
 */
void havege_condition_absorb(struct havege_condition *condition,
			     const u64 *delta, unsigned int count);

/**
 * havege_condition_seed() - add a block of an earlier time to the block
 * @condition:	the conditioner
 * @seed:	HAVEGE_BLOCK bytes
 *
 * Context: as havege_condition_absorb().
 */
void havege_condition_seed(struct havege_condition *condition, const u8 *seed);

/**
 * havege_condition_emit() - finish the block and begin the next one
 * @condition:	the conditioner
 * @block:	HAVEGE_BLOCK bytes of output
 *
 * Only the chain of the finished block stays in memory.
 *
 * Context: as havege_condition_absorb().
 */
void havege_condition_emit(struct havege_condition *condition, u8 *block);

/**
 * havege_condition_drop() - drop the block in the making and begin a new one
 * @condition:	the conditioner
 *
 * The chain stays: it comes from good blocks.
 *
 * Context: as havege_condition_absorb().
 */
void havege_condition_drop(struct havege_condition *condition);

/**
 * havege_condition_wipe() - wipe everything
 * @condition:	the conditioner; may be all zero
 */
void havege_condition_wipe(struct havege_condition *condition);

#endif /* HAVEGE_CONDITION_H */
