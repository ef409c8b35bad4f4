/*
 * test_kind.c - what interfaces are taken for, by a sysfs made of paper.
 */
#include <linux/if_arp.h>

#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kind.h"
#include "unit.h"

/* What the directory of an interface has, besides "ifindex". */
static const struct {
	const char *name;
	unsigned int ifindex;
	const char *entry;
} paper[] = {
	{ "lo", 1, NULL },
	{ "eth0", 2, "device" },
	{ "wlan0", 3, "phy80211" },
	{ "wlan1", 4, "wireless" },
	{ "eth0.7", 5, "lower_eth0" },
	{ "wlan0.7", 6, "lower_wlan0" },
	{ "br0", 7, "lower_eth0" },
	{ "br0", 7, "lower_wlan0.7" },
	{ "br1", 8, "lower_eth0" },
	{ "wg0", 9, NULL },
	{ "loop0", 10, "lower_loop1" },
	{ "loop1", 11, "lower_loop0" },
};

static char sysfs[] = "/tmp/babel-sysfs-XXXXXX";

static int
make_sysfs(void **state)
{
	char path[PATH_MAX];
	FILE *file;
	size_t i;

	(void)state;
	if (mkdtemp(sysfs) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/class", sysfs);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/class/net", sysfs);
	mkdir(path, 0700);
	for (i = 0; i < sizeof(paper) / sizeof(paper[0]); i++) {
		snprintf(path, sizeof(path), "%s/class/net/%s", sysfs,
		    paper[i].name);
		mkdir(path, 0700);
		if (paper[i].entry != NULL) {
			snprintf(path, sizeof(path), "%s/class/net/%s/%s",
			    sysfs, paper[i].name, paper[i].entry);
			mkdir(path, 0700);
		}
		snprintf(path, sizeof(path), "%s/class/net/%s/ifindex",
		    sysfs, paper[i].name);
		file = fopen(path, "w");
		if (file == NULL)
			return -1;
		fprintf(file, "%u\n", paper[i].ifindex);
		fclose(file);
	}
	return 0;
}

static int
remove_entry(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int
remove_sysfs(void **state)
{
	(void)state;
	return nftw(sysfs, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* covers: Q24 */
static void
kinds_are_told_apart(void **state)
{
	static const struct {
		struct link_facts facts;
		enum link_kind kind;
		const char *reason;	/* contains */
	} cases[] = {
		{ { 1, "lo", ARPHRD_LOOPBACK, "" }, LINK_UNKNOWN, "772" },
		{ { 2, "eth0", ARPHRD_ETHER, "" }, LINK_WIRED, "Ethernet" },
		{ { 3, "wlan0", ARPHRD_ETHER, "" }, LINK_WIRELESS, "Wi-Fi" },
		{ { 4, "wlan1", ARPHRD_ETHER, "" }, LINK_WIRELESS, "Wi-Fi" },
		{ { 5, "eth0.7", ARPHRD_ETHER, "vlan" }, LINK_WIRED, "vlan" },
		{ { 6, "wlan0.7", ARPHRD_ETHER, "vlan" }, LINK_WIRELESS,
		    "wlan0" },
		{ { 7, "br0", ARPHRD_ETHER, "bridge" }, LINK_WIRELESS,
		    "wlan0" },
		{ { 8, "br1", ARPHRD_ETHER, "bridge" }, LINK_WIRED,
		    "bridge" },
		{ { 9, "wg0", ARPHRD_NONE, "wireguard" }, LINK_TUNNEL,
		    "wireguard" },
		/* A ring of uppers ends. */
		{ { 10, "loop0", ARPHRD_ETHER, "bond" }, LINK_WIRED, "bond" },
		/* Not in sysfs at all: rtnetlink's word counts. */
		{ { 20, "tap0", ARPHRD_ETHER, "tun" }, LINK_TUNNEL, "tun" },
		{ { 21, "gre1", ARPHRD_IPGRE, "" }, LINK_TUNNEL, "778" },
		{ { 22, "veth9", ARPHRD_ETHER, "veth" }, LINK_WIRED,
		    "veth" },
		{ { 23, "mon0", ARPHRD_IEEE80211_RADIOTAP, "" },
		    LINK_WIRELESS, "803" },
		/* The name is taken, but by an interface elsewhere. */
		{ { 33, "wlan0", ARPHRD_ETHER, "veth" }, LINK_WIRED,
		    "veth" },
	};
	char reason[LINK_REASON_SIZE];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		print_message("%s\n", cases[i].facts.name);
		assert_int_equal(link_classify(&cases[i].facts, sysfs,
		    reason), cases[i].kind);
		assert_non_null(strstr(reason, cases[i].reason));
	}
}

static void
reasons_fit(void **state)
{
	struct link_facts facts = { 3, "wlan0", ARPHRD_ETHER, "" };
	char reason[LINK_REASON_SIZE];
	char name[PATH_MAX];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	facts.name = name;
	facts.kind = name;
	assert_int_equal(link_classify(&facts, sysfs, reason), LINK_WIRED);
	assert_non_null(memchr(reason, '\0', sizeof(reason)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_are_told_apart),
		cmocka_unit_test(reasons_fit),
	};

	return cmocka_run_group_tests_name("link", tests, make_sysfs,
	    remove_sysfs);
}
