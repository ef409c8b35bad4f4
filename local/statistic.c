/*
 * local/statistic.c - the numbers of no object in particular, by index.
 */
#include "local/statistic.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "interface.h"

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
	const char *name, *family, *help;
	size_t offset;			/* of an uint32_t */
	uint64_t (*compute)(const struct local *, const struct babel *);
} gauges[] = {
	{ "interfaces", NULL, "Interfaces in the table.", 0,
	    count_interfaces },
	{ "neighbours", NULL, "Neighbours in the table.",
	    offsetof(struct babel, neighbour_count), NULL },
	{ "destinations", NULL, "Destinations in the table.",
	    offsetof(struct babel, destination_count), NULL },
	{ "routes", NULL, "Routes in the table.",
	    offsetof(struct babel, route_count), NULL },
	{ "xroutes", NULL, "Routes that we originate.",
	    offsetof(struct babel, xroute_count), NULL },
	{ "sources", NULL, "Sources in the table.",
	    offsetof(struct babel, source_count), NULL },
	{ "requests", NULL, "Seqno requests pending.",
	    offsetof(struct babel, request_count), NULL },
	{ "timers-prompt", NULL, "Timers set that others measure us by.",
	    offsetof(struct babel, prompt.used), NULL },
	{ "timers-patient", NULL, "Other timers set.",
	    offsetof(struct babel, patient.used), NULL },
	{ "jobs", NULL, "Jobs waiting for their next slice.", 0,
	    count_jobs },
	{ "local-clients", NULL, "Connections to the local socket.", 0,
	    count_clients },
	{ "local-journal", NULL,
	    "Changes that a monitor has yet to be sent.", 0, count_journal },
	{ "memory-bytes", NULL, "Resident memory in bytes.", 0,
	    memory_used },
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
	const struct gauge *gauge;

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
	gauge = &gauges[index];
	*statistic = (struct statistic){ .name = gauge->name,
	    .help = gauge->help, .family = gauge->family,
	    .value = gauge_value(gauge, local, b), .is_gauge = true };
	return true;
}
