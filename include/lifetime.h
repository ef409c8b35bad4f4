/*
 * lifetime.h - which timer must outlast which, whatever intervals are
 * configured: every such relation of the engine is stated here, once.
 *
 * Each interval is the one that is announced to, or by, the neighbour that
 * the timer is about, because routers with intervals from 4 s to 10 min
 * meet on one link.  The constants are lower bounds only.
 */
#ifndef LIFETIME_H
#define LIFETIME_H

#include "util.h"

/* The longest that a packet may take, queues included. */
#define ON_THE_WAY	SECOND

/* A route is usable for 3.5 of the update intervals that its neighbour
 * announced (RFC 8966, appendix B); a txcost for 3.5 IHU intervals. */
static inline babel_time
lifetime_of_route(babel_time interval)
{
	return interval * 7 / 2;
}

/* How long neighbours use what we announced after it was sent. */
static inline babel_time
lifetime_at_neighbours(babel_time interval)
{
	return lifetime_of_route(interval) + ON_THE_WAY;
}

/*
 * A feasibility distance outlasts all use of the announcement that it was made
 * for (section 3.5.1), because a neighbour that still uses us must not be
 * feasible for us, or each would be the other's next hop.  RFC 8966 gives three
 * minutes, which is enough for intervals up to 30 s.  Other implementations use
 * a route for 6 intervals.
 */
static inline babel_time
lifetime_of_source(babel_time interval)
{
	return time_max(3 * MINUTE, 6 * interval + ON_THE_WAY);
}

/* After a start without state, others may remember a newer seqno of ours for as
 * long as they keep a distance.  They announce with intervals like ours, and
 * use ends after the time given. */
static inline babel_time
lifetime_of_memory(babel_time use)
{
	return time_max(5 * MINUTE, 2 * use);
}

/* A neighbour that has sent no Hello yet is remembered until the Hello that
 * must follow its IHU; an IHU comes every third Hello, or more often. */
static inline babel_time
lifetime_without_hello(babel_time ihu_interval)
{
	return time_max(MINUTE, lifetime_of_route(ihu_interval));
}

/* A measured round-trip time is valid until IHUs, which bring the samples,
 * would have expired (RFC 9616, section 4). */
static inline babel_time
lifetime_of_rtt(babel_time ihu_interval)
{
	return time_max(3 * MINUTE, lifetime_of_route(ihu_interval));
}

/* The index and packet counter of a neighbour are valid for longer than the
 * time between its Hellos, otherwise each Hello would be challenged (RFC 8967,
 * section 4.4: five minutes or more). */
static inline babel_time
lifetime_of_index(babel_time hello_interval)
{
	return time_max(5 * MINUTE, lifetime_of_route(hello_interval));
}

#endif
