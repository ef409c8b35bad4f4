/*
 * loops.c - following packets: invariants I1 and I2.
 *
 * Packets leave a node only by an interface that is up.  For each prefix
 * there is a probe address that no longer prefix holds
 * but those that are meant to.  Each node's next hop for each probe, by
 * longest match over what its kernel holds, is kept at hand; when it
 * changes, one walk from the changed node finds the loop if there is a
 * new one, because a new loop must go through a changed node.
 *
 * A loop is excused, for a while, only where RFC 8966 promises nothing:
 * one of its nodes restarted lately, so that others still act on what it
 * said before and it has forgotten its feasibility distances; or one of
 * the prefixes that lead the packets has several sources; or two prefixes
 * lead them and hold time (section 3.5.4) could not help; or a kernel
 * just lost a route, and the engine had no time to put it, or what is to
 * be there instead, back.
 */
#include "checker.h"

#include <stdio.h>
#include <string.h>

#include "tables.h"

#define LOST_MAX	(10 * SECOND)	/* to put something in its place */

babel_time
checker_memory(const struct world *w)
{
	return 7 * w->scenario->update_interval / 2 + 15 * SECOND;
}

/* The prefix by which the node forwards packets to the probe. */
static uint32_t
forward_match(const struct node *n, const struct plan *plan)
{
	const struct place *place;
	uint32_t i;

	for (i = 0; i < plan->cover_count; i++) {
		place = &n->places[plan->covers[i]];
		if (place->local || place->installed)
			return plan->covers[i];
	}
	return NOWHERE;
}

static void
forward_update(struct node *n, uint32_t probe)
{
	const struct plan *plan = &n->world->scenario->plans[probe];
	struct place *place = &n->places[probe];
	const struct place *by;
	const struct port *port;

	place->next = NOWHERE;
	place->used = n->state == NODE_OFF ? NOWHERE :
	    forward_match(n, plan);
	if (place->used == NOWHERE)
		return;
	by = &n->places[place->used];
	if (by->local || by->entry.unreachable)
		return;
	port = node_port(n, by->entry.ifindex);
	if (port != NULL && port->downs == 0)
		place->next = topology_owner(n->world, &by->entry.next_hop);
}

/* Until when the node excuses a loop that it is in. */
static babel_time
node_excuse(const struct node *n, const struct plan *plan)
{
	const struct world *w = n->world;
	const struct place *place;
	babel_time excuse, memory = checker_memory(w);
	uint32_t i, used = n->places[plan - w->scenario->plans].used;

	excuse = n->restarted_at + memory;
	if (n->state == NODE_KILLED || n->state == NODE_LEAVING)
		excuse += memory;
	if (w->many_sources[used])
		excuse = time_max(excuse, w->now + memory);
	for (i = 0; i < plan->cover_count && plan->covers[i] != used; i++) {
		place = &n->places[plan->covers[i]];
		if (place->lost)
			excuse = time_max(excuse, w->now + LOST_MAX);
		excuse = time_max(excuse, place->gone_at + LOST_MAX);
	}
	return excuse;
}

/* Is the node's kernel behind its engine for that prefix? */
static bool
node_is_behind(const struct node *n, uint32_t key)
{
	return node_is_running(n) && tables_is_changing(tables_find(n->babel,
	    &n->world->scenario->plans[key].key));
}

/*
 * What excuses a loop that is led by several prefixes: nothing holds the
 * packets to the longest one any more, though they still come.  A kernel
 * may be slower than its engine was to acknowledge the retraction; the
 * engine may have been killed in between; and who got a retraction before
 * the update that it retracts believes the update.
 */
static babel_time
mixed_excuse(const struct world *w, bool behind, bool killed)
{
	if (killed || w->scenario->reorder > 0)
		return w->now + checker_memory(w);
	return behind ? w->now + LOST_MAX : 0;
}

/* The loop through a node: until when it is excused, and its text. */
static babel_time
loop_excuse(const struct node *n, uint32_t probe, char *text, size_t size)
{
	const struct world *w = n->world;
	const struct plan *plan = &w->scenario->plans[probe];
	const struct node *at = n;
	babel_time excuse = 0;
	bool killed = false, mixed = false, behind = false;
	size_t used = 0;

	do {
		excuse = time_max(excuse, node_excuse(at, plan));
		killed = killed || at->state != NODE_UP;
		behind = behind ||
		    node_is_behind(at, at->places[probe].used);
		mixed = mixed ||
		    at->places[probe].used != n->places[probe].used;
		used += (size_t)snprintf(text + used, size - used, "%u>",
		    at->index);
		if (used >= size)
			used = size - 1;
		at = &w->nodes[at->places[probe].next];
	} while (at != n);
	if (mixed)
		excuse = time_max(excuse, mixed_excuse(w, behind,
		    killed));
	return killed ? excuse + checker_memory(w) : excuse;
}

static void
loop_excused(struct node *n, uint32_t probe, babel_time due)
{
	struct world *w = n->world;
	struct event *e;

	if (w->loop_count == w->loop_size)
		w->loops = sim_grow(w->loops, &w->loop_size,
		    sizeof(*w->loops));
	w->loops[w->loop_count] = (struct loop){ true, probe, n->index, due };
	e = world_happen(w, HAPPEN_LOOP_DUE, due, NULL);
	e->u.index = w->loop_count++;
	queue_put(&w->queue, e);
	w->figures.loops_excused++;
}

static void
loop_explain(const struct node *n, uint32_t probe)
{
	const struct node *at = n;

	do {
		world_explain(at, at->places[probe].used);
		at = &n->world->nodes[at->places[probe].next];
	} while (at != n);
}

/* There is a loop through the node. */
static void
loop_found(struct node *n, uint32_t probe)
{
	struct world *w = n->world;
	char text[200];
	babel_time excuse;

	w->figures.loops++;
	excuse = loop_excuse(n, probe, text, sizeof(text));
	world_tell(w, "prefix %u loops: %s", probe, text);
	if (excuse > w->now) {
		loop_excused(n, probe, excuse);
		return;
	}
	world_fail(w, "I1", "packets to prefix %u loop: %s%u", probe, text,
	    n->index);
	loop_explain(n, probe);
}

/* Loops through the node are gone: it forwards otherwise. */
static void
loops_broken(struct world *w, uint32_t probe, const struct node *n)
{
	const struct node *at;
	struct loop *loop;
	uint32_t i, steps;

	for (i = 0; i < w->loop_count; i++) {
		loop = &w->loops[i];
		if (!loop->alive || loop->key != probe)
			continue;
		at = &w->nodes[loop->node];
		for (steps = 0; at != n && steps <= w->scenario->nodes &&
		    at->places[probe].next != NOWHERE; steps++)
			at = &w->nodes[at->places[probe].next];
		if (at == n && steps <= w->scenario->nodes)
			loop->alive = false;
	}
	while (w->loop_count > 0 && !w->loops[w->loop_count - 1].alive &&
	    w->loops[w->loop_count - 1].due <= w->now)
		w->loop_count--;
}

static void
forward_check(struct node *n, uint32_t probe)
{
	struct world *w = n->world;
	struct place *place = &n->places[probe];
	uint32_t next = place->next, steps = 0, at;

	forward_update(n, probe);
	if (place->next == next)
		return;
	w->figures.checks++;
	if (next != NOWHERE) {
		at = place->next;
		place->next = next;
		loops_broken(w, probe, n);
		place->next = at;
	}
	for (at = place->next; at != NOWHERE && steps <= w->scenario->nodes;
	    at = w->nodes[at].places[probe].next, steps++)
		if (at == n->index) {
			loop_found(n, probe);
			return;
		}
}

void
checker_forwarding(struct node *n, uint32_t key)
{
	const struct plan *plan = &n->world->scenario->plans[key];
	uint32_t i;

	for (i = 0; i < plan->covered_count; i++)
		forward_check(n, plan->covered[i]);
}

void
checker_forwarding_all(struct node *n)
{
	uint32_t i;

	for (i = 0; i < n->world->scenario->plan_count; i++)
		forward_check(n, i);
}

void
checker_loop_due(struct world *w, uint32_t index)
{
	const struct loop *loop;

	if (index >= w->loop_count)
		return;
	loop = &w->loops[index];
	if (!loop->alive || loop->due != w->now)
		return;
	world_fail(w, "I2", "packets to prefix %u still loop through node "
	    "%u, longer than can be excused", loop->key, loop->node);
}
