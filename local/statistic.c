/*
 * local/statistic.c - the numbers that belong to no object, by index.
 */
#include "local/statistic.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "counter.h"
#include "destination.h"
#include "instance.h"
#include "interface.h"
#include "local.h"
#include "local/journal.h"
#include "local/local_state.h"
#include "prefix.h"
#include "route.h"
#include "timer.h"
#include "util.h"
#include "xroute.h"

#define GAUGE_ABSENT	UINT64_MAX	/* there is no such number now */

static const struct counter own_counters[] = {
	LOCAL_COUNTER_TABLE(COUNTER_ROW)
};

static uint64_t
count_interfaces(const struct local *local, const struct babel *b)
{
	const struct interface *ifp;
	uint64_t number = 0;

	(void)local;
	TAILQ_FOREACH(ifp, &b->interfaces, entry)
		number++;
	return number;
}

static uint64_t
count_jobs(const struct local *local, const struct babel *b)
{
	const struct job *job;
	uint64_t number = 0;

	(void)local;
	TAILQ_FOREACH(job, &b->jobs, entry)
		number++;
	return number;
}

static uint64_t
count_ipv6_routes(const struct local *local, const struct babel *b)
{
	(void)local;
	return b->route_count - b->ipv4_route_count;
}

/* The metric of the default route; of our own, if we have one. */
static uint64_t
default_metric(const struct babel *b, const char *text)
{
	struct destination_key key;
	const struct destination *d;
	struct prefix to;

	if (prefix_parse(text, &to) < 0)
		return GAUGE_ABSENT;
	key = destination_key_of(&to, NULL);
	d = destination_find(b, &key);
	if (d != NULL && d->xroute != NULL)
		return d->xroute->metric;
	return d != NULL && d->selected != NULL ? d->selected->metric :
	    GAUGE_ABSENT;
}

static uint64_t
default_metric_ipv4(const struct local *local, const struct babel *b)
{
	(void)local;
	return default_metric(b, "0.0.0.0/0");
}

static uint64_t
default_metric_ipv6(const struct local *local, const struct babel *b)
{
	(void)local;
	return default_metric(b, "::/0");
}

static uint64_t
start_time(const struct local *local, const struct babel *b)
{
	(void)local;
	return (uint64_t)((b->started + b->wall_clock) / SECOND);
}

static uint64_t
count_clients(const struct local *local, const struct babel *b)
{
	(void)b;
	return local->client_count;
}

static uint64_t
count_journal(const struct local *local, const struct babel *b)
{
	(void)b;
	return local->journal.count;
}

/* Resident memory in bytes; 0 if the system does not say. */
static uint64_t
memory_used(const struct local *local, const struct babel *b)
{
	char text[128];
	unsigned long long pages = 0;
	ssize_t len;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	(void)local;
	(void)b;
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	if (sscanf(text, "%*u %llu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* A number that goes up and down: a field of struct babel, or computed. */
static const struct gauge {
	const char *name, *family;
	const char *address_family;	/* a label, or NULL */
	const char *help;
	size_t offset;			/* of an uint32_t */
	uint64_t (*compute)(const struct local *, const struct babel *);
} gauges[] = {
	{ "interfaces", NULL, NULL, "Interfaces in the table.", 0,
	    count_interfaces },
	{ "neighbours", NULL, NULL, "Neighbours in the table.",
	    offsetof(struct babel, neighbour_count), NULL },
	{ "destinations", NULL, NULL, "Destinations in the table.",
	    offsetof(struct babel, destination_count), NULL },
	{ "routes", "", NULL, "Routes in the table.",
	    offsetof(struct babel, route_count), NULL },
	{ "routes-ipv4", "routes", "ipv4", "Routes of IPv4 in the table.",
	    offsetof(struct babel, ipv4_route_count), NULL },
	{ "routes-ipv6", "routes", "ipv6", "Routes of IPv6 in the table.", 0,
	    count_ipv6_routes },
	{ "default-metric-ipv4", "default-route-metric", "ipv4",
	    "Metric of the IPv4 default route, if there is one.", 0,
	    default_metric_ipv4 },
	{ "default-metric-ipv6", "default-route-metric", "ipv6",
	    "Metric of the IPv6 default route, if there is one.", 0,
	    default_metric_ipv6 },
	{ "xroutes", NULL, NULL, "Routes that we originate.",
	    offsetof(struct babel, xroute_count), NULL },
	{ "sources", NULL, NULL, "Sources in the table.",
	    offsetof(struct babel, source_count), NULL },
	{ "requests", NULL, NULL, "Seqno requests pending.",
	    offsetof(struct babel, request_count), NULL },
	{ "timers-prompt", NULL, NULL,
	    "Timers set that others measure us by.",
	    offsetof(struct babel, prompt.used), NULL },
	{ "timers-patient", NULL, NULL, "Other timers set.",
	    offsetof(struct babel, patient.used), NULL },
	{ "jobs", NULL, NULL, "Jobs waiting for their next slice.", 0,
	    count_jobs },
	{ "local-clients", NULL, NULL, "Connections to the local socket.", 0,
	    count_clients },
	{ "local-journal", NULL, NULL,
	    "Changes that a monitor has yet to be sent.", 0, count_journal },
	{ "memory-bytes", "process-resident-memory-bytes", NULL,
	    "Resident memory in bytes.", 0, memory_used },
	{ "start-time", "process-start-time-seconds", NULL,
	    "When it started, in seconds since 1970.", 0, start_time },
};
#define GAUGES	(sizeof(gauges) / sizeof(gauges[0]))

static uint64_t
gauge_value(const struct gauge *gauge, const struct local *local,
    const struct babel *b)
{
	return gauge->compute != NULL ? gauge->compute(local, b) :
	    *(const uint32_t *)((const char *)b + gauge->offset);
}

static struct statistic
of_counter(const struct counter *counter, uint64_t value)
{
	return (struct statistic){ .name = counter->name,
	    .help = counter->help, .family = counter->family,
	    .label = counter->reason != NULL ? "reason" : NULL,
	    .label_value = counter->reason, .value = value };
}

static struct statistic
of_gauge(const struct gauge *gauge, const struct local *local,
    const struct babel *b)
{
	const uint64_t value = gauge_value(gauge, local, b);

	return (struct statistic){ .name = gauge->name, .help = gauge->help,
	    .family = gauge->family,
	    .label = gauge->address_family != NULL ? "family" : NULL,
	    .label_value = gauge->address_family, .value = value,
	    .is_gauge = true, .is_absent = value == GAUGE_ABSENT };
}

/* One of those that the daemon registered. */
static bool
shown_get(const struct local *local, unsigned int index,
    struct statistic *statistic)
{
	const struct local_statistic *shown;
	unsigned int i;

	for (i = 0; i < LOCAL_SHOWN; i++) {
		if (index < local->shown[i].count) {
			shown = &local->shown[i].statistics[index];
			*statistic = (struct statistic){ .name = shown->name,
			    .help = shown->help, .value = *shown->value,
			    .is_gauge = shown->is_gauge };
			return true;
		}
		index -= (unsigned int)local->shown[i].count;
	}
	return false;
}

bool
statistic_get(const struct local *local, const struct babel *b,
    unsigned int index, struct statistic *statistic)
{
	if (index < BABEL_COUNTERS) {
		*statistic = of_counter(counter_describe(index),
		    b->counters[index]);
		return true;
	}
	index -= BABEL_COUNTERS;
	if (index < LOCAL_COUNTERS) {
		*statistic = of_counter(&own_counters[index],
		    local->counters[index]);
		return true;
	}
	index -= LOCAL_COUNTERS;
	if (index >= GAUGES)
		return shown_get(local, index - (unsigned int)GAUGES,
		    statistic);
	*statistic = of_gauge(&gauges[index], local, b);
	return true;
}
