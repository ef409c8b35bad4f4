/*
 * traffic.c - an experiment: what a cold start costs on the wire, by kind
 * of TLV, and how long it takes.
 *
 * A grid of wired links without loss; each router has one address.
 */
#include "experiment.h"

#include <stdio.h>
#include <string.h>

#define HEADERS		48		/* IPv6 and UDP */
#define KINDS		11		/* of TLVs that are told apart */
#define WINDOW		(20 * SECOND)
#define WATCH		(10 * MILLISECOND)

static const char *const kind_names[KINDS] = {
	"padding", "padding", "ack request", "ack", "hello", "ihu",
	"router-id", "next hop", "update", "request", "seqno request",
};

struct tally {
	uint64_t packets, bytes;
	uint64_t tlvs[2][KINDS], octets[2][KINDS];	/* [multicast] */
};

static void
tally_packet(void *ctx, const struct datagram *datagram)
{
	struct tally *t = ctx;
	const uint8_t *p = datagram->bytes;
	size_t at = 4, multicast = datagram->to.s6_addr[0] == 0xff;

	t->packets++;
	t->bytes += HEADERS + datagram->len;
	while (at + 2 <= datagram->len) {
		if (p[at] < KINDS) {
			t->tlvs[multicast][p[at]]++;
			t->octets[multicast][p[at]] += 2U + p[at + 1];
		}
		at += 2U + p[at + 1];
	}
}

static void
tally_print(const struct tally *t, const char *what)
{
	int kind, multicast;

	printf("%s: %llu packets, %.1f kB\n", what,
	    (unsigned long long)t->packets, (double)t->bytes / 1000);
	for (kind = 2; kind < KINDS; kind++)
		for (multicast = 0; multicast < 2; multicast++)
			if (t->tlvs[multicast][kind] > 0)
				printf("  %-14s %-9s %8llu %9.1f kB\n",
				    kind_names[kind], multicast ?
				    "multicast" : "unicast",
				    (unsigned long long)
				    t->tlvs[multicast][kind],
				    (double)t->octets[multicast][kind] /
				    1000);
}

/* Leave each router the first IPv6 prefix of its own. */
static void
keep_one_prefix(struct scenario *s)
{
	uint32_t i, kept = 0, last = UINT32_MAX;
	const struct prefix *to;

	for (i = 0; i < s->origin_count; i++) {
		to = &s->plans[s->origins[i].key].key.to;
		if (prefix_is_ipv4(to) || to->plen != 64 ||
		    s->plans[s->origins[i].key].origins > 1 ||
		    s->origins[i].node == last)
			continue;
		last = s->origins[i].node;
		s->origins[kept++] = s->origins[i];
	}
	s->origin_count = kept;
}

bool
experiment_traffic(const struct wishes *wishes, uint64_t seed)
{
	struct tally start = { .packets = 0 }, later = { .packets = 0 };
	struct wishes all = *wishes;
	struct experiment e;
	babel_time complete = NEVER;

	all.prefixes = 2;
	experiment_build(&e, &all, seed);
	keep_one_prefix(&e.scenario);
	e.world.tap = tally_packet;
	e.world.tap_context = &start;
	for (e.world.until = WATCH; e.world.until <= WINDOW;
	    e.world.until += WATCH) {
		world_continue(&e.world);
		if (complete == NEVER &&
		    experiment_is_complete(&e.world))
			complete = e.world.until;
	}
	e.world.tap_context = &later;
	e.world.until = WINDOW + 16 * SECOND;
	world_continue(&e.world);
	printf("%u routers, %u prefixes: every route everywhere after "
	    "%.2f s\n", e.scenario.nodes, e.scenario.origin_count,
	    (double)complete / (double)SECOND);
	tally_print(&start, "in the first 20 s");
	tally_print(&later, "in the next 16 s");
	return experiment_end(&e) && complete < WINDOW;
}
