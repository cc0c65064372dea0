/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SHA-256 of the kernel's library or, in user space, of host/sha256.c. The
 * kernel has renamed its context: see compat.h.
 */
#ifndef HAVEGE_SHA256_H
#define HAVEGE_SHA256_H

#ifdef __KERNEL__

#include "compat.h"

/**
 * havege_sha256_init() - begin a hash
 * @sha:	the hash
 *
 * Context: any.
 */
static inline void havege_sha256_init(struct havege_sha256 *sha)
{
	sha256_init(&sha->context);
}

/**
 * havege_sha256_update() - add data to a hash
 * @sha:	the hash
 * @data:	the data
 * @bytes:	its size
 *
 * Context: as sha256_update(): not in hard interrupts.
 */
static inline void havege_sha256_update(struct havege_sha256 *sha,
					const void *data, size_t bytes)
{
	sha256_update(&sha->context, data, bytes);
}

/**
 * havege_sha256_final() - finish a hash
 * @sha:	the hash
 * @digest:	32 bytes of output
 *
 * Context: as havege_sha256_update().
 */
static inline void havege_sha256_final(struct havege_sha256 *sha, void *digest)
{
	sha256_final(&sha->context, digest);
}

#else /* user space: host/sha256.c */

#include "havege_types.h"

struct havege_sha256 {
	u32 state[8];
	u64 bytes;
	u8 block[64];
};

void havege_sha256_init(struct havege_sha256 *sha);
void havege_sha256_update(struct havege_sha256 *sha, const void *data,
			  size_t bytes);
void havege_sha256_final(struct havege_sha256 *sha, void *digest);

#endif /* __KERNEL__ */

#endif /* HAVEGE_SHA256_H */
