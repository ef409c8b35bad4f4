/*
 * trace.c - packets in words, for debug level 2.
 *
 * A packet is read once more by the decoder, so what is logged is what a
 * receiver makes of it.
 */
#include "trace.h"

#include <stdio.h>
#include <syslog.h>

#include "babel.h"
#include "configuration.h"
#include "instance.h"
#include "interface.h"
#include "message.h"
#include "prefix.h"
#include "util.h"

#define LINE	256

static void
describe_update(const struct update *update, char line[LINE])
{
	char key[DESTINATION_STRLEN], id[ROUTER_ID_STRLEN];
	char via[ADDRESS_STRLEN];

	if (update->wildcard)
		snprintf(line, LINE, "wildcard retraction");
	else if (update->metric == INFINITY_METRIC)
		snprintf(line, LINE, "retraction of %s",
		    destination_key_format(&update->key, key));
	else
		snprintf(line, LINE, "update %s metric %u seqno %u id %s "
		    "nexthop %s", destination_key_format(&update->key, key),
		    update->metric, update->seqno,
		    router_id_format(&update->id, id),
		    address_format(&update->next_hop, via));
}

static void
describe_request(const struct tlv *tlv, char line[LINE])
{
	const struct route_request *route = &tlv->u.route_request;
	const struct seqno_request *seqno = &tlv->u.seqno_request;
	char key[DESTINATION_STRLEN], id[ROUTER_ID_STRLEN];

	if (tlv->type == TLV_SEQNO_REQUEST)
		snprintf(line, LINE, "seqno request %s seqno %u id %s "
		    "hops %u", destination_key_format(&seqno->key, key),
		    seqno->seqno, router_id_format(&seqno->id, id),
		    seqno->hop_count);
	else
		snprintf(line, LINE, "route request %s", route->wildcard ?
		    "for all" : destination_key_format(&route->key, key));
}

/* False for what is not worth a line: padding and parser state. */
static bool
describe_tlv(const struct tlv *tlv, char line[LINE])
{
	const struct hello *hello = &tlv->u.hello;
	const struct ihu *ihu = &tlv->u.ihu;
	char address[ADDRESS_STRLEN];

	switch (tlv->type) {
	case TLV_ACK_REQUEST:
		snprintf(line, LINE, "acknowledgment request %04x",
		    tlv->u.ack_request.opaque);
		return true;
	case TLV_ACK:
		snprintf(line, LINE, "acknowledgment %04x", tlv->u.ack);
		return true;
	case TLV_HELLO:
		snprintf(line, LINE, "%s hello %u interval %u cs",
		    hello->unicast ? "unicast" : "multicast", hello->seqno,
		    (unsigned int)(hello->interval / CENTISECOND));
		return true;
	case TLV_IHU:
		snprintf(line, LINE, "ihu %s rxcost %u interval %u cs",
		    address_format(&ihu->address, address), ihu->rxcost,
		    (unsigned int)(ihu->interval / CENTISECOND));
		return true;
	case TLV_UPDATE:
		describe_update(&tlv->u.update, line);
		return true;
	case TLV_ROUTE_REQUEST:
	case TLV_SEQNO_REQUEST:
		describe_request(tlv, line);
		return true;
	default:
		return false;
	}
}

void
trace_packet(const struct babel *b, const struct interface *ifp,
    const struct datagram *datagram, bool sent)
{
	char address[ADDRESS_STRLEN], line[LINE];
	struct decoder d;
	struct tlv tlv;

	if (b->conf->options.debug < 2 || message_open(&d, datagram,
	    b->conf->options.protocol_port) != MESSAGE_OK)
		return;
	address_format(sent ? &datagram->to : &datagram->from, address);
	while (message_next(&d, &tlv))
		if (describe_tlv(&tlv, line))
			log_at(b, LOG_DEBUG, "%s %s %s if %s", line,
			    sent ? "to" : "from", address, ifp->link.name);
}
