/*
 * identity.c - our seqno and router-id, and what other routers remember of
 * them.
 *
 * A router that restarts without its state announces a seqno that is older
 * than the one which others remember, and they ignore it.  Two signs tell us
 * so: an update of our own that comes back with a newer seqno, and a request
 * for a seqno that is far ahead of ours.
 */
#include "identity.h"

#include <syslog.h>

#include "babel.h"
#include "counter.h"
#include "instance.h"
#include "interface.h"
#include "lifetime.h"
#include "prefix.h"
#include "util.h"

#define ADOPTION_PAUSE	MINUTE
#define RAISES		16		/* of our seqno, at most */
#define RAISES_PERIOD	(100 * MILLISECOND)	/* ... in this time */
/* Two requests at least so far apart show the need for another router-id. */
#define REPEAT_TIME	SECOND

/* A job announces everything of ours again. */
static void
announce_all(struct babel *b)
{
	walk_restart(&b->announce_walk);
	job_queue_add(b, &b->announce);
}

bool
identity_is_own(const struct babel *b, const struct router_id *id)
{
	return router_id_compare(id, &b->id) == 0 ||
	    router_id_compare(id, &b->former_id) == 0;
}

void
identity_adopt(struct babel *b, const struct router_id *id, uint16_t seqno)
{
	char text[ROUTER_ID_STRLEN];

	if (router_id_compare(id, &b->id) != 0 ||
	    !seqno_less(b->seqno, seqno))
		return;
	if (b->seqno_adopted == 0 ||
	    b->now - b->seqno_adopted >= ADOPTION_PAUSE) {
		b->seqno_adopted = b->now;
		b->seqno = seqno_plus(seqno, 1);
		count(b, COUNT_SEQNO_RAISED);
		announce_all(b);
	} else if (b->own_id_received == 0 ||
	    b->now - b->own_id_received >= ADOPTION_PAUSE) {
		b->own_id_received = b->now;
		log_at(b, LOG_WARNING, "router-id %s is used by another "
		    "router, too", router_id_format(&b->id, text));
	}
}

/* A router-id that nobody remembers. */
static void
take_fresh_id(struct babel *b)
{
	char id[ROUTER_ID_STRLEN];

	b->former_id = b->id;
	b->ops->random(b->ctx, &b->id, sizeof(b->id));
	b->id.octets[0] &= 0xFC;
	b->far_request = 0;
	log_at(b, LOG_NOTICE, "others remember a newer seqno of ours: going "
	    "on as router-id %s", router_id_format(&b->id, id));
	announce_all(b);
}

/* One step serves all routers that starve.  A router that asks for one step
 * after the other must not wear out our seqnos, nor the file that keeps
 * them. */
static bool
may_raise_seqno(struct babel *b)
{
	if (b->now - b->raises_since >= RAISES_PERIOD) {
		b->raises_since = b->now;
		b->raises = 0;
	}
	if (b->raises == RAISES) {
		count(b, COUNT_REQUEST_DROPPED);
		return false;
	}
	b->raises++;
	return true;
}

void
identity_raise_seqno(struct babel *b, uint16_t wanted)
{
	bool far = seqno_less(seqno_plus(b->seqno, 1), wanted);
	bool forgetful = b->identity.without_state &&
	    !b->identity.id_is_configured &&
	    b->now - b->started < lifetime_of_memory(
	    interface_hold_time(b));

	if (!may_raise_seqno(b))
		return;
	b->seqno = seqno_plus(b->seqno, 1);
	count(b, COUNT_SEQNO_RAISED);
	if (!far || !forgetful)
		return;
	if (b->far_request == 0)
		b->far_request = b->now;
	else if (b->now - b->far_request >= REPEAT_TIME)
		take_fresh_id(b);
}
