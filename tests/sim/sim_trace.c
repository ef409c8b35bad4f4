/*
 * sim_trace.c - the SHA-256 of everything that happens in a run.
 */
#include "sim_trace.h"

#include <endian.h>
#include <string.h>

void
trace_start(struct trace *t)
{
	SHA256Init(&t->context);
	t->used = 0;
}

uint64_t
trace_digest(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t digest = len, word;
	size_t part;

	for (; len > 0; at += part, len -= part) {
		part = len < sizeof(word) ? len : sizeof(word);
		word = 0;
		memcpy(&word, at, part);
		digest = (digest ^ le64toh(word)) * 0x9e3779b97f4a7c15U;
		digest ^= digest >> 32;
	}
	return digest;
}

void
trace_note(struct trace *t, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t record[3] = { htole64(a), htole64(b), htole64(c) };

	if (t->used + sizeof(record) > sizeof(t->buffer)) {
		SHA256Update(&t->context, t->buffer, t->used);
		t->used = 0;
	}
	memcpy(t->buffer + t->used, record, sizeof(record));
	t->used += sizeof(record);
}

void
trace_finish(struct trace *t, char text[TRACE_STRLEN])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[SHA256_DIGEST_LENGTH];
	size_t i;

	SHA256Update(&t->context, t->buffer, t->used);
	SHA256Final(digest, &t->context);
	for (i = 0; i < sizeof(digest); i++) {
		text[2 * i] = digits[digest[i] >> 4];
		text[2 * i + 1] = digits[digest[i] & 15];
	}
	text[2 * i] = '\0';
}
