/*
 * config/filter_rule.h - the grammar of filter rules.
 */
#ifndef CONFIG_FILTER_RULE_H
#define CONFIG_FILTER_RULE_H

#include "config/statement.h"

/* The name of the chain has been read: read the rule behind it, and append
 * it to the chain.  0, or -1 with an error reported. */
int	filter_rule_read(struct statement *, enum filter_chain);
/* The same for "flush", with the first word of the rule read, and for
 * "replace": remove the rules with the same selectors, or give them new
 * actions, in both layers.  Refused if there is none. */
int	filter_rule_flush(struct statement *, enum filter_chain);
int	filter_rule_replace(struct statement *, enum filter_chain);

#endif
