/*
 * kernel.c - a kernel that does what real ones do: takes its time, has a
 * window, refuses routes, loses routes.
 *
 * It holds the engine to its word: what is changed or deleted must be
 * what is there, and one change of a destination at a time.
 */
#include "sim_world.h"

#include <errno.h>
#include <string.h>

#include "checker.h"

bool
kernel_submit_change(struct node *n, const struct fib_change *change)
{
	struct world *w = n->world;
	uint32_t key = world_find_key(w, &change->key);
	struct event *e;

	if (key == NOWHERE && w->strangers) {
		e = world_happen(w, HAPPEN_FIB_DONE, w->now, n);
		e->u.fib.change = *change;
		queue_put(&w->queue, e);
		return true;
	}
	if (key == NOWHERE) {
		world_fail(w, "FIB", "node %u installs a prefix that nobody "
		    "originates", n->index);
		return true;
	}
	if (n->places[key].in_flight) {
		world_fail(w, "FIB", "node %u, prefix %u: two changes at "
		    "one time", n->index, key);
		return true;
	}
	if (n->window >= w->scenario->fib_window)
		return false;
	n->window++;
	n->places[key].in_flight = true;
	e = world_happen(w, HAPPEN_FIB_APPLY, w->now + prng_between(&w->prng,
	    0, w->scenario->fib_delay), n);
	e->u.fib.change = *change;
	queue_put(&w->queue, e);
	return true;
}

static bool
entry_equal(const struct fib_entry *a, const struct fib_entry *b)
{
	return a->unreachable == b->unreachable && (a->unreachable ||
	    (a->ifindex == b->ifindex &&
	    address_equal(&a->next_hop, &b->next_hop)));
}

/* Would a real kernel have an objection? */
static int
kernel_objection(struct node *n, const struct fib_change *change)
{
	static const int errors[] = { ENETUNREACH, ENOMEM, EINVAL, EEXIST };
	struct world *w = n->world;

	if (change->operation == FIB_DELETE || change->entry.unreachable)
		return 0;
	if (node_port(n, change->entry.ifindex) == NULL)
		return ENODEV;
	if (n->refusing > 0 && !w->calm && prng_chance(&w->prng, 0.7))
		return errors[prng_below(&w->prng, 4)];
	return 0;
}

/* Is what the engine takes to be there what is there? */
static void
kernel_check_old(struct node *n, uint32_t key,
    const struct fib_change *change)
{
	const struct place *place = &n->places[key];
	const char *wrong = NULL;

	if (change->operation == FIB_ADD)
		wrong = place->installed ? "adds what is there" : NULL;
	else if (!place->installed)
		wrong = place->lost ? NULL : "changes what is not there";
	else if (!entry_equal(&place->entry, &change->old))
		wrong = "changes something else than what is there";
	if (wrong != NULL)
		world_fail(n->world, "FIB", "node %u, prefix %u: %s",
		    n->index, key, wrong);
}

void
kernel_apply(struct node *n, struct event *e)
{
	struct world *w = n->world;
	struct fib_change *change = &e->u.fib.change;
	uint32_t key = world_find_key(w, &change->key);
	struct place *place = &n->places[key];

	kernel_check_old(n, key, change);
	e->u.fib.error = kernel_objection(n, change);
	if (e->u.fib.error == 0) {
		place->installed = change->operation != FIB_DELETE;
		place->lost = false;
		place->entry = change->entry;
		w->figures.route_changes++;
		world_tell(w, "node %u: prefix %u %s port %u via %u", n->index,
		    key, !place->installed ? "deleted" :
		    place->entry.unreachable ? "unreachable" : "installed",
		    place->entry.ifindex,
		    topology_owner(w, &place->entry.next_hop));
		checker_forwarding(n, key);
	} else
		world_tell(w, "node %u: prefix %u refused: %d", n->index, key,
		    e->u.fib.error);
	trace_note(&w->trace, (uint64_t)w->now, (uint64_t)n->index << 32 |
	    key, (uint64_t)(e->u.fib.error != 0) << 32 | place->entry.ifindex);
	e->kind = HAPPEN_FIB_DONE;
	e->at = w->now + prng_between(&w->prng, 0,
	    w->scenario->fib_delay / 4);
	queue_put(&w->queue, e);
}

void
kernel_answer(struct node *n, const struct event *e)
{
	uint32_t key = world_find_key(n->world, &e->u.fib.change.key);

	if (key != NOWHERE) {
		n->window--;
		n->places[key].in_flight = false;
	}
	babel_fib_done(n->babel, node_now(n), &e->u.fib.change,
	    e->u.fib.error);
	node_turn(n);
}

void
kernel_clear(struct node *n)
{
	uint32_t k;

	n->window = 0;
	for (k = 0; k < n->world->scenario->plan_count; k++) {
		n->places[k].installed = n->places[k].lost = false;
		n->places[k].in_flight = false;
	}
	checker_forwarding_all(n);
}

/* A route goes; the engine is told. */
static void
kernel_lose(struct node *n, uint32_t key)
{
	struct place *place = &n->places[key];

	place->installed = false;
	place->lost = true;
	checker_forwarding(n, key);
	world_tell(n->world, "node %u: prefix %u lost", n->index, key);
	if (node_is_running(n))
		babel_fib_lost(n->babel, node_now(n),
		    &n->world->scenario->plans[key].key);
}

void
kernel_drop_interface(struct node *n, unsigned int ifindex)
{
	uint32_t k;

	for (k = 0; k < n->world->scenario->plan_count; k++)
		if (n->places[k].installed &&
		    !n->places[k].entry.unreachable &&
		    n->places[k].entry.ifindex == ifindex)
			kernel_lose(n, k);
}

void
kernel_lose_route(struct node *n, struct prng *prng)
{
	uint32_t count = n->world->scenario->plan_count;
	uint32_t first = prng_below(prng, count), i, k;

	for (i = 0; i < count; i++) {
		k = (first + i) % count;
		if (n->places[k].installed && !n->places[k].in_flight) {
			kernel_lose(n, k);
			return;
		}
	}
}
