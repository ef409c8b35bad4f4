/*
 * local/help.h - the report "help": all requests.
 */
#ifndef LOCAL_HELP_H
#define LOCAL_HELP_H

#include "local/client.h"

/* One step; true when it was the last. */
bool	help_step(struct client *);

#endif
