/*
 * local/statistic.h - the numbers that belong to no object, by index: the
 * engine's counters, the sizes of its tables, the local socket's own numbers,
 * and those that the daemon registered.
 */
#ifndef LOCAL_STATISTIC_H
#define LOCAL_STATISTIC_H

#include "local/local_state.h"

struct statistic {
	const char *name, *help;
	const char *family;	/* in metrics; NULL: the name, "": none */
	const char *label, *label_value;	/* there; NULL: none */
	uint64_t value;
	bool is_gauge;			/* otherwise it only grows */
	bool is_absent;			/* there is no such number now */
};

/* The number of that index; false behind the last. */
bool	statistic_get(const struct local *, const struct babel *,
	    unsigned int index, struct statistic *);

#endif
