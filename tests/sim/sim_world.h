/*
 * sim_world.h - the simulated world: nodes, each with an engine and a kernel,
 * links between them, and one clock.
 */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "queue.h"
#include "scenario.h"
#include "sim_trace.h"

#define NOWHERE		UINT32_MAX	/* no node, no key, no fault */
#define PORTS_MAX	64
#define HUB_PORTS_MAX	250		/* of a supernode */

/* A way through a link, from one of its ends to another. */
struct way {
	bool exists;
	uint8_t blocked;		/* faults in force */
	babel_time last;		/* latest arrival so far: in order */
};

struct link_end {
	uint32_t node, port;
	babel_time delay;		/* of what it sends, over the link's */
};

struct link {
	enum link_kind kind;
	uint32_t end_count;
	struct link_end *ends;
	struct way *ways;		/* [from * end_count + to] */
	babel_time delay, jitter;
	double loss, base_loss;
	uint32_t cuts;			/* faults in force */
	babel_time clogged_until;
};

struct port {
	uint32_t link, slot;		/* which end of which link */
	unsigned int ifindex;
	uint32_t downs;			/* faults in force: not up if any */
	struct in6_addr link_local, ipv4;
	/* The last scheduled Hello's promise; NEVER: none. */
	babel_time hello_promised;
};

/* What was announced of one source, and what the engine's source table
 * must hold because of it. */
struct sent {
	struct router_id id;
	uint16_t seqno, metric;		/* the best since at most GC */
	babel_time last;		/* when a finite update was sent */
};

/* One prefix at one node. */
struct place {
	struct fib_entry entry;
	bool installed, lost, in_flight;
	bool local;			/* the node originates it */
	uint32_t next;			/* of the prefix's probe: a node */
	uint32_t used;			/* by that prefix's entry */
	struct sent *sent;
	uint32_t sent_count, sent_size;
	babel_time starved_since, requested_at;
	babel_time gone_at;		/* when it ceased to originate it */
};

enum node_state {
	NODE_OFF,			/* never started, or machine down */
	NODE_UP,
	NODE_LEAVING,			/* shutting down in order */
	NODE_KILLED,			/* the kernel goes on forwarding */
};

struct node {
	struct world *world;
	uint32_t index, generation;
	enum node_state state;
	struct babel *babel;
	const struct configuration *configuration;
	struct prng prng;
	struct router_id id;
	uint16_t seqno;			/* as the state file has it */
	struct port *ports;
	uint32_t port_count;
	unsigned int next_ifindex;
	babel_time ahead;		/* its clock, of the world's */
	babel_time wish, queued;	/* wants to run; an event is put */
	uint32_t turns;			/* in a row without a pause */
	babel_time stalled_until, restarted_at, left_at;
	babel_time refused_at;		/* a packet, by us */
	uint32_t down_by;		/* fault that took it down */
	uint32_t refusing;		/* faults in force */
	uint32_t partition;		/* one bit for each partition */
	struct place *places;		/* by plan */
	uint32_t window;		/* kernel changes in flight */
	bool logged;			/* somebody reads its log */
	bool plain;			/* makes nothing of lost state */
};

/* What excuses a loop (loops.c). */
enum excuse_reason {
	EXCUSE_RESTART,			/* feasibility distances forgotten */
	EXCUSE_SOURCES,			/* several originators */
	EXCUSE_KERNEL,			/* a kernel that lost it, or is slow */
	EXCUSE_HOLD,			/* the hold time ended too early */
	EXCUSES
};

/* A forwarding loop that is excused for a while. */
struct loop {
	bool alive;
	uint32_t key, node;		/* a node in it */
	babel_time since, due;
	enum excuse_reason reason;
};

struct figures {
	uint64_t events, packets, bytes, updates, requests, route_changes;
	uint64_t restarts, unfeasible, satisfied, requests_forwarded;
	uint64_t loops[EXCUSES], checks, hellos, refused;
	uint64_t neighbours_lost, probes;
	babel_time simulated;
	babel_time longest_loop;	/* after a restart */
};

#define FAILURE_MAX	512

struct world {
	const struct scenario *scenario;
	const bool *without;		/* faults left out, or NULL */
	babel_time now, until;
	struct queue queue;
	struct trace trace;
	struct prng prng;
	struct configuration **configurations;
	uint32_t configuration_count;	/* node i has number i modulo this */
	struct node *nodes;
	struct link *links;
	uint32_t link_count;
	uint32_t *index;		/* hash table of plans by key */
	uint32_t index_size;
	bool *many_sources;		/* by plan */
	bool calm;			/* the faults are over */
	bool begun;
	bool strangers;			/* announce prefixes of their own */
	/* Sees what is sent, or NULL. */
	void (*tap)(void *, const struct datagram *);
	void *tap_context;
	struct loop *loops;
	uint32_t loop_count, loop_size;
	bool *active;			/* faults in force */
	struct figures figures;
	char failure[FAILURE_MAX];	/* "" : none yet */
	babel_time failed_at;
};

/* Build the world of a scenario; run it until its time has come, and on
 * if that is moved; add up what its engines counted; free it. */
void	world_build(struct world *, const struct scenario *);
void	world_continue(struct world *);
void	world_run(struct world *);
void	world_free(struct world *);

/* The first failure counts; the run ends soon after. */
void	world_fail(struct world *, const char *invariant,
	    const char *format, ...) __attribute__((format(printf, 3, 4)));
bool	world_failed(const struct world *);
/* When verbose. */
void	world_tell(const struct world *, const char *format, ...)
	    __attribute__((format(printf, 2, 3)));
/* When verbose: what the node's tables hold of the prefix. */
void	world_explain(const struct node *, uint32_t key);
/* The plan of that key, or NOWHERE. */
uint32_t world_find_key(const struct world *,
	    const struct destination_key *);
struct event *world_happen(struct world *, enum happening, babel_time at,
	    const struct node *);

/* How many ports any node of the scenario may have. */
uint32_t topology_ports(const struct scenario *);

/* node.c: one router. */
void	node_init(struct world *, uint32_t index);
void	node_free(struct node *);
void	node_start(struct node *, enum memory);
void	node_kill(struct node *, enum node_state);
void	node_leave(struct node *);
void	node_run_due(struct node *);
/* Run it after an input. */
void	node_turn(struct node *);
bool	node_is_running(const struct node *);
/* What its clock shows; set it forward. */
babel_time node_now(const struct node *);
void	node_jump(struct node *, babel_time);
void	node_tell_link(struct node *, uint32_t port);
void	node_recreate_port(struct node *, uint32_t port);
void	node_originate(struct node *, uint32_t key, bool present);
struct port *node_port(const struct node *, unsigned int ifindex);

/* link.c: packets between nodes. */
bool	link_send(struct node *, const struct datagram *);
void	link_arrive(struct node *, struct packet *, uint32_t port);
void	link_release(struct packet *);
struct way *link_way(const struct link *, uint32_t from, uint32_t to);
/* The link's loss, from the faults in force. */
void	link_update_loss(struct world *, uint32_t link);

/* configure.c: the routers' configurations. */
void	configure_all(struct world *);

/* topology.c: the links, and the addresses of their ends. */
void	topology_build(struct world *);
/* Whose address it is, or NOWHERE. */
uint32_t topology_owner(const struct world *, const struct in6_addr *);

/* kernel.c: what a node's kernel forwards by. */
bool	kernel_submit_change(struct node *, const struct fib_change *);
void	kernel_apply(struct node *, struct event *);
void	kernel_answer(struct node *, const struct event *);
/* Forget the node's routes; those of one interface; one of them. */
void	kernel_clear(struct node *);
void	kernel_drop_interface(struct node *, unsigned int ifindex);
void	kernel_lose_route(struct node *, struct prng *);

#endif
