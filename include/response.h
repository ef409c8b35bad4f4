/*
 * response.h - how long a neighbour takes to answer, measured by the
 * Acknowledgment Requests that it is sent anyway.
 *
 * The response time includes the round-trip time with all queues and the
 * neighbour's own delay.  Deadlines for answers follow it: on a link that takes
 * a second each way, an answer cannot be expected sooner.
 */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "util.h"

/* The longest time to wait for an answer. */
#define RESPONSE_MAX	(10 * SECOND)

struct response {
	babel_time mean, variation;	/* mean 0: never measured */
	babel_time asked;		/* the request was sent then, or 0 */
	uint16_t opaque;		/* of the request that is measured */
};

/* A request leaves: measure it, unless another one is being measured. */
void	response_asked(struct response *, babel_time now, uint16_t opaque);
/* An acknowledgment came. */
void	response_answered(struct response *, babel_time now, uint16_t opaque);
/* Is it neither known nor being measured? */
bool	response_is_unknown(const struct response *, babel_time now);
/* The time in which almost every answer comes; not below the floor. */
babel_time response_time(const struct response *, babel_time floor);

#endif
