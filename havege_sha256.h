/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SHA-256 from where it is kept well: the kernel's library or, in user space,
 * nettle's. The kernel's has changed the name of its context: see compat.h.
 */
#ifndef HAVEGE_SHA256_H
#define HAVEGE_SHA256_H

#ifdef __KERNEL__

#include "compat.h"

static inline void havege_sha256_init(struct havege_sha256 *sha)
{
	sha256_init(&sha->context);
}

static inline void havege_sha256_update(struct havege_sha256 *sha,
					const void *data, size_t bytes)
{
	sha256_update(&sha->context, data, bytes);
}

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
