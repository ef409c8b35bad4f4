/*
 * local/stats.c - "stats": every number we have, a line each, and then
 * each interface and neighbour.
 *
 * The numbers that belong to no object in particular are listed by an
 * index: the engine's counters, the sizes of its tables, our own, and
 * those that the daemon has registered.  "metrics" goes by the same list.
 */
#include "local/state.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "local/describe.h"

static const char *const counter_help[BABEL_COUNTERS] = {
	[COUNT_PACKETS_RECEIVED] = "Packets received.",
	[COUNT_PACKETS_SENT] = "Packets sent.",
	[COUNT_BYTES_RECEIVED] = "Bytes of packets received.",
	[COUNT_BYTES_SENT] = "Bytes of packets sent.",
	[COUNT_SEND_REFUSED] = "Packets that the socket took only later.",
	[COUNT_SEND_DROPPED] = "Packets lost: too many wait for the socket.",
	[COUNT_SEND_FAILED] = "Packets that the kernel would not send.",
	[COUNT_TLVS_RECEIVED] = "TLVs received.",
	[COUNT_TLVS_IGNORED] = "TLVs that were ignored.",
	[COUNT_PACKETS_STOPPED] = "Packets broken off at bad framing.",
	[COUNT_DROP_INTERFACE] = "Packets dropped, by reason.",
	[COUNT_BAD_SIGNATURES_ACCEPTED] = "Packets accepted unsigned.",
	[COUNT_UPDATE_OWN_ID] = "Updates of our own router-id.",
	[COUNT_UPDATE_MARTIAN] = "Updates for unroutable prefixes.",
	[COUNT_UPDATE_FILTERED] = "Updates denied by the input filter.",
	[COUNT_UPDATE_UNFEASIBLE] = "Updates that were not feasible.",
	[COUNT_UPDATE_UNKNOWN_RETRACTION] = "Retractions of unknown routes.",
	[COUNT_UPDATE_LIMIT] = "Updates beyond the limit of routes.",
	[COUNT_UPDATE_V4_VIA_V6] =
	    "Updates of IPv4 via IPv6, which the kernel cannot do.",
	[COUNT_REQUEST_REDUNDANT] = "Requests that were pending already.",
	[COUNT_REQUEST_DROPPED] = "Requests that could not be forwarded.",
	[COUNT_WILDCARD_LIMITED] = "Wildcard requests beyond the rate limit.",
	[COUNT_HELLOS_SENT] = "Hellos sent.",
	[COUNT_HELLOS_LATE] = "Hellos sent after their time.",
	[COUNT_TIMERS_LATE] = "Prompt timers that fired 50 ms late or more.",
	[COUNT_IHUS_SENT] = "IHUs sent.",
	[COUNT_UPDATES_SENT] = "Updates sent.",
	[COUNT_UPDATES_RECEIVED] = "Updates received.",
	[COUNT_RETRACTIONS_SENT] = "Retractions sent.",
	[COUNT_ROUTE_REQUESTS_SENT] = "Route requests sent.",
	[COUNT_SEQNO_REQUESTS_SENT] = "Seqno requests sent.",
	[COUNT_SEQNO_REQUESTS_FORWARDED] = "Seqno requests forwarded.",
	[COUNT_REQUESTS_SATISFIED] = "Requests that were satisfied.",
	[COUNT_ACKS_SENT] = "Acknowledgments sent.",
	[COUNT_ACKS_RECEIVED] = "Acknowledgments received.",
	[COUNT_ACK_REQUESTS_SENT] = "Acknowledgment requests sent.",
	[COUNT_SELECTIONS] = "Changes of a selected route.",
	[COUNT_SEQNO_RAISED] = "Times that our seqno was raised.",
	[COUNT_PROBES_SENT] = "Probes of overdue neighbours.",
	[COUNT_CHALLENGES_SENT] = "Challenge requests sent.",
	[COUNT_CHALLENGES_ANSWERED] = "Challenge replies sent.",
	[COUNT_FIB_ADDS] = "Routes given to the kernel.",
	[COUNT_FIB_CHANGES] = "Routes replaced in the kernel.",
	[COUNT_FIB_DELETES] = "Routes removed from the kernel.",
	[COUNT_FIB_FAILURES] = "Changes that the kernel refused.",
	[COUNT_FIB_LOST] = "Routes that others took out of the kernel.",
	[COUNT_NO_MEMORY] = "Times that there was no memory.",
};

static uint64_t
interface_count(const struct babel *b)
{
	const struct interface *ifp;
	uint64_t number = 0;

	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		number++;
	return number;
}

static uint64_t
job_count(const struct babel *b)
{
	const struct job *job;
	uint64_t number = 0;

	TAILQ_FOREACH(job, &b->jobs, entry)
		number++;
	return number;
}

/* Resident memory in bytes; 0 if the system does not tell. */
static uint64_t
memory_used(void)
{
	char text[128];
	unsigned long long pages = 0;
	ssize_t len;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

enum gauge {
	GAUGE_INTERFACES, GAUGE_NEIGHBOURS, GAUGE_DESTINATIONS,
	GAUGE_ROUTES, GAUGE_XROUTES, GAUGE_SOURCES, GAUGE_REQUESTS,
	GAUGE_PROMPT_TIMERS, GAUGE_PATIENT_TIMERS, GAUGE_JOBS,
	GAUGE_CLIENTS, GAUGE_JOURNAL, GAUGE_MEMORY,
	GAUGES
};

static const struct {
	const char *name, *help;
} gauges[GAUGES] = {
	[GAUGE_INTERFACES] = { "interfaces", "Interfaces in the table." },
	[GAUGE_NEIGHBOURS] = { "neighbours", "Neighbours in the table." },
	[GAUGE_DESTINATIONS] = { "destinations", "Destinations known." },
	[GAUGE_ROUTES] = { "routes", "Routes in the table." },
	[GAUGE_XROUTES] = { "xroutes", "Routes that we originate." },
	[GAUGE_SOURCES] = { "sources", "Sources in the table." },
	[GAUGE_REQUESTS] = { "requests", "Seqno requests pending." },
	[GAUGE_PROMPT_TIMERS] = { "timers-prompt",
	    "Timers set that others measure us by." },
	[GAUGE_PATIENT_TIMERS] = { "timers-patient", "Other timers set." },
	[GAUGE_JOBS] = { "jobs", "Jobs waiting for their next slice." },
	[GAUGE_CLIENTS] = { "local-clients",
	    "Connections to the local socket." },
	[GAUGE_JOURNAL] = { "local-journal",
	    "Changes that a monitor has still to be told." },
	[GAUGE_MEMORY] = { "memory-bytes", "Resident memory in bytes." },
};

static uint64_t
gauge_value(const struct local *local, const struct babel *b,
    enum gauge gauge)
{
	switch (gauge) {
	case GAUGE_INTERFACES:
		return interface_count(b);
	case GAUGE_NEIGHBOURS:
		return b->neighbour_count;
	case GAUGE_DESTINATIONS:
		return b->destination_count;
	case GAUGE_ROUTES:
		return b->route_count;
	case GAUGE_XROUTES:
		return b->xroute_count;
	case GAUGE_SOURCES:
		return b->source_count;
	case GAUGE_REQUESTS:
		return b->request_count;
	case GAUGE_PROMPT_TIMERS:
		return b->prompt.used;
	case GAUGE_PATIENT_TIMERS:
		return b->patient.used;
	case GAUGE_JOBS:
		return job_count(b);
	case GAUGE_CLIENTS:
		return local->client_count;
	case GAUGE_JOURNAL:
		return local->journal.count;
	case GAUGE_MEMORY:
		return memory_used();
	case GAUGES:
		break;
	}
	return 0;
}

static const struct {
	const char *name, *help;
} own_counters[LOCAL_COUNTERS] = {
	[LOCAL_ACCEPTED] = { "local-accepted",
	    "Connections to the local socket accepted." },
	[LOCAL_REFUSED] = { "local-refused",
	    "Connections refused because there were too many." },
	[LOCAL_REQUESTS] = { "local-requests",
	    "Requests on the local socket." },
	[LOCAL_DROPPED] = { "local-dropped",
	    "Clients dropped because they lagged or misbehaved." },
};

/* One of those that were registered. */
static bool
shown_get(const struct local *local, unsigned int index,
    struct scalar *scalar)
{
	const struct local_statistic *shown;
	unsigned int i;

	for (i = 0; i < LOCAL_SHOWN; i++) {
		if (index < local->shown[i].count) {
			shown = &local->shown[i].statistics[index];
			*scalar = (struct scalar){ shown->name, shown->help,
			    *shown->value, shown->is_gauge };
			return true;
		}
		index -= (unsigned int)local->shown[i].count;
	}
	return false;
}

bool
scalar_get(const struct local *local, const struct babel *b,
    unsigned int index, struct scalar *scalar)
{
	if (index < BABEL_COUNTERS) {
		*scalar = (struct scalar){ counter_name(index),
		    counter_help[index], b->counters[index], false };
		if (scalar->help == NULL)
			scalar->help = scalar->name;
		return true;
	}
	index -= BABEL_COUNTERS;
	if (index < LOCAL_COUNTERS) {
		*scalar = (struct scalar){ own_counters[index].name,
		    own_counters[index].help, local->counters[index], false };
		return true;
	}
	index -= LOCAL_COUNTERS;
	if (index < GAUGES) {
		*scalar = (struct scalar){ gauges[index].name,
		    gauges[index].help, gauge_value(local, b, index), true };
		return true;
	}
	return shown_get(local, index - GAUGES, scalar);
}

static void
stats_interface(struct line *line, const struct interface *ifp)
{
	line_object(line, "interface", ifp->link.name);
	line_true(line, BOTH("up"), ifp->up);
	line_number(line, BOTH("neighbours"), ifp->neighbour_count);
	describe_statistics(line, ifp);
}

static void
stats_neighbour(struct line *line, const struct babel *b,
    const struct neighbour *n)
{
	line_object_number(line, "neighbour", n->id);
	line_address(line, LABEL("address", "babel-neighbor-address"),
	    &n->address);
	line_number(line, BOTH("routes"), n->route_count);
	line_number(line, LABEL("cost", "babel-cost"), n->cost);
	describe_rtt(line, b, n);
	line_number(line, BOTH("rtt-samples"), n->rtt_samples);
	line_word(line, LABEL("if", "babel-interface-reference"),
	    n->interface->link.name);
}

/* Behind the scalars: a line for each interface and neighbour. */
static bool
stats_object_step(const struct babel *b, struct client *c,
    struct line *line)
{
	struct object object;
	enum cursor_result result = cursor_step(&c->task.cursor, b, &object);

	if (result != CURSOR_OBJECT)
		return result == CURSOR_END;
	if (object.kind == OBJECT_INTERFACE)
		stats_interface(line, object.u.interface);
	else
		stats_neighbour(line, b, object.u.neighbour);
	report_say(c, line);
	return false;
}

/* RFC 9046, section 3.1. */
static void
say_information(const struct local *local, const struct babel *b,
    struct client *c)
{
	static const char *const metrics[] = { "2-out-of-3", "ETX", NULL };
	static const char *const security[] = { "MAC", NULL };
	static const char *const macs[] = { "HMAC-SHA256", "BLAKE2s-128",
		NULL };
	struct line line;

	line_init(&line, c->task.format);
	line_object(&line, "information", local->version);
	line_word(&line, LABEL(NULL, "babel-implementation-version"),
	    local->version);
	line_true(&line, LABEL(NULL, "babel-enable"), !b->shutting_down);
	line_id(&line, LABEL("router-id", "babel-self-router-id"), &b->id);
	line_number(&line, LABEL("seqno", "babel-self-seqno"), b->seqno);
	line_list(&line, "babel-metric-comp-algorithms", metrics);
	line_list(&line, "babel-security-supported", security);
	line_list(&line, "babel-mac-algorithms", macs);
	line_open(&line, "babel-constants");
	line_number(&line, LABEL("udp-port", "babel-udp-port"),
	    b->conf->options.protocol_port);
	line_address(&line, LABEL("mcast-group", "babel-mcast-group"),
	    &b->conf->options.protocol_group);
	line_close(&line);
	report_say(c, &line);
}

bool
stats_step(const struct local *local, const struct babel *b,
    struct client *c)
{
	struct scalar scalar;
	struct line line;

	if (!c->task.started) {
		c->task.started = true;
		say_information(local, b, c);
		return false;
	}
	line_init(&line, c->task.format);
	if (!scalar_get(local, b, c->task.stage, &scalar))
		return stats_object_step(b, c, &line);
	c->task.stage++;
	line_object(&line, scalar.is_gauge ? "gauge" : "counter",
	    scalar.name);
	line_number(&line, BOTH("value"), scalar.value);
	report_say(c, &line);
	return false;
}
