/*
 * instance.h - struct babel itself, jobs and the engine's small services.
 * For the engine's own files and for readers of its tables.
 */
#ifndef INSTANCE_H
#define INSTANCE_H

#include <sys/queue.h>

#include "babel.h"
#include "counter.h"
#include "lifetime.h"
#include "timer.h"
#include "tree.h"

#define JOB_BUDGET	256		/* routes looked at in one slice */
#define PATIENT_BUDGET	256		/* patient timers in one run */
#define FIB_BUDGET	256		/* kernel changes in one run */
#define REQUEST_BUDGET	256		/* requests sent in one run */

/* Protocol constants (RFC 8966, appendix B, but where noted). */
#define URGENT_TIMEOUT		(200 * MILLISECOND)
#define REQUEST_HOP_COUNT	64
#define REQUEST_TIMEOUT		(2 * SECOND)
#define REQUEST_RESENDS		3

/* Work that is done in slices, one slice a run, in round robin. */
enum job_kind {
	JOB_INTERFACE_UPDATE,		/* the periodic full update */
	JOB_NEIGHBOUR_DUMP,		/* a full update by unicast */
	JOB_NEIGHBOUR_COST,		/* a cost changed: select again */
	JOB_NEIGHBOUR_FLUSH,		/* a neighbour is gone */
	JOB_POLICY,			/* filters changed: every route */
	JOB_OFFERS,			/* ... and every kernel route */
	JOB_ANNOUNCE,			/* our own routes, with a new id */
	JOB_KINDS
};

/* Embedded in the object that it serves; queued at most once. */
struct job {
	TAILQ_ENTRY(job) entry;
	uint8_t kind;			/* enum job_kind */
	bool queued;
};

struct destination;
struct interface;
struct neighbour;
struct xroute_offer;
struct request;
TREE_HEAD(destination_tree);
TREE_HEAD(offer_tree);
TREE_HEAD(interface_tree);
TAILQ_HEAD(interface_list, interface);
TAILQ_HEAD(job_queue, job);
TAILQ_HEAD(change_queue, destination);
TAILQ_HEAD(fib_queue, destination);
STAILQ_HEAD(unsettled_queue, destination);
STAILQ_HEAD(lost_queue, neighbour);
TAILQ_HEAD(request_queue, request);

/* Bounds on the memory that a flood of packets can take. */
struct limits {
	uint32_t routes, neighbours_per_interface, requests;
};

struct babel {
	const struct babel_ops *ops;
	void *ctx;
	const struct configuration *conf;	/* borrowed */
	babel_time now;				/* set by every input */
	babel_time wall_clock;			/* now + this: since 1970 */
	struct babel_identity identity;
	struct router_id id;
	struct router_id former_id;	/* before a fresh one, or zeros */
	uint16_t seqno;
	babel_time started;
	babel_time neighbour_lost;	/* one that was reachable; or 0 */
	babel_time quiet_until;		/* log_often's minute ends */
	unsigned int logged_often;	/* messages of it in this minute */
	/* Signs that others remember a newer seqno of ours than we do
	 * (identity.c). */
	babel_time seqno_adopted, far_request, own_id_received;
	babel_time raises_since;	/* since when our seqno was raised */
	uint8_t raises;			/* how many times since then */

	struct timer_heap prompt, patient;
	struct job_queue jobs;
	struct interface_list interfaces;	/* owned, as configured */
	struct interface_tree links;		/* those with an ifindex */
	struct destination_tree destinations;	/* owned */
	struct destination *last_found;		/* or NULL */
	struct change_queue changes;	/* to announce, oldest first */
	uint64_t change_serial;		/* of the newest */
	struct offer_tree offers;	/* kernel routes, owned */
	/* The synchronisation under way, and the last complete one: offers that
	 * the last one did not see are gone. */
	uint32_t offer_generation, offer_complete;
	uint32_t unwanted_offers;	/* no rule allows them */
	babel_time held_longer;		/* the hold time before a reload */
	babel_time held_longer_until;
	struct walk policy_walk, offers_walk, announce_walk;
	struct job policy, offer_review, announce;
	bool policy_in, policy_out;	/* these filters have changed */
	struct unsettled_queue unsettled;	/* to select again (select.h) */
	struct lost_queue lost;		/* neighbours that just died */
	struct fib_queue fib;		/* wanted differs from installed */
	bool fib_refused;		/* ops->fib could not take more */

	struct request_queue asking;	/* our own, to be sent */
	uint32_t unsent_count;		/* waiting packets (transmit.h) */
	struct limits limits;
	uint32_t next_id;		/* order by id, never by address */
	babel_time longest_response;	/* of any neighbour, so far */
	uint16_t next_opaque;		/* of Acknowledgment Requests */
	uint32_t route_count, ipv4_route_count;
	uint32_t neighbour_count, source_count;
	uint32_t destination_count, request_count, xroute_count;
	uint64_t counters[BABEL_COUNTERS];
	struct timer unrecorded;	/* destinations without a record */
	struct timer shutdown;		/* the next good-bye */
	uint8_t goodbyes;		/* left to say */
	bool shutting_down, in_engine;
};

/* Set a timer in the heap of its kind; advance: never later than it is
 * set now; cancel: stop it. */
void	schedule(struct babel *, struct timer *, babel_time due);
void	schedule_advance(struct babel *, struct timer *, babel_time due);
void	schedule_cancel(struct babel *, struct timer *);
/* Room for an object's prompt and patient timers, reserved when it is created
 * and given back when it is freed, so that schedule cannot fail. */
int	schedule_reserve(struct babel *, uint32_t prompt, uint32_t patient);
void	schedule_unreserve(struct babel *, uint32_t prompt,
	    uint32_t patient);
/* There was no memory to note what a destination waits for: all that are in
 * this case have waited long enough then, or later. */
void	schedule_unrecorded(struct babel *, babel_time when);

void	job_init(struct job *, enum job_kind);
void	job_queue_add(struct babel *, struct job *);
void	job_cancel(struct babel *, struct job *);

void	notify(const struct babel *, enum babel_event, const void *object);
void	count(struct babel *, enum babel_counter);
/* Between two log messages about the same thing. */
#define COMPLAINT_PAUSE	MINUTE
void	log_at(const struct babel *, int priority, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));
/* For messages that others can cause: only so many are logged in a minute, and
 * then one that says that there were more. */
void	log_often(struct babel *, int priority, const char *format, ...)
	    __attribute__((format(printf, 3, 4)));

/* A uniformly random number below bound (bound > 0). */
uint32_t random_below(struct babel *, uint32_t bound);
/* A uniformly random time in [low, high). */
babel_time random_between(struct babel *, babel_time low, babel_time high);
/* At random between 7/8 and 63/64 of the interval: jitter that
 * never breaks the promise made by announcing the interval. */
babel_time jitter(struct babel *, babel_time interval);

#endif
