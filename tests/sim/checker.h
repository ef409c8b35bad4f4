/*
 * checker.h - what must be true, by the names of the invariants:
 *
 * I1  packets never loop: the forwarding graph of every address is free of
 *     loops after every change of any kernel, and nothing is announced
 *     that the kernel does not hold yet
 * I2  where the protocol cannot promise that (a restart loses the source
 *     table; several routers originate a prefix), loops end in time
 * I3  feasibility distances do not rise before their garbage collection,
 *     and cover all that was announced
 * I4  when the faults are over, every route is there and the shortest
 * I5  who has only unfeasible routes asks for a newer seqno
 * I6  no Hello is later than promised
 * I7  when everything is withdrawn, nothing is left
 * I8  runs can be replayed, and babel_run comes to rest
 *
 * For tests/CONFORMANCE, what each of them covers:
 * I1: B25 B26 B33 B36 B37 B40 B50 F24 F28
 * I3: B50 B51
 * I4: B24 B29 B34 B43 B45 B48
 * I5: B66 B67 B69 B70 F23
 * I6: B4 B15
 * I7: B13 B35
 */
#ifndef SIM_CHECKER_H
#define SIM_CHECKER_H

#include "sim_world.h"

/* The longest that a neighbour may act on what the router, or any router,
 * said before: a route's expiry, and the link's and both nodes' slowness. */
babel_time checker_memory(const struct node *);
babel_time checker_memory_longest(const struct world *);

/* loops.c: I1 and I2. */
/* The node's kernel changed for one prefix, or for all. */
void	checker_forwarding(struct node *, uint32_t key);
void	checker_forwarding_all(struct node *);
void	checker_loop_due(struct world *, uint32_t loop);

/* sent.c: I1 (install before advertise), I3, I5, I6, sizes, syntax. */
void	checker_sent(struct node *, struct port *, const struct datagram *);
void	checker_restarted(struct node *);

/* Every so often, what no packet would tell: I3, I5, I6. */
void	checker_sweep(struct world *);

/* converge.c: I4 after the calm, I7 at the end of all. */
/* How many times as long as the shortest the longest route is; a huge
 * number if one is missing. */
double	checker_stretch(const struct world *);
void	checker_settled(struct world *);
void	checker_drained(struct world *);

#endif
