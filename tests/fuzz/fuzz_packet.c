/*
 * fuzz_packet.c - packets into an engine that has neighbours, routes of
 * theirs and of its own, and, with keys, an index that is proven at either
 * end: whatever they say, no harm is done, and what the engine sends is right.
 *
 * The first octet chooses the configuration.  Then come records of two octets
 * and what they count: who sends it, how it is made a packet, how much time
 * passes; and how many octets of it there are.
 */
#include <string.h>

#include "../unit/peer.h"

#define RECORDS_MAX	64
#define SLICE		SECOND		/* what was sent is looked at */

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* How octets become a packet. */
enum form {
	FORM_DATAGRAM,			/* they are all of it */
	FORM_BODY,			/* with header, counter and MAC */
	FORM_SIGNED,			/* with header and MAC alone */
	FORM_TRAILER			/* behind a Hello and a counter */
};

#define LINK	"redistribute proto 4\ninterface link"

static const struct {
	const char *text;
	unsigned int macs;		/* that our packets must have */
} confs[] = {
	{ LINK, 0 },
	{ ONE_KEY, 1 },
	{ TWO_KEYS, 2 },
	{ ONE_KEY " accept-bad-signatures true", 1 },
	{ LINK " enable-timestamps true rfc6126-compatible true\n"
	    "neighbour fe80::2 if link", 0 },
	{ ONE_KEY " unicast true enable-timestamps true", 1 },
	{ LINK " v4-via-v6 false probe-mtu true\n"
	    "in ip 2001:db8:1::/48 metric 5\nout ip 10.0.0.0/8 deny", 0 },
	{ LINK " type wireless", 0 },
};
#define CONFS	(sizeof(confs) / sizeof(confs[0]))

struct scene {
	struct router *r;
	struct peer peers[2];
	uint32_t counter;		/* of what the peers have sent */
	unsigned int macs;
};

/* What an older receiver could not read, we must not send. */
static void
check_sent(const struct scene *scene, const struct sent *sent)
{
	const struct datagram datagram = { .from = sent->from,
		.from_port = ROUTER_PORT, .bytes = sent->bytes,
		.len = sent->len };
	struct decoder d;
	struct tlv tlv;

	assert_int_equal(message_open(&d, &datagram, ROUTER_PORT),
	    MESSAGE_OK);
	while (message_next(&d, &tlv))
		continue;
	assert_false(d.stopped);
	assert_int_equal(d.ignored, 0);
	if (scene->macs > 0)
		check_sealed(sent, scene->macs);
}

static void
check_all_sent(const struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < scene->r->sent_count; i++)
		check_sent(scene, &scene->r->sent[i]);
	clear(scene->r);
}

static void
pass(const struct scene *scene, babel_time duration)
{
	babel_time slice;

	for (; duration > 0; duration -= slice) {
		slice = time_min(duration, SLICE);
		router_pass(scene->r, slice);
		check_all_sent(scene);
	}
}

/* The peer says so, by the octets of TLVs. */
static void
put_octets(struct peer *p, const uint8_t *octets, size_t len)
{
	size_t room = message_room(&p->e);

	if (len > room)
		len = room;
	memcpy(p->e.out.at, octets, len);
	p->e.out.at += len;
}

static void
deliver(struct scene *scene, struct peer *p, enum form form,
    const uint8_t *octets, size_t len)
{
	struct sent packet = { .from = p->address, .to = p->to,
		.from_port = ROUTER_PORT, .to_port = ROUTER_PORT };

	if (form == FORM_DATAGRAM) {
		packet.len = len;
		memcpy(packet.bytes, octets, len);
	} else {
		message_start(&p->e, p->bytes, sizeof(p->bytes) - 256);
		if (form == FORM_TRAILER)
			peer_put_hello(p);
		else
			put_octets(p, octets, len);
		if (form != FORM_SIGNED && scene->macs > 0)
			(void)message_put_pc(&p->e, &(struct packet_counter){
			    ++scene->counter, p->index_len, p->index });
		packet = peer_end(p);
		if (form == FORM_TRAILER && packet.len + len < ROUTER_MTU) {
			memcpy(packet.bytes + packet.len, octets, len);
			packet.len += len;
		}
		if (packet.len + 2 + MAC_LENGTH_MAX <= ROUTER_MTU)
			sign(&packet, &p->key);
	}
	router_receive(scene->r, &packet);
}

/* One record. */
static void
happen(struct scene *scene, uint8_t choice, const uint8_t *octets, size_t len)
{
	static const babel_time pauses[] = { 0, 10 * MILLISECOND, SECOND,
		20 * SECOND };
	struct peer *p = &scene->peers[choice & 1];

	p->to = address_of(choice & 2 ? US : GROUP);
	deliver(scene, p, (enum form)(choice >> 2 & 3), octets, len);
	pass(scene, pauses[choice >> 4 & 3]);
	if (choice & 0x40)
		router_originate(scene->r, "2001:db8:9::/48",
		    (choice & 0x80) != 0);
}

static void
announce(struct scene *scene, unsigned int i, const char *prefix)
{
	struct peer *p = &scene->peers[i];
	struct update update = { .ae = AE_IPV6, .key = key_of(prefix),
		.seqno = 7, .metric = 100, .interval = 16 * SECOND };

	memset(&update.id, 0x40 + (int)i, sizeof(update.id));
	update.next_hop = p->address;
	peer_begin(p, GROUP);
	peer_put_hello(p);
	assert_true(message_put_ihu(&p->e, &(struct ihu){ AE_LINK_LOCAL,
	    scene->r->address, 96, 12 * SECOND, false, 0, 0 }));
	assert_true(message_put_update(&p->e, &update));
	if (scene->macs > 0)
		peer_put_pc(p, ++scene->counter);
	(void)peer_send(p);
}

/* Neighbours whose index is proven, their routes, and one of ours. */
static void
warm_up(struct scene *scene, uint8_t choice)
{
	unsigned int i;

	*scene = (struct scene){ .r = router_new(confs[choice % CONFS].text),
		.macs = confs[choice % CONFS].macs };
	scene->counter = 100;
	router_originate(scene->r, "2001:db8:8::/48", true);
	for (i = 0; i < 2; i++) {
		scene->peers[i] = peer_new(scene->r);
		scene->peers[i].address.s6_addr[15] = (uint8_t)(2 + i);
		if (scene->macs > 0 && !(choice & 0x80))
			peer_prove(&scene->peers[i], scene->counter += 2);
		scene->counter++;
		announce(scene, i, i == 0 ? "2001:db8:1::/48" :
		    "2001:db8:2::/48");
		announce(scene, i, "2001:db8:3::/48");
	}
	pass(scene, SECOND);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data + 1, *end = data + size;
	unsigned int records = 0;
	struct scene scene;
	size_t len;

	if (size < 1)
		return 0;
	warm_up(&scene, data[0]);
	while (end - at >= 3 && records++ < RECORDS_MAX) {
		len = (size_t)(at[1] << 8 | at[2]) % (ROUTER_MTU - 200);
		if (len > (size_t)(end - at) - 3)
			len = (size_t)(end - at) - 3;
		happen(&scene, at[0], at + 3, len);
		at += 3 + len;
	}
	pass(&scene, 10 * SECOND);
	router_end(scene.r);
	return 0;
}
