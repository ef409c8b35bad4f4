/*
 * scenario.c - drawing a scenario from its seed: parameters harsher than
 * any network's, the phases of the run, and the prefixes.
 *
 * Prefixes overlap on purpose: two cover others, two are default routes,
 * one is originated in several places.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifetime.h"
#include "queue.h"
#include "variety.h"

#define BOOT_TIME	(3 * SECOND)
#define WARM_TIME	(20 * SECOND)
#define NODES_FEW	3	/* that a varied run has at least */
#define NODES_MANY	60	/* beyond: not more prefixes than that,
				   default intervals, few lossy links */
#define FAULTY_UPDATES	10	/* update intervals with faults */
#define HELLOS_SETTLE	32	/* until histories are full of Hellos */

/* How long it takes to find all routes again, and to forget all. */
static babel_time
settle_time(babel_time update_interval)
{
	return lifetime_of_source(update_interval) + 8 * update_interval +
	    30 * SECOND;
}

static babel_time
drain_time(babel_time update_interval)
{
	return lifetime_of_source(update_interval) + 14 * update_interval +
	    MINUTE;
}

static babel_time
phases_time(babel_time update_interval)
{
	return WARM_TIME + settle_time(update_interval) +
	    drain_time(update_interval);
}

babel_time
scenario_min_time(void)
{
	return phases_time(16 * SECOND) + MINUTE;
}

/* When each phase begins, from the end backwards.  Where intervals are long
 * the run is, too, so that the faults last for some of them. */
static void
draw_phases(struct scenario *s)
{
	babel_time slow = 0;

	if (s->habits != NULL) {
		slow = HELLOS_SETTLE * s->hello_interval;
		s->end_at = time_max(s->wishes.time, slow + phases_time(
		    s->update_interval) + FAULTY_UPDATES *
		    s->update_interval);
	}
	s->check_at = s->end_at - drain_time(s->update_interval);
	s->calm_at = s->check_at - settle_time(s->update_interval) - slow;
	s->faults_at = WARM_TIME;
}

static struct plan *
plan_add(struct scenario *s, const char *prefix, const char *probe)
{
	struct plan *plan;
	struct prefix to;

	s->plans = reallocarray(s->plans, s->plan_count + 1,
	    sizeof(*s->plans));
	if (s->plans == NULL || prefix_parse(prefix, &to) == -1)
		abort();
	plan = &s->plans[s->plan_count++];
	memset(plan, 0, sizeof(*plan));
	plan->key = destination_key_of(&to, NULL);
	if (address_parse(probe, &plan->probe) == -1)
		abort();
	return plan;
}

/* The node originates the prefix that was added last. */
static void
origin_add(struct scenario *s, uint32_t node)
{
	s->origins = reallocarray(s->origins, s->origin_count + 1,
	    sizeof(*s->origins));
	if (s->origins == NULL)
		abort();
	s->origins[s->origin_count++] =
	    (struct origin){ node, s->plan_count - 1 };
	s->plans[s->plan_count - 1].origins++;
}

/* The number-th prefix of a node: even ones IPv6, odd ones IPv4. */
static void
plan_node_prefix(struct scenario *s, uint32_t node, uint32_t number)
{
	char prefix[PREFIX_STRLEN], probe[PREFIX_STRLEN];

	if ((node + number) % 2 == 0) {
		snprintf(prefix, sizeof(prefix), "fd00:%x:%x::/64", node,
		    number);
		snprintf(probe, sizeof(probe), "fd00:%x:%x::1", node, number);
	} else {
		snprintf(prefix, sizeof(prefix), "10.%u.%u.%u/30",
		    node >> 8, node & 255, 4 * number);
		snprintf(probe, sizeof(probe), "10.%u.%u.%u", node >> 8,
		    node & 255, 4 * number + 1);
	}
	plan_add(s, prefix, probe);
	origin_add(s, node);
}

/* Is the probe in the prefix?  Families do not mix. */
static bool
plan_covers(const struct plan *outer, const struct plan *inner)
{
	const struct prefix probe = prefix_of(&inner->probe, 128);

	return prefix_is_ipv4(&probe) == prefix_is_ipv4(&outer->key.to) &&
	    prefix_contains(&outer->key.to, &probe);
}

static void
list_add(uint32_t **list, uint32_t *count, uint32_t item)
{
	*list = reallocarray(*list, *count + 1U, sizeof(**list));
	if (*list == NULL)
		abort();
	(*list)[(*count)++] = item;
}

/* Who covers whom; the covers of a probe end up longest first. */
static void
plan_relations(struct scenario *s)
{
	struct plan *plan;
	uint32_t i, j, plen;

	for (plen = 128; plen <= 128; plen--)
		for (j = 0; j < s->plan_count; j++) {
			if (s->plans[j].key.to.plen != plen)
				continue;
			for (i = 0; i < s->plan_count; i++) {
				plan = &s->plans[i];
				if (!plan_covers(&s->plans[j], plan))
					continue;
				list_add(&plan->covers, &plan->cover_count,
				    j);
				list_add(&s->plans[j].covered,
				    &s->plans[j].covered_count, i);
			}
		}
}

void
scenario_plan(struct scenario *s, struct prng *prng)
{
	uint32_t i, number, each = s->wishes.prefixes, n = s->nodes;
	uint32_t step = 1;

	if (each == 0) {
		each = n > NODES_MANY ? 1 : 2;
		step = 1 + (n - 1) / NODES_MANY;
	}
	for (i = 0; i < n; i += step)
		for (number = 0; number < each; number++)
			plan_node_prefix(s, i, number);
	plan_add(s, "fd00::/16", "fd00:ffff::1");
	origin_add(s, prng_below(prng, n));
	plan_add(s, "10.0.0.0/8", "10.255.255.1");
	origin_add(s, prng_below(prng, n));
	plan_add(s, "::/0", "2001:db8::1");
	origin_add(s, 0);
	origin_add(s, n - 1);
	plan_add(s, "0.0.0.0/0", "192.0.2.1");
	origin_add(s, prng_below(prng, n));
	plan_add(s, "fd01::/64", "fd01::1");
	for (i = 0; i < n && i < 3; i++)
		origin_add(s, i * n / 3);
	plan_relations(s);
}

void
scenario_draw(struct scenario *s, uint64_t seed, const struct wishes *wishes)
{
	static const babel_time hellos[] = { 4 * SECOND, 4 * SECOND,
	    2 * SECOND, SECOND };
	static const babel_time turns[] = { 0, 0, 50, 1 * MILLISECOND };
	static const babel_time kernels[] = { 0, 5 * MILLISECOND,
	    50 * MILLISECOND, 500 * MILLISECOND };
	struct prng prng = prng_of(seed, 1);

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->wishes = *wishes;
	s->nodes = wishes->nodes;
	s->topology = wishes->topology >= 0 ?
	    (enum topology)wishes->topology :
	    (enum topology)prng_below(&prng, TOPOLOGIES_DRAWN);
	s->hello_interval = hellos[prng_below(&prng, 4)];
	s->lossy = 0.4;
	if (s->nodes > NODES_MANY) {
		s->hello_interval = 4 * SECOND;
		s->lossy = 0.05;
	}
	s->update_interval = 4 * s->hello_interval;
	s->boot = BOOT_TIME;
	s->turn = turns[prng_below(&prng, 4)];
	s->fib_delay = kernels[prng_below(&prng, 4)];
	s->fib_window = 1 + prng_below(&prng, 64);
	s->refuse_send = prng_chance(&prng, 0.3) ? 0.02 : 0;
	s->weighted = prng_chance(&prng, 0.4) &&
	    s->topology != TOPOLOGY_WIRELESS;
	s->wireless = s->weighted ? 0 : prng_unit(&prng) * prng_unit(&prng);
	s->mobile = prng_chance(&prng, 0.3);
	s->duplicate = prng_chance(&prng, 0.5) ? 0.02 : 0;
	s->reorder = prng_chance(&prng, 0.5) ? 0.02 : 0;
	s->end_at = wishes->time;
	if (wishes->varied && s->nodes > NODES_FEW)
		s->nodes = NODES_FEW + prng_below(&prng,
		    s->nodes - NODES_FEW + 1);
	scenario_plan(s, &prng);
	if (wishes->varied)
		variety_draw(s, &prng);
	draw_phases(s);
}

void
scenario_free(struct scenario *s)
{
	uint32_t i;

	for (i = 0; i < s->plan_count; i++) {
		free(s->plans[i].covers);
		free(s->plans[i].covered);
	}
	variety_free(s);
	free(s->plans);
	free(s->origins);
	free(s->faults);
	memset(s, 0, sizeof(*s));
}
