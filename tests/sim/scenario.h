/*
 * scenario.h - what is simulated: the parameters, the prefixes and the
 * faults, all drawn from the seed before anything happens.
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "babel.h"
#include "prng.h"

enum topology {
	TOPOLOGY_RANDOM, TOPOLOGY_GRID, TOPOLOGY_LINE, TOPOLOGY_RING,
	TOPOLOGY_STAR, TOPOLOGY_LAN, TOPOLOGY_WIRELESS,
	TOPOLOGIES_DRAWN,		/* those of "mixed" end here */
	TOPOLOGY_GEOMETRIC = TOPOLOGIES_DRAWN, TOPOLOGY_SUPERNODES,
	TOPOLOGIES
};

enum fault_kind {
	FAULT_CRASH,			/* the daemon is killed */
	FAULT_POWER,			/* the machine goes down */
	FAULT_SHUTDOWN,			/* the daemon is ended in order */
	FAULT_CUT,			/* a link passes nothing, silently */
	FAULT_CUT_SEEN,			/* ... and both ends see it */
	FAULT_CUT_HALF_SEEN,		/* ... and one end sees it */
	FAULT_ONE_WAY,
	FAULT_LOSS,
	FAULT_CLOG,			/* packets wait, and come at once */
	FAULT_PARTITION,
	FAULT_WITHDRAW,			/* an originator's prefix */
	FAULT_REFUSE,			/* the kernel refuses routes */
	FAULT_LOSE,			/* the kernel loses a route */
	FAULT_STALL,			/* the daemon does not run */
	FAULT_RECREATE,			/* an interface with a new index */
	FAULT_JUMP,			/* a node's clock goes forward */
	FAULTS
};

/* What a restarted daemon remembers. */
enum memory {
	REMEMBERS_ALL,			/* router-id and seqno */
	REMEMBERS_ID,			/* a random seqno */
	REMEMBERS_NOTHING,		/* a random router-id too */
};

/* One fault: it begins, and it ends by itself. */
struct fault {
	babel_time begin, end;
	enum fault_kind kind;
	uint32_t node;			/* or link, or origin */
	uint32_t detail;		/* port, memory, direction, seed */
	double loss;
};

/* One node originates one prefix. */
struct origin {
	uint32_t node, key;
};

#define FAULTS_MAX	600

/* One prefix of the run, and an address that it alone is tested by. */
struct plan {
	struct destination_key key;
	struct in6_addr probe;
	/* All prefixes that hold the probe, longest first, itself among
	 * them; and all whose probe this one holds. */
	uint32_t *covers, cover_count;
	uint32_t *covered, covered_count;
	uint32_t origins;
};

/* What the command line asks for. */
struct wishes {
	uint32_t nodes;
	babel_time time;
	int topology;			/* or -1: drawn */
	double loss;			/* at most */
	uint32_t prefixes;		/* for each node; 0: as suits */
	bool varied;			/* see variety.h */
	bool verbose;
};

struct scenario {
	uint64_t seed;
	struct wishes wishes;
	enum topology topology;
	uint32_t nodes;
	struct habits *habits;		/* by node; NULL: all are alike */

	babel_time hello_interval, update_interval;
	babel_time boot;		/* nodes start within */
	babel_time turn;		/* what one babel_run takes */
	babel_time fib_delay;		/* the kernel takes up to this */
	uint32_t fib_window;
	double refuse_send;		/* probability */
	double wireless;		/* part of the links */
	double lossy;			/* part of the links */
	bool weighted;			/* links have different rxcosts */
	bool mobile;			/* some links come and go */
	double duplicate, reorder;

	/* The phases. */
	babel_time faults_at, calm_at, check_at, end_at;

	struct plan *plans;
	uint32_t plan_count;
	struct origin *origins;
	uint32_t origin_count;
	struct fault *faults;
	uint32_t fault_count;
};

const char *topology_name(enum topology);
int	topology_parse(const char *);	/* or -1 */

/* The shortest time in which every phase has its place. */
babel_time scenario_min_time(void);
/* Draw everything but the faults, which need the links. */
void	scenario_draw(struct scenario *, uint64_t seed,
	    const struct wishes *);
void	scenario_free(struct scenario *);
/* Who holds whom (plans.c). */
void	scenario_plan(struct scenario *, struct prng *);
/* Draw the faults, for links of that many ends in all (fault.c). */
struct world;
void	scenario_draw_faults(struct scenario *, const struct world *);
void	fault_print(uint32_t index, const struct scenario *);
void	fault_begin(struct world *, uint32_t index);
void	fault_end(struct world *, uint32_t index);

#endif
