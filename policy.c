/*
 * policy.c - how the engine asks the four filters: about what a neighbour
 * announces (in), what we announce on an interface (out), which of the kernel's
 * routes we announce (redistribute), and what becomes of a route in the kernel
 * (install).
 *
 * The subject of a filter is built only here, so that a selector means the same
 * thing wherever the chain is asked.
 */
#include "policy.h"

#include "babel.h"
#include "configuration.h"
#include "destination.h"
#include "filter.h"
#include "instance.h"
#include "interface.h"
#include "neighbour.h"
#include "route.h"
#include "source.h"
#include "util.h"

/* The verdict of an empty chain, except redistribute. */
static const struct filter_verdict allowed;

struct filter_verdict
policy_neighbour(const struct babel *b, const struct neighbour *n,
    const struct destination_key *key, const struct router_id *id,
    enum filter_chain chain)
{
	const struct filter *filter = &b->conf->filters[chain];
	struct filter_subject subject;

	if (filter->count == 0)
		return allowed;
	subject = (struct filter_subject){
		.key = *key,
		.id = *id,
		.neighbour = n->address,
		.ifname = n->interface->link.name,
	};
	return filter_evaluate(filter, chain, &subject);
}

struct filter_verdict
policy_route(const struct babel *b, const struct route *route,
    enum filter_chain chain)
{
	return policy_neighbour(b, route->neighbour,
	    &route->destination->key, &route->source->id, chain);
}

uint16_t
policy_input_metric(const struct babel *b, const struct neighbour *n,
    const struct destination_key *key, const struct router_id *id)
{
	struct filter_verdict verdict = policy_neighbour(b, n, key, id,
	    FILTER_IN);

	return verdict.deny ? INFINITY_METRIC : verdict.metric;
}

uint16_t
policy_output_metric(const struct babel *b, const struct interface *ifp,
    const struct destination_key *key, const struct router_id *id)
{
	const struct filter *filter = &b->conf->filters[FILTER_OUT];
	struct filter_subject subject;
	struct filter_verdict verdict;

	if (filter->count == 0)
		return 0;
	subject = (struct filter_subject){
		.key = *key,
		.id = *id,
		.ifname = ifp->link.name,
	};
	verdict = filter_evaluate(filter, FILTER_OUT, &subject);
	return verdict.deny ? INFINITY_METRIC : verdict.metric;
}

struct filter_verdict
policy_redistribute(const struct babel *b, const struct kernel_route *route)
{
	const struct filter_subject subject = {
		.key = route->key,
		.ifname = route->ifname,
		.proto = route->proto,
		.local = route->local,
		.type = route->type,
	};

	return filter_evaluate(&b->conf->filters[FILTER_REDISTRIBUTE],
	    FILTER_REDISTRIBUTE, &subject);
}
