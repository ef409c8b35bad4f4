/*
 * counter.h - everything the engine counts, in one table.
 *
 * A row is X(NAME, word, family, reason, help).  COUNT_NAME is its index in
 * babel->counters, and the word its name in the report "stats".  In the
 * report "metrics" it belongs to the family, which has a sample for each
 * reason; without a family the word is the family's name, too.
 */
#ifndef COUNTER_H
#define COUNTER_H

#include <stddef.h>

#define COUNTER_TABLE(X)						\
	/* Packets and TLVs. */						\
	X(PACKETS_RECEIVED, "packets-received", NULL, NULL,		\
	    "Packets received.")					\
	X(PACKETS_SENT, "packets-sent", NULL, NULL, "Packets sent.")	\
	X(BYTES_RECEIVED, "bytes-received", "received-bytes", NULL,	\
	    "Bytes of packets received.")				\
	X(BYTES_SENT, "bytes-sent", "sent-bytes", NULL,			\
	    "Bytes of packets sent.")					\
	X(SEND_REFUSED, "sends-refused", NULL, NULL,			\
	    "Packets that the socket took only later.")			\
	X(SEND_DROPPED, "sends-dropped", "sends-lost", "queue-full",	\
	    "Packets lost because too many waited for the socket.")	\
	X(SEND_FAILED, "sends-failed", "sends-lost", "kernel",		\
	    "Packets that the kernel would not send.")			\
	X(TLVS_RECEIVED, "tlvs-received", NULL, NULL, "TLVs received.")	\
	X(TLVS_IGNORED, "tlvs-ignored", NULL, NULL,			\
	    "TLVs of an unknown type or without sense.")		\
	X(PACKETS_STOPPED, "packets-stopped", NULL, NULL,		\
	    "Packets whose rest was dropped at bad framing.")		\
	/* Packets dropped, by reason. */				\
	X(DROP_INTERFACE, "dropped-interface", "packets-dropped",	\
	    "interface", "Packets on an interface that does not run Babel.") \
	X(DROP_OWN, "dropped-own", "packets-dropped", "own",		\
	    "Packets of our own that came back.")			\
	X(DROP_SOURCE, "dropped-source", "packets-dropped", "source",	\
	    "Packets from an address that is not link-local.")		\
	X(DROP_PORT, "dropped-port", "packets-dropped", "port",		\
	    "Packets from a port that is not Babel's.")			\
	X(DROP_SHORT, "dropped-short", "packets-dropped", "short",	\
	    "Packets shorter than their header.")			\
	X(DROP_MAGIC, "dropped-magic", "packets-dropped", "magic",	\
	    "Packets that are not Babel.")				\
	X(DROP_VERSION, "dropped-version", "packets-dropped", "version", \
	    "Packets of another version of Babel.")			\
	X(DROP_LENGTH, "dropped-length", "packets-dropped", "length",	\
	    "Packets shorter than their header says.")			\
	X(DROP_NEIGHBOURS, "dropped-neighbours", "packets-dropped",	\
	    "neighbours", "Packets of one neighbour too many.")		\
	X(DROP_MAC_MISSING, "dropped-mac-missing", "packets-dropped",	\
	    "mac-missing", "Packets without a MAC.")			\
	X(DROP_MAC_WRONG, "dropped-mac-wrong", "packets-dropped",	\
	    "mac-wrong", "Packets whose MAC fits none of our keys.")	\
	X(DROP_PC_MISSING, "dropped-pc-missing", "packets-dropped",	\
	    "pc-missing", "Packets with a MAC but no packet counter.")	\
	X(DROP_PC_STALE, "dropped-pc-stale", "packets-dropped", "pc-stale", \
	    "Packets that may be a replay.")				\
	X(DROP_INDEX_UNKNOWN, "dropped-index-unknown", "packets-dropped", \
	    "index-unknown",						\
	    "Packets of a neighbour that has yet to answer a challenge.") \
	X(BAD_SIGNATURES_ACCEPTED, "bad-signatures-accepted", NULL, NULL, \
	    "Packets accepted in spite of their MAC.")			\
	/* TLVs that were understood but not acted upon, by reason. */	\
	X(UPDATE_OWN_ID, "updates-own-id", "updates-ignored", "own-id",	\
	    "Updates of our own router-id.")				\
	X(UPDATE_MARTIAN, "updates-martian", "updates-ignored", "martian", \
	    "Updates for prefixes that are not routed.")		\
	X(UPDATE_FILTERED, "updates-filtered", "updates-ignored",	\
	    "filtered", "Updates that the input filter denied.")	\
	X(UPDATE_UNFEASIBLE, "updates-unfeasible", "updates-ignored",	\
	    "unfeasible", "Updates that were not feasible.")		\
	X(UPDATE_UNKNOWN_RETRACTION, "updates-unknown-retraction",	\
	    "updates-ignored", "unknown-retraction",			\
	    "Retractions of routes that are not known.")		\
	X(UPDATE_LIMIT, "updates-limit", "updates-ignored", "limit",	\
	    "Updates beyond the limit of routes.")			\
	X(UPDATE_V4_VIA_V6, "updates-v4-via-v6", "updates-ignored",	\
	    "v4-via-v6",						\
	    "Updates of IPv4 via IPv6, which the kernel cannot do.")	\
	X(REQUEST_REDUNDANT, "requests-redundant", "requests-ignored",	\
	    "redundant", "Seqno requests that were pending already.")	\
	X(REQUEST_DROPPED, "requests-dropped", "requests-ignored", "no-way", \
	    "Seqno requests that could not be forwarded.")		\
	X(WILDCARD_LIMITED, "wildcards-limited", "requests-ignored",	\
	    "rate-limit", "Wildcard requests beyond the rate limit.")	\
	/* Protocol events. */						\
	X(HELLOS_SENT, "hellos-sent", NULL, NULL, "Hellos sent.")	\
	X(HELLOS_LATE, "hellos-late", NULL, NULL,			\
	    "Hellos sent after their time.")				\
	X(TIMERS_LATE, "timers-late", NULL, NULL,			\
	    "Prompt timers that fired 50 ms late or more.")		\
	X(IHUS_SENT, "ihus-sent", NULL, NULL, "IHUs sent.")		\
	X(UPDATES_SENT, "updates-sent", NULL, NULL, "Updates sent.")	\
	X(UPDATES_RECEIVED, "updates-received", NULL, NULL,		\
	    "Updates received.")					\
	X(RETRACTIONS_SENT, "retractions-sent", NULL, NULL,		\
	    "Retractions sent.")					\
	X(ROUTE_REQUESTS_SENT, "route-requests-sent", NULL, NULL,	\
	    "Route requests sent.")					\
	X(SEQNO_REQUESTS_SENT, "seqno-requests-sent", NULL, NULL,	\
	    "Seqno requests sent.")					\
	X(SEQNO_REQUESTS_FORWARDED, "seqno-requests-forwarded", NULL, NULL, \
	    "Seqno requests forwarded.")				\
	X(REQUESTS_SATISFIED, "requests-satisfied", NULL, NULL,		\
	    "Seqno requests that were satisfied.")			\
	X(ACKS_SENT, "acks-sent", NULL, NULL, "Acknowledgments sent.")	\
	X(ACKS_RECEIVED, "acks-received", NULL, NULL,			\
	    "Acknowledgments received.")				\
	X(ACK_REQUESTS_SENT, "ack-requests-sent", NULL, NULL,		\
	    "Acknowledgment requests sent.")				\
	X(SELECTIONS, "selections", NULL, NULL,				\
	    "Changes of a selected route.")				\
	X(SEQNO_RAISED, "seqno-raised", NULL, NULL,			\
	    "Times that our seqno was raised.")				\
	X(PROBES_SENT, "probes-sent", NULL, NULL,			\
	    "Probes of overdue neighbours.")				\
	X(CHALLENGES_SENT, "challenges-sent", NULL, NULL,		\
	    "Challenge requests sent.")					\
	X(CHALLENGES_ANSWERED, "challenges-answered", NULL, NULL,	\
	    "Challenge replies sent.")					\
	/* The kernel. */						\
	X(FIB_ADDS, "fib-adds", NULL, NULL, "Routes given to the kernel.") \
	X(FIB_CHANGES, "fib-changes", NULL, NULL,			\
	    "Routes replaced in the kernel.")				\
	X(FIB_DELETES, "fib-deletes", NULL, NULL,			\
	    "Routes removed from the kernel.")				\
	X(FIB_FAILURES, "fib-failures", NULL, NULL,			\
	    "Changes that the kernel refused.")				\
	X(FIB_LOST, "fib-lost", NULL, NULL,				\
	    "Routes that others took out of the kernel.")		\
	X(NO_MEMORY, "no-memory", NULL, NULL,				\
	    "Times that there was no memory.")

enum babel_counter {
#define COUNTER_INDEX(name, word, family, reason, help) COUNT_##name,
	COUNTER_TABLE(COUNTER_INDEX)
#undef COUNTER_INDEX
	BABEL_COUNTERS
};

/* A row; family and reason are NULL if it has none. */
struct counter {
	const char *name, *family, *reason, *help;
};
/* Make a row of the table a struct counter. */
#define COUNTER_ROW(name, word, family, reason, help)			\
	{ word, family, reason, help },

const struct counter *counter_describe(enum babel_counter);
/* The name alone: a word of lower-case letters, digits and '-'. */
const char *counter_name(enum babel_counter);

#endif
