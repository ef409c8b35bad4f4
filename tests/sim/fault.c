/*
 * fault.c - what goes wrong: drawn up front as a list, so that a failing
 * run can be shrunk by leaving faults out.  Each fault ends by itself.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#include "checker.h"
#include "sim_world.h"
#include "variety.h"

#define RESTARTS_MIN	18		/* of each run, at least drawn */
#define JUMP_MAX	(10 * MINUTE)
#define MOBILE_LINKS	3
#define MOBILE_TIME	(10 * SECOND)	/* there, and away */

/* How often a kind is drawn, and how long such a fault lasts. */
static const struct {
	const char *name;
	uint32_t weight;
	babel_time shortest, longest;
} fault_shapes[FAULTS] = {
	[FAULT_CRASH] = { "crash", 3, SECOND / 10, MINUTE },
	[FAULT_POWER] = { "power", 2, SECOND, 5 * MINUTE },
	[FAULT_SHUTDOWN] = { "shutdown", 2, SECOND, 2 * MINUTE },
	[FAULT_CUT] = { "cut", 8, SECOND, MINUTE },
	[FAULT_CUT_SEEN] = { "cut-seen", 6, SECOND / 10, MINUTE },
	[FAULT_CUT_HALF_SEEN] = { "cut-half-seen", 4, SECOND, MINUTE },
	[FAULT_ONE_WAY] = { "one-way", 4, SECOND, MINUTE },
	[FAULT_LOSS] = { "loss", 8, 5 * SECOND, 3 * MINUTE },
	[FAULT_CLOG] = { "clog", 3, SECOND / 10, 5 * SECOND },
	[FAULT_PARTITION] = { "partition", 2, SECOND, MINUTE },
	[FAULT_WITHDRAW] = { "withdraw", 8, SECOND / 10, 4 * MINUTE },
	[FAULT_REFUSE] = { "refuse", 3, SECOND, 40 * SECOND },
	[FAULT_LOSE] = { "lose", 4, 0, 0 },
	[FAULT_STALL] = { "stall", 3, SECOND / 10, 20 * SECOND },
	[FAULT_RECREATE] = { "recreate", 2, 0, 0 },
	[FAULT_JUMP] = { "jump", 2, 0, 0 },
};

static enum fault_kind
draw_kind(struct prng *prng)
{
	uint32_t i, sum = 0, at;

	for (i = 0; i < FAULTS; i++)
		sum += fault_shapes[i].weight;
	at = prng_below(prng, sum);
	for (i = 0; at >= fault_shapes[i].weight; i++)
		at -= fault_shapes[i].weight;
	return (enum fault_kind)i;
}

static bool
is_restart(enum fault_kind kind)
{
	return kind == FAULT_CRASH || kind == FAULT_POWER ||
	    kind == FAULT_SHUTDOWN;
}

static bool
is_of_link(enum fault_kind kind)
{
	return kind == FAULT_CUT || kind == FAULT_CUT_SEEN ||
	    kind == FAULT_CUT_HALF_SEEN || kind == FAULT_ONE_WAY ||
	    kind == FAULT_LOSS || kind == FAULT_CLOG;
}

static void
draw_fault(const struct scenario *s, const struct world *w,
    struct prng *prng, struct fault *f)
{
	babel_time span = s->calm_at - s->faults_at;

	f->begin = s->faults_at + prng_between(prng, 0, span - SECOND);
	f->end = f->begin + prng_between(prng, fault_shapes[f->kind].shortest,
	    fault_shapes[f->kind].longest);
	f->end = time_min(f->end, s->calm_at);
	f->detail = (uint32_t)prng_next(prng);
	f->loss = s->wishes.loss * prng_unit(prng);
	if (is_of_link(f->kind))
		f->node = prng_below(prng, w->link_count);
	else if (f->kind == FAULT_WITHDRAW)
		f->node = prng_below(prng, s->origin_count);
	else
		f->node = prng_below(prng, s->nodes);
	if (!is_restart(f->kind))
		return;
	/* Memory is lost in the first half only: to be believed again may
	 * take others their garbage collection. */
	f->detail = prng_chance(prng, 0.6) ? REMEMBERS_ALL :
	    prng_chance(prng, 0.5) ? REMEMBERS_ID : REMEMBERS_NOTHING;
	if (f->end > s->faults_at + span / 2)
		f->detail = REMEMBERS_ALL;
}

/* A link that appears and vanishes over and over: the last faults. */
static void
draw_mobile(const struct scenario *s, const struct world *w,
    struct prng *prng, uint32_t first)
{
	uint32_t links[MOBILE_LINKS], i;
	babel_time at = s->faults_at;
	struct fault *f;

	for (i = 0; i < MOBILE_LINKS; i++)
		links[i] = prng_below(prng, w->link_count);
	for (i = first; i < s->fault_count; i++) {
		f = &s->faults[i];
		f->kind = prng_chance(prng, 0.5) ? FAULT_CUT : FAULT_CUT_SEEN;
		f->node = links[i % MOBILE_LINKS];
		f->begin = time_min(at, s->calm_at - SECOND);
		f->end = time_min(f->begin + MOBILE_TIME, s->calm_at);
		at += 2 * MOBILE_TIME / MOBILE_LINKS;
	}
}

void
scenario_draw_faults(struct scenario *s, const struct world *w)
{
	struct prng prng = prng_of(s->seed, 3);
	double minutes = (double)(s->calm_at - s->faults_at) / (double)MINUTE;
	uint32_t i, count;

	count = 60 + (uint32_t)(minutes * s->nodes / 8);
	if (count > FAULTS_MAX)
		count = FAULTS_MAX;
	s->faults = sim_calloc(count, sizeof(*s->faults));
	s->fault_count = count;
	for (i = 0; i < count; i++) {
		do
			s->faults[i].kind = draw_kind(&prng);
		while (i < RESTARTS_MIN && !is_restart(s->faults[i].kind));
		draw_fault(s, w, &prng, &s->faults[i]);
	}
	variety_faults(s, &prng);
	if (s->mobile)
		draw_mobile(s, w, &prng, count - count / 3);
}

void
fault_print(uint32_t index, const struct scenario *s)
{
	const struct fault *f = &s->faults[index];

	printf("  %4u: %9.3f to %9.3f  %-13s ", index,
	    (double)f->begin / (double)SECOND, (double)f->end /
	    (double)SECOND, fault_shapes[f->kind].name);
	if (f->kind == FAULT_WITHDRAW)
		printf("node %u, prefix %u\n", s->origins[f->node].node,
		    s->origins[f->node].key);
	else if (f->kind == FAULT_LOSS)
		printf("link %u, %.0f %%\n", f->node, 100 * f->loss);
	else if (is_of_link(f->kind))
		printf("link %u\n", f->node);
	else if (is_restart(f->kind))
		printf("node %u, remembers %s\n", f->node,
		    f->detail == REMEMBERS_ALL ? "all" :
		    f->detail == REMEMBERS_ID ? "its router-id" : "nothing");
	else
		printf("node %u\n", f->node);
}

/* The first two ends of a link, or two random ends of a broadcast one. */
static void
fault_ends(const struct link *l, uint32_t detail, uint32_t ends[2])
{
	ends[0] = detail % l->end_count;
	ends[1] = (ends[0] + 1 + detail / l->end_count %
	    (l->end_count - 1)) % l->end_count;
}

static void
fault_port(struct world *w, const struct link_end *end, int delta)
{
	struct node *n = &w->nodes[end->node];
	struct port *p = &n->ports[end->port];

	p->downs = (uint32_t)((int)p->downs + delta);
	node_tell_link(n, end->port);
	node_turn(n);
}

static void
fault_cut(struct world *w, const struct fault *f, int delta)
{
	struct link *l = &w->links[f->node];
	uint32_t i, ends[2];

	fault_ends(l, f->detail, ends);
	if (f->kind == FAULT_ONE_WAY) {
		struct way *way = link_way(l, ends[0], ends[1]);

		way->blocked = (uint8_t)(way->blocked + delta);
		return;
	}
	l->cuts = (uint32_t)((int)l->cuts + delta);
	if (f->kind == FAULT_CUT_SEEN)
		for (i = 0; i < l->end_count; i++)
			fault_port(w, &l->ends[i], delta);
	else if (f->kind == FAULT_CUT_HALF_SEEN)
		fault_port(w, &l->ends[ends[0]], delta);
}

/* Some nodes go to, or come back from, the other side. */
static void
fault_partition(struct world *w, const struct fault *f, uint32_t index)
{
	struct prng prng = prng_of(f->detail, 7);
	uint32_t bit = 1U << index % 32, i;
	double part = 0.1 + 0.8 * prng_unit(&prng);

	for (i = 0; i < w->scenario->nodes; i++)
		if (prng_chance(&prng, part))
			w->nodes[i].partition ^= bit;
}

static void
fault_down(struct world *w, const struct fault *f, uint32_t index)
{
	struct node *n = &w->nodes[f->node];

	if (n->state != NODE_UP)
		return;
	n->down_by = index;
	if (f->kind == FAULT_SHUTDOWN)
		node_leave(n);
	else
		node_kill(n, f->kind == FAULT_CRASH ? NODE_KILLED : NODE_OFF);
}

static void
fault_restart(struct world *w, const struct fault *f, uint32_t index)
{
	struct node *n = &w->nodes[f->node];

	if (n->down_by != index)
		return;
	n->down_by = NOWHERE;
	if (node_is_running(n))
		node_kill(n, NODE_OFF);
	node_start(n, (enum memory)f->detail);
}

static void
fault_of_node(struct world *w, const struct fault *f, bool begins)
{
	struct node *n = &w->nodes[f->node];
	struct prng prng = prng_of(f->detail, 8);

	switch (f->kind) {
	case FAULT_REFUSE:
		n->refusing += begins ? 1 : UINT32_MAX;
		break;
	case FAULT_LOSE:
		if (begins)
			kernel_lose_route(n, &prng);
		break;
	case FAULT_STALL:
		if (begins && node_is_running(n))
			n->stalled_until = time_max(n->stalled_until, f->end);
		break;
	case FAULT_RECREATE:
		if (begins && n->port_count > 0)
			node_recreate_port(n, f->detail % n->port_count);
		break;
	case FAULT_JUMP:
		if (begins)
			node_jump(n, prng_chance(&prng, 0.5) ?
			    prng_between(&prng, 0, 10 * SECOND) :
			    prng_between(&prng, 0, JUMP_MAX));
		break;
	default:
		break;
	}
	node_turn(n);
}

static void
fault_change(struct world *w, uint32_t index, bool begins)
{
	const struct fault *f = &w->scenario->faults[index];
	const struct origin *o;

	w->active[index] = begins;
	trace_note(&w->trace, (uint64_t)w->now, index, begins);
	world_tell(w, "%s: %s %u", begins ? "begins" : "ends",
	    fault_shapes[f->kind].name, f->node);
	if (f->kind == FAULT_LOSS)
		link_update_loss(w, f->node);
	else if (f->kind == FAULT_CLOG)
		w->links[f->node].clogged_until =
		    time_max(w->links[f->node].clogged_until, f->end);
	else if (is_of_link(f->kind))
		fault_cut(w, f, begins ? 1 : -1);
	else if (f->kind == FAULT_PARTITION)
		fault_partition(w, f, index);
	else if (f->kind == FAULT_WITHDRAW) {
		o = &w->scenario->origins[f->node];
		node_originate(&w->nodes[o->node], o->key, !begins);
		node_turn(&w->nodes[o->node]);
	} else if (!is_restart(f->kind))
		fault_of_node(w, f, begins);
	else if (begins)
		fault_down(w, f, index);
	else
		fault_restart(w, f, index);
}

void
fault_begin(struct world *w, uint32_t index)
{
	fault_change(w, index, true);
}

void
fault_end(struct world *w, uint32_t index)
{
	fault_change(w, index, false);
}
