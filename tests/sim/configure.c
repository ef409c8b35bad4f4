/*
 * configure.c - the configurations of the routers, read from text as the
 * daemon's are.
 *
 * All routers of a run are alike except in the costs of their links, of
 * which there are a few variants; in the varied mix each is configured on
 * its own.
 */
#include "sim_world.h"

#include <err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "variety.h"

#define VARIANTS	4
#define TEXT_MAX	512

/* Read one more piece of configuration. */
static void __attribute__((format(printf, 2, 3)))
add(struct configuration *c, const char *format, ...)
{
	struct configuration_source source = { .context = CONTEXT_FILE,
	    .name = "simulation" };
	struct configuration_report report = { .warn = NULL };
	char text[TEXT_MAX];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (configuration_read(c, text, (size_t)len, &source, &report) == -1)
		errx(2, "%s", report.error);
}

static void
add_interface(struct configuration *c, const struct scenario *s,
    uint32_t index, uint32_t port)
{
	const char *split = s->habits == NULL ? "" :
	    s->habits[index].split_horizon >> port % 64 & 1 ?
	    " split-horizon true" : " split-horizon false";
	char cost[16] = "";

	if (s->weighted)
		snprintf(cost, sizeof(cost), " rxcost %u",
		    64 + 32 * ((7 * port + 5 * index) % 6));
	add(c, "interface e%u%s%s\n", port, split, cost);
}

/* The rule of one filter for one prefix. */
static void
add_filter(struct configuration *c, const char *filter,
    const struct plan *plan, uint16_t metric)
{
	const struct prefix *to = &plan->key.to;
	char prefix[PREFIX_STRLEN], action[16] = "deny";

	if (metric == 0)
		return;
	if (metric < INFINITY_METRIC)
		snprintf(action, sizeof(action), "metric %u", metric);
	add(c, "%s ip %s eq %u %s\n", filter, prefix_format(to, prefix),
	    prefix_is_ipv4(to) ? to->plen - 96U : to->plen, action);
}

static struct configuration *
configure(const struct scenario *s, uint32_t index)
{
	struct configuration_report report = { .warn = NULL };
	struct configuration *c = configuration_new();
	uint32_t i;

	if (c == NULL)
		err(2, "configuration_new");
	add(c, "default hello-interval %.3f update-interval %.3f\n"
	    "redistribute allow\n",
	    (double)variety_hello_interval(s, index) / (double)SECOND,
	    (double)variety_update_interval(s, index) / (double)SECOND);
	for (i = 0; i < topology_ports(s); i++)
		add_interface(c, s, index, i);
	for (i = 0; i < s->plan_count; i++) {
		add_filter(c, "in", &s->plans[i], variety_in(s, index, i));
		add_filter(c, "out", &s->plans[i], variety_out(s, index, i));
	}
	if (configuration_finish(c, &report) == -1)
		errx(2, "%s", report.error);
	return c;
}

void
configure_all(struct world *w)
{
	const struct scenario *s = w->scenario;
	uint32_t i;

	w->configuration_count = s->habits == NULL ? VARIANTS : s->nodes;
	w->configurations = sim_calloc(w->configuration_count,
	    sizeof(struct configuration *));
	for (i = 0; i < w->configuration_count; i++)
		w->configurations[i] = configure(s, i);
}
