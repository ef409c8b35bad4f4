/*
 * local/report.h - answers of more than one line, step by step.
 */
#ifndef LOCAL_REPORT_H
#define LOCAL_REPORT_H

#include "local/local_state.h"

/* Continue the client's task for at most *budget steps, which are
 * subtracted. */
void	report_run(const struct local *, const struct babel *,
	    struct client *, unsigned int *budget);

#endif
