/*
 * neighbour.c - the neighbour table (RFC 8966, sections 3.2.4 and 3.4, appendix
 * A).
 *
 * Hellos and IHUs become two histories and a txcost, and these become a cost.
 * When the cost changes, a job walks the neighbour's routes.  When both
 * histories are empty, the neighbour leaves the table at once, and a job
 * flushes its routes and frees it.
 *
 * Acquisition: a link is used when both sides have received two Hellos (one,
 * with link-quality) and an IHU.  So a new neighbour is answered with a burst
 * of Hellos, and is sent an IHU each time the verdict on it changes.  When the
 * link becomes usable, the neighbour is sent the whole table and is asked for
 * its own.
 */
#include "neighbour.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "babel.h"
#include "configuration.h"
#include "counter.h"
#include "instance.h"
#include "interface.h"
#include "lifetime.h"
#include "message.h"
#include "outbox.h"
#include "prefix.h"
#include "response.h"
#include "timer.h"
#include "util.h"

#define UNSCHEDULED_TIME	(10 * SECOND)	/* a Hello that promises none */
#define REBOOT_GAP		16	/* Hello seqnos (appendix A.1) */
#define ETX_WINDOW		6	/* Hellos (appendix A.2.2) */
#define ETX_UNIT		256
#define LOSS_MEMORY		64	/* Hellos */
/* In a crowd, at most one newcomer in this time is greeted by unicast; the
 * others share one multicast. */
#define INTRODUCTION_TIME	(2 * SECOND)
#define DUMP_PAUSE		SECOND	/* between two dumps */
#define EXCHANGE_TWIN		(300 * MILLISECOND)
#define NEIGHBOUR_PROMPT_TIMERS	3
/* Probes for a neighbour whose Hello is late: so many that all of them fail
 * less than once in PROBE_CONFIDENCE cases, at the loss that was measured
 * lately or over a longer time, but at most PROBES_MAX; and the times between
 * them. */
#define PROBE_CONFIDENCE	100000
#define PROBES_MAX		20
#define PROBE_PAUSE		(50 * MILLISECOND)
#define PROBE_PATIENCE		(150 * MILLISECOND)
#define PROBE_RESPITE		(300 * MILLISECOND)
#define NEIGHBOUR_PATIENT_TIMERS 5

int
neighbour_compare(const struct neighbour *a, const struct neighbour *b)
{
	return memcmp(&a->address, &b->address, sizeof(a->address));
}

struct neighbour *
neighbour_find(const struct interface *ifp, const struct in6_addr *address)
{
	struct neighbour key;

	key.address = *address;
	return neighbour_tree_find(&ifp->neighbours, &key);
}

static void
history_init(struct hello_history *history, enum timer_kind kind)
{
	memset(history, 0, sizeof(*history));
	/* As if one of two had been lost: the rule of succession. */
	history->loss = 0.5;
	history->loss_samples = 2;
	timer_init(&history->missed, kind);
}

static struct neighbour *
neighbour_new(struct babel *b, struct interface *ifp,
    const struct in6_addr *address)
{
	struct neighbour *n = calloc(1, sizeof(*n));

	if (n == NULL || schedule_reserve(b, NEIGHBOUR_PROMPT_TIMERS,
	    NEIGHBOUR_PATIENT_TIMERS) < 0) {
		count(b, COUNT_NO_MEMORY);
		free(n);
		return NULL;
	}
	n->interface = ifp;
	n->address = *address;
	n->id = ++b->next_id;
	n->txcost = n->rxcost = n->cost = INFINITY_METRIC;
	n->hello_seqno = (uint16_t)random_below(b, UINT16_MAX + 1);
	history_init(&n->multicast, TIMER_NEIGHBOUR_MULTICAST_HELLO);
	history_init(&n->unicast, TIMER_NEIGHBOUR_UNICAST_HELLO);
	timer_init(&n->ihu, TIMER_NEIGHBOUR_IHU);
	timer_init(&n->unused, TIMER_NEIGHBOUR_UNUSED);
	timer_init(&n->dump.next, TIMER_NEIGHBOUR_DUMP);
	TAILQ_INIT(&n->routes);
	TAILQ_INIT(&n->owed);
	timer_init(&n->resend, TIMER_DELIVERY_RESEND);
	timer_init(&n->probe, TIMER_NEIGHBOUR_PROBE);
	job_init(&n->cost_changed, JOB_NEIGHBOUR_COST);
	job_init(&n->flush, JOB_NEIGHBOUR_FLUSH);
	job_init(&n->dump.job, JOB_NEIGHBOUR_DUMP);
	outbox_init(&n->outbox, TIMER_NEIGHBOUR_SEND);
	return n;
}

struct neighbour *
neighbour_get(struct babel *b, struct interface *ifp,
    const struct in6_addr *address)
{
	struct neighbour *n = neighbour_find(ifp, address);

	if (n != NULL)
		return n;
	if (ifp->neighbour_count + ifp->dying_count >=
	    b->limits.neighbours_per_interface) {
		count(b, COUNT_DROP_NEIGHBOURS);
		return NULL;
	}
	n = neighbour_new(b, ifp, address);
	if (n == NULL)
		return NULL;
	neighbour_tree_insert(&ifp->neighbours, n);
	ifp->neighbour_count++;
	b->neighbour_count++;
	schedule(b, &n->unused, b->now + lifetime_without_hello(0));
	notify(b, EVENT_NEIGHBOUR_ADD, n);
	return n;
}

/* Log that the neighbour has become reachable or unreachable. */
static void
log_reachable(struct babel *b, struct neighbour *n, bool reachable)
{
	char address[ADDRESS_STRLEN];

	if (reachable == n->logged)
		return;
	n->logged = reachable;
	if (b->conf->options.log_neighbours)
		log_often(b, LOG_NOTICE, "neighbour %s if %s: %s",
		    address_format(&n->address, address),
		    n->interface->link.name, reachable ? "reachable" :
		    "not reachable any more");
}

void
neighbour_free(struct babel *b, struct neighbour *n)
{
	struct interface *ifp = n->interface;

	log_reachable(b, n, false);
	notify(b, EVENT_NEIGHBOUR_FLUSH, n);
	schedule_unreserve(b, NEIGHBOUR_PROMPT_TIMERS,
	    NEIGHBOUR_PATIENT_TIMERS);
	b->neighbour_count--;
	ifp->dying_count--;
	free(n);
	interface_release(b, ifp);
}

void
neighbour_flush(struct babel *b, struct neighbour *n)
{
	neighbour_tree_remove(&n->interface->neighbours, n);
	n->interface->neighbour_count--;
	n->interface->dying_count++;
	n->dying = true;
	if (n->txcost < INFINITY_METRIC || neighbour_is_reachable(n))
		b->neighbour_lost = b->now;
	n->cost = INFINITY_METRIC;
	schedule_cancel(b, &n->multicast.missed);
	schedule_cancel(b, &n->unicast.missed);
	schedule_cancel(b, &n->ihu);
	schedule_cancel(b, &n->unused);
	schedule_cancel(b, &n->dump.next);
	schedule_cancel(b, &n->probe);
	STAILQ_INSERT_TAIL(&b->lost, n, lost_entry);
	schedule_cancel(b, &n->outbox.timer);
	outbox_clear(&n->outbox);
	job_cancel(b, &n->cost_changed);
	job_cancel(b, &n->dump.job);
	job_queue_add(b, &n->flush);
}

bool
neighbour_is_reachable(const struct neighbour *n)
{
	return n->cost < INFINITY_METRIC;
}

bool
neighbour_is_declared(const struct babel *b, const struct neighbour *n)
{
	const struct neighbour_conf *declared = b->conf->neighbours;
	size_t i;

	for (i = 0; i < b->conf->neighbour_count; i++)
		if (address_equal(&declared[i].address, &n->address) &&
		    strcmp(declared[i].ifname, n->interface->link.name) == 0)
			return true;
	return false;
}

/* k-out-of-j, 2 out of 3 (appendix A.2.1). */
static bool
history_is_up(const struct hello_history *history)
{
	return __builtin_popcount(history->vector >> 13) >= 2;
}

/* The cost of a lossless link divided by the rate of delivery (appendix
 * A.2.2). */
static uint16_t
etx_rxcost(const struct hello_history *history, uint16_t nominal)
{
	int window = history->length < ETX_WINDOW ? history->length :
	    ETX_WINDOW;
	int heard;
	uint32_t cost;

	if (window == 0)
		return INFINITY_METRIC;
	heard = __builtin_popcount(history->vector >> (16 - window));
	if (heard == 0)
		return INFINITY_METRIC;
	cost = (uint32_t)nominal * (uint32_t)window / (uint32_t)heard;
	return cost < INFINITY_METRIC ? (uint16_t)cost : INFINITY_METRIC;
}

uint16_t
neighbour_compute_rxcost(const struct neighbour *n)
{
	const struct interface_parameters *conf = &n->interface->conf;

	if (!conf->link_quality)
		return history_is_up(&n->multicast) ||
		    history_is_up(&n->unicast) ? conf->rxcost :
		    INFINITY_METRIC;
	/* A radio repeats unicast, so it measures no loss: it counts only if
	 * the neighbour sends no multicast Hellos. */
	return etx_rxcost(n->multicast.vector != 0 ? &n->multicast :
	    &n->unicast, conf->rxcost);
}

bool
neighbour_rtt_is_valid(const struct babel *b, const struct neighbour *n)
{
	return n->rtt_samples > 0 && b->now - n->rtt_sampled <
	    lifetime_of_rtt(n->ihu_interval);
}

uint16_t
neighbour_rtt_cost(const struct babel *b, const struct neighbour *n)
{
	const struct interface_parameters *conf = &n->interface->conf;

	if (!conf->enable_timestamps || !neighbour_rtt_is_valid(b, n) ||
	    n->rtt <= conf->rtt_min)
		return 0;
	if (n->rtt >= conf->rtt_max)
		return conf->max_rtt_penalty;
	return (uint16_t)(conf->max_rtt_penalty * (n->rtt - conf->rtt_min) /
	    (conf->rtt_max - conf->rtt_min));
}

uint16_t
neighbour_compute_cost(const struct babel *b, const struct neighbour *n)
{
	uint16_t rxcost = neighbour_compute_rxcost(n);
	uint32_t cost = n->txcost;

	if (rxcost == INFINITY_METRIC || n->txcost == INFINITY_METRIC ||
	    n->dying)
		return INFINITY_METRIC;
	if (n->interface->conf.link_quality) {
		if (cost < ETX_UNIT)
			cost = ETX_UNIT;
		cost = (uint32_t)((uint64_t)cost * rxcost / ETX_UNIT);
	}
	cost += neighbour_rtt_cost(b, n);
	return cost < INFINITY_METRIC ? (uint16_t)cost : INFINITY_METRIC;
}

static int
compare_rtt(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The lower quartile of the recent measurements, the newest included, because
 * queues and sleeping radios only ever add to the time. */
static babel_time
rtt_quartile(const struct neighbour *n)
{
	uint32_t sorted[RTT_RECENT];
	size_t count_recent = n->rtt_samples < RTT_RECENT ?
	    n->rtt_samples + 1 : RTT_RECENT;

	memcpy(sorted, n->rtt_recent, sizeof(sorted));
	qsort(sorted, count_recent, sizeof(sorted[0]), compare_rtt);
	return sorted[(count_recent - 1) / 4];
}

void
neighbour_rtt_sample(struct babel *b, struct neighbour *n, babel_time rtt)
{
	babel_time decay = n->interface->conf.rtt_decay;

	if (!neighbour_rtt_is_valid(b, n))
		n->rtt_samples = 0;
	n->rtt_recent[n->rtt_samples % RTT_RECENT] = (uint32_t)rtt;
	if (n->interface->conf.rtt_filter == RTT_FILTER_QUARTILE)
		n->rtt = rtt_quartile(n);
	else if (n->rtt_samples == 0)
		n->rtt = rtt;
	else
		n->rtt = (decay * rtt + (256 - decay) * n->rtt) / 256;
	n->rtt_sampled = b->now;
	if (n->rtt_samples < UINT32_MAX)
		n->rtt_samples++;
	neighbour_update_cost(b, n);
}

/* May one more neighbour be greeted by unicast?  In a crowd, only one in
 * INTRODUCTION_TIME may. */
static bool
may_introduce(struct babel *b, struct interface *ifp)
{
	if (!interface_is_crowded(ifp))
		return true;
	if (ifp->introduced != 0 &&
	    b->now - ifp->introduced < INTRODUCTION_TIME)
		return false;
	ifp->introduced = b->now;
	return true;
}

/* The verdict on the neighbour has changed: send it an IHU. */
static void
send_verdict(struct babel *b, struct neighbour *n)
{
	n->ihu_due = true;
	if (may_introduce(b, n->interface)) {
		n->outbox.ihu = true;
		neighbour_send_urgently(b, n);
	} else {
		n->interface->outbox.ihu = true;
		interface_send_with_hello(b, n->interface);
	}
}

/* The link has become usable: send the whole table, and ask for the
 * neighbour's.  In a crowd nobody needs to ask, because everybody is sent
 * everything. */
static void
exchange_tables(struct babel *b, struct neighbour *n)
{
	bool alone = may_introduce(b, n->interface);

	n->exchanged = b->now;
	if (alone) {
		n->outbox.wildcard_request = true;
		neighbour_send_urgently(b, n);
		/* A dump that waited for this begins at once. */
		if (!n->dump.walk.begun)
			n->dump.state = DUMP_NONE;
		n->dump.began = 0;
		neighbour_dump(b, n);
	} else {
		n->interface->outbox.everything = true;
		interface_send_with_hello(b, n->interface);
	}
}

/* The neighbour may not have received our Hellos: send one soon, and an IHU. */
static void
greet(struct babel *b, struct neighbour *n)
{
	interface_hello_soon(b, n->interface);
	if (n->rxcost < INFINITY_METRIC)
		send_verdict(b, n);
}

void
neighbour_wants_table(struct babel *b, struct neighbour *n)
{
	/* The neighbour began the same exchange at the same time. */
	if (n->exchanged != 0 && b->now - n->exchanged < EXCHANGE_TWIN) {
		count(b, COUNT_WILDCARD_LIMITED);
		n->exchanged = 0;
		return;
	}
	if (may_introduce(b, n->interface))
		neighbour_dump(b, n);
	else {
		n->interface->outbox.everything = true;
		interface_send_with_hello(b, n->interface);
	}
	/* Its link may have been down for a moment.  Then it knows no
	 * neighbour, and our next Hello and IHU may be a long way off. */
	greet(b, n);
}

void
neighbour_introduce(struct babel *b, struct neighbour *n, bool is_new)
{
	greet(b, n);
	n->exchange_due = is_new;
	walk_restart(&n->dump.walk);	/* of a dump that is running */
	if (neighbour_is_reachable(n) && !is_new)
		exchange_tables(b, n);
}

void
neighbour_update_cost(struct babel *b, struct neighbour *n)
{
	uint16_t rxcost = neighbour_compute_rxcost(n);
	uint16_t cost = neighbour_compute_cost(b, n);
	bool was_reachable = neighbour_is_reachable(n);
	bool verdict = (rxcost == INFINITY_METRIC) !=
	    (n->rxcost == INFINITY_METRIC);

	n->rxcost = rxcost;
	if (verdict)
		send_verdict(b, n);
	if (cost == n->cost)
		return;
	n->cost = cost;
	log_reachable(b, n, neighbour_is_reachable(n));
	n->cost_pending = n->route_count;
	if (n->cost_pending > 0)
		job_queue_add(b, &n->cost_changed);
	if (!was_reachable)
		exchange_tables(b, n);
}

/* The next Hello begins the history anew. */
static void
history_forget(struct hello_history *history)
{
	history->vector = 0;
	history->length = 0;
	history->started = false;
	history->interval = 0;
}

void
neighbour_retract_all(struct babel *b, struct neighbour *n)
{
	n->generation++;
	n->cost_pending = n->route_count;
	if (n->cost_pending > 0)
		job_queue_add(b, &n->cost_changed);
}

/* The neighbour has restarted: its old Hellos and costs mean nothing. */
static void
neighbour_rebooted(struct babel *b, struct neighbour *n)
{
	history_forget(&n->multicast);
	history_forget(&n->unicast);
	schedule_cancel(b, &n->multicast.missed);
	schedule_cancel(b, &n->unicast.missed);
	/* It has forgotten what it announced before. */
	neighbour_retract_all(b, n);
	n->txcost = INFINITY_METRIC;
	n->is_listening = false;
	n->stamped = false;
	n->rtt_samples = 0;
	schedule_cancel(b, &n->ihu);
}

/* One more Hello was received (0) or lost (1). */
static void
history_note_loss(struct hello_history *history, double lost)
{
	if (history->loss_samples < LOSS_MEMORY)
		history->loss_samples++;
	history->loss += (lost - history->loss) / history->loss_samples;
}

/* Move a history on to the Hello of that seqno (appendix A.1). */
static void
history_append(struct hello_history *history, int distance)
{
	int length = history->length + distance + 1, i;

	for (i = 0; i < distance; i++)
		history_note_loss(history, 1);
	history_note_loss(history, 0);
	if (distance < 0)
		history->vector = (uint16_t)((unsigned int)history->vector <<
		    -distance);
	else
		history->vector = (uint16_t)(distance > 15 ? 0 :
		    history->vector >> distance);
	history->vector = history->vector >> 1 | 0x8000;
	history->length = (uint8_t)(length < 1 ? 1 : length > 16 ? 16 :
	    length);
}

/* How long an unscheduled Hello counts.  On links without multicast some
 * routers send no others, and send them with their IHUs, so it counts until the
 * next IHU. */
static babel_time
unscheduled_time(const struct neighbour *n)
{
	if (n->multicast.interval != 0)
		return UNSCHEDULED_TIME;
	return time_max(UNSCHEDULED_TIME, n->ihu_interval * 3 / 2);
}

void
neighbour_hello(struct babel *b, struct neighbour *n,
    const struct hello *hello)
{
	struct hello_history *history = hello->unicast ? &n->unicast :
	    &n->multicast;
	int distance = 0;

	if (!n->multicast.started && !n->unicast.started)
		interface_hello_soon(b, n->interface);
	if (history->started)
		distance = (int16_t)(uint16_t)(hello->seqno -
		    history->expected);
	if (distance > REBOOT_GAP || distance < -REBOOT_GAP) {
		neighbour_rebooted(b, n);
		interface_hello_soon(b, n->interface);
		distance = 0;
	}
	history_append(history, distance);
	history->started = true;
	history->expected = seqno_plus(hello->seqno, 1);
	history->received = b->now;
	if (hello->interval != 0) {
		history->interval = hello->interval;
		schedule(b, &history->missed, b->now +
		    hello->interval + hello->interval / 2);
		n->probes_sent = 0;
		schedule(b, &n->probe, b->now +
		    hello->interval + hello->interval / 4);
	} else if (history->interval == 0)
		schedule(b, &history->missed, b->now + unscheduled_time(n));
	schedule_cancel(b, &n->unused);
	neighbour_update_cost(b, n);
	if (n->exchange_due && neighbour_is_reachable(n))
		exchange_tables(b, n);
	n->exchange_due = false;
	notify(b, EVENT_NEIGHBOUR_CHANGE, n);
}

/* A Hello is missed; or none was ever promised, and the last one is too old to
 * count. */
static void
history_miss(struct hello_history *history)
{
	if (history->interval != 0) {
		history_note_loss(history, 1);
		history->vector >>= 1;
		history->expected = seqno_plus(history->expected, 1);
		if (history->length < 16)
			history->length++;
	}
	if (history->interval == 0 || history->vector == 0)
		history_forget(history);
}

void
neighbour_hello_missed(struct babel *b, struct neighbour *n,
    struct hello_history *history)
{
	history_miss(history);
	if (n->multicast.vector == 0 && n->unicast.vector == 0) {
		neighbour_flush(b, n);
		return;
	}
	if (history->interval != 0)
		schedule(b, &history->missed, b->now + history->interval);
	neighbour_update_cost(b, n);
	notify(b, EVENT_NEIGHBOUR_CHANGE, n);
}

/* How many probes it takes to be sure that the neighbour is gone; 0 if that is
 * too many. */
static uint8_t
probes_needed(const struct neighbour *n)
{
	const struct hello_history *history = n->multicast.length >=
	    n->unicast.length ? &n->multicast : &n->unicast;
	int heard = __builtin_popcount(history->vector);
	double recently = (history->length - heard + 1) /
	    (history->length + 2.0);
	double loss = recently > history->loss ? recently : history->loss;
	double failure = 1 - (1 - loss) * (1 - loss), all = 1;
	uint8_t tries = 0;

	while (all > 1.0 / PROBE_CONFIDENCE && tries <= PROBES_MAX) {
		all *= failure;
		tries++;
	}
	return tries <= PROBES_MAX ? tries : 0;
}

static void
probe_send(struct babel *b, struct neighbour *n)
{
	n->outbox.probe = true;
	n->outbox.probe_opaque = seqno_plus(n->probe_opaque, n->probes_sent);
	n->probes_sent++;
	count(b, COUNT_PROBES_SENT);
	schedule_advance(b, &n->outbox.timer, b->now);
	schedule(b, &n->probe, b->now + (n->probes_sent == n->probes_wanted ?
	    response_time(&n->response, PROBE_PATIENCE) : PROBE_PAUSE));
}

void
neighbour_probe(struct babel *b, struct neighbour *n)
{
	if (n->probes_sent > 0 || !neighbour_is_reachable(n))
		return;
	n->probes_wanted = probes_needed(n);
	if (n->probes_wanted == 0)
		return;
	n->probe_opaque = b->next_opaque;
	b->next_opaque = seqno_plus(b->next_opaque, n->probes_wanted);
	probe_send(b, n);
}

void
neighbour_probe_due(struct babel *b, struct neighbour *n)
{
	char name[ADDRESS_STRLEN];

	if (n->probes_sent == 0)
		neighbour_probe(b, n);
	else if (n->probes_sent < n->probes_wanted)
		probe_send(b, n);
	else {
		log_often(b, LOG_INFO, "neighbour %s if %s: silent, and "
		    "answers no probe: lost", address_format(&n->address, name),
		    n->interface->link.name);
		neighbour_flush(b, n);
	}
}

void
neighbour_probe_later(struct babel *b, struct neighbour *n)
{
	if (n->probes_sent == 0)
		return;
	n->probes_sent = 0;
	schedule(b, &n->probe, b->now + PROBE_RESPITE);
}

static void
probe_stop(struct babel *b, struct neighbour *n)
{
	n->probes_sent = 0;
	schedule_cancel(b, &n->probe);
}

void
neighbour_acked(struct babel *b, struct neighbour *n, uint16_t opaque)
{
	response_answered(&n->response, b->now, opaque);
	b->longest_response = time_max(b->longest_response,
	    n->response.mean);
	if ((uint16_t)(opaque - n->probe_opaque) < n->probes_sent)
		probe_stop(b, n);
}

void
neighbour_ihu(struct babel *b, struct neighbour *n, const struct ihu *ihu)
{
	/* A cost of 0 would let metrics stand still around a loop. */
	n->txcost = ihu->rxcost > 0 ? ihu->rxcost : 1;
	n->ihu_received = b->now;
	n->ihu_interval = ihu->interval;
	if (ihu->rxcost < INFINITY_METRIC)
		n->heard_us = b->now;
	schedule(b, &n->ihu, b->now + lifetime_of_route(ihu->interval));
	if (timer_is_set(&n->unused))
		schedule(b, &n->unused, b->now +
		    lifetime_without_hello(ihu->interval));
	neighbour_update_cost(b, n);
	notify(b, EVENT_NEIGHBOUR_CHANGE, n);
}

void
neighbour_ihu_expired(struct babel *b, struct neighbour *n)
{
	n->txcost = INFINITY_METRIC;
	neighbour_update_cost(b, n);
	notify(b, EVENT_NEIGHBOUR_CHANGE, n);
}

void
neighbour_send_urgently(struct babel *b, struct neighbour *n)
{
	if (n->dying)
		return;
	schedule_advance(b, &n->outbox.timer, b->now + random_between(b,
	    MILLISECOND, 8 * MILLISECOND));
}

void
neighbour_send_soon(struct babel *b, struct neighbour *n)
{
	if (n->dying)
		return;
	schedule_advance(b, &n->outbox.timer, b->now + random_between(b,
	    10 * MILLISECOND, 40 * MILLISECOND));
}

void
neighbour_queue(struct babel *b, struct neighbour *n,
    const struct outbox_item *item, bool urgent)
{
	if (n->dying)
		return;
	outbox_add(&n->outbox, item);
	if (urgent)
		neighbour_send_urgently(b, n);
	else
		neighbour_send_soon(b, n);
}

/* A neighbour that asks before the link is usable may not accept updates
 * from us yet.  So the dump is sent when the tables are exchanged, or after
 * a while. */
void
neighbour_dump(struct babel *b, struct neighbour *n)
{
	babel_time start = b->now +
	    (neighbour_is_reachable(n) ? 0 : EXCHANGE_TWIN);
	struct dump *dump = &n->dump;

	if (dump->state != DUMP_NONE) {
		if (dump->walk.begun)
			dump->state = DUMP_TWICE;
		return;
	}
	if (dump->began != 0 && b->now - dump->began < DUMP_PAUSE) {
		count(b, COUNT_WILDCARD_LIMITED);
		start = dump->began + DUMP_PAUSE;
	}
	dump->state = DUMP_ONCE;
	walk_restart(&dump->walk);
	dump->began = start;
	schedule(b, &dump->next, start);
}

void
neighbour_dump_done(struct babel *b, struct neighbour *n)
{
	bool again = n->dump.state == DUMP_TWICE;

	n->dump.state = DUMP_NONE;
	if (again)
		neighbour_dump(b, n);
}
