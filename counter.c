/*
 * counter.c - the names of the engine's counters.
 */
#include "counter.h"

static const struct counter counters[] = {
	COUNTER_TABLE(COUNTER_ROW)
};

const struct counter *
counter_describe(enum babel_counter counter)
{
	return &counters[counter];
}

const char *
counter_name(enum babel_counter counter)
{
	return counters[counter].name;
}
