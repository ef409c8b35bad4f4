/*
 * local/explain_kernel.c - the kernel's routes to a destination, and why we
 * announce them or not.
 *
 * A step looks at one length of prefix, the longest first, because a packet
 * follows the longest.
 */
#include "local/explain.h"

#include <string.h>

#include "babel.h"
#include "configuration.h"
#include "filter.h"
#include "instance.h"
#include "local/client.h"
#include "local/describe.h"
#include "local/line.h"
#include "policy.h"
#include "prefix.h"
#include "xroute.h"

#define PLEN_IPV4	96		/* added to the length of IPv4 */

/* The first kernel route to the prefix, or NULL. */
static const struct xroute_offer *
offer_first(const struct babel *b, const struct prefix *to)
{
	struct xroute_offer key, *offer;

	memset(&key, 0, sizeof(key));
	key.route.key = destination_key_of(to, NULL);
	offer = offer_tree_from(&b->offers, &key);
	return offer != NULL &&
	    prefix_compare(&offer->route.key.to, to) == 0 ? offer : NULL;
}

static struct prefix
shortened(const struct prefix *prefix, unsigned int plen)
{
	struct in6_addr address;

	memcpy(&address, prefix->address, sizeof(address));
	return prefix_of(&address, (uint8_t)plen);
}

bool
explain_kernel_covers(const struct babel *b, const struct prefix *prefix)
{
	unsigned int shortest = prefix_is_ipv4(prefix) ? PLEN_IPV4 : 0;
	unsigned int plen;
	struct prefix to;

	for (plen = prefix->plen + 1U; plen-- > shortest;) {
		to = shortened(prefix, plen);
		if (offer_first(b, &to) != NULL)
			return true;
	}
	return false;
}

static const char *
type_word(const struct kernel_route *route)
{
	if (route->local)
		return "address";
	switch (route->type) {
	case ROUTE_UNICAST:
		break;
	case ROUTE_BLACKHOLE:
		return "blackhole";
	case ROUTE_UNREACHABLE:
		return "unreachable";
	case ROUTE_PROHIBIT:
		return "prohibit";
	}
	return "unicast";
}

/* Why the route is announced or not, in a word. */
static const char *
reason_word(const struct xroute_offer *offer,
    const struct filter_verdict *verdict)
{
	if (offer->xroute != NULL)
		return TAILQ_FIRST(&offer->xroute->offers) == offer ?
		    "announced" : "another-is-better";
	if (!destination_key_is_valid(&offer->route.key))
		return "not-routable";
	if (verdict->rule == NULL)
		return "no-rule";
	return verdict->deny ? "denied" : "infinite-metric";
}

static void
report_offer(const struct babel *b, struct client *c,
    const struct xroute_offer *offer)
{
	const struct kernel_route *route = &offer->route;
	const struct filter *filter = &b->conf->filters[FILTER_REDISTRIBUTE];
	struct filter_verdict verdict = policy_redistribute(b, route);
	char id[DESTINATION_ID_STRLEN];
	struct line line;

	line_init(&line, c->task.format);
	line_object(&line, "kernel-route", describe_destination_id(
	    &route->key, id));
	describe_destination(&line, &route->key);
	line_word(&line, BOTH("type"), type_word(route));
	line_number(&line, BOTH("table"), route->table);
	line_number(&line, BOTH("priority"), route->priority);
	line_number(&line, BOTH("proto"), route->proto);
	line_yes(&line, BOTH("announced"), offer->xroute != NULL &&
	    TAILQ_FIRST(&offer->xroute->offers) == offer);
	line_word(&line, BOTH("reason"), reason_word(offer, &verdict));
	if (verdict.rule == NULL)
		line_null(&line, BOTH("rule"));
	else
		line_number(&line, BOTH("rule"),
		    (uint64_t)(verdict.rule - filter->rules) + 1);
	if (route->ifname[0] == '\0')
		line_null(&line, LABEL("if", "babel-interface-reference"));
	else
		line_word(&line, LABEL("if", "babel-interface-reference"),
		    route->ifname);
	client_put_report(c, &line);
}

bool
explain_kernel_step(const struct babel *b, struct client *c)
{
	struct task *task = &c->task;
	const struct xroute_offer *offer;
	struct prefix to;

	if (task->stage > task->prefix.plen -
	    (prefix_is_ipv4(&task->prefix) ? PLEN_IPV4 : 0U))
		return true;
	to = shortened(&task->prefix, task->prefix.plen - task->stage);
	for (offer = offer_first(b, &to); offer != NULL &&
	    prefix_compare(&offer->route.key.to, &to) == 0;
	    offer = offer_tree_next(offer))
		report_offer(b, c, offer);
	task->stage++;
	return false;
}
