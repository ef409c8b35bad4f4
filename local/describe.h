/*
 * local/describe.h - the objects of the stream, in the words that clients
 * parse.
 *
 * Plain text is BABEL 1.0 to the letter.  JSON has the names of RFC 9046's
 * information model, and plain words for what that model lacks.
 */
#ifndef LOCAL_DESCRIBE_H
#define LOCAL_DESCRIBE_H

#include "local/cursor.h"
#include "local/line.h"

/* All of a line but "add", "change" or "flush", newline included. */
void	describe_object(struct line *, const struct babel *,
	    const struct object *);

/* Parts that other reports share. */
#define DESTINATION_ID_STRLEN	(2 * PREFIX_STRLEN)
/* "prefix-source". */
const char *describe_destination_id(const struct destination_key *,
	    char buffer[DESTINATION_ID_STRLEN]);
void	describe_destination(struct line *, const struct destination_key *);
/* The statistics of the interface's traffic. */
void	describe_statistics(struct line *, const struct interface *);
void	describe_rtt(struct line *, const struct babel *,
	    const struct neighbour *);
/* Seconds since that time; none if it is 0. */
void	describe_age(struct line *, struct label, const struct babel *,
	    babel_time then);
/* Are MACs demanded there: "off", "lenient", "required". */
const char *describe_mac_word(const struct interface *);
/* The packets that could not be sent on the interface. */
void	describe_sending(struct line *, const struct babel *,
	    const struct interface *);
/* Does the kernel use the route?  This is "installed". */
bool	describe_is_installed(const struct babel *, const struct route *);

#endif
