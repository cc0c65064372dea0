/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SHA-256 of the kernel's library or, in user space, of nettle. The kernel has
 * renamed its context: see compat.h.
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

#else /* user space */

#include <nettle/sha2.h>

struct havege_sha256 {
	struct sha256_ctx context;
};

static inline void havege_sha256_init(struct havege_sha256 *sha)
{
	sha256_init(&sha->context);
}

static inline void havege_sha256_update(struct havege_sha256 *sha,
					const void *data, size_t bytes)
{
	sha256_update(&sha->context, bytes, data);
}

static inline void havege_sha256_final(struct havege_sha256 *sha, void *digest)
{
	sha256_digest(&sha->context, SHA256_DIGEST_SIZE, digest);
}

#endif /* __KERNEL__ */

#endif /* HAVEGE_SHA256_H */
