/*
 * variety.c - drawing the varied mix.
 *
 * Intervals are drawn so that each order of magnitude is as likely: some
 * runs have routers of 4 and of 600 s side by side.
 */
#include "variety.h"

#include <math.h>
#include <stdlib.h>

#include "lifetime.h"

#define UPDATE_MIN	(4 * SECOND)
#define UPDATE_MAX	(600 * SECOND)
#define HELLO_MIN	(SECOND / 10)
#define HELLO_MAX	(30 * SECOND)
#define SLOWEST_MIN	(30 * SECOND)	/* update interval of a run */
#define FILTERED	0.06		/* part of the prefixes */
#define FILTER_METRIC	200		/* added, at most */
#define SHORT_RESTART	(2 * SECOND)

/* Of all orders of magnitude in between; whole centiseconds. */
static babel_time
draw_interval(struct prng *prng, babel_time low, babel_time high)
{
	double ratio = (double)high / (double)low;

	return (babel_time)((double)low * pow(ratio, prng_unit(prng))) /
	    CENTISECOND * CENTISECOND;
}

/* What filters do to one prefix. */
static uint16_t
draw_filter(struct prng *prng, double part)
{
	if (prng_chance(prng, part))
		return INFINITY_METRIC;
	if (prng_chance(prng, part))
		return (uint16_t)(1 + prng_below(prng, FILTER_METRIC));
	return 0;
}

void
variety_draw(struct scenario *s, struct prng *prng)
{
	babel_time slowest = draw_interval(prng, SLOWEST_MIN, UPDATE_MAX);
	babel_time hello_min = draw_interval(prng, HELLO_MIN, 4 * SECOND);
	babel_time hello_max = draw_interval(prng, 4 * SECOND, HELLO_MAX);
	double filtered = prng_chance(prng, 0.5) ? FILTERED : 0;
	struct habits *h;
	uint32_t i, key;

	s->habits = sim_calloc(s->nodes, sizeof(*s->habits));
	s->update_interval = s->hello_interval = 0;
	for (i = 0; i < s->nodes; i++) {
		h = &s->habits[i];
		h->update_interval = draw_interval(prng, UPDATE_MIN, slowest);
		h->hello_interval = draw_interval(prng, hello_min, hello_max);
		/* Not on the radio, where not all hear each other. */
		h->split_horizon = prng_next(prng);
		if (s->topology == TOPOLOGY_WIRELESS)
			h->split_horizon = 0;
		h->in = sim_calloc(s->plan_count, sizeof(*h->in));
		h->out = sim_calloc(s->plan_count, sizeof(*h->out));
		for (key = 0; key < s->plan_count; key++) {
			h->in[key] = draw_filter(prng, filtered);
			h->out[key] = draw_filter(prng, filtered);
		}
		s->update_interval = time_max(s->update_interval,
		    h->update_interval);
		s->hello_interval = time_max(s->hello_interval,
		    h->hello_interval);
	}
}

void
variety_free(struct scenario *s)
{
	uint32_t i;

	for (i = 0; s->habits != NULL && i < s->nodes; i++) {
		free(s->habits[i].in);
		free(s->habits[i].out);
	}
	free(s->habits);
}

/* Half of the links are quick, some take nearly a second each way. */
void
variety_link(struct world *w, struct link *l)
{
	babel_time most = 5 * MILLISECOND;

	if (w->scenario->habits == NULL)
		return;
	if (prng_chance(&w->prng, 0.5))
		most = prng_chance(&w->prng, 0.5) ? 100 * MILLISECOND :
		    VARIETY_DELAY_MAX;
	l->delay = prng_between(&w->prng, 20, most / 2);
	l->jitter = prng_between(&w->prng, 0, most / 4);
}

babel_time
variety_end_delay(struct world *w, const struct link *l)
{
	if (w->scenario->habits == NULL || prng_chance(&w->prng, 0.7))
		return 0;
	return prng_between(&w->prng, 0, l->delay / 2);
}

/* The prefix goes while the router is away, and stays away for longer. */
static void
withdraw_meanwhile(const struct scenario *s, const struct fault *restart,
    struct prng *prng, struct fault *f)
{
	f->kind = FAULT_WITHDRAW;
	f->node = prng_below(prng, s->origin_count);
	f->begin = prng_between(prng, restart->begin, restart->end);
	f->end = time_min(restart->end + prng_between(prng, 0, 4 * MINUTE),
	    s->calm_at);
}

void
variety_faults(struct scenario *s, struct prng *prng)
{
	struct fault *f;
	uint32_t i;

	for (i = 0; s->habits != NULL && i < s->fault_count; i++) {
		f = &s->faults[i];
		if ((f->kind != FAULT_CRASH && f->kind != FAULT_POWER) ||
		    prng_chance(prng, 0.5))
			continue;
		f->end = time_min(f->end, f->begin +
		    prng_between(prng, 0, SHORT_RESTART));
		if (i + 1 < s->fault_count && prng_chance(prng, 0.5))
			withdraw_meanwhile(s, f, prng, &s->faults[++i]);
	}
}

babel_time
variety_update_interval(const struct scenario *s, uint32_t node)
{
	return s->habits == NULL ? s->update_interval :
	    s->habits[node].update_interval;
}

babel_time
variety_hello_interval(const struct scenario *s, uint32_t node)
{
	return s->habits == NULL ? s->hello_interval :
	    s->habits[node].hello_interval;
}

uint16_t
variety_in(const struct scenario *s, uint32_t node, uint32_t key)
{
	return s->habits == NULL ? 0 : s->habits[node].in[key];
}

uint16_t
variety_out(const struct scenario *s, uint32_t node, uint32_t key)
{
	return s->habits == NULL ? 0 : s->habits[node].out[key];
}
