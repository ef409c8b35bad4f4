/*
 * sim_trace.h - what happened, as one hash: two runs of a seed are the same
 * if and only if their hashes are, whatever machines they ran on.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include <sha2.h>

#include "util.h"

struct trace {
	SHA2_CTX context;
	size_t used;
	uint8_t buffer[8192];
};

#define TRACE_STRLEN	(2 * SHA256_DIGEST_LENGTH + 1)

void	trace_start(struct trace *);
/* One record of three numbers. */
void	trace_note(struct trace *, uint64_t, uint64_t, uint64_t);
/* Octets as a number that any change of them changes: SHA-256 over all
 * packets would take a good part of a run. */
uint64_t trace_digest(const void *, size_t);
void	trace_finish(struct trace *, char text[TRACE_STRLEN]);

#endif
