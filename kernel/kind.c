/*
 * kernel/kind.c - what an interface is, judged by sysfs and rtnetlink's facts.
 *
 * Wi-Fi is recognised by sysfs: a wireless device has "phy80211" (cfg80211) or
 * "wireless" (the older wireless extensions) in its directory.  Tunnels are
 * recognised by the kind of the link (IFLA_INFO_KIND), or else by their
 * hardware type: those without a link layer.  A VLAN, a bond or a bridge is
 * wireless if anything below it is, because packets that are lost there are
 * lost here.  Everything else that looks like Ethernet is wired, bridges
 * included.
 *
 * sysfs shows the network namespace that it was mounted in, which need not be
 * ours: an interface of the same name and another index is another interface.
 */
#include "kernel/kind.h"

#include <linux/if_arp.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "configuration.h"
#include "pattern.h"

#define DEPTH_MAX	4	/* VLAN on bridge on bond on Wi-Fi */

static const char *const tunnel_kinds[] = {
	"amt", "bareudp", "erspan", "geneve", "gre", "gretap", "gtp",
	"ip6erspan", "ip6gre", "ip6gretap", "ip6tnl", "ipip", "l2tpeth", "ovpn",
	"ovpn-dco", "ppp", "sit", "tun", "vti", "vti6", "vxlan", "wireguard",
	"xfrm",
};

/* Kinds that stand on other interfaces. */
static const char *const upper_kinds[] = {
	"bond", "bridge", "hsr", "ipvlan", "macsec", "macvlan", "team", "vlan",
};

static bool
is_one_of(const char *kind, const char *const *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(kind, list[i]) == 0)
			return true;
	return false;
}

#define IS_ONE_OF(kind, list) \
	is_one_of(kind, list, sizeof(list) / sizeof((list)[0]))

static bool
is_tunnel_hardware(unsigned short hardware)
{
	switch (hardware) {
	case ARPHRD_NONE:
	case ARPHRD_PPP:
	case ARPHRD_SLIP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return true;
	default:
		return false;
	}
}

static bool
is_wireless_hardware(unsigned short hardware)
{
	switch (hardware) {
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_PRISM:
	case ARPHRD_IEEE80211_RADIOTAP:
	case ARPHRD_IEEE802154:
	case ARPHRD_6LOWPAN:
		return true;
	default:
		return false;
	}
}

/* A path in the directory of an interface; false if it is too long. */
static bool
sysfs_path(char path[PATH_MAX], const char *sysfs, const char *name,
    const char *entry)
{
	int n;

	n = snprintf(path, PATH_MAX, "%s/class/net/%s/%s", sysfs, name,
	    entry);
	return n > 0 && n < PATH_MAX;
}

static bool
sysfs_has(const char *sysfs, const char *name, const char *entry)
{
	char path[PATH_MAX];

	return sysfs_path(path, sysfs, name, entry) &&
	    access(path, F_OK) == 0;
}

/* False if sysfs has another interface of that name, or none. */
static bool
sysfs_shows(const char *sysfs, const struct link_facts *facts)
{
	char path[PATH_MAX];
	unsigned int ifindex = 0;
	FILE *file;

	if (!sysfs_path(path, sysfs, facts->name, "ifindex"))
		return false;
	file = fopen(path, "re");
	if (file == NULL)
		return false;
	if (fscanf(file, "%u", &ifindex) != 1)
		ifindex = 0;
	fclose(file);
	return ifindex == facts->ifindex;
}

static bool
is_wireless_device(const char *sysfs, const char *name)
{
	return sysfs_has(sysfs, name, "phy80211") ||
	    sysfs_has(sysfs, name, "wireless");
}

/* The first wireless device below the interface, in found. */
static bool
find_wireless_below(const char *sysfs, const char *name, int depth,
    char found[IFNAME_SIZE])
{
	char path[PATH_MAX];
	struct dirent *entry;
	const char *lower;
	bool yes = false;
	DIR *dir;

	if (depth == 0 || !sysfs_path(path, sysfs, name, ""))
		return false;
	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!yes && (entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, "lower_", 6) != 0)
			continue;
		lower = entry->d_name + 6;
		if (is_wireless_device(sysfs, lower)) {
			snprintf(found, IFNAME_SIZE, "%s", lower);
			yes = true;
		} else
			yes = find_wireless_below(sysfs, lower, depth - 1,
			    found);
	}
	closedir(dir);
	return yes;
}

static enum link_kind
classify_by_facts(const struct link_facts *facts,
    char reason[LINK_REASON_SIZE])
{
	if (IS_ONE_OF(facts->kind, tunnel_kinds)) {
		snprintf(reason, LINK_REASON_SIZE, "its kind is %s",
		    facts->kind);
		return LINK_TUNNEL;
	}
	if (is_wireless_hardware(facts->hardware)) {
		snprintf(reason, LINK_REASON_SIZE,
		    "its hardware type is %hu", facts->hardware);
		return LINK_WIRELESS;
	}
	if (is_tunnel_hardware(facts->hardware)) {
		snprintf(reason, LINK_REASON_SIZE,
		    "its hardware type is %hu, without a link layer",
		    facts->hardware);
		return LINK_TUNNEL;
	}
	if (facts->hardware == ARPHRD_ETHER) {
		snprintf(reason, LINK_REASON_SIZE, "it is %s and not Wi-Fi",
		    facts->kind[0] == '\0' ? "Ethernet" : facts->kind);
		return LINK_WIRED;
	}
	snprintf(reason, LINK_REASON_SIZE, "its hardware type is %hu",
	    facts->hardware);
	return LINK_UNKNOWN;
}

enum link_kind
link_classify(const struct link_facts *facts, const char *sysfs,
    char reason[LINK_REASON_SIZE])
{
	char lower[IFNAME_SIZE];

	if (sysfs_shows(sysfs, facts)) {
		if (is_wireless_device(sysfs, facts->name)) {
			snprintf(reason, LINK_REASON_SIZE, "it is Wi-Fi");
			return LINK_WIRELESS;
		}
		if (IS_ONE_OF(facts->kind, upper_kinds) &&
		    find_wireless_below(sysfs, facts->name, DEPTH_MAX,
		    lower)) {
			snprintf(reason, LINK_REASON_SIZE,
			    "it stands on %s, which is Wi-Fi", lower);
			return LINK_WIRELESS;
		}
	}
	return classify_by_facts(facts, reason);
}
