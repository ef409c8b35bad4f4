/*
 * test_blake2s.c - BLAKE2s: the examples of RFC 7693 and, where that is
 * installed, what libb2 makes of the same octets.
 */
#include "blake2s.h"

#include <dlfcn.h>
#include <string.h>

#include "unit.h"

#define TEXT_MAX	320

typedef int (*libb2_blake2s)(uint8_t *out, const void *in, const void *key,
    size_t out_len, size_t in_len, size_t key_len);

/* With a key as long as the digest, or without. */
static void
digest(uint8_t *out, size_t out_len, const uint8_t *in, size_t in_len,
    const uint8_t *key)
{
	struct blake2s hash;

	blake2s_begin(&hash, out_len, key, key == NULL ? 0 : out_len);
	blake2s_add(&hash, in, in_len);
	blake2s_end(&hash, out);
}

/* Octets of a Fibonacci sequence that length chooses (appendix E). */
static void
sequence(uint8_t *out, size_t len, uint32_t length)
{
	uint32_t a = 0xDEAD4BAD * length, b = 1;
	size_t i;

	for (i = 0; i < len; i++) {
		uint32_t sum = a + b;

		a = b;
		b = sum;
		out[i] = (uint8_t)(sum >> 24);
	}
}

/* RFC 7693, appendix B. */
static void
abc(void **state)
{
	static const uint8_t expected[] = {
		0x50, 0x8C, 0x5E, 0x8C, 0x32, 0x7C, 0x14, 0xE2,
		0xE1, 0xA7, 0x2B, 0xA3, 0x4E, 0xEB, 0x45, 0x2F,
		0x37, 0x45, 0x8B, 0x20, 0x9E, 0xD6, 0x3A, 0x29,
		0x4D, 0x99, 0x9B, 0x4C, 0x86, 0x67, 0x59, 0x82,
	};
	uint8_t out[32];

	(void)state;
	digest(out, sizeof(out), (const uint8_t *)"abc", 3, NULL);
	assert_memory_equal(out, expected, sizeof(expected));
}

/* RFC 7693, appendix E: a digest of digests of several lengths, each with
 * and without a key, over texts that end within, at and behind a block. */
static void
self_test(void **state)
{
	static const uint8_t expected[] = {
		0x6A, 0x41, 0x1F, 0x08, 0xCE, 0x25, 0xAD, 0xCD,
		0xFB, 0x02, 0xAB, 0xA6, 0x41, 0x45, 0x1C, 0xEC,
		0x53, 0xC5, 0x98, 0xB2, 0x4F, 0x4F, 0xC7, 0x87,
		0xFB, 0xDC, 0x88, 0x79, 0x7F, 0x4C, 0x1D, 0xFE,
	};
	static const size_t out_lens[] = { 16, 20, 28, 32 };
	static const size_t in_lens[] = { 0, 3, 64, 65, 255, 1024 };
	uint8_t in[1024], out[32], key[32];
	struct blake2s all;
	size_t i, j;

	(void)state;
	blake2s_begin(&all, 32, NULL, 0);
	for (i = 0; i < 4; i++) {
		for (j = 0; j < 6; j++) {
			sequence(in, in_lens[j], (uint32_t)in_lens[j]);
			digest(out, out_lens[i], in, in_lens[j], NULL);
			blake2s_add(&all, out, out_lens[i]);
			sequence(key, out_lens[i], (uint32_t)out_lens[i]);
			digest(out, out_lens[i], in, in_lens[j], key);
			blake2s_add(&all, out, out_lens[i]);
		}
	}
	blake2s_end(&all, out);
	assert_memory_equal(out, expected, sizeof(expected));
}

/* However a text is cut into pieces, its digest is the same. */
static void
pieces(void **state)
{
	uint8_t in[TEXT_MAX], whole[32], out[32];
	size_t first, second;

	(void)state;
	sequence(in, sizeof(in), 1);
	digest(whole, 32, in, 200, NULL);
	for (first = 0; first <= 200; first++) {
		for (second = 0; first + second <= 200; second += 7) {
			struct blake2s hash;

			blake2s_begin(&hash, 32, NULL, 0);
			blake2s_add(&hash, in, first);
			blake2s_add(&hash, in + first, second);
			blake2s_add(&hash, in + first + second,
			    200 - first - second);
			blake2s_end(&hash, out);
			assert_memory_equal(out, whole, 32);
		}
	}
}

static void
state_is_overwritten(void **state)
{
	static const struct blake2s zero;
	const uint8_t key[32] = { 1, 2, 3 };
	struct blake2s hash;
	uint8_t out[16];

	(void)state;
	blake2s_begin(&hash, sizeof(out), key, sizeof(key));
	blake2s_end(&hash, out);
	assert_memory_equal(&hash, &zero, sizeof(hash));
}

/* All lengths of text, digest and key that matter, against libb2. */
static void
as_libb2(void **state)
{
	void *library = dlopen("libb2.so.1", RTLD_NOW | RTLD_LOCAL);
	uint8_t in[TEXT_MAX], key[32], ours[32], theirs[32];
	libb2_blake2s blake2s;
	struct blake2s hash;
	size_t in_len, out_len, key_len;

	(void)state;
	if (library == NULL)
		skip();
	*(void **)&blake2s = dlsym(library, "blake2s");
	assert_non_null(blake2s);
	sequence(in, sizeof(in), 2);
	sequence(key, sizeof(key), 3);
	for (in_len = 0; in_len <= TEXT_MAX; in_len++) {
		out_len = 1 + in_len % 32;
		for (key_len = 0; key_len <= 32; key_len += 4) {
			blake2s_begin(&hash, out_len, key, key_len);
			blake2s_add(&hash, in, in_len);
			blake2s_end(&hash, ours);
			assert_int_equal(blake2s(theirs, in, key, out_len,
			    in_len, key_len), 0);
			assert_memory_equal(ours, theirs, out_len);
		}
	}
	/* It stays open: what its own libraries keep would count as leaked. */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abc),
		cmocka_unit_test(self_test),
		cmocka_unit_test(pieces),
		cmocka_unit_test(state_is_overwritten),
		cmocka_unit_test(as_libb2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
