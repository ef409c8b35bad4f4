/*
 * sim_world.c - the simulated world: one clock, one queue of events, and the
 * switch that says what each event does.
 */
#include "sim_world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checker.h"
#include "tables.h"

#define SWEEP_TIME	(5 * SECOND)
#define CALL_OFF	(200 * MILLISECOND)

enum phase { PHASE_CALM, PHASE_CHECK, PHASE_END };

void
world_fail(struct world *w, const char *invariant, const char *format, ...)
{
	va_list args;
	int used;

	if (world_failed(w))
		return;
	w->failed_at = w->now;
	used = snprintf(w->failure, sizeof(w->failure), "%s at %.6f: ",
	    invariant, (double)w->now / (double)SECOND);
	va_start(args, format);
	vsnprintf(w->failure + used, sizeof(w->failure) - (size_t)used,
	    format, args);
	va_end(args);
}

bool
world_failed(const struct world *w)
{
	return w->failure[0] != '\0';
}

void
world_tell(const struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->scenario->wishes.verbose)
		return;
	fprintf(stderr, "%12.6f ", (double)w->now / (double)SECOND);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

void
world_explain(const struct node *n, uint32_t key)
{
	if (!n->world->scenario->wishes.verbose || !node_is_running(n))
		return;
	world_tell(n->world, "node %u: prefix %u:", n->index, key);
	tables_print(stderr, n->babel, &n->world->scenario->plans[key].key);
}

struct event *
world_happen(struct world *w, enum happening kind, babel_time at,
    const struct node *n)
{
	struct event *e = queue_new(&w->queue, kind, at);

	e->node = n == NULL ? NOWHERE : n->index;
	e->generation = n == NULL ? 0 : n->generation;
	return e;
}

static uint32_t
key_hash(const struct destination_key *key)
{
	uint64_t hash = 0, word;
	size_t at;

	/* The prefix alone: source-specific ones differ in it, too. */
	for (at = 0; at < sizeof(key->to.address); at += sizeof(word)) {
		memcpy(&word, key->to.address + at, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash ^ key->to.plen);
}

uint32_t
world_find_key(const struct world *w, const struct destination_key *key)
{
	uint32_t at = key_hash(key) & (w->index_size - 1);

	for (; w->index[at] != NOWHERE; at = (at + 1) & (w->index_size - 1))
		if (memcmp(&w->scenario->plans[w->index[at]].key, key,
		    sizeof(*key)) == 0)
			return w->index[at];
	return NOWHERE;
}

static void
index_build(struct world *w)
{
	uint32_t i, at;

	for (w->index_size = 16; w->index_size < 4 * w->scenario->plan_count;)
		w->index_size *= 2;
	w->index = sim_calloc(w->index_size, sizeof(*w->index));
	for (i = 0; i < w->index_size; i++)
		w->index[i] = NOWHERE;
	for (i = 0; i < w->scenario->plan_count; i++) {
		at = key_hash(&w->scenario->plans[i].key) &
		    (w->index_size - 1);
		while (w->index[at] != NOWHERE)
			at = (at + 1) & (w->index_size - 1);
		w->index[at] = i;
	}
}

static void
phase_put(struct world *w, enum phase phase, babel_time at)
{
	struct event *e = world_happen(w, HAPPEN_PHASE, at, NULL);

	e->u.index = phase;
	queue_put(&w->queue, e);
}

void
world_build(struct world *w, const struct scenario *s)
{
	uint32_t i;

	memset(w, 0, sizeof(*w));
	w->scenario = s;
	w->until = s->end_at;
	w->prng = prng_of(s->seed, 2);
	trace_start(&w->trace);
	index_build(w);
	configure_all(w);
	w->many_sources = sim_calloc(s->plan_count, sizeof(bool));
	for (i = 0; i < s->plan_count; i++)
		w->many_sources[i] = s->plans[i].origins > 1;
	w->nodes = sim_calloc(s->nodes, sizeof(*w->nodes));
	for (i = 0; i < s->nodes; i++)
		node_init(w, i);
	topology_build(w);
}

/* Put what is known beforehand. */
static void
world_begin(struct world *w)
{
	const struct scenario *s = w->scenario;
	struct event *e;
	uint32_t i;

	w->begun = true;
	w->active = sim_calloc(s->fault_count, sizeof(*w->active));
	for (i = 0; i < s->origin_count; i++)
		w->nodes[s->origins[i].node].places[s->origins[i].key].local =
		    true;
	for (i = 0; i < s->nodes; i++) {
		e = world_happen(w, HAPPEN_RUN, prng_between(&w->prng, 0,
		    s->boot), &w->nodes[i]);
		queue_put(&w->queue, e);
	}
	for (i = 0; i < s->fault_count; i++) {
		if (w->without != NULL && w->without[i])
			continue;
		e = world_happen(w, HAPPEN_FAULT_BEGIN, s->faults[i].begin,
		    NULL);
		e->u.index = i;
		queue_put(&w->queue, e);
		e = world_happen(w, HAPPEN_FAULT_END, s->faults[i].end, NULL);
		e->u.index = i;
		queue_put(&w->queue, e);
	}
	phase_put(w, PHASE_CALM, s->calm_at + 1);
	phase_put(w, PHASE_CHECK, s->check_at);
	phase_put(w, PHASE_END, s->end_at);
	queue_put(&w->queue, world_happen(w, HAPPEN_SWEEP, SWEEP_TIME, NULL));
}

static void
phase_begin(struct world *w, enum phase phase)
{
	const struct scenario *s = w->scenario;
	struct origin *o;
	uint32_t i;

	switch (phase) {
	case PHASE_CALM:
		w->calm = true;
		for (i = 0; i < w->link_count; i++)
			link_update_loss(w, i);
		break;
	case PHASE_CHECK:
		checker_settled(w);
		for (i = 0; i < s->origin_count; i++) {
			o = &s->origins[i];
			node_originate(&w->nodes[o->node], o->key, false);
			node_turn(&w->nodes[o->node]);
		}
		break;
	case PHASE_END:
		checker_drained(w);
		break;
	}
}

/* What happens to a node that is stalled happens when it goes on. */
static bool
event_waits(struct world *w, struct node *n, struct event *e)
{
	if (n->stalled_until <= w->now || (e->kind != HAPPEN_PACKET &&
	    e->kind != HAPPEN_FIB_DONE && e->kind != HAPPEN_RUN))
		return false;
	if (e->kind == HAPPEN_RUN)
		n->queued = n->stalled_until;
	e->at = n->stalled_until;
	queue_put(&w->queue, e);
	return true;
}

/* Something that happens to a node; false if the event goes on living. */
static bool
event_of_node(struct world *w, struct event *e)
{
	struct node *n = &w->nodes[e->node];

	if (e->generation != n->generation) {
		if (e->kind == HAPPEN_PACKET)
			link_release(e->u.arrival.packet);
		return true;
	}
	if (event_waits(w, n, e))
		return false;
	switch (e->kind) {
	case HAPPEN_RUN:
		if (n->state == NODE_OFF && n->generation == 0)
			node_start(n, REMEMBERS_ALL);
		else
			node_run_due(n);
		break;
	case HAPPEN_PACKET:
		link_arrive(n, e->u.arrival.packet, e->u.arrival.port);
		link_release(e->u.arrival.packet);
		break;
	case HAPPEN_FIB_APPLY:
		kernel_apply(n, e);
		return false;
	default:
		kernel_answer(n, e);
		break;
	}
	return true;
}

static void
event_of_world(struct world *w, struct event *e)
{
	switch (e->kind) {
	case HAPPEN_FAULT_BEGIN:
		fault_begin(w, e->u.index);
		break;
	case HAPPEN_FAULT_END:
		fault_end(w, e->u.index);
		break;
	case HAPPEN_LOOP_DUE:
		checker_loop_due(w, e->u.index);
		break;
	case HAPPEN_PHASE:
		phase_begin(w, (enum phase)e->u.index);
		break;
	default:
		checker_sweep(w);
		queue_put(&w->queue, world_happen(w, HAPPEN_SWEEP,
		    w->now + SWEEP_TIME, NULL));
		break;
	}
}

void
world_continue(struct world *w)
{
	struct event *e;

	if (!w->begun)
		world_begin(w);
	while (!world_failed(w) && (e = queue_take(&w->queue)) != NULL) {
		if (e->at > w->until) {
			queue_put(&w->queue, e);
			break;
		}
		w->now = e->at;
		w->figures.events++;
		if (e->node == NOWHERE)
			event_of_world(w, e);
		else if (!event_of_node(w, e))
			continue;
		queue_recycle(&w->queue, e);
	}
}

void
world_run(struct world *w)
{
	uint32_t i;

	world_continue(w);
	w->figures.simulated = w->now;
	for (i = 0; i < w->scenario->nodes; i++)
		if (w->nodes[i].babel != NULL)
			tables_add_counters(w->nodes[i].babel, &w->figures);
}

void
world_free(struct world *w)
{
	struct event *e;
	uint32_t i;

	while ((e = queue_take(&w->queue)) != NULL) {
		if (e->kind == HAPPEN_PACKET)
			link_release(e->u.arrival.packet);
		queue_recycle(&w->queue, e);
	}
	queue_free(&w->queue);
	for (i = 0; i < w->scenario->nodes; i++)
		node_free(&w->nodes[i]);
	for (i = 0; i < w->link_count; i++) {
		free(w->links[i].ends);
		free(w->links[i].ways);
	}
	for (i = 0; i < w->configuration_count; i++)
		configuration_free(w->configurations[i]);
	free(w->configurations);
	free(w->nodes);
	free(w->links);
	free(w->index);
	free(w->many_sources);
	free(w->active);
	free(w->loops);
}
