/*
 * topology.c - who is linked with whom: lines, rings, stars, grids, random
 * graphs, chains of LANs, one radio channel for all, and what cities have:
 * routers that reach those near them, and trees of tunnels.
 *
 * A node's port number is in its addresses, so that the checker finds the
 * node that a next hop belongs to.
 */
#include "sim_world.h"
#include "variety.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAN_SIZE	8
#define RADIUS		0.25		/* of radio, in a unit square */
#define DEGREE		6		/* of geometric graphs, on average */
#define HUB_PEERS	200		/* of a supernode */
#define BEHIND		0.3		/* part of them behind others */

static const char *const topology_names[TOPOLOGIES] = {
	"random", "grid", "line", "ring", "star", "lan", "wireless",
	"geometric", "supernodes",
};

const char *
topology_name(enum topology topology)
{
	return topology_names[topology];
}

int
topology_parse(const char *name)
{
	int i;

	for (i = 0; i < TOPOLOGIES; i++)
		if (strcmp(name, topology_names[i]) == 0)
			return i;
	return -1;
}

static uint32_t
link_add(struct world *w, enum link_kind kind)
{
	struct link *l;
	bool slow = prng_chance(&w->prng, 0.1);

	if (w->link_count % 64 == 0) {
		w->links = reallocarray(w->links, w->link_count + 64,
		    sizeof(*w->links));
		if (w->links == NULL)
			abort();
	}
	l = &w->links[w->link_count];
	memset(l, 0, sizeof(*l));
	l->kind = kind;
	l->delay = prng_between(&w->prng, 20, slow ? 100 * MILLISECOND :
	    5 * MILLISECOND);
	l->jitter = prng_between(&w->prng, 0, 2 * l->delay);
	variety_link(w, l);
	if (prng_chance(&w->prng, kind == LINK_WIRELESS ?
	    2 * w->scenario->lossy : w->scenario->lossy))
		l->base_loss = w->scenario->wishes.loss / 2 *
		    prng_unit(&w->prng);
	l->loss = l->base_loss;
	return w->link_count++;
}

static void
port_address(struct port *p, uint32_t node, uint32_t port)
{
	uint8_t *a = p->link_local.s6_addr;
	const uint8_t ipv4[4] = { 100, (uint8_t)(64 + (node >> 8)),
	    (uint8_t)node, (uint8_t)(port + 1) };

	a[0] = 0xfe;
	a[1] = 0x80;
	a[11] = (uint8_t)(port + 1);
	a[13] = (uint8_t)((node + 1) >> 16);
	a[14] = (uint8_t)((node + 1) >> 8);
	a[15] = (uint8_t)(node + 1);
	p->ipv4 = address_from_ipv4(ipv4);
}

uint32_t
topology_owner(const struct world *w, const struct in6_addr *address)
{
	const uint8_t *a = address->s6_addr;
	uint32_t node;

	if (a[0] == 0xfe)
		node = ((uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 |
		    a[15]) - 1;
	else
		node = (uint32_t)(a[13] - 64) << 8 | a[14];
	return node < w->scenario->nodes ? node : NOWHERE;
}

static void
end_add(struct world *w, uint32_t link, uint32_t node)
{
	struct link *l = &w->links[link];
	struct node *n = &w->nodes[node];
	struct port *p;

	n->ports = reallocarray(n->ports, n->port_count + 1,
	    sizeof(*n->ports));
	l->ends = reallocarray(l->ends, l->end_count + 1, sizeof(*l->ends));
	if (n->ports == NULL || l->ends == NULL)
		abort();
	p = &n->ports[n->port_count];
	memset(p, 0, sizeof(*p));
	p->link = link;
	p->slot = l->end_count;
	p->ifindex = n->next_ifindex++;
	p->hello_promised = NEVER;
	port_address(p, node, n->port_count);
	l->ends[l->end_count++] =
	    (struct link_end){ node, n->port_count++,
	    variety_end_delay(w, l) };
}

/* All ends of a link hear each other. */
static void
link_complete(struct link *l)
{
	uint32_t i, j;

	l->ways = sim_calloc((size_t)l->end_count * l->end_count,
	    sizeof(*l->ways));
	for (i = 0; i < l->end_count; i++)
		for (j = 0; j < l->end_count; j++)
			link_way(l, i, j)->exists = i != j;
}

uint32_t
topology_ports(const struct scenario *s)
{
	return s->topology == TOPOLOGY_SUPERNODES ? HUB_PORTS_MAX : PORTS_MAX;
}

static bool
has_room(const struct world *w, uint32_t node)
{
	return w->nodes[node].port_count < topology_ports(w->scenario);
}

static void
join(struct world *w, uint32_t a, uint32_t b)
{
	uint32_t link;

	if (a == b || !has_room(w, a) || !has_room(w, b))
		return;
	link = link_add(w, prng_chance(&w->prng, w->scenario->wireless) ?
	    LINK_WIRELESS : LINK_WIRED);
	end_add(w, link, a);
	end_add(w, link, b);
	link_complete(&w->links[link]);
}

static void
build_grid(struct world *w)
{
	uint32_t i, n = w->scenario->nodes;
	uint32_t width = (uint32_t)ceil(sqrt((double)n));

	for (i = 0; i < n; i++) {
		if (i % width != 0)
			join(w, i - 1, i);
		if (i >= width)
			join(w, i - width, i);
	}
}

static void
build_line(struct world *w, bool closed)
{
	uint32_t i, n = w->scenario->nodes;

	for (i = 1; i < n; i++)
		join(w, i - 1, i);
	if (closed && n > 2)
		join(w, n - 1, 0);
}

/* A centre with arms of one to three nodes. */
static void
build_star(struct world *w)
{
	uint32_t i, last = 0;

	for (i = 1; i < w->scenario->nodes; i++) {
		if (has_room(w, 0) && prng_chance(&w->prng, 0.6))
			last = 0;
		join(w, last, i);
		last = i;
	}
}

static void
join_any(struct world *w)
{
	uint32_t a = prng_below(&w->prng, w->scenario->nodes);
	uint32_t b = prng_below(&w->prng, w->scenario->nodes);

	join(w, b, a);
}

/* A random tree, and random links more. */
static void
build_random(struct world *w)
{
	uint32_t i, n = w->scenario->nodes;
	uint32_t more = n / 2 + prng_below(&w->prng, n / 2 + 1);

	for (i = 1; i < n; i++)
		join(w, prng_below(&w->prng, i), i);
	for (i = 0; n > 2 && i < more; i++)
		join_any(w);
}

/* LANs in a chain that share a router, and a few links across. */
static void
build_lan(struct world *w)
{
	uint32_t i, link = 0, n = w->scenario->nodes;

	for (i = 0; i < n; i++) {
		if (i % (LAN_SIZE - 1) == 0 && (i + 1 < n || i == 0)) {
			if (i > 0) {
				end_add(w, link, i);
				link_complete(&w->links[link]);
			}
			link = link_add(w, LINK_WIRED);
		}
		end_add(w, link, i);
	}
	link_complete(&w->links[link]);
	for (i = 0; i < n / LAN_SIZE; i++)
		join_any(w);
}

/* One channel; each node is near an earlier one, and hears those within
 * the radius: the link is not transitive. */
static void
build_wireless(struct world *w)
{
	uint32_t i, j, n = w->scenario->nodes;
	uint32_t link = link_add(w, LINK_WIRELESS);
	double (*at)[2] = sim_calloc(n, sizeof(*at));
	double scale = sqrt(40.0 / n);
	struct link *l;

	for (i = 0; i < n; i++) {
		end_add(w, link, i);
		j = i > 0 ? prng_below(&w->prng, i) : 0;
		at[i][0] = at[j][0] + RADIUS * (prng_unit(&w->prng) - 0.5) *
		    scale * 1.4;
		at[i][1] = at[j][1] + RADIUS * (prng_unit(&w->prng) - 0.5) *
		    scale * 1.4;
	}
	l = &w->links[link];
	link_complete(l);
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (hypot(at[i][0] - at[j][0], at[i][1] - at[j][1]) >
			    RADIUS * scale)
				link_way(l, i, j)->exists = false;
	free(at);
}

/* Points in a square, each linked with the nearest before it, and with
 * those so near that a few are. */
static void
build_geometric(struct world *w)
{
	uint32_t i, j, nearest, n = w->scenario->nodes;
	double (*at)[2] = sim_calloc(n, sizeof(*at));
	double reach = sqrt(DEGREE / (M_PI * n)), distance, least;

	for (i = 0; i < n; i++) {
		at[i][0] = prng_unit(&w->prng);
		at[i][1] = prng_unit(&w->prng);
		nearest = i;
		least = HUGE_VAL;
		for (j = 0; j < i; j++) {
			distance = hypot(at[i][0] - at[j][0],
			    at[i][1] - at[j][1]);
			if (distance < reach)
				join(w, j, i);
			if (distance < least) {
				least = distance;
				nearest = j;
			}
		}
		if (least >= reach)
			join(w, nearest, i);
	}
	free(at);
}

/* A binary tree of hubs, each with so many peers; behind some of those,
 * others. */
static void
build_supernodes(struct world *w)
{
	uint32_t i, n = w->scenario->nodes;
	uint32_t hubs = (n + HUB_PEERS) / (HUB_PEERS + 1);

	for (i = 1; i < n; i++)
		if (i < hubs)
			join(w, (i - 1) / 2, i);
		else if (i >= 2 * hubs && prng_chance(&w->prng, BEHIND))
			join(w, i - hubs, i);
		else
			join(w, i % hubs, i);
}

void
topology_build(struct world *w)
{
	switch (w->scenario->topology) {
	case TOPOLOGY_GRID:
		build_grid(w);
		break;
	case TOPOLOGY_LINE:
		build_line(w, false);
		break;
	case TOPOLOGY_RING:
		build_line(w, true);
		break;
	case TOPOLOGY_STAR:
		build_star(w);
		break;
	case TOPOLOGY_LAN:
		build_lan(w);
		break;
	case TOPOLOGY_WIRELESS:
		build_wireless(w);
		break;
	case TOPOLOGY_GEOMETRIC:
		build_geometric(w);
		break;
	case TOPOLOGY_SUPERNODES:
		build_supernodes(w);
		break;
	default:
		build_random(w);
		break;
	}
}
