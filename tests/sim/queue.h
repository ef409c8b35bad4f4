/*
 * queue.h - the simulator's future: events in the order of their times;
 * those of one time in the order in which they were put.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include "babel.h"

enum happening {
	HAPPEN_RUN,			/* a node asked to be run */
	HAPPEN_PACKET,			/* a packet arrives */
	HAPPEN_FIB_APPLY,		/* the kernel makes a change */
	HAPPEN_FIB_DONE,		/* ... and answers */
	HAPPEN_FAULT_BEGIN,
	HAPPEN_FAULT_END,
	HAPPEN_SWEEP,			/* time for the periodic checks */
	HAPPEN_LOOP_DUE,		/* a tolerated loop must be gone */
	HAPPEN_PHASE,			/* the next phase of the run */
};

struct packet;

struct event {
	babel_time at;
	uint64_t order;
	enum happening kind;
	uint32_t node;			/* whom it happens to */
	uint32_t generation;		/* of that node: a restart ends it */
	union {
		struct {
			struct packet *packet;	/* one reference */
			uint32_t port;
		} arrival;
		struct {
			struct fib_change change;
			int error;
		} fib;
		uint32_t index;		/* fault, loop, phase */
	} u;
};

struct queue {
	struct event **heap;
	uint32_t used, size;
	uint64_t order;
	struct event **spare;		/* recycled events */
	uint32_t spares, spare_size;
};

/* A new event, to be filled in and put; never NULL: a simulation that
 * has no memory ends at once. */
struct event *queue_new(struct queue *, enum happening, babel_time at);
void	queue_put(struct queue *, struct event *);
/* Take the first event, or NULL; give it back with queue_recycle. */
struct event *queue_take(struct queue *);
void	queue_recycle(struct queue *, struct event *);
void	queue_free(struct queue *);

/* malloc and friends for the simulator: no memory is the end. */
void	*sim_calloc(size_t count, size_t size);
void	*sim_grow(void *array, uint32_t *size, size_t item);

#endif
