/*
 * tables.h - reading the engine's tables: the only file of the simulator
 * that knows them.
 */
#ifndef SIM_TABLES_H
#define SIM_TABLES_H

#include <stdio.h>

#include "babel.h"

struct destination;
struct figures;

struct selection {
	bool exists, own;
	uint16_t metric;
	struct router_id id;
	struct in6_addr next_hop;
	unsigned int ifindex;
};

struct distance {
	uint16_t seqno, metric;
};

struct object_counts {
	size_t neighbours, destinations, routes, sources, requests, xroutes;
};

/* The destination, or NULL; the functions below take NULL too. */
const struct destination *tables_find(const struct babel *,
	    const struct destination_key *);
/* The selected route to a destination, or our own. */
struct selection tables_selection(const struct destination *);
/* The feasibility distance of a source; false if there is none. */
bool	tables_distance(const struct destination *, const struct router_id *,
	    struct distance *);
/* Nothing selected, nothing of our own, but an unfeasible route. */
bool	tables_is_starved(const struct destination *);
/* Has the engine decided on a change that its kernel has not made? */
bool	tables_is_changing(const struct destination *);
void	tables_count(const struct babel *, struct object_counts *);
/* Add what the engine counted to the figures of the run. */
void	tables_add_counters(const struct babel *, struct figures *);
/* What the costs of all its neighbours come to. */
uint64_t tables_costs_digest(const struct babel *);
/* Never go on from the seqno that others remember. */
void	tables_forbid_adoption(struct babel *);
/* For a failure's report: the destination as the engine has it. */
void	tables_print(FILE *, const struct babel *,
	    const struct destination_key *);

#endif
