/*
 * counter.c - what the engine counts, in words.
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
