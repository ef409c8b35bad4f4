/*
 * kernel/kind.h - what an interface is: wired, wireless or a tunnel.
 */
#ifndef KERNEL_KIND_H
#define KERNEL_KIND_H

#include "configuration.h"

#define LINK_REASON_SIZE 80

/* The facts that rtnetlink reports about a link. */
struct link_facts {
	unsigned int ifindex;
	const char *name;
	unsigned short hardware;	/* ARPHRD_* */
	const char *kind;		/* IFLA_INFO_KIND, or "" */
};

/*
 * Judge a link by rtnetlink's facts and by sysfs, which is mounted at the path
 * given ("/sys").  The interfaces below VLANs, bridges and bonds are examined
 * too.  The reason, a phrase for the log, is written to the buffer.
 */
enum link_kind link_classify(const struct link_facts *, const char *sysfs,
	    char reason[LINK_REASON_SIZE]);

#endif
