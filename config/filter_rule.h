/*
 * config/filter_rule.h - the grammar of filter rules.
 */
#ifndef CONFIG_FILTER_RULE_H
#define CONFIG_FILTER_RULE_H

#include "config/statement.h"

/* The name of the chain has been read: read the rule behind it, and append
 * it to the chain.  0, or -1 with an error reported. */
int	filter_rule_read(struct statement *, enum filter_chain);

#endif
