/*
 * blake2s.h - the hash function BLAKE2s (RFC 7693), with or without a key.
 *
 * Includes nothing of ours.
 */
#ifndef BLAKE2S_H
#define BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2S_BLOCK		64
#define BLAKE2S_KEY_MAX		32
#define BLAKE2S_DIGEST_MAX	32

struct blake2s {
	uint32_t state[8];
	uint64_t hashed;		/* octets, block not included */
	uint8_t block[BLAKE2S_BLOCK];	/* not processed yet */
	size_t filled, digest_len;
};

/*
 * Begins a digest of digest_len octets, 1 to BLAKE2S_DIGEST_MAX; it is not a
 * prefix of a longer one.  The key has at most BLAKE2S_KEY_MAX octets; without
 * a key it is a plain hash (RFC 7693, section 2.5).
 */
void	blake2s_begin(struct blake2s *, size_t digest_len, const uint8_t *key,
	    size_t key_len);
/* Appends to what is hashed. */
void	blake2s_add(struct blake2s *, const uint8_t *, size_t len);
/* Writes the digest and overwrites the state, which may reveal the key. */
void	blake2s_end(struct blake2s *, uint8_t *digest);

#endif
