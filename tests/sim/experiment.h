/*
 * experiment.h - questions that a simulation answers by a figure: worlds
 * without faults, but for those that the experiment makes.
 */
#ifndef SIM_EXPERIMENT_H
#define SIM_EXPERIMENT_H

#include "sim_world.h"

struct experiment {
	struct scenario scenario;
	struct world world;
};

/* The experiment of that name: its figures are printed; false if they are
 * not what they should be.  Ends the program for an unknown name. */
bool	experiment_run(const char *name, const struct wishes *,
	    uint64_t seed);

/* Its scenario, to be changed before the world is built of it. */
void	experiment_draw(struct experiment *, const struct wishes *,
	    uint64_t seed);
void	experiment_begin(struct experiment *);
/* A world of quick wired links without loss, of default intervals, that
 * has not begun; and its end: false if an invariant broke. */
void	experiment_build(struct experiment *, const struct wishes *,
	    uint64_t seed);
bool	experiment_end(struct experiment *);
/* Does every router have every route in its kernel? */
bool	experiment_is_complete(const struct world *);
/* Do packets for the prefix come from there to its originator? */
bool	experiment_arrives(const struct world *, uint32_t node,
	    uint32_t key);

/* traffic.c, cut.c, alarms.c, restart.c, settle.c, city.c, attack.c */
bool	experiment_traffic(const struct wishes *, uint64_t seed);
bool	experiment_cut(const struct wishes *, uint64_t seed);
bool	experiment_death(const struct wishes *, uint64_t seed);
bool	experiment_alarms(const struct wishes *, uint64_t seed);
bool	experiment_attack(const struct wishes *, uint64_t seed);
bool	experiment_restart(const struct wishes *, uint64_t seed);
bool	experiment_settle(const struct wishes *, uint64_t seed);
bool	experiment_city(const struct wishes *, uint64_t seed);

#endif
