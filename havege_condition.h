/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The conditioning component: raw samples in, blocks of 256 bits out
 *
 * SHA-256, one of the vetted functions of SP 800-90B, 3.1.5.1.1, in the kernel's
 * own implementation (nettle's in user space). Of a block's T deltas
 *
 *	K = SHA-256(chain, delta 1, ... delta T)
 *	output = SHA-256(K, byte 0)
 *	chain = SHA-256(K, byte 1), which goes into the next block
 *
 * so that neither an output nor the chain tells K, or one of them the other.
 *
 * A delta is 64 bits of which most are zero, and hashing zeros would take as long
 * as the walk itself. It is therefore written as in DWARF and WebAssembly, in
 * unsigned LEB128: seven bits a byte, the lowest first, the eighth set in all but
 * the last. No two sequences of deltas have the same code, so nothing is lost.
 *
 * How many deltas make a block is the caller's to say. Freestanding.
 */
#ifndef HAVEGE_CONDITION_H
#define HAVEGE_CONDITION_H

#include "havege_sha256.h"
#include "havege_types.h"

/* Bytes of a block. */
#define HAVEGE_BLOCK		32
/* Bytes that a delta takes at most, and deltas encoded at a time. */
#define HAVEGE_CODE_MAX		10
#define HAVEGE_CODE_DELTAS	128

/**
 * struct havege_condition - a block in the making
 * @chain:	what the blocks before have left; secret
 * @sha:	the chain and the deltas so far; secret
 * @code:	what is being handed to it; empty between two calls
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
 * @count:	how many
 *
 * Context: that of sha256_update(): may not be called in hard interrupts.
 */
void havege_condition_absorb(struct havege_condition *condition,
			     const u64 *delta, unsigned int count);

/**
 * havege_condition_emit() - finish the block and begin the next
 * @condition:	the conditioner
 * @block:	HAVEGE_BLOCK bytes of output
 *
 * Nothing of the finished block stays but the chain.
 *
 * Context: as havege_condition_absorb().
 */
void havege_condition_emit(struct havege_condition *condition, u8 *block);

/**
 * havege_condition_drop() - forget the block in the making and begin anew
 * @condition:	the conditioner
 *
 * The chain stays: it is made of blocks that were good.
 *
 * Context: as havege_condition_absorb().
 */
void havege_condition_drop(struct havege_condition *condition);

/**
 * havege_condition_wipe() - forget everything
 * @condition:	the conditioner; an all-zero one will do
 */
void havege_condition_wipe(struct havege_condition *condition);

#endif /* HAVEGE_CONDITION_H */
