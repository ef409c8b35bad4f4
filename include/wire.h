/*
 * wire.h - bounded readers and writers of network-order fields.
 *
 * An overrun sets a sticky flag and yields zeros (reading) or nothing
 * (writing), so that callers test once at the end.
 */
#ifndef WIRE_H
#define WIRE_H

#include <string.h>

#include "util.h"

struct reader {
	const uint8_t *at, *end;
	bool overrun;
};

struct writer {
	uint8_t *at, *end;
	bool overrun;
};

static inline size_t
reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

static inline size_t
writer_room(const struct writer *w)
{
	return (size_t)(w->end - w->at);
}

/* The next len octets, or NULL when there are fewer. */
static inline const uint8_t *
read_bytes(struct reader *r, size_t len)
{
	const uint8_t *at = r->at;

	if (r->overrun || reader_left(r) < len) {
		r->overrun = true;
		return NULL;
	}
	r->at += len;
	return at;
}

static inline uint8_t
read_u8(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
read_u16(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)((unsigned int)p[0] << 8 | p[1]);
}

static inline uint32_t
read_u32(struct reader *r)
{
	const uint8_t *p = read_bytes(r, 4);

	return p == NULL ? 0 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* A reader of the next len octets alone; empty and overrun if fewer. */
static inline struct reader
read_slice(struct reader *r, size_t len)
{
	const uint8_t *p = read_bytes(r, len);

	if (p == NULL)
		return (struct reader){ r->at, r->at, true };
	return (struct reader){ p, p + len, false };
}

static inline void
write_bytes(struct writer *w, const void *bytes, size_t len)
{
	if (w->overrun || writer_room(w) < len) {
		w->overrun = true;
		return;
	}
	if (len > 0)
		memcpy(w->at, bytes, len);
	w->at += len;
}

static inline void
write_u8(struct writer *w, uint8_t value)
{
	write_bytes(w, &value, 1);
}

static inline void
write_u16(struct writer *w, uint16_t value)
{
	const uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	write_bytes(w, bytes, 2);
}

static inline void
write_u32(struct writer *w, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)(value >> 24),
	    (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };

	write_bytes(w, bytes, 4);
}

#endif
