/*
 * vectors.h - the packets of tests/vectors.json as a table in C.
 *
 * vectors.inc is made of the file by vectors.py.
 */
#ifndef VECTORS_H
#define VECTORS_H

#include "mac.h"
#include "message.h"

#define VECTOR_KEYS	2

enum disposition { ACCEPT, IGNORE_TLV, STOP, DROP_PACKET, AUTH_DROP };

struct vector {
	const char *name;
	enum disposition disposition;
	const char *from, *to;
	uint16_t port;
	enum message_result result;
	unsigned int ignored;
	const char *packet;		/* hexadecimal */
	const char *tlvs, *macs;	/* a line for each */
	struct {
		enum mac_algorithm algorithm;
		const char *key, *mac;
	} keys[VECTOR_KEYS];
};

#include "vectors.inc"

#endif
