/*
 * variety.h - the varied mix: each router has intervals, filters and split
 * horizon of its own, and packets may be under way for a second.
 *
 * What is drawn here must be heeded by the checker, which asks for it by
 * router.  Without the mix all routers are alike, and nothing is filtered.
 */
#ifndef SIM_VARIETY_H
#define SIM_VARIETY_H

#include "sim_world.h"

/* The longest that a packet is on its way, clogged links aside: routers may
 * count on it (ON_THE_WAY in lifetime.h). */
#define VARIETY_DELAY_MAX	(950 * MILLISECOND)

/* One router's configuration. */
struct habits {
	babel_time hello_interval, update_interval;
	uint64_t split_horizon;		/* one bit for each port */
	/* By plan: what its filters add to metrics; INFINITY_METRIC: they
	 * deny the prefix. */
	uint16_t *in, *out;
};

/* Draw the habits of all routers, after their number and the plans.  The
 * scenario's intervals become the longest of any router. */
void	variety_draw(struct scenario *, struct prng *);
void	variety_free(struct scenario *);
/* Draw how long packets take on a link, and which ones are lost. */
void	variety_link(struct world *, struct link *);
/* ... and how much longer those take that leave from this end. */
babel_time variety_end_delay(struct world *, const struct link *);
/* Half of the restarts take less than two seconds, and often a prefix goes
 * meanwhile. */
void	variety_faults(struct scenario *, struct prng *);

/* What the router is configured with, mixed or not. */
babel_time variety_update_interval(const struct scenario *, uint32_t node);
babel_time variety_hello_interval(const struct scenario *, uint32_t node);
uint16_t variety_in(const struct scenario *, uint32_t node, uint32_t key);
uint16_t variety_out(const struct scenario *, uint32_t node, uint32_t key);

#endif
