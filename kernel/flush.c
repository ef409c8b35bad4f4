/*
 * kernel/flush.c - whole tables: removing our routes from one, and whether
 * one is empty.
 */
#include "kernel/flush.h"

#include <errno.h>
#include <linux/rtnetlink.h>

#include "babel.h"
#include "kernel.h"
#include "kernel/attribute.h"
#include "kernel/batch.h"
#include "kernel/dump.h"
#include "kernel/kernel_state.h"
#include "kernel/marks.h"
#include "kernel/own.h"
#include "kernel/route_message.h"

#define FLUSH_PASSES	100

static const uint8_t families[] = { AF_INET, AF_INET6 };

struct nlmsghdr *
kernel_flush_encode(void *buffer, const struct nlmsghdr *from)
{
	const struct rtmsg *route = mnl_nlmsg_get_payload(from);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	const struct nlattr *attr;
	struct rtmsg *rtm;

	nlh->nlmsg_type = RTM_DELROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	*rtm = *route;
	rtm->rtm_scope = RT_SCOPE_NOWHERE;
	rtm->rtm_flags = 0;
	FOR_EACH_ATTRIBUTE(attr, from, sizeof(*route)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_DST:
		case RTA_SRC:
		case RTA_TABLE:
		case RTA_PRIORITY:
			mnl_attr_put(nlh, mnl_attr_get_type(attr),
			    mnl_attr_get_payload_len(attr),
			    mnl_attr_get_payload(attr));
		}
	}
	return nlh;
}

/* The state of a pass over the table. */
struct flush {
	struct kernel *kernel;
	uint32_t table;
	enum kernel_whose whose;
	unsigned int seen;
	int error;			/* of the last deletion that failed */
	struct batch batch;
	struct outcome outcomes[KERNEL_BATCH];
};

static void
flush_run(struct flush *flush)
{
	unsigned int i;
	int error;

	batch_finish(&flush->batch);
	for (i = 0; i < flush->batch.count; i++) {
		error = flush->outcomes[i].error;
		if (!batch_is_deleted(error))
			flush->error = error;
	}
	batch_init(&flush->batch, flush->kernel);
}

static bool
flush_message(void *ctx, const struct nlmsghdr *nlh)
{
	struct flush *flush = ctx;
	struct route_message message;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    !kernel_route_decode(nlh, &message) ||
	    message.route.proto != PROTOCOL_BABEL ||
	    message.route.table != flush->table ||
	    (flush->whose == OF_OURS &&
	    !kernel_own_has(flush->kernel, &message)))
		return true;
	flush->seen++;
	if (flush->batch.count == KERNEL_BATCH)
		flush_run(flush);
	batch_take(&flush->batch,
	    kernel_flush_encode(batch_room(&flush->batch), nlh),
	    &flush->outcomes[flush->batch.count]);
	return true;
}

/* Read a dump of our routes and delete each.  A dump of a table that changes
 * meanwhile is not complete, so repeat it until nothing is left. */
static int
flush_family(struct flush *flush, uint8_t family)
{
	const struct dump_request request = {
		.type = RTM_GETROUTE, .family = family,
		.protocol = PROTOCOL_BABEL, .table = flush->table
	};
	const struct dump_taker taker = { flush_message, flush };
	int error, passes;

	flush->error = 0;
	for (passes = 0; passes < FLUSH_PASSES; passes++) {
		flush->seen = 0;
		error = kernel_dump_in(&flush->kernel->leaving, &request,
		    &taker);
		flush_run(flush);
		flush->kernel->marks.ipv6_changes++;
		if (error == 0)
			error = flush->error;
		if (error != 0 || flush->seen == 0)
			return error;
	}
	return EAGAIN;
}

int
kernel_flush_routes(struct kernel *kernel, uint32_t table,
    enum kernel_whose whose)
{
	struct flush flush = {
		.kernel = kernel, .table = table, .whose = whose
	};
	int error, error6;

	batch_init(&flush.batch, kernel);
	error = flush_family(&flush, AF_INET);
	error6 = flush_family(&flush, AF_INET6);
	if (error == 0)
		error = error6;
	errno = error;
	return error == 0 ? 0 : -1;
}

struct table_dump {
	uint32_t table;
	uint8_t except;			/* routes of that protocol; or 0 */
	bool is_empty;
};

/* One route of the table is enough to know. */
static bool
take_route(void *ctx, const struct nlmsghdr *nlh)
{
	struct table_dump *dump = ctx;
	struct route_message message;

	if (nlh->nlmsg_type == RTM_NEWROUTE &&
	    kernel_route_decode(nlh, &message) &&
	    message.entry.table == dump->table &&
	    (dump->except == 0 || message.route.proto != dump->except))
		dump->is_empty = false;
	return dump->is_empty;
}

bool
kernel_table_is_empty(uint32_t table, uint8_t except)
{
	struct table_dump dump = {
		.table = table, .except = except, .is_empty = true
	};
	const struct dump_taker taker = { take_route, &dump };
	struct dump_request request = {
		.type = RTM_GETROUTE, .table = table
	};
	int error = 0;
	size_t i;

	for (i = 0; i < 2 && error == 0 && dump.is_empty; i++) {
		request.family = families[i];
		error = kernel_dump(&request, &taker);
	}
	return error == 0 && dump.is_empty;
}
