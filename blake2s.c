/*
 * blake2s.c - the hash function BLAKE2s (RFC 7693), with or without a key.
 *
 * The state has eight words.  Ten rounds mix a block of sixteen words into it,
 * each taking the words of the block in another order.  The last block is
 * marked, so a full block waits until something follows it.
 */
#include "blake2s.h"

#include <string.h>

#define WORDS	16
#define ROUNDS	10

/* Unrolled, the rounds find their words without looking up the order, which
 * makes the code larger by 3 kB, and faster. */
#ifdef __OPTIMIZE_SIZE__
enum { UNROLLED = 1 };
#else
enum { UNROLLED = ROUNDS };
#endif

/* The fractional parts of the square roots of the first eight primes
 * (section 2.6). */
static const uint32_t initial[8] = {
	0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
	0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
};

/* The order of the block's words in each round (section 2.7). */
static const uint8_t order[ROUNDS][WORDS] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static inline uint32_t
little_endian(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static inline uint32_t
rotate_right(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

/* The mixing function G (section 3.1). */
#define MIX(a, b, c, d, x, y) do {			\
	a = a + (x) + b;				\
	d = rotate_right(d ^ a, 16);			\
	c += d;						\
	b = rotate_right(b ^ c, 12);			\
	a = a + (y) + b;				\
	d = rotate_right(d ^ a, 8);			\
	c += d;						\
	b = rotate_right(b ^ c, 7);			\
} while (0)

/* The compression function F (section 3.2).  last is all ones for the last
 * block, else zero. */
static void
compress(struct blake2s *hash, const uint8_t block[BLAKE2S_BLOCK],
    uint32_t last)
{
	uint32_t v[WORDS], m[WORDS];
	int i;

	for (i = 0; i < 8; i++) {
		v[i] = hash->state[i];
		v[8 + i] = initial[i];
	}
	v[12] ^= (uint32_t)hash->hashed;
	v[13] ^= (uint32_t)(hash->hashed >> 32);
	v[14] ^= last;
	for (i = 0; i < WORDS; i++)
		m[i] = little_endian(block + 4 * i);

#pragma GCC unroll UNROLLED
	for (i = 0; i < ROUNDS; i++) {
		const uint8_t *s = order[i];

		MIX(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
		MIX(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
		MIX(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
		MIX(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
		MIX(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
		MIX(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
		MIX(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
		MIX(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
	}
	for (i = 0; i < 8; i++)
		hash->state[i] ^= v[i] ^ v[8 + i];
}

void
blake2s_begin(struct blake2s *hash, size_t digest_len, const uint8_t *key,
    size_t key_len)
{
	memset(hash, 0, sizeof(*hash));
	memcpy(hash->state, initial, sizeof(hash->state));
	hash->state[0] ^= 0x01010000 | (uint32_t)key_len << 8 |
	    (uint32_t)digest_len;
	hash->digest_len = digest_len;
	if (key_len > 0) {
		memcpy(hash->block, key, key_len);
		hash->filled = BLAKE2S_BLOCK;
	}
}

void
blake2s_add(struct blake2s *hash, const uint8_t *data, size_t len)
{
	while (len > 0) {
		size_t room = BLAKE2S_BLOCK - hash->filled;

		if (room == 0) {
			hash->hashed += BLAKE2S_BLOCK;
			compress(hash, hash->block, 0);
			hash->filled = 0;
			continue;
		}
		if (room > len)
			room = len;
		memcpy(hash->block + hash->filled, data, room);
		hash->filled += room;
		data += room;
		len -= room;
	}
}

void
blake2s_end(struct blake2s *hash, uint8_t *digest)
{
	size_t i;

	hash->hashed += hash->filled;
	memset(hash->block + hash->filled, 0, BLAKE2S_BLOCK - hash->filled);
	compress(hash, hash->block, UINT32_MAX);
	for (i = 0; i < hash->digest_len; i++)
		digest[i] = (uint8_t)(hash->state[i / 4] >> 8 * (i % 4));
	explicit_bzero(hash, sizeof(*hash));
}
