/*
 * loops.c - following packets: invariants I1 and I2.
 *
 * For each prefix there is a probe address that no longer prefix holds.
 * Each node's next hop for each probe, by longest match over what its
 * kernel holds and through interfaces that are up, is kept at hand; when
 * it changes, one walk from the node finds the loop if there is a new one,
 * because a new loop must go through a changed node.
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
#include "variety.h"

#define LOST_MAX	(10 * SECOND)	/* to put something in its place */

static babel_time
memory_after(babel_time update_interval)
{
	return 7 * update_interval / 2 + 15 * SECOND;
}

babel_time
checker_memory(const struct node *n)
{
	return memory_after(variety_update_interval(n->world->scenario,
	    n->index));
}

babel_time
checker_memory_longest(const struct world *w)
{
	return memory_after(w->scenario->update_interval);
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

/* Why a loop is excused, and until when. */
struct excuse {
	babel_time until;
	enum excuse_reason reason;
};

static void
excuse_until(struct excuse *e, babel_time until, enum excuse_reason reason)
{
	if (until <= e->until)
		return;
	e->until = until;
	e->reason = reason;
}

/* What a node can say for a loop that it is in. */
static void
node_excuse(const struct node *n, const struct plan *plan, struct excuse *e)
{
	const struct world *w = n->world;
	const struct place *place;
	babel_time memory = checker_memory(n);
	uint32_t i, used = n->places[plan - w->scenario->plans].used;

	excuse_until(e, n->restarted_at + (n->state == NODE_UP ? memory :
	    2 * memory), EXCUSE_RESTART);
	if (w->many_sources[used])
		excuse_until(e, w->now + memory, EXCUSE_SOURCES);
	for (i = 0; i < plan->cover_count && plan->covers[i] != used; i++) {
		place = &n->places[plan->covers[i]];
		if (place->lost)
			excuse_until(e, w->now + LOST_MAX, EXCUSE_KERNEL);
		excuse_until(e, place->gone_at + LOST_MAX, EXCUSE_KERNEL);
	}
}

/* Is the node's kernel behind its engine for that prefix? */
static bool
node_is_behind(const struct node *n, uint32_t key)
{
	return node_is_running(n) && tables_is_changing(tables_find(n->babel,
	    &n->world->scenario->plans[key].key));
}

/* Is any kernel on the loop through the node behind its engine? */
static bool
loop_is_behind(const struct node *n, uint32_t probe)
{
	const struct node *at = n;

	do {
		if (node_is_behind(at, at->places[probe].used))
			return true;
		at = &n->world->nodes[at->places[probe].next];
	} while (at != n);
	return false;
}

/* Did it take something for news that was old by then? */
static bool
node_was_late(const struct node *n)
{
	const struct world *w = n->world;
	babel_time since = w->now - checker_memory_longest(w);
	uint32_t i;

	for (i = 0; i < n->port_count; i++)
		if (w->links[n->ports[i].link].clogged_until > since)
			return true;
	return n->stalled_until > since;
}

/*
 * What excuses a loop that is led by several prefixes: nothing holds the
 * packets to the longest one any more, though they still come.  A kernel
 * may be slower than its engine was to acknowledge the retraction; the
 * engine may have been killed in between; who got a retraction before the
 * update that it retracts believes the update; and who got an update late
 * believes it beyond the hold time.
 */
static void
mixed_excuse(const struct node *n, uint32_t probe, struct excuse *e)
{
	const struct world *w = n->world;
	const struct node *at = n;
	bool mixed = false, killed = false, late = false;
	babel_time memory = checker_memory_longest(w);

	do {
		killed = killed || at->state != NODE_UP;
		late = late || node_was_late(at);
		mixed = mixed ||
		    at->places[probe].used != n->places[probe].used;
		at = &w->nodes[at->places[probe].next];
	} while (at != n);
	if (mixed && loop_is_behind(n, probe))
		excuse_until(e, w->now + LOST_MAX, EXCUSE_KERNEL);
	if (mixed && (killed || late || w->scenario->reorder > 0))
		excuse_until(e, w->now + memory, EXCUSE_HOLD);
	if (killed && e->until > 0)
		e->until += memory;
}

/* The loop through a node: what excuses it, and its text. */
static struct excuse
loop_excuse(const struct node *n, uint32_t probe, char *text, size_t size)
{
	const struct world *w = n->world;
	const struct node *at = n;
	struct excuse e = { .until = 0 };
	size_t used = 0;

	do {
		node_excuse(at, &w->scenario->plans[probe], &e);
		used += (size_t)snprintf(text + used, size - used, "%u>",
		    at->index);
		if (used >= size)
			used = size - 1;
		at = &w->nodes[at->places[probe].next];
	} while (at != n);
	mixed_excuse(n, probe, &e);
	return e;
}

/* The loop is looked at again when its excuse has run out. */
static void
loop_judge_later(struct world *w, uint32_t index)
{
	struct event *e = world_happen(w, HAPPEN_LOOP_DUE,
	    w->loops[index].due, NULL);

	e->u.index = index;
	queue_put(&w->queue, e);
}

static void
loop_excused(struct node *n, uint32_t probe, const struct excuse *excuse)
{
	struct world *w = n->world;

	if (w->loop_count == w->loop_size)
		w->loops = sim_grow(w->loops, &w->loop_size,
		    sizeof(*w->loops));
	w->loops[w->loop_count] = (struct loop){ true, probe, n->index,
	    w->now, excuse->until, excuse->reason };
	loop_judge_later(w, w->loop_count++);
	w->figures.loops[excuse->reason]++;
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
	struct excuse excuse;

	excuse = loop_excuse(n, probe, text, sizeof(text));
	world_tell(w, "prefix %u loops: %s", probe, text);
	if (excuse.until > w->now) {
		loop_excused(n, probe, &excuse);
		return;
	}
	world_fail(w, "I1", "packets to prefix %u loop: %s%u", probe, text,
	    n->index);
	loop_explain(n, probe);
}

static void
loop_ended(struct world *w, struct loop *loop)
{
	loop->alive = false;
	if (loop->reason == EXCUSE_RESTART)
		w->figures.longest_loop = time_max(w->figures.longest_loop,
		    w->now - loop->since);
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
			loop_ended(w, loop);
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

/* A kernel with much to do has the time that it takes. */
void
checker_loop_due(struct world *w, uint32_t index)
{
	struct loop *loop;

	if (index >= w->loop_count)
		return;
	loop = &w->loops[index];
	if (!loop->alive || loop->due != w->now)
		return;
	if (loop->reason == EXCUSE_KERNEL &&
	    loop_is_behind(&w->nodes[loop->node], loop->key)) {
		loop->due += LOST_MAX;
		loop_judge_later(w, index);
		return;
	}
	world_fail(w, "I2", "packets to prefix %u still loop through node "
	    "%u, longer than can be excused", loop->key, loop->node);
}
