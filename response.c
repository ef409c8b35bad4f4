/*
 * response.c - how long a neighbour takes to answer.
 *
 * Mean and variation are averaged as RFC 6298 does it for TCP.  No sample is
 * ambiguous, because each request has an opaque value of its own.
 */
#include "response.h"

#include "util.h"

#define MEAN_PART	8		/* a sample's weight is 1/8 */
#define VARIATION_PART	4
#define VARIATIONS	4		/* beyond the mean */
#define UNKNOWN		(3 * SECOND)	/* the time, until it is measured */

static bool
is_measuring(const struct response *r, babel_time now)
{
	return r->asked != 0 && now - r->asked < RESPONSE_MAX;
}

void
response_asked(struct response *r, babel_time now, uint16_t opaque)
{
	if (is_measuring(r, now))
		return;
	r->asked = now;
	r->opaque = opaque;
}

void
response_answered(struct response *r, babel_time now, uint16_t opaque)
{
	babel_time sample = now - r->asked, error;

	if (r->asked == 0 || opaque != r->opaque)
		return;
	r->asked = 0;
	if (sample >= RESPONSE_MAX)
		return;
	if (r->mean == 0) {
		r->mean = time_max(sample, 1);
		r->variation = sample / 2;
		return;
	}
	error = sample - r->mean;
	r->mean = time_max(r->mean + error / MEAN_PART, 1);
	r->variation += ((error < 0 ? -error : error) - r->variation) /
	    VARIATION_PART;
}

bool
response_is_unknown(const struct response *r, babel_time now)
{
	return r->mean == 0 && !is_measuring(r, now);
}

/* The variation of a link that has been quiet does not predict that of a busy
 * one, so half of the mean is always allowed for. */
babel_time
response_time(const struct response *r, babel_time floor)
{
	babel_time time = UNKNOWN;

	if (r->mean != 0)
		time = r->mean + time_max(VARIATIONS * r->variation,
		    r->mean / 2);
	return time_max(floor, time_min(time, RESPONSE_MAX));
}
