/*
 * trace.c - the SHA-256 of everything that happens in a run.
 */
#include "trace.h"

#include <string.h>

void
trace_start(struct trace *t)
{
	SHA256Init(&t->context);
	t->used = 0;
}

void
trace_bytes(struct trace *t, const void *bytes, size_t len)
{
	if (t->used + len > sizeof(t->buffer)) {
		SHA256Update(&t->context, t->buffer, t->used);
		t->used = 0;
	}
	if (len > sizeof(t->buffer)) {
		SHA256Update(&t->context, bytes, len);
		return;
	}
	memcpy(t->buffer + t->used, bytes, len);
	t->used += len;
}

void
trace_note(struct trace *t, uint64_t a, uint64_t b, uint64_t c)
{
	const uint64_t record[3] = { a, b, c };

	trace_bytes(t, record, sizeof(record));
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
