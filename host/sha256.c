// SPDX-License-Identifier: GPL-2.0
/*
 * SHA-256 in user space (FIPS 180-4). The contract is in havege_sha256.h.
 *
 * Plain C, as that of many kernels, so that the programs need a compiler and
 * nothing else on any machine. kunit/condition_test.c has known answers.
 */
#include "havege_sha256.h"

static const u32 constants[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 ror32(u32 word, unsigned int shift)
{
	return word >> shift | word << (32 - shift);
}

static u32 get_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void put_be32(u8 *p, u32 word)
{
	p[0] = word >> 24;
	p[1] = word >> 16;
	p[2] = word >> 8;
	p[3] = word;
}

static void compress(u32 state[8], const u8 block[64])
{
	u32 a = state[0], b = state[1], c = state[2], d = state[3];
	u32 e = state[4], f = state[5], g = state[6], h = state[7];
	u32 w[64];
	int i;

	for (i = 0; i < 16; i++)
		w[i] = get_be32(block + 4 * i);
	for (; i < 64; i++) {
		const u32 s0 = ror32(w[i - 15], 7) ^ ror32(w[i - 15], 18) ^
			       w[i - 15] >> 3;
		const u32 s1 = ror32(w[i - 2], 17) ^ ror32(w[i - 2], 19) ^
			       w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (i = 0; i < 64; i++) {
		const u32 s1 = ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25);
		const u32 t1 = h + s1 + ((e & f) ^ (~e & g)) + constants[i] +
			       w[i];
		const u32 s0 = ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22);
		const u32 t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + t1;
		d = c;
		c = b;
		b = a;
		a = t1 + t2;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
	memzero_explicit(w, sizeof(w));
}

void havege_sha256_init(struct havege_sha256 *sha)
{
	static const u32 first[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memcpy(sha->state, first, sizeof(first));
	sha->bytes = 0;
}

void havege_sha256_update(struct havege_sha256 *sha, const void *data,
			  size_t bytes)
{
	const u8 *from = data;

	while (bytes) {
		const size_t have = sha->bytes % sizeof(sha->block);
		const size_t some = min(bytes, sizeof(sha->block) - have);

		memcpy(sha->block + have, from, some);
		sha->bytes += some;
		from += some;
		bytes -= some;
		if (have + some == sizeof(sha->block))
			compress(sha->state, sha->block);
	}
}

void havege_sha256_final(struct havege_sha256 *sha, void *digest)
{
	const u64 bits = sha->bytes * 8;
	u8 length[8];
	int i;

	put_be32(length, bits >> 32);
	put_be32(length + 4, bits);
	havege_sha256_update(sha, "\x80", 1);
	while (sha->bytes % sizeof(sha->block) != 56)
		havege_sha256_update(sha, "", 1);
	havege_sha256_update(sha, length, sizeof(length));
	for (i = 0; i < 8; i++)
		put_be32((u8 *)digest + 4 * i, sha->state[i]);
	memzero_explicit(sha, sizeof(*sha));
}
